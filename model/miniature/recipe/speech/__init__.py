"""Speech: the synthesisers, who speaks, and the pool of what was said."""

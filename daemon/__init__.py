"""The long-running process: sources, utterances, the spool, the workers, the event stream."""

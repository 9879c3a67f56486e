"""The vocabulary of Steno's processes, and the stages between sound and text."""

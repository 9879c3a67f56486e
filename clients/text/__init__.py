"""The form of a text that is typed: pure functions from text to text."""

"""The ways of bringing text into a window, one in each file."""

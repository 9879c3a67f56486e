"""Thin programs on the event stream, and the `steno` command."""

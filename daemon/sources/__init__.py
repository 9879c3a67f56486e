"""The processes that bring sound to the hub: `python -m daemon.sources microphone|file ...`."""

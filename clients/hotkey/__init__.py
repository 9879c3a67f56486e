"""`steno hotkey`: keys of the keyboard and buttons of the mouse that make the daemon listen."""

"""`steno type`: final texts into the window that the user speaks to."""

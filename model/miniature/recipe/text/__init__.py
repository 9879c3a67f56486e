"""The text that the miniature learns from."""

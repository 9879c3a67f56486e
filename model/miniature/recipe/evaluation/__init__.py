"""What a trained miniature is worth: the sets that it is measured with, the measures, its files and its card."""

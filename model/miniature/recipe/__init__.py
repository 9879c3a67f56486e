"""The recipe of the miniature: text, speech, training, evaluation. Each step is a command; README.md lists them."""

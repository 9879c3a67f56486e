"""Training: batches from a pool of speech, the network, its learning, its checkpoints."""

"""Measurements that anyone can repeat: `python -m benchmarks.startup`, `.stream`, `.transcribe`."""

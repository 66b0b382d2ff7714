"""Checkpoints of every architecture behind one protocol, one module per family."""

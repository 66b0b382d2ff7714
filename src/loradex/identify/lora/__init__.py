"""LoRA files and all of their kin: how keys pair up, which algorithm, which rank, for what."""

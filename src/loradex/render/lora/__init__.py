"""Read LoRA files of every common kind and merge them into a checkpoint's weights."""

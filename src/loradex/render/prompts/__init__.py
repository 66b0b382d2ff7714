"""Prompts as people write them: emphasis, edits, LoRA tags, embeddings. Without torch."""

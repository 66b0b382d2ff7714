"""Measures what a LoRA does to pictures and says it in words: from pictures to findings."""

"""Measuring what a LoRA does to pictures, and saying it in words: pure, from pictures to findings."""

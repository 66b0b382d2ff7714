"""How a checkpoint's tokenizers read words."""

from __future__ import annotations

UNKNOWN_TOKEN = -1
"""Stands for every token that a tokenizer reads as unknown, whatever number it has there."""

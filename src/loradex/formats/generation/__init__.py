"""What pictures tell of how they were made, in the dialects of the tools that made them."""

from loradex.formats.generation.reading import generations_of

__all__ = ["generations_of"]

"""Recipes out of pictures: read one, import thousands, say what is missing."""

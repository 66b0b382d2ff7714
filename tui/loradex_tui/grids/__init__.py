"""Grids put together, begun, and laid out to be looked at."""

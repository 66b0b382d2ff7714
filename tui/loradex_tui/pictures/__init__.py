"""Pictures: found, decoded with care, and drawn in a terminal."""

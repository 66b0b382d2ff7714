"""Real programs in real pseudo-terminals: keys in, bytes out, and what the screen shows then."""

"""Plans that tidy a library up: drawn up, shown, kept, edited, applied."""

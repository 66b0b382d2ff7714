"""Moves of a person's files: planned, journaled before they are done, and taken back on demand."""

"""Tell what a header belongs to. Pure: a header in, an identity with its reasons out."""

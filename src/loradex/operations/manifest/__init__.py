"""Manifests: what is known of a library's models, as a file that another machine can read."""

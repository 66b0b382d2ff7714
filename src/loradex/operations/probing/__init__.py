"""Probes: draw pictures of a model, measure them, and keep what they say."""

"""The use cases. The only place that combines catalog, hub, formats, identify and render."""

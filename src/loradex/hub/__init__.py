"""Talk to hubs over HTTP."""

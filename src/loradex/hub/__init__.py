"""Talk to hubs over HTTP.

Importing this package costs nothing: the client is in `loradex.hub.client`, what callers may rely
on in `loradex.hub.source`.
"""

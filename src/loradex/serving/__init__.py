"""The catalog over HTTP, in the shape of the API that model managers know: `loradex hub serve`.

Importing this package costs nothing. Starlette and uvicorn (the `serve` extra) are loaded by
`loradex.serving.server` when a server is made.
"""

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765

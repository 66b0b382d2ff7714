"""Start and stop `hub serve`: the rules for where it may listen, and the server itself."""

from __future__ import annotations

import importlib.util
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.domain.content_level import ContentLimit
from loradex.errors import ServeError, ServeExtraMissing, UsageError
from loradex.serving import DEFAULT_HOST, DEFAULT_PORT
from loradex.serving.hosts import Hosts, checked_name, is_loopback

if TYPE_CHECKING:
    import uvicorn

    from loradex.serving.shelf import Shelf

MOST_CONNECTIONS = 128
IDLE_SECONDS = 15
END_SECONDS = 5
"""How long downloads may go on after the server was told to stop."""
LARGEST_HEAD = 32 * 1024


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How the catalog is served. Port 0 takes any free one.

    `query` chooses the part that is served, empty for all of it. `allowed_hosts` are further names
    under which it may be asked. `key_required` demands a key on loopback, too: behind a proxy
    everybody comes from there.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    query: str = ""
    limit: ContentLimit = ContentLimit.SAFE
    allowed_hosts: tuple[str, ...] = ()
    key_required: bool = False
    certificate: Path | None = None
    certificate_key: Path | None = None

    @property
    def wants_key(self) -> bool:
        """True when nobody may ask without a key."""
        return self.key_required or not is_loopback(self.host)


class HubServer:
    """A server that listens and waits to be run. `run` blocks until `stop` or a signal."""

    def __init__(self, server: uvicorn.Server, listener: socket.socket, url: str, shelf: Shelf):
        self._server = server
        self._listener = listener
        self.url = url
        self.shelf = shelf
        """What was served when it was opened."""

    def run(self) -> None:
        """Answer requests until told to stop."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Let `run` return soon. May be called from any thread."""
        self._server.should_exit = True


@contextmanager
def open_server(catalog: Catalog, options: ServeOptions) -> Iterator[HubServer]:
    """Listen, and give the server to run; close all of it afterwards.

    Raises `UsageError` for options that must not be, `QueryError` for a query that cannot be read,
    `ServeExtraMissing` without Starlette and uvicorn, `ServeError` when it cannot listen.
    """
    _check(catalog, options)
    _need_extra()
    import uvicorn  # noqa: PLC0415 - the extra, and slow to import

    from loradex.serving.app import make_app  # noqa: PLC0415 - needs the extra
    from loradex.serving.connection import TimedConnection  # noqa: PLC0415
    from loradex.serving.current import CurrentShelf  # noqa: PLC0415
    from loradex.serving.guard import Guard  # noqa: PLC0415
    from loradex.serving.workers import Workers  # noqa: PLC0415

    current = CurrentShelf(catalog, options.query, options.limit)
    guard = Guard(catalog, required=options.wants_key)
    workers = Workers()
    try:
        shelf = current.now()
        hosts = Hosts(options.host, options.allowed_hosts)
        app = make_app(catalog, current, guard, hosts, workers)
        config = uvicorn.Config(
            app,
            http=TimedConnection,
            ws="none",
            lifespan="off",
            loop="asyncio",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=END_SECONDS,
            h11_max_incomplete_event_size=LARGEST_HEAD,
            ssl_certfile=options.certificate,
            ssl_keyfile=options.certificate_key,
        )
        _load(config, options)
        with _listening(options) as listener:
            url = _url(options, listener.getsockname()[1])
            yield HubServer(uvicorn.Server(config), listener, url, shelf)
    finally:
        workers.close()
        guard.close()
        current.close()


def _check(catalog: Catalog, options: ServeOptions) -> None:
    for name in options.allowed_hosts:
        try:
            checked_name(name)
        except ValueError as error:
            raise UsageError(
                f"{name!r} is no host name.", hint="Give a bare name, as in --allow-host nas.local"
            ) from error
    if options.certificate_key is not None and options.certificate is None:
        raise UsageError("A key file needs its certificate.", hint="Give --certfile as well.")
    if options.wants_key and not catalog.serving.keys():
        raise UsageError(
            f"Who asks at {options.host} needs a key, and there is none yet.",
            hint="Make one for each machine: loradex hub serve keys add NAME",
        )


def _need_extra() -> None:
    for package in ("starlette", "uvicorn"):
        if importlib.util.find_spec(package) is None:
            raise ServeExtraMissing(
                f"Serving needs the package {package}, which is not installed.",
                hint="Install the extra: pip install 'loradex[serve]'",
            )


def _load(config: uvicorn.Config, options: ServeOptions) -> None:
    """Read the certificate; raise `ServeError` when it cannot be used."""
    if options.certificate is None:
        config.load()
        return
    # Read here before uvicorn reads it: without this answer OpenSSL asks on the terminal, where
    # a server often has nobody.
    locked = False

    def passphrase() -> str:
        nonlocal locked
        locked = True
        return ""

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.certificate_key, passphrase)
        config.load()
    except (OSError, ssl.SSLError) as error:
        if locked:
            raise ServeError(
                f"The key {options.certificate_key or options.certificate} wants a passphrase,"
                " which a server cannot ask for.",
                hint="Write it without one: openssl pkey -in KEY.pem -out OPEN.pem; keep that file"
                " to yourself (chmod 600).",
            ) from error
        raise ServeError(
            f"The certificate {options.certificate} cannot be used: {error.strerror or error}.",
            hint="--certfile takes the certificate and --keyfile its key, both in PEM.",
        ) from error


@contextmanager
def _listening(options: ServeOptions) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family, backlog=128)
    except OSError as error:
        raise ServeError(
            f"Cannot listen at {options.host}, port {options.port}: {error.strerror or error}.",
            hint="Choose another with --port, or look for what uses it.",
        ) from error
    with listener:
        yield listener


def _url(options: ServeOptions, port: int) -> str:
    scheme = "https" if options.certificate else "http"
    host = options.host
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 - a comparison
        host = socket.gethostname()
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

"""A hub on this machine that behaves like the real one: for demos, tests and trying things out.

python -m loradex.demo.hub_server --world world.json --port 0
python -m loradex.demo.hub_server --samples tests/hub/samples
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from loradex.demo.hub_documents import Documents
from loradex.demo.hub_downloads import DownloadRoute, DownloadScenario
from loradex.demo.hub_failures import failure
from loradex.demo.hub_hashes import BatchScenario, HashRoutes
from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_index import WorldIndex
from loradex.demo.hub_parts import Parts
from loradex.demo.hub_plan import Plan
from loradex.demo.hub_routes import Routes
from loradex.demo.hub_sample_world import sample_world
from loradex.demo.hub_samples import Samples
from loradex.demo.hub_storage import Storage, StorageScenario
from loradex.demo.hub_world import World


class LocalHub:
    """Two servers on loopback: the hub, and the storage its downloads and pictures come from.

    With `samples` it answers with the documents of that folder where it has one. A context
    manager. `requests` and `storage_requests` hold all that was asked, in order. It
    answers from `world`, except where `trouble` was planned.
    """

    def __init__(self, world: World, *, port: int = 0, samples: Path | None = None) -> None:
        self._samples = samples
        self._plan = Plan()
        self._storage_plan = Plan()
        self._server = LoopbackServer(self._plan.before(self._answer), port)
        self._storage = Storage(world)
        index = WorldIndex(world)
        self._downloads = DownloadRoute(index, self._storage)
        documents = Documents(Parts(self._server.url, self._storage.server.url))
        self._hashes = HashRoutes(index, documents)
        self._routes = Routes(index, documents, self._downloads, self._hashes)
        self._storage.server.answer = self._storage_plan.before(self._storage.server.answer)

    @property
    def url(self) -> str:
        """The hub's address: what goes into LORADEX_HUB_URL."""
        return self._server.url

    @property
    def storage_url(self) -> str:
        """The address of the other origin."""
        return self._storage.server.url

    @property
    def requests(self) -> list[Request]:
        """What the hub was asked."""
        return self._server.requests

    @property
    def storage_requests(self) -> list[Request]:
        """What the storage was asked."""
        return self._storage.server.requests

    @property
    def download_scenario(self) -> DownloadScenario:
        """Switches for the redirect of downloads."""
        return self._downloads.scenario

    @property
    def batch_scenario(self) -> BatchScenario:
        """Switches for the faults of by-hash batches."""
        return self._hashes.scenario

    @property
    def storage_scenario(self) -> StorageScenario:
        """Switches for the bytes of downloads."""
        return self._storage.scenario

    def trouble(self, what: Reply | Misbehaviour, *, times: int = 1, path: str = "/") -> None:
        """Answer the next `times` requests whose path starts with `path` with `what` instead."""
        self._plan.add(what, times=times, path=path)

    def fail(self, name: str, *, times: int = 1, path: str = "/") -> None:
        """Plan a failure of `hub_failures.json` by its name, the storage's own at the storage."""
        plan = self._storage_plan if name.startswith("storage-") else self._plan
        plan.add(failure(name), times=times, path=path)

    def calm(self) -> None:
        """Forget all planned trouble."""
        self._plan.clear()
        self._storage_plan.clear()

    def __enter__(self) -> Self:
        self._storage.server.open()
        self._server.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self._storage.server.close()

    def _answer(self, request: Request) -> Reply:
        if self._samples is None:
            return self._routes.answer(request)
        samples = Samples(self._samples, self.url, self.storage_url)
        return samples.before(self._routes.answer)(request)


def main(arguments: list[str] | None = None) -> int:
    """Serve a world until interrupted; print the hub's address first."""
    parser = argparse.ArgumentParser(
        prog="python -m loradex.demo.hub_server", description="Serve a world as a hub on loopback."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--world", type=Path, help="the JSON file to answer from")
    source.add_argument("--samples", type=Path, help="a folder of documents to answer with")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--key", default="local-key", help="the key of the samples' one account")
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="loradex-hub-") as scratch:
        try:
            local = _hub_for(options, Path(scratch))
        except (OSError, ValueError, KeyError) as error:
            print(f"{options.world or options.samples} cannot be served: {error}", file=sys.stderr)  # noqa: T201
            return 1
        return _serve(local)


def _hub_for(options: argparse.Namespace, scratch: Path) -> LocalHub:
    if options.samples is None:
        return LocalHub(World.load(options.world), port=options.port)
    world = sample_world(options.samples, scratch, {options.key: "paperlantern"})
    return LocalHub(world, port=options.port, samples=options.samples)


def _serve(local: LocalHub) -> int:
    with local as hub:
        print(hub.url, flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())

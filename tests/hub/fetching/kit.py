"""A hub that sends on to a storage with signed links, one file there, and a fetcher for it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loradex.demo.hub_http import LoopbackServer, Misbehaviour, Reply, Request
from loradex.demo.hub_storage import Storage, StorageScenario
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.domain.digesting import ByteDigester
from loradex.domain.hub_source import FetchStart
from loradex.domain.hub_waiting import HubWait
from loradex.domain.progress import CancelToken
from loradex.domain.secret import Secret
from loradex.formats.stream_hashing import StreamDigester
from loradex.hub.fetching import Fetched, Fetcher, FetchOptions, Promise, SpeedLimit

KEY = "key-of-mosskettle-0123456789"
NAME = "紙灯り.safetensors"


def model_bytes(size: int, seed: int = 1) -> bytes:
    """A safetensors file of exactly `size` bytes, if there is room for its header."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}).encode()
    header += b" " * (-len(header) % 8)
    front = len(header).to_bytes(8, "little") + header
    return (front + random.Random(seed).randbytes(max(size - len(front), 0)))[:size]


class Impatient(CancelToken):
    """Does not sleep; knows how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.slept.append(seconds)
        return self.cancelled


Answer = Callable[[Request], Reply | Misbehaviour | None]


@dataclass
class Depot:
    """The hub `front`, its `store`, and where the parts go.

    `on_front` and `on_store` may answer in place of the healthy servers; None lets those.
    """

    folder: Path
    source: Path
    store: Storage
    front: LoopbackServer
    file: WorldFile
    fetcher_options: FetchOptions = field(default_factory=FetchOptions)
    speed: SpeedLimit = field(default_factory=SpeedLimit)
    on_front: Answer = lambda _request: None
    on_store: Answer = lambda _request: None
    told: list[tuple[int, int | None]] = field(default_factory=list)
    waits: list[HubWait] = field(default_factory=list)
    asked: int = 0

    @property
    def scenario(self) -> StorageScenario:
        return self.store.scenario

    @property
    def content(self) -> bytes:
        return self.source.read_bytes()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def part(self) -> Path:
        return self.folder / "lantern.safetensors.part"

    @property
    def state(self) -> Path:
        return self.folder / "lantern.safetensors.part.json"

    @property
    def at_front(self) -> list[Request]:
        return self.front.requests

    @property
    def at_store(self) -> list[Request]:
        return self.store.server.requests

    def ranges(self) -> list[str | None]:
        """The ranges that the storage was asked for, in order."""
        return [request.headers.get("range") for request in self.at_store]

    def promise(self, **more: object) -> Promise:
        return Promise(**{"name": NAME, "sha256": self.sha256} | more)  # type: ignore[arg-type]

    def ask(self) -> FetchStart:
        self.asked += 1
        return FetchStart(f"{self.front.url}/api/download/models/1", Secret(KEY))

    def fetch(
        self,
        promise: Promise | None = None,
        *,
        ask: Callable[[], FetchStart] | None = None,
        cancel: CancelToken | None = None,
        digester: ByteDigester | None = None,
        told: Callable[[int, int | None], None] | None = None,
    ) -> Fetched:
        def tell(done: int, total: int | None) -> None:
            self.told.append((done, total))
            if told is not None:
                told(done, total)

        with Fetcher(options=self.fetcher_options, speed=self.speed) as fetcher:
            return fetcher.fetch(
                ask or self.ask,
                self.part,
                promise or self.promise(),
                cancel=cancel or Impatient(),
                digester=digester or StreamDigester(),
                told=tell,
                tell_wait=self.waits.append,
            )

    def leave(self, *spans: tuple[int, int], content: bytes | None = None, **more: object) -> None:
        """Leave a part as an earlier fetch would have: `spans` of it are true."""
        content = self.content if content is None else content
        data = bytearray(b"\xff" * max((stop for _, stop in spans), default=0))
        for start, stop in spans:
            data[start:stop] = content[start:stop]
        self.part.write_bytes(data)
        info = self.source.stat()
        state = {
            "version": 1,
            "size": len(content),
            "etag": f'"{info.st_mtime_ns:x}-{info.st_size:x}"',
            "modified": None,
            "origin": self.store.server.url,
            "promised": {"size": None, "sha256": self.sha256},
            "name": NAME,
            "spans": [list(span) for span in spans],
        }
        self.state.write_text(json.dumps(state | more))


@contextmanager
def open_depot(folder: Path, size: int) -> Iterator[Depot]:
    source = folder / "source.bin"
    source.write_bytes(model_bytes(size))
    file = WorldFile(id=7, name=NAME, path=str(source))
    version = WorldVersion(id=1, name="v1", files=(file,))
    store = Storage(World(models=(WorldModel(id=1, name="m", versions=(version,)),)))
    healthy = store.server.answer
    place = folder / "models"
    place.mkdir()

    def front(request: Request) -> Reply | Misbehaviour:
        link = Reply(307, {"Location": store.link_to(file), "Set-Cookie": "who=me; Path=/"})
        return depot.on_front(request) or link

    depot = Depot(place, source, store, LoopbackServer(front), file)
    store.server.answer = lambda request: depot.on_store(request) or healthy(request)
    store.server.open()
    depot.front.open()
    try:
        yield depot
    finally:
        depot.front.close()
        store.server.close()

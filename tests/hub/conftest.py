"""A small world, a local hub that serves it, and clients whose time does not really pass."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion
from loradex.domain.progress import CancelToken
from loradex.hub.client import CivitaiHub
from loradex.settings import Secret, Settings

KEY = "key-of-mosskettle-0123456789"


class FakeTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0
        self.after_sleep: Callable[[], None] = lambda: None

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        self.after_sleep()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file(number: int, content: str, **more: object) -> WorldFile:
    digest = sha(content)
    hashes = {"SHA256": digest, "AutoV2": digest[:10], "AutoV3": sha(content + " tensors")[:12]}
    return WorldFile(id=number, name=f"{content}.safetensors", hashes=hashes, **more)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Four models: a LoRA with two versions, a checkpoint, an archived one, a mature one."""
    lantern = tmp_path / "lantern.bin"
    lantern.write_bytes(bytes(range(256)) * 40)
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG picture")
    return World(
        accounts={KEY: "mosskettle"},
        models=(
            WorldModel(
                id=100,
                name="Paper Lantern 紙灯り",
                description="<p>Soft light</p>",
                tags=("style", "lantern"),
                creator="mosskettle",
                downloads=50,
                likes=9,
                commercial_use=("Image", "Rent"),
                versions=(
                    WorldVersion(
                        id=102,
                        name="v2",
                        base_model="SDXL 1.0",
                        ecosystem="sdxl",
                        trained_words=("ppr lntrn", "<lora:lantern:0.8>"),
                        published_at="2026-02-11T09:30:00.000Z",
                        files=(
                            file(1002, "lantern", size_bytes=10240, path=str(lantern)),
                            file(1003, "lantern set", type="Training Data", format="Other"),
                        ),
                        images=(
                            WorldImage(id=9001, meta={"prompt": "ppr lntrn"}, path=str(picture)),
                            WorldImage(id=9002, type="video", content_level=2),
                        ),
                    ),
                    WorldVersion(
                        id=101,
                        name="v1",
                        published_at="2023-06-19T21:00:00.000Z",
                        files=(file(1001, "lantern old", precision="fp16", size="pruned"),),
                    ),
                ),
            ),
            WorldModel(
                id=200,
                name="Harbour Fog",
                type="Checkpoint",
                tags=("base model",),
                creator="paperlantern",
                downloads=80,
                likes=5,
                versions=(
                    WorldVersion(
                        id=201,
                        name="v3",
                        usage_control="Generation",
                        files=(file(2001, "harbour", size_bytes=4096),),
                    ),
                    # A second upload of the same bytes, later than the first.
                    WorldVersion(
                        id=202,
                        name="copy",
                        published_at="2026-05-01T00:00:00.000Z",
                        early_access_until="2999-01-01T00:00:00.000Z",
                        files=(file(2002, "lantern"),),
                    ),
                ),
            ),
            WorldModel(
                id=300,
                name="Tidy Lines",
                type="Controlnet",
                mode="Archived",
                versions=(WorldVersion(id=301, name="fp16", files=(file(3001, "tidy"),)),),
            ),
            WorldModel(
                id=400,
                name="Grown Up",
                content_level=28,
                mature=True,
                versions=(
                    WorldVersion(id=401, name="v1", content_level=28, files=(file(4001, "grown"),)),
                ),
            ),
        ),
    )


@pytest.fixture
def hub(world: World) -> Iterator[LocalHub]:
    with LocalHub(world) as hub:
        yield hub


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


MakeClient = Callable[..., CivitaiHub]


@pytest.fixture
def connect(hub: LocalHub, time: FakeTime) -> Iterator[MakeClient]:
    """Make clients of the local hub; they are closed at the end."""
    clients: list[CivitaiHub] = []

    def make(
        *,
        url: str | None = None,
        key: str | None = None,
        cancel: CancelToken | None = None,
        total_seconds: float | None = None,
        timeout: float = 5.0,
        retries: int = 3,
        hub_ca: str = "",
    ) -> CivitaiHub:
        settings = Settings(
            hub_url=url or hub.url,
            hub_token=Secret(key) if key else None,
            hub_timeout=timeout,
            hub_retries=retries,
            hub_ca=hub_ca,
        )
        client = CivitaiHub.from_settings(
            settings,
            cancel=cancel,
            sleep=time.sleep,
            clock=time.clock,
            total_seconds=total_seconds,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(connect: MakeClient) -> CivitaiHub:
    return connect(key=KEY)


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    """Read a document in the real hub's shape."""
    folder = Path(__file__).parent / "samples"
    return lambda name: (folder / name).read_bytes()

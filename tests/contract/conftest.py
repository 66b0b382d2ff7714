"""Two hubs that speak one protocol: the local hub of the demo, and `hub serve` on a catalog.

They share no code. Both know the same files; the catalog learnt of them from the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion
from loradex.domain.content_level import ContentLimit
from loradex.domain.progress import CancelToken, SilentSink
from loradex.formats.hashing import hash_file
from loradex.hub.client import CivitaiHub
from loradex.operations.libraries import add_library
from loradex.operations.matching import match
from loradex.paths import Home
from loradex.serving.keys import add_key
from loradex.serving.server import ServeOptions
from loradex.settings import Secret, Settings
from serving_kit import index, running

LOCAL_KEY = "key-of-mosskettle-0123456789"


@dataclass(frozen=True)
class Side:
    """A hub to be asked, and the files it knows by the numbers of their versions."""

    name: str
    settings: Settings
    files: dict[int, Path]


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("contract") / "models"
    return {
        101: lora(folder / "lantern old.safetensors", seed=11),
        102: lora(folder / "lantern.safetensors", seed=12, rank=600),
        201: lora(folder / "harbour.safetensors", seed=13, text_width=768),
    }


def _file(id_: int, path: Path) -> WorldFile:
    hashes = hash_file(path)
    names = {
        "SHA256": hashes.sha256,
        "AutoV1": hashes.autov1,
        "AutoV2": hashes.autov2,
        "AutoV3": hashes.autov3,
        "CRC32": hashes.crc32,
        "BLAKE3": hashes.blake3,
    }
    return WorldFile(
        id=id_,
        name=path.name.replace(" ", "_"),
        size_bytes=path.stat().st_size,
        precision="fp16",
        hashes={name: value for name, value in names.items() if value},
        path=str(path),
    )


@pytest.fixture(scope="package")
def world(files: dict[int, Path]) -> World:
    return World(
        accounts={LOCAL_KEY: "mosskettle"},
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
                        trained_words=("ppr lntrn", "<lora:lantern:0.8>", "glow, soft"),
                        published_at="2026-02-11T09:30:00.000Z",
                        files=(_file(1002, files[102]),),
                        images=(WorldImage(id=9001),),
                    ),
                    WorldVersion(
                        id=101,
                        name="v1",
                        base_model="SDXL 1.0",
                        ecosystem="sdxl",
                        published_at="2023-06-19T21:00:00.000Z",
                        files=(_file(1001, files[101]),),
                    ),
                ),
            ),
            WorldModel(
                id=200,
                name="Harbour Fog",
                tags=("concept",),
                creator="paperlantern",
                downloads=80,
                likes=5,
                versions=(
                    WorldVersion(
                        id=201, name="v3", base_model="SD 1.5", files=(_file(2001, files[201]),)
                    ),
                ),
            ),
        ),
    )


@pytest.fixture(scope="package")
def local(world: World) -> Iterator[LocalHub]:
    with LocalHub(world) as hub:
        yield hub


@pytest.fixture(scope="package")
def served(
    local: LocalHub, files: dict[int, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Catalog]:
    """A catalog that has the files and was matched with the local hub."""
    with Catalog.open(Home(tmp_path_factory.mktemp("contract-home"))) as catalog:
        add_library(catalog, files[102].parent)
        index(catalog)
        with CivitaiHub.from_settings(Settings(hub_url=local.url)) as hub:
            match(catalog, hub, sink=SilentSink(), cancel=CancelToken())
        yield catalog


@pytest.fixture(scope="package", params=["the local hub", "hub serve"])
def side(
    request: pytest.FixtureRequest, local: LocalHub, served: Catalog, files: dict[int, Path]
) -> Iterator[Side]:
    if request.param == "the local hub":
        yield Side("mosskettle", Settings(hub_url=local.url, hub_token=Secret(LOCAL_KEY)), files)
        return
    key = add_key(served, "desk")
    options = ServeOptions(key_required=True, limit=ContentLimit.SAFE)
    with running(served, options) as server:
        yield Side("desk", Settings(hub_url=server.url, hub_token=key), files)
    served.serving.remove_key("desk")


@pytest.fixture
def hub(side: Side) -> Iterator[CivitaiHub]:
    with CivitaiHub.from_settings(side.settings) as client:
        yield client

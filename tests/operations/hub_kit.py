"""A hub with models in many versions, and a catalog that owns some of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldImage, WorldModel, WorldVersion
from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken
from loradex.hub import gates
from loradex.operations.hubs import Hubs, open_hubs
from loradex.operations.matching import match
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from loradex.settings import Settings
from progress_kit import Recorder


def sha(number: int) -> str:
    """Return the digest of the weights of a version."""
    return hashlib.sha256(f"weights {number}".encode()).hexdigest()


def hub_version(number: int, base: str, published: str, **more: object) -> WorldVersion:
    """Return a version with weights, training data and a picture."""
    values: dict[str, object] = {
        "files": (
            WorldFile(
                id=number * 10,
                name=f"{number}.safetensors",
                size_bytes=1000 + number,
                hashes={"SHA256": sha(number)},
            ),
            WorldFile(
                id=number * 10 + 1,
                name="set.zip",
                type="Training Data",
                format="Other",
                hashes={"SHA256": sha(number + 1_000_000)},
            ),
        ),
        "images": (WorldImage(id=number),),
        **more,
    }
    return WorldVersion(
        id=number,
        name=f"v{number}",
        base_model=base,
        published_at=f"{published}T12:00:00.000Z",
        **values,  # type: ignore[arg-type]
    )


def hub_model(number: int, name: str, *versions: WorldVersion, **more: object) -> WorldModel:
    """Return a LoRA; versions in the creator's order."""
    values: dict[str, object] = {"creator": "maker", "tags": ("night",), **more}
    return WorldModel(id=number, name=name, versions=versions, **values)  # type: ignore[arg-type]


def own(catalog: Catalog, *numbers: int) -> dict[int, int]:
    """Put the weights of these versions into a library; return their contents by version."""
    known = {library.name: library.id for library in catalog.files.libraries()}
    library = known.get("main") or add_library(catalog)
    catalog.looks.record(library, [look(f"{n}.safetensors", n) for n in numbers], "1")
    for item in catalog.files.to_hash():
        number = int(item.path.rpartition(b"/")[2].partition(b".")[0])
        other = hashlib.sha256(f"other {number}".encode()).hexdigest()
        digests = Hashes(sha(number), other, other[:8], other[8:16], sha(number)[:10], other[-12:])
        catalog.looks.record_hashes([(item, digests)])
    return {n: catalog.resolve(sha(n)) for n in numbers}


def match_all(catalog: Catalog, hubs: Hubs) -> None:
    """Match everything that is hashed."""
    match(catalog, hubs.civitai, sink=Recorder(), cancel=CancelToken())


@contextmanager
def opened(hub: LocalHub, home: Home, **more: object) -> Iterator[Hubs]:
    """Open the hubs as the program does, with CivitAI at `hub`."""
    settings = replace(
        Settings(hub_url=hub.url, hub_timeout=5.0, hub_retries=0, hubs=("civitai",)),
        **more,  # type: ignore[arg-type]
    )
    with (
        pytest.MonkeyPatch.context() as patch,
        open_hubs(
            settings, home, plugins=lambda: load_plugins(home, ()), cancel=CancelToken()
        ) as hubs,
    ):
        # Nobody has to be spared here.
        patch.setattr(gates, "REQUESTS_PER_SECOND", 1000.0)
        yield hubs


def world(*models: WorldModel) -> World:
    """Return a world of these models."""
    return World(models=models)


def forget_answers(home: Home) -> None:
    """Take away the answers that were kept, so that only the catalog remembers."""
    for left in home.cache.glob("*"):
        if left.is_file():
            left.unlink()

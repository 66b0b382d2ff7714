"""A catalog worth serving, with real files behind it, and servers that run beside the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, PngImagePlugin

from catalog_kit import model, version
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations import annotate
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.matching import found
from loradex.operations.scan import scan
from loradex.serving.server import HubServer, ServeOptions, open_server

SECRETS = ("my own note", "acme corp", "private-folder", "what I asked for")
"""What a person wrote, and how their folders are called: none of it may leave."""


@dataclass(frozen=True)
class Studio:
    """What lies in the library. Lantern is known to the hub, its edit by its tensors only."""

    catalog: Catalog
    lantern: Path
    edited: Path
    own: Path
    grown: Path

    def content(self, path: Path) -> int:
        return self.catalog.resolve(str(path))

    def sha256(self, path: Path) -> str:
        (row,) = self.catalog.rows([self.content(path)])
        return row.sha256 or ""


def index(catalog: Catalog) -> None:
    """Scan and hash what changed."""
    scan(catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken())
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())


def make_studio(catalog: Catalog, root: Path) -> Studio:
    """Make four LoRAs in a library, matched and annotated."""
    folder = root / "private-folder"
    studio = Studio(
        catalog,
        lantern=lora(folder / "lantern.safetensors", seed=1),
        edited=lora(folder / "lantern edited.safetensors", seed=1, metadata={"ss_tag": "x"}),
        own=lora(folder / "my_style.safetensors", seed=2, text_width=768),
        grown=lora(folder / "grown.safetensors", seed=3),
    )
    picture(folder / "lantern.preview.png")
    picture(folder / "my_style.png")
    add_library(catalog, root)
    index(catalog)
    _match(studio, studio.lantern, 102, 100, by="sha256")
    _match(studio, studio.edited, 102, 100, by="autov3")
    _match(studio, studio.grown, 401, 400, by="sha256", level=28)
    for path in (studio.lantern, studio.own):
        id_ = studio.content(path)
        annotate.note(catalog, id_, "my own note")
        annotate.rate(catalog, [id_], 5)
        annotate.tag(catalog, [id_], add=["acme corp"])
    return studio


def picture(path: Path) -> None:
    """Draw a picture with a prompt written into it."""
    words = PngImagePlugin.PngInfo()
    words.add_text("parameters", "what I asked for")
    Image.new("RGB", (1000, 500), "teal").save(path, pnginfo=words)


def _match(
    studio: Studio, path: Path, version_id: int, model_id: int, *, by: str, level: int = 1
) -> None:
    sha256 = studio.sha256(studio.lantern if by == "autov3" else path)
    told = told_version(version_id, model_id, sha256, level)
    parent = told_model(model_id, level)
    store = studio.catalog.hub
    store.record_models("civitai", [parent])
    store.record_versions("civitai", [told])
    store.record_matches("civitai", [found(studio.content(path), told, parent, by)])


def told_version(id_: int, model_id: int, sha256: str, level: int) -> HubVersion:
    file = HubFile(
        id=id_ * 10,
        name=f"hub_name_{id_}.safetensors",
        type="Model",
        size_bytes=None,
        sha256=sha256,
        autov3=None,
        primary=True,
        format="SafeTensor",
        precision="fp16",
        download_url=None,
        hashes={"SHA256": sha256},
    )
    return replace(
        version(id_, sha256=sha256, level=level, base="SDXL 1.0"),
        model_id=model_id,
        files=(file,),
        usage_control="Generation",
        paid=True,
    )


def told_model(id_: int, level: int) -> HubModel:
    return replace(
        model(id_),
        name=f"Model {id_}",
        content_level=level,
        mode="Archived",
        description='<p onclick="evil()">Soft <script>evil()</script>light</p>',
        licence={"allowCommercialUse": "Image,Rent", "allowNoCredit": "false"},
        raw='{"nsfw": false, "poi": true}',
        downloads=50,
        likes=9,
    )


@contextmanager
def running(catalog: Catalog, options: ServeOptions | None = None) -> Iterator[HubServer]:
    """Run a server on a free port of loopback for the time of the block."""
    with open_server(catalog, replace(options or ServeOptions(), port=0)) as server:
        # Not waited for at the end of the run, should a test fail to stop it.
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join(20)
            assert not thread.is_alive()

"""A small library that really draws, scanned once, and a catalog of it for each test."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.paths import Home

QUICK = {AxisKind.SIZE: "64", AxisKind.STEPS: "2"}
"""What makes a picture a matter of a few hundredths of a second."""


@dataclass(frozen=True)
class Stock:
    """A folder of models and a home whose catalog knows them."""

    models: Path
    home: Home

    def into(self, home: Home) -> None:
        """Give a test's home a catalog of its own."""
        shutil.copytree(self.home.root, home.root, dirs_exist_ok=True)


def make_stock(folder: Path) -> Stock:
    """Make two SD 1 checkpoints and one of SDXL, LoRAs and an embedding, and index them."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    # Threads that wait for each other cost more than these tiny networks take.
    torch.set_num_threads(1)
    from safetensors.torch import save_file

    from loradex.operations.hash_pass import hash_pass
    from loradex.operations.libraries import add_library
    from loradex.operations.scan import scan
    from loradex.render.tiny import make_tiny_lora, make_tiny_pipeline, make_tiny_single_file

    models = folder / "models"
    make_tiny_single_file(models / "checkpoints" / "painter.safetensors", shape="sd1", seed=1)
    make_tiny_single_file(models / "checkpoints" / "sketcher.safetensors", shape="sd1", seed=2)
    make_tiny_pipeline(models / "checkpoints" / "painterXL", shape="sdxl", seed=3)
    for seed, (name, shape, words) in enumerate(
        (("neon", "sd1", "neonkn"), ("rain", "sd1", "rainy"), ("plain", "sd1", ""),
         ("glow", "sdxl", "glowy")), start=11,
    ):  # fmt: skip
        metadata = {"modelspec.trigger_phrase": words} if words else {}
        path = models / "loras" / f"{name}.safetensors"
        make_tiny_lora(path, shape=shape, seed=seed, metadata=metadata)  # type: ignore[arg-type]
    (models / "embeddings").mkdir()
    vectors = torch.randn(2, 768, generator=torch.Generator().manual_seed(5))
    save_file({"emb_params": vectors}, models / "embeddings" / "EasyBad.safetensors")
    home = Home(folder / "home")
    with Catalog.open(home) as catalog:
        add_library(catalog, models, name="stock")
        tools = {"sink": SilentSink(), "cancel": CancelToken()}
        scan(catalog, catalog.files.libraries(), workers=1, **tools)  # type: ignore[arg-type]
        hash_pass(catalog, **tools)  # type: ignore[arg-type]
    return Stock(models, home)


def request_of(
    axes: Mapping[AxisKind, str | Sequence[str]], *, quick: bool = True, **rest: Any
) -> GridRequest:
    """Return a request of these axes, small and on the CPU."""
    whole = {**(QUICK if quick else {}), **axes}
    return GridRequest(
        tuple(
            AxisRequest(kind, (texts,) if isinstance(texts, str) else tuple(texts))
            for kind, texts in whole.items()
        ),
        device="cpu",
        **rest,
    )

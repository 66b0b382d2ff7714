"""Approximations of a grid: which files of the library they take, and where they are printed."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grid_stock import Stock, request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind as K
from loradex.domain.grid import GridSpec
from loradex.domain.progress import CancelToken
from loradex.errors import LoraMismatch, NotRenderable, UsageError
from loradex.operations.grid_reading import read_request
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_toml import read_toml, write_toml
from loradex.operations.grids import draw_grid
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from progress_kit import Recorder
from render.test_approximations import tiny_autoencoder, written

pytestmark = pytest.mark.render

BOAT = {K.CHECKPOINT: "painter", K.PROMPT: "a boat"}


@pytest.fixture
def more(stocked: Stock, catalog: Catalog, tmp_path: Path) -> Callable[..., Catalog]:
    """Add a TAESD, or few-step LoRAs, to the library."""
    from loradex.render.tiny import make_tiny_lora

    def add(*names: str) -> Catalog:
        folder = tmp_path / "more"
        folder.mkdir()
        for name in names:
            path = folder / f"{name}.safetensors"
            if name.startswith("tae"):
                written(tiny_autoencoder(4, seed=len(name)), path, "diffusers")
            else:
                make_tiny_lora(path, shape="sdxl" if "xl" in name else "sd1")
        add_library(catalog, folder, name="more")
        tools = {"sink": Recorder(), "cancel": CancelToken()}
        scan(catalog, catalog.files.libraries(), workers=1, **tools)  # type: ignore[arg-type]
        hash_pass(catalog, **tools)  # type: ignore[arg-type]
        return catalog

    return add


def read(catalog: Catalog, request: GridRequest) -> GridSpec:
    return read_request(catalog, request, sink=Recorder(), cancel=CancelToken())


def test_the_tiny_autoencoder_of_the_right_family_is_found(more: Callable[..., Catalog]) -> None:
    catalog = more("taesdxl_decoder", "taesd_decoder")
    spec = read(catalog, request_of(BOAT, approximate=("taesd", "cache")))
    assert spec.base.vae is not None
    assert Path(spec.base.vae.path).stem == "taesd_decoder"
    assert spec.base.settings.approximate == ("taesd", "cache")
    xl = read(catalog, request_of({**BOAT, K.CHECKPOINT: "painterXL"}, approximate=("taesd",)))
    assert xl.base.vae is not None
    assert Path(xl.base.vae.path).stem == "taesdxl_decoder"


def test_a_few_step_lora_brings_its_settings_and_flags_win(more: Callable[..., Catalog]) -> None:
    catalog = more("lcm-lora-6step")
    asked = request_of(BOAT, quick=False, few_steps="lcm-lora-6step")
    spec = read(catalog, asked)
    settings = spec.base.settings
    assert (settings.num_inference_steps, settings.guidance_scale, settings.sampler) == (
        6,
        1.5,
        "LCM",
    )
    assert settings.approximate == ("few-steps",)
    assert spec.base.few_steps is not None
    own = {**BOAT, K.STEPS: "3", K.GUIDANCE: "2"}
    settings = read(catalog, request_of(own, quick=False, few_steps="lcm-lora-6step")).base.settings
    assert (settings.num_inference_steps, settings.guidance_scale, settings.sampler) == (
        3,
        2,
        "LCM",
    )


def test_what_cannot_be_approximated_is_said(more: Callable[..., Catalog]) -> None:
    catalog = more("lcm-xl")
    with pytest.raises(UsageError, match="no approximation called 'fp9'"):
        read(catalog, request_of(BOAT, approximate=("fp9",)))
    with pytest.raises(NotRenderable, match="No TAESD for sd1 is in the catalog"):
        read(catalog, request_of(BOAT, approximate=("taesd",)))
    with pytest.raises(UsageError, match="does not say which few-step LoRA"):
        read(catalog, request_of(BOAT, few_steps="neon"))
    with pytest.raises(LoraMismatch, match="lcm-xl is for sdxl"):
        read(catalog, request_of(BOAT, few_steps="lcm-xl"))


def test_approximations_are_printed_on_what_is_left_behind(more: Callable[..., Catalog]) -> None:
    catalog = more("taesd_decoder", "lcm-lora")
    request = request_of(
        {**BOAT, K.LORA: "neon", K.STRENGTH: "0,1"},
        approximate=("taesd", "fp8"),
        few_steps="lcm-lora",
    )
    result = draw_grid(catalog, request, sink=Recorder(), cancel=CancelToken())
    assert result.drawn == 2
    assert not result.failed
    page = result.page.read_text("utf-8")
    for words in ("taesd_decoder, not by the VAE", "rounded to 8 bits", "few steps by lcm-lora"):
        assert words in page
    again = draw_grid(catalog, request, sink=Recorder(), cancel=CancelToken())
    assert again.reused == 2


def test_approximations_stand_in_files_too() -> None:
    request = request_of({K.PROMPT: "a"}, approximate=("taesd", "fp8"), few_steps="lcm")
    assert read_toml(write_toml(request)) == request
    assert read_toml('prompt = "a"\napproximate = "cache"').approximate == ("cache",)

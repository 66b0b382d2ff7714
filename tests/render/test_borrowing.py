"""U-Net files that lack a VAE or text encoders borrow them from the library, as grids do."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loradex.domain.grid import RenderedCell
from loradex.errors import NotRenderable

from .conftest import Stock, draw_all, model, spec_for

pytestmark = pytest.mark.render

VAE, TEXT = "first_stage_model.", "cond_stage_model.transformer."


@pytest.fixture
def apart(stock: dict[str, Stock], tmp_path: Path) -> dict[str, Path]:
    """A checkpoint taken apart: without its VAE, and its U-Net, VAE and CLIP by themselves."""
    from safetensors.torch import load_file, save_file

    whole = load_file(stock["sd1"].single)
    shares = {
        "no_vae": {k: v for k, v in whole.items() if not k.startswith(VAE)},
        "unet": {k: v for k, v in whole.items() if not k.startswith((VAE, TEXT))},
        "vae": {k.removeprefix(VAE): v for k, v in whole.items() if k.startswith(VAE)},
        "clip_l": {k.removeprefix(TEXT): v for k, v in whole.items() if k.startswith(TEXT)},
    }
    paths = {name: tmp_path / f"{name}.safetensors" for name in shares}
    for name, tensors in shares.items():
        save_file({key: value.contiguous() for key, value in tensors.items()}, paths[name])
    tokenizer = stock["sd1"].single.parent / "tokenizer"
    (tmp_path / "tokenizer").symlink_to(tokenizer)
    return paths


@pytest.mark.parametrize(
    ("checkpoint", "borrowed"), [("no_vae", {"vae"}), ("unet", {"vae", "clip_l"})]
)
def test_the_picture_is_that_of_the_whole_file(
    checkpoint: str,
    borrowed: set[str],
    apart: dict[str, Path],
    stock: dict[str, Stock],
    tmp_path: Path,
) -> None:
    from loradex.render.loading import borrowed_files

    used, _ = borrowed_files(apart[checkpoint], [apart["vae"]], [apart["clip_l"]])
    assert {path.stem for path in used} == borrowed
    whole = spec_for(stock["sd1"].single, [stock["sd1"].kohya], strengths=(0,))
    parted = spec_for(apart[checkpoint], [stock["sd1"].kohya], strengths=(0,))
    completed = replace(parted.base.checkpoint, companions=tuple(model(path) for path in used))
    parted = replace(parted, base=replace(parted.base, checkpoint=completed))
    pictures = []
    for name, spec in (("whole", whole), ("parted", parted)):
        (cell,) = draw_all(spec, tmp_path / name)[1].values()
        assert isinstance(cell, RenderedCell), cell
        with Image.open(cell.path) as picture:
            pictures.append(np.asarray(picture))
    assert np.array_equal(*pictures)


def test_what_the_library_lacks_is_named(apart: dict[str, Path]) -> None:
    from loradex.render.loading import borrowed_files

    with pytest.raises(NotRenderable, match="no text encoder") as raised:
        borrowed_files(apart["unet"], [apart["vae"]], [])
    assert "clip_l.safetensors" in str(raised.value.hint)
    with pytest.raises(NotRenderable, match="holds no VAE"):
        borrowed_files(apart["no_vae"], [], [apart["clip_l"]])


def test_a_whole_file_borrows_nothing(apart: dict[str, Path], stock: dict[str, Stock]) -> None:
    from loradex.render.loading import borrowed_files

    assert borrowed_files(stock["sd1"].single, [apart["vae"]], [apart["clip_l"]]) == ((), ())

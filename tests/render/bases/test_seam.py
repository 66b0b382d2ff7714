"""What the engine relies on: pictures alone in a batch or not, parts that move, 16 bits, tiles."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loradex.errors import UsageError
from loradex.render.bases.guidance import guide
from loradex.render.device import Placed

from .conftest import CPU, HEIGHT, WIDTH, draw
from .families import FAMILIES

pytestmark = pytest.mark.render

Folders = Callable[[str], Path]


def load(folder: Path, placed: Placed = CPU) -> Any:
    from loradex.render.bases.load import load_base

    return load_base(folder, placed)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_picture_is_the_same_bits_whatever_its_neighbours(family: str, folders: Folders) -> None:
    base = load(folders(family))
    first = draw(base, ["a red boat", "the sea"], [3, 4], [4.0, 2.0], steps=1)[0]
    second = draw(base, ["a red boat", "fog on the sea"], [3, 9], [4.0, 6.0], steps=1)[0]
    other_slot = draw(base, ["fog", "a red boat"], [1, 3], [3.0, 4.0], steps=1)[1]
    assert (first == second).all()
    assert (first == other_slot).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_are_encoded_then_released_and_the_picture_is_the_same(
    family: str, folders: Folders
) -> None:
    import torch

    from loradex.render.bases.base import Condition
    from loradex.render.denoise import generators_of, go_down

    base = load(folders(family))
    expected = draw(base, ["a red boat"], [3], [4.0])[0]
    texts = [name for name in base.modules() if name.startswith("text_encoder")]
    assert texts
    condition = Condition(base.encode("a red boat"), base.encode("", negative=True), 4.0)
    for name in texts:
        base.move(name, "meta")
    base.release_text()
    assert not [name for name in base.parts() if name.startswith("text_encoder")]
    with pytest.raises(UsageError, match="released"):
        base.encode("fog")
    generators = generators_of([3])
    schedule = base.schedule("Euler", 3, WIDTH, HEIGHT)
    start = schedule.start(base.noise(generators[0], WIDTH, HEIGHT))
    batch = base.join([condition], WIDTH, HEIGHT)
    latents = go_down(base, schedule, start, batch, generators, on_step=lambda *_: None)
    assert isinstance(latents, torch.Tensor)
    assert (np.asarray(base.decode(latents)).astype(int) == expected).all()


@pytest.mark.parametrize("family", ["sd3.5", "flux-dev", "chroma", "qwen", "z-image"])
def test_sixteen_bits_draw_nearly_the_same(family: str, folders: Folders) -> None:
    exact = draw(load(folders(family)), ["a red boat"], [3], [4.0])[0]
    rough = draw(
        load(folders(family), Placed("cpu", "bfloat16", "cpu")), ["a red boat"], [3], [4.0]
    )[0]
    assert rough.std() > 5
    assert np.abs(exact - rough).mean() < 0.25 * exact.std() + 2


@pytest.mark.parametrize(
    ("family", "sampler"),
    [("flux-schnell", "DPM++ 2M"), ("sd3", "Heun"), ("z-image", "UniPC")],
)
def test_other_samplers_end_near_the_same_picture(
    family: str, sampler: str, folders: Folders
) -> None:
    from loradex.render.quiet import offline_and_quiet

    base = load(folders(family))
    with offline_and_quiet():
        exact = draw(base, ["a red boat"], [3], [2.0], steps=14)[0]
        other = draw(base, ["a red boat"], [3], [2.0], steps=14, sampler=sampler)[0]
    assert 0 < np.abs(exact - other).mean() < 0.5 * exact.std()


@pytest.mark.parametrize("family", ["flux-schnell", "qwen", "klein"])
def test_tiles_join_to_nearly_the_same_picture(family: str, folders: Folders) -> None:
    import torch

    base = load(folders(family))
    vae = base.parts()["vae"]
    generator = torch.Generator().manual_seed(1)
    latents = base.noise(generator, 256, 192)
    whole = np.asarray(base.decode(latents)).astype(int)
    vae.tile_sample_min_size = 128
    vae.tile_latent_min_size = 16
    vae.tile_sample_min_height = vae.tile_sample_min_width = 128
    vae.tile_sample_stride_height = vae.tile_sample_stride_width = 96
    tiled = np.asarray(base.decode(latents, tiled=True)).astype(int)
    assert tiled.shape == whole.shape == (192, 256, 3)
    assert 0 < np.abs(tiled - whole).mean() < 0.5 * whole.std() + 2
    assert (np.asarray(base.decode(latents)) == whole).all()


def test_guidance_of_one_picture_is_not_changed_by_anothers() -> None:
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16):
        generator = torch.Generator().manual_seed(2)
        without, text = (torch.randn(3, 4, 8, 8, generator=generator).to(dtype) for _ in range(2))
        mixed = guide(without, text, (7.3, 1.0, 2.1))
        assert mixed.dtype == dtype
        for number, factor in enumerate((7.3, 1.0, 2.1)):
            alone = guide(without[number : number + 1], text[number : number + 1], (factor,))
            assert (mixed[number] == alone[0]).all()
        assert (mixed[1] == text[1]).all()


def test_useless_numbers_are_said_in_words(folders: Folders) -> None:
    import torch

    base = load(folders("flux-dev"))
    latents = base.noise(torch.Generator().manual_seed(1), 64, 64)
    with pytest.raises(ArithmeticError, match="NaN"):
        base.decode(latents * float("nan"))


def test_an_older_qwens_tokenizer_is_refused(folders: Folders) -> None:
    from .families import qwen_tokenizer

    base = load(folders("klein"))
    (text,) = base._texts.values()
    older = qwen_tokenizer(thinks=False)
    base._texts["text_encoder"] = type(text)(text.model, older, text.projects, text.layers)
    with pytest.raises(UsageError, match="not Qwen3's"):
        base.encode("fog")

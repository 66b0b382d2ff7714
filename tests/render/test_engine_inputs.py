"""Cells that begin from pictures, are steered, or use embeddings, through the whole engine."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.axes import AxisKind, Draft, Value
from loradex.domain.grid import FailedCell, GridSpec, RenderedCell
from loradex.domain.recipe import GridPicture, RenderSettings
from loradex.errors import UsageError
from render.bases.test_inputs import make_controlnet

from .conftest import SIZE, STEPS, Stock, draw_all, grid_of, load_parts, model

pytestmark = pytest.mark.render


def picture(path: Path, colour: tuple[int, int, int] = (200, 80, 40)) -> GridPicture:
    image = Image.new("RGB", (SIZE, SIZE), colour)
    image.paste((20, 60, 180), (8, 8, 40, 40))
    image.save(path)
    return GridPicture(path.name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def half_mask(path: Path) -> GridPicture:
    image = Image.new("L", (SIZE, SIZE), 0)
    image.paste(255, (0, 0, SIZE // 2, SIZE))
    image.save(path)
    return GridPicture(path.name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def draft(checkpoint: Path, **more: Any) -> Draft:
    settings = RenderSettings(
        width=SIZE, height=SIZE, num_inference_steps=STEPS, device="cpu", sampler="Euler"
    )
    return Draft(model(checkpoint), "a red boat", settings=settings, **more)


def drawn(spec: GridSpec, folder: Path) -> dict[tuple[int, ...], np.ndarray[Any, Any]]:
    plan, cells = draw_all(spec, folder)
    found = {}
    for place in plan.placements:
        cell = cells[place.cell.key]
        assert isinstance(cell, RenderedCell), cell
        with Image.open(cell.path) as opened:
            found[place.at] = np.asarray(opened).astype(int)
    return found


def grid(base: Draft, kind: AxisKind, values: list[Value]) -> GridSpec:
    return grid_of(base, (kind, values))


def test_more_denoising_goes_further_from_the_picture(
    stock: dict[str, Stock], tmp_path: Path
) -> None:
    start = picture(tmp_path / "in.png")
    base = draft(stock["sd1"].folder, init_image=start)
    base = replace(base, settings=replace(base.settings, num_inference_steps=8))
    pictures = drawn(grid(base, AxisKind.DENOISING, [0.25, 0.5, 1.0]), tmp_path / "out")
    alone = drawn(grid(base, AxisKind.DENOISING, [0.5]), tmp_path / "alone")
    assert np.array_equal(pictures[(1,)], alone[(0,)])
    little, much = (np.abs(pictures[(0,)] - pictures[(n,)]).mean() for n in (1, 2))
    assert 0 < little < much


def test_only_what_the_mask_shows_is_drawn_anew(stock: dict[str, Stock], tmp_path: Path) -> None:
    start, mask = picture(tmp_path / "in.png"), half_mask(tmp_path / "mask.png")
    base = draft(stock["sd1"].folder, init_image=start, mask=mask, denoising=1.0)
    pictures = drawn(grid(base, AxisKind.SEED, [1, 2]), tmp_path / "out")
    apart = np.abs(pictures[(0,)] - pictures[(1,)])
    left, right = apart[:, : SIZE // 4].mean(), apart[:, -SIZE // 4 :].mean()
    assert left > 2 * right


def test_a_controlnet_and_its_strength_are_axes(stock: dict[str, Stock], tmp_path: Path) -> None:
    net = make_controlnet(tmp_path / "net", stock["sd1"].folder)
    edges = picture(tmp_path / "edges.png")
    base = draft(stock["sd1"].folder, control=model(net), control_image=edges)
    pictures = drawn(grid(base, AxisKind.CONTROL_STRENGTH, [0.0, 0.5, 1.0]), tmp_path / "out")
    without = drawn(grid(replace(base, control=None), AxisKind.SEED, [1]), tmp_path / "b")
    assert np.array_equal(pictures[(0,)], without[(0,)])
    assert np.abs(pictures[(1,)] - pictures[(2,)]).max() > 2


def test_an_embedding_stands_for_its_word(stock: dict[str, Stock], tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "glow.safetensors"
    parts = load_parts(stock["sd1"].folder)
    width = parts.texts[0].model.get_input_embeddings().weight.shape[1]  # type: ignore[operator]
    generator = torch.Generator().manual_seed(3)
    save_file({"emb_params": torch.randn(3, width, generator=generator)}, path)
    spec = grid(draft(stock["sd1"].folder), AxisKind.PROMPT, ["a glow boat", "a boat"])
    plain = drawn(spec, tmp_path / "plain")
    found = drawn(replace(spec, embeddings={"glow": model(path)}), tmp_path / "with")
    assert np.abs(plain[(0,)] - found[(0,)]).max() > 2
    assert np.array_equal(plain[(1,)], found[(1,)])


def test_an_embedding_of_another_family_fails_its_cells(
    stock: dict[str, Stock], tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "glow.safetensors"
    save_file({"emb_params": torch.zeros(1, 7)}, path)
    spec = grid(draft(stock["sd1"].folder), AxisKind.PROMPT, ["a glow boat", "a boat"])
    plan, cells = draw_all(replace(spec, embeddings={"glow": model(path)}), tmp_path / "out")
    first, second = (cells[place.cell.key] for place in plan.placements)
    assert isinstance(first, FailedCell)
    assert "does not fit this checkpoint" in first.message
    assert isinstance(second, RenderedCell)


def test_a_picture_that_cannot_be_read_fails_its_cells(
    stock: dict[str, Stock], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    bad = GridPicture("broken.png", str(broken), "0" * 64)
    good = picture(tmp_path / "in.png")
    spec = grid(draft(stock["sd1"].folder), AxisKind.INIT_IMAGE, [bad, good])
    plan, cells = draw_all(spec, tmp_path / "out")
    first, second = (cells[place.cell.key] for place in plan.placements)
    assert isinstance(first, FailedCell)
    assert "broken.png cannot be read" in first.message
    assert isinstance(second, RenderedCell)


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_a_prompt_may_change_over_the_steps(
    shape: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    folder = stock[shape].folder
    prompts = ["[a red boat:fog:1]", "a red boat", "[a red boat|fog]", "a [red:green:9] boat"]
    pictures = drawn(grid(draft(folder), AxisKind.PROMPT, prompts), tmp_path / "a")
    changing = [["a red boat", "fog", "fog"], ["a red boat", "fog", "a red boat"]]
    for place, texts in zip((0, 2), changing, strict=True):
        assert np.abs(pictures[(place,)] - diffusers_changing(folder, texts)).max() <= 1
        assert np.abs(pictures[(place,)] - pictures[(1,)]).max() > 2
    assert np.array_equal(pictures[(1,)], pictures[(3,)])
    # Alone or in company: the same bits.
    alone = drawn(grid(draft(folder), AxisKind.PROMPT, prompts[:1]), tmp_path / "b")
    assert np.array_equal(pictures[(0,)], alone[(0,)])


def diffusers_changing(folder: Path, texts: list[str]) -> np.ndarray[Any, Any]:
    """Draw with diffusers' own pipeline, which is given the text of the next step after each."""
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    def encoded(pipe: Any, text: str) -> dict[str, Any]:
        found = pipe.encode_prompt(
            text, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True
        )  # type: ignore[no-untyped-call]
        embeds = {"prompt_embeds": torch.cat([found[1], found[0]])}
        if len(found) == 4:
            embeds["add_text_embeds"] = torch.cat([found[3], found[2]])
        return embeds

    with offline_and_quiet(), torch.no_grad():
        kind = "StableDiffusionXLPipeline" if "sdxl" in str(folder) else "StableDiffusionPipeline"
        pipe = getattr(diffusers, kind).from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float32
        )
        pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)

        def after(_pipe: Any, step: int, _time: Any, _given: Any) -> dict[str, Any]:
            return encoded(pipe, texts[step + 1]) if step + 1 < len(texts) else {}

        picture = pipe(
            texts[0],
            width=SIZE,
            height=SIZE,
            num_inference_steps=STEPS,
            guidance_scale=7.0,
            generator=torch.Generator().manual_seed(1),
            callback_on_step_end=after,
        ).images[0]
    return np.asarray(picture).astype(int)


def test_a_controlnet_listens_to_a_prompt_that_changes(
    stock: dict[str, Stock], tmp_path: Path
) -> None:
    network = make_controlnet(tmp_path / "control", stock["sd1"].folder)
    base = replace(
        draft(stock["sd1"].folder),
        control=model(network),
        control_image=picture(tmp_path / "p.png"),
    )
    prompts = [
        "[a red boat:fog:0.99]",
        "a red boat",
        "[a red boat:fog:1]",
        "[a red boat:fog:0]",
        "fog",
    ]
    pictures = drawn(grid(base, AxisKind.PROMPT, prompts), tmp_path / "out")
    assert np.abs(pictures[(0,)] - pictures[(1,)]).max() > 0
    assert np.abs(pictures[(2,)] - pictures[(1,)]).max() > 2
    assert np.array_equal(pictures[(3,)], pictures[(4,)])


@pytest.mark.parametrize("checkpoint", ["flux1", None])
def test_a_size_that_a_checkpoint_cannot_draw_is_said_with_the_nearest(
    checkpoint: str | None, stock: dict[str, Stock]
) -> None:
    from loradex.render.plan import plan_grid

    base = replace(draft(stock["sd1"].folder), checkpoint=model(stock["sd1"].folder, checkpoint))
    sizes = [(1024, 1024), (1016, 1000), (1016, 1001)]
    at = 1 if checkpoint else 2
    plan_grid(grid(base, AxisKind.SIZE, sizes[:at]), engine=lambda _: "e")
    with pytest.raises(UsageError, match=f"its sides are multiples of {16 if at == 1 else 8}") as e:
        plan_grid(grid(base, AxisKind.SIZE, sizes), engine=lambda _: "e")
    nearest = "1008x992 or 1024x1008" if checkpoint else "1016x1000 or 1016x1008"
    assert nearest in str(e.value.hint)

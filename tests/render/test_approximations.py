"""Approximations: what each does to pictures, in which company, and where it is told."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.axes import AxisKind, Draft
from loradex.domain.grid import GridSpec, RenderedCell
from loradex.domain.infotext import parse_infotext
from loradex.domain.recipe import RenderSettings
from loradex.errors import NotRenderable, UsageError
from loradex.render.approximations import approximation_notes, read_approximations
from loradex.render.few_steps import few_steps_of
from loradex.render.plan import plan_grid
from loradex.render.step_cache import guessed_steps

from .bases.families import make_family
from .conftest import SIZE, Stock, draw_all, grid_of, model, spec_for

Drawn = dict[tuple[int, ...], np.ndarray[Any, Any]]


def asked(spec: GridSpec, *names: str, **more: Any) -> GridSpec:
    settings = replace(spec.base.settings, approximate=names)
    return replace(spec, base=replace(spec.base, settings=settings, **more))


def drawn(spec: GridSpec, folder: Path) -> Drawn:
    plan, cells = draw_all(spec, folder)
    found = {}
    for place in plan.placements:
        cell = cells[place.cell.key]
        assert isinstance(cell, RenderedCell), cell
        with Image.open(cell.path) as opened:
            found[place.at] = np.asarray(opened).astype(int)
    return found


def test_names_are_read_and_wrong_ones_refused() -> None:
    assert read_approximations((" FP8", "taesd", "fp8")) == ("taesd", "fp8")
    assert read_approximations(()) == ()
    with pytest.raises(UsageError, match="no approximation called 'tesd'") as caught:
        read_approximations(("tesd",))
    assert caught.value.hint == "Did you mean taesd?"


@pytest.mark.parametrize(
    ("base", "name", "expected"),
    [
        ("sdxl", "sdxl_lightning_8step_lora", (8, 1.0, "Euler", "SGM Uniform", 1.0)),
        ("sdxl", "Hyper-SDXL-4steps-lora", (4, 1.0, "DDIM", "SGM Uniform", 1.0)),
        ("sd1", "Hyper-SD15-12steps-CFG-lora", (12, 7.0, "DDIM", "SGM Uniform", 1.0)),
        ("flux1", "Hyper-FLUX.1-dev-16steps-lora", (16, 3.5, "Euler", "Automatic", 0.125)),
        ("sd1", "lcm-lora-sdv1-5", (8, 1.5, "LCM", "Automatic", 1.0)),
        ("sdxl", "dmd2_sdxl_4step_lora", (4, 1.0, "LCM", "Automatic", 1.0)),
        ("sdxl", "TCD-SDXL-LoRA", (4, 1.0, "TCD", "Automatic", 1.0)),
        ("qwen-image", "Qwen-Image-Lightning-4steps-V1.0", (4, 1.0, "Euler", "Automatic", 1.0)),
        ("flux1", "FLUX.1-Turbo-Alpha", (8, 3.5, "Euler", "Automatic", 1.0)),
        ("sdxl", "neon knight", None),
        ("flux1", "lcm-lora-sdv1-5", None),
        (None, "lcm", None),
    ],
)
def test_a_few_step_lora_says_in_its_name_what_it_was_made_for(
    base: str | None, name: str, expected: tuple[object, ...] | None
) -> None:
    found = few_steps_of(base, name)
    whole = found and (found.steps, found.guidance, found.sampler, found.schedule, found.strength)
    assert whole == expected


def test_few_steps_are_never_guessed_nor_the_ends() -> None:
    assert [len(guessed_steps(steps)) for steps in (1, 3, 4)] == [0, 0, 0]
    assert sorted(guessed_steps(20)) == [6, 8, 10, 12, 14, 16]
    for steps in range(5, 200):
        guessed = guessed_steps(steps)
        assert all(2 <= step < steps - 2 and step - 1 not in guessed for step in guessed)


def test_what_cannot_be_guessed_is_refused(tmp_path: Path) -> None:
    base = Draft(model(tmp_path / "x"), "a", settings=RenderSettings(approximate=("cache",)))
    heun = replace(base, settings=replace(base.settings, sampler="Heun"))
    with pytest.raises(UsageError, match="asks the network twice a step"):
        plan_grid(grid_of(heun), engine=lambda _: "e")
    other = replace(base, settings=replace(base.settings, approximate=("magic",)))
    with pytest.raises(UsageError, match="no approximation called 'magic'"):
        plan_grid(grid_of(other), engine=lambda _: "e")


def test_exact_pictures_have_the_keys_they_had(tmp_path: Path) -> None:
    spec = spec_for(tmp_path / "x", [], strengths=(), prompts=("a",))
    spec = grid_of(spec.base)
    exact, fp8 = (
        plan_grid(one, engine=lambda _: "e").cells[0].key for one in (spec, asked(spec, "fp8"))
    )
    assert exact != fp8
    assert approximation_notes(spec.base) == ()


@pytest.mark.render
def test_approximations_are_told_in_the_picture(stock: dict[str, Stock], tmp_path: Path) -> None:
    spec = asked(spec_for(stock["sd1"].folder, [stock["sd1"].kohya]), "fp8", "cache")
    _, cells = draw_all(spec, tmp_path)
    for cell in cells.values():
        assert isinstance(cell, RenderedCell)
        assert parse_infotext(cell.infotext).fields["Approximate"] == "fp8, cache"
        with Image.open(cell.path) as opened:
            assert json.loads(opened.info["loradex"])["approximate"] == ["cache", "fp8"]
    fp8, cache = approximation_notes(spec.base)
    assert fp8 == "Approximate: the denoiser's weights rounded to 8 bits."
    assert "guessed" in cache


@pytest.mark.render
@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_guessed_steps_change_a_picture_and_not_its_neighbours(
    shape: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    files = stock[shape]
    options: dict[str, Any] = {"strengths": (0, 1), "num_inference_steps": 8}
    spec = spec_for(files.folder, [files.kohya], **options)
    exact, guessed = drawn(spec, tmp_path / "a"), drawn(asked(spec, "cache"), tmp_path / "b")
    few = spec_for(files.folder, [files.kohya], strengths=(1,), num_inference_steps=8)
    alone = drawn(asked(few, "cache"), tmp_path / "c")
    assert np.array_equal(guessed[(0, 1, 0, 0)], alone[(0, 0, 0, 0)])
    for at, picture in exact.items():
        difference = np.abs(picture - guessed[at])
        assert difference.max() > 0
        assert difference.mean() < 0.5 * picture.std()


@pytest.mark.render
def test_eight_bit_weights_draw_what_rounded_weights_draw(
    stock: dict[str, Stock], tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from loradex.render.bases.load import load_base
    from loradex.render.device import Placed
    from loradex.render.eight_bits import keep_in_eight_bits

    files = stock["sd1"]
    unet = load_base(files.folder, Placed("cpu", "float32", "cpu")).modules()["unet"]
    before = {name: one.clone() for name, one in unet.state_dict().items()}
    assert keep_in_eight_bits(unet) > 10
    kept = unet.state_dict()
    rounded = {name for name, one in kept.items() if one.dtype == torch.float8_e4m3fn}
    assert rounded
    assert next(unet.parameters()).dtype == torch.float32
    # The same checkpoint with weights that were rounded beforehand.
    other = tmp_path / "rounded"
    shutil.copytree(files.folder, other)
    path = other / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    for name in rounded:
        tensors[name] = before[name].to(torch.float8_e4m3fn).to(tensors[name].dtype)
    save_file(tensors, path, metadata={"format": "pt"})
    spec = spec_for(files.folder, [files.kohya])
    exact = spec_for(other, [files.kohya])
    left, right = drawn(asked(spec, "fp8"), tmp_path / "a"), drawn(exact, tmp_path / "b")
    assert all(np.array_equal(left[at], right[at]) for at in right)
    assert not np.array_equal(left[(0, 0, 0, 0)], drawn(spec, tmp_path / "c")[(0, 0, 0, 0)])


def tiny_autoencoder(channels: int, *, seed: int = 7) -> Any:
    import diffusers
    import torch

    torch.manual_seed(seed)
    tiny = diffusers.AutoencoderTiny(
        latent_channels=channels,
        encoder_block_out_channels=(16, 16, 16, 16),
        decoder_block_out_channels=(16, 16, 16, 16),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(2, 1, 1, 1),
    )
    with torch.no_grad():
        for weight in tiny.parameters():
            weight.copy_((weight * 2).half().float())
    return tiny


def written(tiny: Any, path: Path, naming: str) -> Path:
    """Write a tiny autoencoder as diffusers, as its authors or as ComfyUI's bundles name it."""
    from safetensors.torch import save_file

    tensors = tiny.state_dict()
    if naming != "diffusers":
        root = "taesd_decoder." if naming == "bundle" else ""
        decoder = {n.removeprefix("decoder.layers."): t for n, t in tensors.items() if "dec" in n}
        tensors = {
            f"{root}{int(name.partition('.')[0]) + 1}.{name.partition('.')[2]}": one
            for name, one in decoder.items()
        }
    save_file(tensors, path)
    return path


@pytest.mark.render
@pytest.mark.parametrize("naming", ["diffusers", "authors", "bundle"])
def test_a_tiny_autoencoder_decodes_as_in_diffusers(
    naming: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    tiny = tiny_autoencoder(4)
    path = written(tiny, tmp_path / "taesd.safetensors", naming)
    folder = stock["sd1"].folder
    spec = grid_of(
        asked(spec_for(folder, [], prompts=("a red boat",)), "taesd", vae=model(path)).base,
        (AxisKind.PROMPT, ["a red boat"]),
    )
    (picture,) = drawn(spec, tmp_path / "out").values()
    with offline_and_quiet(), torch.no_grad():
        pipe = diffusers.StableDiffusionPipeline.from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float32
        )
        pipe.vae = tiny.eval()
        pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)
        expected = pipe(
            "a red boat",
            width=SIZE,
            height=SIZE,
            num_inference_steps=spec.base.settings.num_inference_steps,
            guidance_scale=7.0,
            generator=torch.Generator().manual_seed(1),
        ).images[0]
    assert picture.std() > 1
    assert np.abs(picture - np.asarray(expected).astype(int)).max() <= 1


@pytest.mark.render
def test_a_tiny_autoencoder_serves_transformers_and_still_shows_the_vae_pictures(
    tmp_path: Path,
) -> None:
    torch = pytest.importorskip("torch")
    from loradex.render.bases.load import load_base
    from loradex.render.bases.tiny_coder import load_tiny
    from loradex.render.device import Placed

    placed = Placed("cpu", "float32", "cpu")
    base = load_base(make_family(tmp_path / "flux", "flux-schnell"), placed)
    path = written(tiny_autoencoder(16), tmp_path / "taef1.safetensors", "diffusers")
    seen = base.latents_of(Image.new("RGB", (64, 64), (9, 99, 199)), torch.Generator())
    base.use_vae(load_tiny(path, base, placed))
    again = base.latents_of(Image.new("RGB", (64, 64), (9, 99, 199)), torch.Generator())
    assert torch.equal(seen, again)
    latents = base.noise(torch.Generator().manual_seed(1), 64, 64)
    assert base.decode(latents).size == (64, 64)
    wrong = written(tiny_autoencoder(4), tmp_path / "taesd.safetensors", "authors")
    with pytest.raises(NotRenderable, match="not a TAESD for flux"):
        load_tiny(wrong, base, placed)


@pytest.mark.render
def test_a_few_step_lora_acts_in_every_cell(stock: dict[str, Stock], tmp_path: Path) -> None:
    files = stock["sd1"]
    spec = spec_for(files.folder, [files.kohya], strengths=(0, 1))
    few = asked(spec, "few-steps", few_steps=model(files.peft), few_strength=0.5)
    plan = plan_grid(few, engine=lambda _: "e")
    assert [[use.model.name for use in cell.recipe.loras] for cell in plan.cells] == [
        ["peft"],
        ["kohya", "peft"],
    ]
    assert plan.placements[1].base_key == plan.placements[0].cell.key
    assert approximation_notes(few.base) == ("Approximate: distilled to few steps by peft.",)

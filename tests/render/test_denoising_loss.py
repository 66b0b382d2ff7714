"""How far a checkpoint's answers are off, against diffusers and against itself."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loradex.domain.denoising import DenoisingLoss, DenoisingVariant, NoiseDraw
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.recipe import LoraUse, Recipe, RenderSettings
from loradex.errors import Cancelled, LoraMismatch, RenderError, UsageError

from .bases.families import FAMILIES, make_family
from .conftest import SIZE, Listener, Stock, model

pytestmark = pytest.mark.render

SETTINGS = RenderSettings(width=SIZE, height=SIZE, device="cpu")
DRAWS = (NoiseDraw(0.2, 1), NoiseDraw(0.7, 2))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    rows, columns = np.mgrid[0:40, 0:90]
    pixels = np.stack([rows * 6 % 256, columns * 3 % 256, (rows + columns) % 256], axis=-1)
    path = tmp_path / "seen.png"
    Image.fromarray(pixels.astype("uint8")).save(path)
    return path


def asked(
    checkpoint: Path,
    variants: Sequence[DenoisingVariant],
    pictures: Sequence[Path],
    draws: Sequence[NoiseDraw] = DRAWS,
    *,
    sink: SilentSink | None = None,
    cancel: CancelToken | None = None,
    settings: RenderSettings = SETTINGS,
) -> list[DenoisingLoss]:
    from loradex.render.denoising_loss import denoising_losses
    from loradex.render.engine import engine_of
    from loradex.render.resident import Resident

    recipe = Recipe(model(checkpoint), "not read", "", 5, settings)
    sink = sink or SilentSink()
    found = Resident(engine_of).at_hand([recipe], sink=sink)
    return list(
        denoising_losses(
            found, recipe, variants, pictures, draws, sink=sink, cancel=cancel or CancelToken()
        )
    )


def use(path: Path, strength: float) -> tuple[LoraUse, ...]:
    return (LoraUse(model(path), strength, strength),)


def test_the_error_is_that_of_training_with_diffusers(
    stock: dict[str, Stock], picture: Path
) -> None:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    folder = stock["sd1"].folder
    (found,) = asked(folder, [DenoisingVariant("a red boat")], [picture], [NoiseDraw(0.5, 3)])
    with offline_and_quiet(), torch.inference_mode():
        pipe = diffusers.StableDiffusionPipeline.from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float32
        )
        scheduler = diffusers.DDPMScheduler.from_config(pipe.scheduler.config)
        with Image.open(picture) as opened:
            shown = opened.convert("RGB").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        pixels = torch.from_numpy(np.array(shown, dtype=np.float32)).permute(2, 0, 1)[None]
        seen = pipe.vae.encode(pixels / 127.5 - 1).latent_dist
        clean = seen.sample(torch.Generator().manual_seed(0)) * pipe.vae.config.scaling_factor
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3))
        step = torch.tensor([round(0.5 * 999)])
        embeds = pipe.encode_prompt("a red boat", "cpu", 1, False)[0]
        answer = pipe.unet(scheduler.add_noise(clean, noise, step), step, embeds).sample
        expected = torch.nn.functional.mse_loss(answer, noise)
    assert found == DenoisingLoss(0, 0, NoiseDraw(0.5, 3), found.loss)
    assert found.loss == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction", "sample"])
@pytest.mark.parametrize("zero", [False, True])
def test_the_right_answer_leads_back_to_the_picture(prediction: str, zero: bool) -> None:
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    from loradex.render.bases.training import step_of_noise

    config = {
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "clip_sample": False,
        "prediction_type": prediction,
        "rescale_betas_zero_snr": zero,
    }
    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    shown = step_of_noise(config, clean, noise, 0.6)
    scheduler = diffusers.DDIMScheduler.from_config(config)
    scheduler.set_timesteps(20)
    stepped = scheduler.step(shown.target, shown.timestep, shown.latents)
    assert torch.allclose(stepped.pred_original_sample, clean, atol=1e-4)


def test_the_right_answer_of_flow_leads_back_to_the_picture() -> None:
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    from loradex.render.bases.training import step_of_flow

    clean, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    shown = step_of_flow(clean, noise, 0.6)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    scheduler.set_timesteps(sigmas=[0.6])
    assert float(scheduler.timesteps[0]) == pytest.approx(float(shown.timestep))
    (back,) = scheduler.step(shown.target, scheduler.timesteps[0], shown.latents, return_dict=False)
    assert torch.allclose(back, clean, atol=1e-5)


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_each_answer_is_independent_of_the_others(
    shape: str, stock: dict[str, Stock], picture: Path
) -> None:
    files = stock[shape]
    variants = [
        DenoisingVariant("a red boat"),
        DenoisingVariant("a red boat", use(files.kohya, 1.0)),
        DenoisingVariant("fog", use(files.kohya, 0.5)),
        DenoisingVariant("a red boat"),
    ]
    together = asked(files.folder, variants, [picture])
    assert [(one.variant, one.picture, one.draw) for one in together] == [
        (variant, 0, draw) for variant in range(4) for draw in DRAWS
    ]
    alone = asked(files.folder, variants[1:2], [picture], DRAWS[1:])
    losses = [one.loss for one in together]
    assert alone[0].loss == losses[3]
    assert losses[:2] == losses[6:]
    assert len(set(losses)) == 6
    assert all(math.isfinite(loss) and loss > 0 for loss in losses)


@pytest.mark.parametrize("family", FAMILIES)
def test_flow_checkpoints_are_asked_too(family: str, picture: Path, tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    folder = make_family(tmp_path / family, family)
    told = [DenoisingVariant("a red boat"), DenoisingVariant("fog")]
    first = asked(folder, told, [picture])
    assert first == asked(folder, told, [picture])
    assert len({one.loss for one in first}) == 4
    assert all(0 < one.loss < math.inf for one in first)


def test_another_prediction_is_another_question(
    stock: dict[str, Stock], picture: Path, tmp_path: Path
) -> None:
    """What the checkpoint says of itself decides what it has to answer."""
    shutil.copytree(stock["sd1"].folder, tmp_path / "v")
    path = tmp_path / "v" / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "prediction_type": "v_prediction"}))
    variants = [DenoisingVariant("a red boat")]
    plain = asked(stock["sd1"].folder, variants, [picture])
    assert plain != asked(tmp_path / "v", variants, [picture])


def test_a_picture_that_cannot_be_read_is_left_out(
    stock: dict[str, Stock], picture: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(picture.read_bytes()[:90])
    sink = Listener()
    variants = [DenoisingVariant("a red boat")]
    found = asked(stock["sd1"].folder, variants, [broken, picture], sink=sink)
    assert {one.picture for one in found} == {1}
    assert [problem.item for problem in sink.problems] == ["broken.png"]
    with pytest.raises(RenderError, match="None of the pictures"):
        asked(stock["sd1"].folder, variants, [broken])


def test_what_cannot_be_asked_is_said(stock: dict[str, Stock], picture: Path) -> None:
    files = stock["sd1"]
    plain = [DenoisingVariant("a red boat")]
    stranger = [DenoisingVariant("a red boat", use(stock["sdxl"].kohya, 1.0))]
    with pytest.raises(LoraMismatch, match="does not fit"):
        asked(files.folder, stranger, [picture])
    with pytest.raises(UsageError, match="noise level"):
        asked(files.folder, plain, [picture], [NoiseDraw(1.0, 1)])
    with pytest.raises(UsageError, match="multiple"):
        asked(files.folder, plain, [picture], settings=RenderSettings(width=60, device="cpu"))
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        asked(files.folder, plain, [picture], cancel=cancel)


def test_numbers_out_of_range_are_no_number(stock: dict[str, Stock], picture: Path) -> None:
    variants = [
        DenoisingVariant("a red boat", use(stock["sd1"].kohya, 1e30)),
        DenoisingVariant("a red boat"),
    ]
    broken, *_, fine = asked(stock["sd1"].folder, variants, [picture])
    assert not math.isfinite(broken.loss)
    assert math.isfinite(fine.loss)

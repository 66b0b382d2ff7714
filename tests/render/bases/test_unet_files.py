"""SD 1.x, SD 2.x and SDXL: how they predict, and files that are not whole or not in 16 bits."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loradex.errors import NotRenderable
from loradex.render.bases.companions import Companions
from loradex.render.noise import NoiseHints, single_file_noise

from .conftest import CPU, HEIGHT, STEPS, WIDTH, draw
from .native import write

pytestmark = pytest.mark.render


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], tuple[Path, Path]]:
    """Return a tiny checkpoint of a shape as a folder and as a single file."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    made: dict[str, tuple[Path, Path]] = {}

    def stock(shape: Any) -> tuple[Path, Path]:
        if shape not in made:
            from loradex.render.tiny import make_tiny_pipeline, make_tiny_single_file

            root = tmp_path_factory.mktemp(shape)
            made[shape] = (
                make_tiny_pipeline(root / "folder", shape=shape),
                make_tiny_single_file(root / "single" / "tiny.safetensors", shape=shape),
            )
        return made[shape]

    return stock


Tiny = Callable[[Any], tuple[Path, Path]]


def load(path: Path, companions: Companions | None = None, **hints: Any) -> Any:
    from loradex.render.bases.load import load_base

    return load_base(path, CPU, companions or Companions(), hints=NoiseHints(**hints))


def drawn(base: Any) -> np.ndarray[Any, Any]:
    from loradex.render.quiet import offline_and_quiet

    with offline_and_quiet():
        return draw(base, ["a red boat"], [3], [5.0], "fog")[0]


def by_diffusers(folder: Path, shape: str) -> np.ndarray[Any, Any]:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    name = "StableDiffusionXLPipeline" if shape == "sdxl" else "StableDiffusionPipeline"
    with offline_and_quiet():
        pipe = getattr(diffusers, name).from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float32
        )
        pipe.set_progress_bar_config(disable=True)
        pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)
        picture = pipe(
            "a red boat",
            negative_prompt="fog",
            width=WIDTH,
            height=HEIGHT,
            num_inference_steps=STEPS,
            guidance_scale=5.0,
            generator=torch.Generator().manual_seed(3),
        ).images[0]
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
@pytest.mark.parametrize(
    "changes",
    [
        {"prediction_type": "v_prediction"},
        {
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
        },
    ],
)
def test_v_prediction_and_zero_terminal_snr_are_what_diffusers_does(
    shape: str, changes: dict[str, Any], tiny: Tiny, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(tiny(shape)[0], folder)
    plain = drawn(load(folder))
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    expected = by_diffusers(folder, shape)
    assert np.abs(drawn(load(folder)) - expected).max() <= 1
    assert np.abs(plain - expected).max() > 10
    hints = {
        "prediction": "v_prediction",
        "zero_terminal_snr": changes.get("rescale_betas_zero_snr"),
    }
    assert (drawn(load(tiny(shape)[0], **hints)) == drawn(load(folder))).all()
    assert (drawn(load(tiny(shape)[1], **hints)) == drawn(load(folder))).all()


class Told:
    """A file that says no more than its names, its metadata and one layer."""

    path = Path("it.safetensors")

    def __init__(self, names: set[str], metadata: dict[str, str], spread: float = 0) -> None:
        self.names = frozenset(names)
        self.metadata = metadata
        self.spread = spread

    def shape(self, name: str) -> tuple[int, ...]:
        return (320,)

    def tensor(self, name: str) -> Any:
        import torch

        return self.spread * torch.randn(320, generator=torch.Generator().manual_seed(1))


LAYER = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"


@pytest.mark.parametrize(
    ("file", "is_sd2", "hints", "expected", "zero"),
    [
        (Told(set(), {}), False, {}, "epsilon", False),
        (Told({"v_pred"}, {}), False, {}, "v_prediction", False),
        (Told({"v_pred", "ztsnr"}, {}), False, {}, "v_prediction", True),
        (Told(set(), {"modelspec.prediction_type": "v"}), False, {}, "v_prediction", False),
        (Told({"v_pred"}, {"modelspec.prediction_type": "epsilon"}), False, {}, "epsilon", False),
        (Told(set(), {"ss_v_parameterization": "True"}), False, {}, "v_prediction", False),
        (Told(set(), {"ss_zero_terminal_snr": "True"}), False, {}, "epsilon", True),
        (Told(set(), {"ss_zero_terminal_snr": "False"}), False, {}, "epsilon", False),
        (Told({LAYER}, {}, 0.05), True, {}, "epsilon", False),
        (Told({LAYER}, {}, 0.2), True, {}, "v_prediction", False),
        (Told({LAYER}, {}, 0.2), False, {}, "epsilon", False),
        (Told({LAYER}, {}, 0.2), True, {"prediction": "epsilon"}, "epsilon", False),
        (Told({"v_pred", "ztsnr"}, {}), False, {"zero_terminal_snr": False}, "v_prediction", False),
        (Told(set(), {}), False, {"zero_terminal_snr": True}, "epsilon", True),
    ],
)
def test_how_a_single_file_predicts(
    file: Told, is_sd2: bool, hints: dict[str, Any], expected: str, zero: bool
) -> None:
    pytest.importorskip("torch")
    config, notes = single_file_noise(file, is_sd2=is_sd2, is_xl=False, hints=NoiseHints(**hints))
    assert config["prediction_type"] == expected
    assert bool(config.get("rescale_betas_zero_snr")) == zero
    assert not notes


def test_an_sd2_that_says_nothing_is_told_as_assumed() -> None:
    config, notes = single_file_noise(Told(set(), {}), is_sd2=True, is_xl=False, hints=NoiseHints())
    assert config["prediction_type"] == "v_prediction"
    assert "does not say how it predicts" in notes[0]


def taken_apart(folder: Path, single: Path, shape: str, root: Path, prefix: str) -> Companions:
    """Write the U-Net alone to `root/unet.safetensors` and its parts beside; return those."""
    from safetensors.torch import load_file

    whole = load_file(single)
    unet = {
        prefix + name.removeprefix("model.diffusion_model."): tensor
        for name, tensor in whole.items()
        if name.startswith("model.diffusion_model.")
    }
    write(root / "unet.safetensors", unet)
    shutil.copytree(single.parent / "tokenizer", root / "tokenizer")
    parts = ["text_encoder", "text_encoder_2"] if shape == "sdxl" else ["text_encoder"]
    texts = [
        write(root / f"{part}.safetensors", load_file(folder / part / "model.safetensors"))
        for part in parts
    ]
    vae = write(
        root / "sdxl_vae.safetensors",
        load_file(folder / "vae" / "diffusion_pytorch_model.safetensors"),
    )
    return Companions(vaes=(vae,), texts=tuple(reversed(texts)))


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
@pytest.mark.parametrize("prefix", ["", "diffusion_model.", "model.diffusion_model."])
def test_a_unet_alone_is_completed_from_the_library(
    shape: str, prefix: str, tiny: Tiny, tmp_path: Path
) -> None:
    folder, single = tiny(shape)
    companions = taken_apart(folder, single, shape, tmp_path, prefix)
    path = tmp_path / "unet.safetensors"
    assert (drawn(load(path, companions)) == drawn(load(single))).all()


def test_what_a_unet_alone_lacks_is_said(tiny: Tiny, tmp_path: Path) -> None:
    from loradex.render.loading import borrowed_files

    companions = taken_apart(*tiny("sdxl"), "sdxl", tmp_path, "")
    path = tmp_path / "unet.safetensors"
    with pytest.raises(NotRenderable, match="holds no VAE"):
        load(path)
    with pytest.raises(NotRenderable, match="holds no VAE") as caught:
        borrowed_files(path, (), ())
    assert "clip_l.safetensors and clip_g.safetensors" in str(caught.value.hint)
    with pytest.raises(NotRenderable, match="needs clip_l"):
        load(path, Companions(vaes=companions.vaes, texts=companions.texts[:1]))
    assert borrowed_files(tiny("sdxl")[1], (), ()) == ((), ())


def test_a_vae_that_was_chosen_replaces_the_one_inside(tiny: Tiny, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    from loradex.render.bases.vae_choice import load_vae

    folder, single = tiny("sd1")
    weights = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    weights["decoder.conv_out.bias"] = weights["decoder.conv_out.bias"] + torch.tensor(0.2)
    other = write(tmp_path / "other.safetensors", weights)
    brighter = drawn(load(single, Companions(vae=other)))
    assert (drawn(load(single, Companions(vaes=(other,)))) == drawn(load(single))).all()
    assert (brighter - drawn(load(single))).mean() > 15
    assert (drawn(load(folder, Companions(vae=other))) == brighter).all()
    base = load(single)
    base.use_vae(load_vae(other, "sd1", CPU))
    assert (drawn(base) == brighter).all()
    base.use_vae(None)
    assert (drawn(base) == drawn(load(single))).all()
    with pytest.raises(NotRenderable):
        load(single, Companions(vae=tmp_path / "gone.safetensors"))
    with pytest.raises(NotRenderable, match="not a VAE for flux"):
        load_vae(other, "flux", CPU)


def test_a_scaled_checkpoint_is_read(tiny: Tiny, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    single = tiny("sdxl")[1]
    plain, stored = load_file(single), {}
    for name in list(plain):
        tensor = plain[name]
        stored[name] = tensor
        if name.startswith("model.diffusion_model.") and name.endswith("to_q.weight"):
            scale = tensor.float().abs().max() / 400
            stored[name] = (tensor.float() / scale).to(torch.float8_e4m3fn)
            stored[name.removesuffix("weight") + "scale_weight"] = scale
            plain[name] = stored[name].float() * scale
    for folder in ("eight", "plain"):
        shutil.copytree(single.parent / "tokenizer", tmp_path / folder / "tokenizer")
    first = write(tmp_path / "eight" / "x.safetensors", stored)
    second = write(tmp_path / "plain" / "x.safetensors", plain)
    assert (drawn(load(first)) == drawn(load(second))).all()

"""ControlNets of FLUX.1 and SD 3 against diffusers' own pipelines, on tiny weights."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.axes import AxisKind, Draft
from loradex.domain.grid import RenderedCell
from loradex.domain.recipe import GridPicture, RenderSettings
from loradex.errors import NotRenderable
from render.conftest import draw_all, grid_of, model

from .conftest import CPU, HEIGHT, STEPS, WIDTH

pytestmark = pytest.mark.render

Folders = Callable[[str], Path]
PIPELINES = {
    "flux-dev": "FluxControlNetPipeline",
    "flux-schnell": "FluxControlNetPipeline",
    "sd3": "StableDiffusion3ControlNetPipeline",
    "sd3.5": "StableDiffusion3ControlNetPipeline",
}
BASES = {"flux-dev": "flux1", "flux-schnell": "flux1", "sd3": "sd3", "sd3.5": "sd3"}


@dataclass(frozen=True)
class Case:
    """A checkpoint's family, options of the ControlNet, and whether it is read as a folder."""

    family: str
    options: dict[str, bool]
    folder: bool = True


def make_control(folder: Path, checkpoint: Path, family: str, **options: Any) -> Path:
    """Write a ControlNet for a tiny transformer, with ways in and out that are not zero."""
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    flux = family.startswith("flux")
    with offline_and_quiet():
        kind = diffusers.FluxTransformer2DModel if flux else diffusers.SD3Transformer2DModel
        theirs = kind.from_pretrained(checkpoint / "transformer").config
        torch.manual_seed(6)
        if flux:
            net: Any = diffusers.FluxControlNetModel(
                in_channels=theirs.in_channels,
                num_layers=2,
                num_single_layers=1,
                attention_head_dim=theirs.attention_head_dim,
                num_attention_heads=theirs.num_attention_heads,
                joint_attention_dim=theirs.joint_attention_dim,
                pooled_projection_dim=theirs.pooled_projection_dim,
                axes_dims_rope=theirs.axes_dims_rope,
                **options,
            )
        else:
            names = ("sample_size", "patch_size", "in_channels", "attention_head_dim", "qk_norm")
            more = ("num_attention_heads", "joint_attention_dim", "caption_projection_dim")
            last = ("pooled_projection_dim", "pos_embed_max_size", "dual_attention_layers")
            config = {name: theirs[name] for name in (*names, *more, *last)}
            net = diffusers.SD3ControlNetModel(**config, num_layers=2, **options)
        with torch.no_grad():
            for weight in net.parameters():
                if not weight.any():
                    weight.copy_(0.5 * torch.randn(weight.shape) / max(1, weight[0].numel()) ** 0.5)
        net.save_pretrained(folder)
    return folder


def photo(folder: Path) -> GridPicture:
    path = folder / "photo.png"
    image = Image.new("RGB", (WIDTH, HEIGHT), (200, 80, 40))
    image.paste((20, 60, 180), (8, 8, 50, 40))
    image.save(path)
    return GridPicture(path.name, str(path), hashlib.sha256(path.read_bytes()).hexdigest())


def draft(checkpoint: Path, family: str) -> Draft:
    settings = RenderSettings(
        width=WIDTH, height=HEIGHT, num_inference_steps=STEPS, guidance_scale=3.0, device="cpu"
    )
    return Draft(model(checkpoint, BASES[family]), "a red boat", seed=3, settings=settings)


def ours(base: Draft, folder: Path) -> np.ndarray[Any, Any]:
    _, cells = draw_all(grid_of(base, (AxisKind.SEED, [3])), folder)
    (cell,) = cells.values()
    assert isinstance(cell, RenderedCell), cell
    with Image.open(cell.path) as opened:
        return np.asarray(opened).astype(int)


def theirs(checkpoint: Path, control: Path, family: str, shown: str) -> np.ndarray[Any, Any]:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    options: dict[str, Any] = {"max_sequence_length": 256} if family == "flux-schnell" else {}
    flux = family.startswith("flux")
    kind = diffusers.FluxControlNetModel if flux else diffusers.SD3ControlNetModel
    with offline_and_quiet():
        pipe = getattr(diffusers, PIPELINES[family]).from_pretrained(
            checkpoint, controlnet=kind.from_pretrained(control), local_files_only=True
        )
        pipe.set_progress_bar_config(disable=True)
        with Image.open(shown) as opened:
            picture = pipe(
                prompt="a red boat",
                control_image=opened.convert("RGB"),
                controlnet_conditioning_scale=0.7,
                control_guidance_start=0.3,
                control_guidance_end=1.0,
                width=WIDTH,
                height=HEIGHT,
                num_inference_steps=STEPS,
                guidance_scale=3.0,
                generator=torch.Generator().manual_seed(3),
                **options,
            ).images[0]
    return np.asarray(picture).astype(int)


@pytest.mark.parametrize(
    "case",
    [
        Case("flux-dev", {"guidance_embeds": True}),
        Case("flux-dev", {"guidance_embeds": True}, folder=False),
        Case("flux-dev", {}, folder=False),
        Case("flux-schnell", {}),
        Case("sd3", {}),
        Case("sd3", {}, folder=False),
        # That the pooled text is read stands in the folder alone.
        Case("sd3.5", {"force_zeros_for_pooled_projection": False}),
    ],
    ids=str,
)
def test_a_controlnet_steers_as_in_diffusers(
    case: Case, folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = case.family
    if family.startswith("sd3"):
        # Diffusers draws what SD 3's VAE sees from a generator that nobody seeds.
        from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution as Seen

        monkeypatch.setattr(Seen, "sample", lambda self, generator=None: self.mode())
    checkpoint = folders(family)
    control = make_control(tmp_path / "control", checkpoint, family, **case.options)
    shown = photo(tmp_path)
    plain = draft(checkpoint, family)
    path = control if case.folder else control / "diffusion_pytorch_model.safetensors"
    steered = replace(
        plain,
        control=model(path),
        control_image=shown,
        control_strength=0.7,
        control_start=0.3,
    )
    mine = ours(steered, tmp_path / "a")
    assert np.abs(mine - theirs(checkpoint, control, family, shown.path)).max() <= 1
    assert np.abs(mine - ours(plain, tmp_path / "b")).max() > 3


def test_what_does_not_steer_this_checkpoint_is_refused(folders: Folders, tmp_path: Path) -> None:
    from loradex.render.bases.control import load_control
    from loradex.render.bases.load import load_base

    flux, sd3, qwen = (load_base(folders(one), CPU) for one in ("flux-dev", "sd3", "qwen"))
    control = make_control(tmp_path / "control", folders("flux-dev"), "flux-dev")
    union = make_control(tmp_path / "union", folders("flux-dev"), "flux-dev", num_mode=3)
    with pytest.raises(NotRenderable, match="lacks the weight pos_embed"):
        load_control(control, sd3, CPU)
    with pytest.raises(NotRenderable, match="union ControlNet"):
        load_control(union, flux, CPU)
    with pytest.raises(NotRenderable, match="a qwen checkpoint has no way in"):
        load_control(control, qwen, CPU)
    with pytest.raises(NotRenderable, match="is no ControlNet for flux"):
        load_control(folders("flux-dev") / "transformer", flux, CPU)

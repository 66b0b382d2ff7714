"""Pictures, masks, ControlNets and adapters against diffusers' pipelines for them."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from loradex.errors import NotRenderable, UsageError
from loradex.render.device import Placed

from .conftest import CPU
from .families import index_of

pytestmark = pytest.mark.render

SIDE, STEPS, GUIDANCE = 64, 4, 5.0


@pytest.fixture(scope="module")
def unets(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Tiny SD 1 and SDXL folders, ordinary or with an inpainting U-Net."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    made: dict[tuple[str, bool], Path] = {}

    def folder(shape: Any, *, inpainting: bool = False) -> Path:
        if (shape, inpainting) not in made:
            from loradex.render.tiny import make_tiny_pipeline

            root = tmp_path_factory.mktemp(shape) / "it"
            made[shape, inpainting] = make_tiny_pipeline(root, shape=shape)
            if inpainting:
                _widen(root)
        return made[shape, inpainting]

    return folder


def _widen(folder: Path) -> None:
    """Give a folder's U-Net five more channels."""
    import json

    import torch
    from safetensors.torch import load_file, save_file

    path = folder / "unet" / "config.json"
    config = json.loads(path.read_text()) | {"in_channels": 9}
    config.pop("_use_default_values", None)
    path.write_text(json.dumps(config))
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    first = tensors["conv_in.weight"]
    more = torch.randn(first.shape[0], 5, 3, 3, generator=torch.Generator().manual_seed(1))
    tensors["conv_in.weight"] = torch.cat([first, 0.1 * more.half()], dim=1)
    save_file(tensors, weights)


def photo(width: int = SIDE, height: int = SIDE) -> Image.Image:
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows * 3 % 256, columns * 3 % 256, (rows + columns) % 256], axis=-1)
    return Image.fromarray(pixels.astype("uint8"))


def mask() -> Image.Image:
    picture = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(picture).rectangle((20, 8, 50, 40), fill=255)
    return picture


def ours(folder: Path, **options: Any) -> np.ndarray[Any, Any]:
    from loradex.render.quiet import offline_and_quiet

    with offline_and_quiet():
        return _ours(folder, **options)


def _ours(
    folder: Path,
    *,
    strength: float = 1.0,
    picture: Image.Image | None = None,
    hole: Image.Image | None = None,
    extras: Callable[..., tuple[Any, ...]] | None = None,
) -> np.ndarray[Any, Any]:
    from loradex.render.bases.base import Condition
    from loradex.render.bases.init_picture import begin
    from loradex.render.bases.load import load_base
    from loradex.render.denoise import generators_of, go_down

    base = load_base(folder, CPU)
    generators = generators_of([7])
    schedule = base.schedule("Euler", STEPS, SIDE, SIDE, strength=strength)
    positive, negative = base.encode("a red boat"), base.encode("fog", negative=True)
    batch = base.join([Condition(positive, negative, GUIDANCE)], SIDE, SIDE)
    if extras is not None:
        batch = replace(batch, extras=extras(base, batch, len(schedule.timesteps)))
    begun = begin(
        base,
        schedule,
        batch,
        generators,
        (SIDE, SIDE),
        pictures=[picture] if picture else [],
        masks=[hole] if hole else [],
    )
    latents = go_down(
        base,
        schedule,
        begun.latents,
        begun.batch,
        generators,
        on_step=lambda *_: None,
        after_step=begun.after_step,
    )
    return np.asarray(base.decode(latents)).astype(int)


def theirs(
    folder: Path, pipeline: str, parts: dict[str, Any] | None = None, **options: Any
) -> np.ndarray[Any, Any]:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    if "Flux" not in pipeline:
        options |= {"negative_prompt": "fog"}
    with offline_and_quiet():
        pipe = getattr(diffusers, pipeline).from_pretrained(
            folder, local_files_only=True, torch_dtype=torch.float32, **(parts or {})
        )
        pipe.set_progress_bar_config(disable=True)
        if "Stable" in pipeline and "3" not in pipeline:
            kind = diffusers.EulerDiscreteScheduler
            pipe.scheduler = kind.from_config(pipe.scheduler.config)
        picture = pipe(
            prompt="a red boat",
            width=SIDE,
            height=SIDE,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(7),
            **options,
        ).images[0]
    return np.asarray(picture).astype(int)


def close(mine: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> None:
    assert other.std() > 5
    assert np.abs(mine - other).max() <= 1


PIPELINES = {"sd1": "StableDiffusion", "sdxl": "StableDiffusionXL"}


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
@pytest.mark.parametrize("strength", [0.55, 1.0])
def test_img2img_is_what_diffusers_draws(
    shape: str, strength: float, unets: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import diffusers

    folder = unets(shape)
    if shape == "sd1":
        # The only one of these pipelines that does not take a size: the picture's own is used.
        kind = diffusers.StableDiffusionImg2ImgPipeline
        original = kind.__call__

        def sizeless(self: Any, *args: Any, width: int, height: int, **rest: Any) -> Any:
            return original(self, *args, **rest)

        monkeypatch.setattr(kind, "__call__", sizeless)
    else:
        kind = diffusers.StableDiffusionXLImg2ImgPipeline
        original = kind.__call__

        def without_size(self: Any, *args: Any, width: int, height: int, **rest: Any) -> Any:
            return original(self, *args, **rest)

        monkeypatch.setattr(kind, "__call__", without_size)
    mine = ours(folder, picture=photo(), strength=strength)
    close(
        mine,
        theirs(folder, f"{PIPELINES[shape]}Img2ImgPipeline", image=photo(), strength=strength),
    )


@pytest.mark.parametrize("family", ["sd3", "flux-dev"])
def test_img2img_of_transformers_is_what_diffusers_draws(
    family: str, folders: Callable[[str], Path]
) -> None:
    folder = folders(family)
    name = index_of(folder)["_class_name"].replace("Pipeline", "Img2ImgPipeline")
    mine = ours(folder, picture=photo(), strength=0.6)
    close(mine, theirs(folder, name, image=photo(), strength=0.6))


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
@pytest.mark.parametrize("inpainting", [False, True])
@pytest.mark.parametrize("strength", [0.8, 1.0])
def test_inpainting_is_what_diffusers_draws(
    shape: str, inpainting: bool, strength: float, unets: Callable[..., Path]
) -> None:
    folder = unets(shape, inpainting=inpainting)
    mine = ours(folder, picture=photo(), hole=mask(), strength=strength)
    other = theirs(
        folder,
        f"{PIPELINES[shape]}InpaintPipeline",
        image=photo(),
        mask_image=mask(),
        strength=strength,
    )
    close(mine, other)


def test_pictures_are_fitted_to_the_size_that_is_drawn(unets: Callable[..., Path]) -> None:
    mine = ours(unets("sd1"), picture=photo(100, 40), hole=mask().resize((30, 90)), strength=0.8)
    other = theirs(
        unets("sd1"),
        "StableDiffusionInpaintPipeline",
        image=photo(100, 40),
        mask_image=mask().resize((30, 90)),
        strength=0.8,
    )
    close(mine, other)


def test_an_inpainting_checkpoint_asks_for_what_it_needs(unets: Callable[..., Path]) -> None:
    folder = unets("sd1", inpainting=True)
    with pytest.raises(UsageError, match="inpainting checkpoint"):
        ours(folder)
    with pytest.raises(UsageError, match="needs the picture"):
        ours(unets("sd1"), hole=mask())


@pytest.mark.parametrize("strength", [0.0, 1.5, 0.1])
def test_a_strength_that_draws_nothing_is_refused(
    strength: float, unets: Callable[..., Path]
) -> None:
    with pytest.raises(UsageError, match="strength"):
        ours(unets("sd1"), picture=photo(), strength=strength)


def make_controlnet(folder: Path, unet_folder: Path) -> Path:
    """Write a ControlNet for a tiny U-Net, with a way out that is not zero."""
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    with offline_and_quiet():
        unet = diffusers.UNet2DConditionModel.from_pretrained(unet_folder / "unet")
        torch.manual_seed(4)
        net = diffusers.ControlNetModel.from_unet(
            unet, conditioning_embedding_out_channels=(16, 16, 32, 32)
        )
        with torch.no_grad():
            for weight in net.parameters():
                if not weight.any():
                    weight.copy_(2.0 * torch.randn(weight.shape) / max(1, weight[0].numel()) ** 0.5)
        net.save_pretrained(folder)
    return folder


def make_adapter(folder: Path, shape: str) -> Path:
    import diffusers
    import torch

    from loradex.render.quiet import offline_and_quiet

    xl = shape == "sdxl"
    with offline_and_quiet():
        torch.manual_seed(5)
        diffusers.T2IAdapter(
            in_channels=3,
            channels=[32, 32, 64, 64],
            downscale_factor=16 if xl else 8,
            adapter_type="full_adapter_xl" if xl else "full_adapter",
        ).save_pretrained(folder)
    return folder


def steered(path: Path, **steering: float) -> Callable[..., tuple[Any, ...]]:
    def extras(base: Any, batch: Any, steps: int) -> tuple[Any, ...]:
        from loradex.render.bases.control import load_control, steer
        from loradex.render.bases.steering import Steering

        control = load_control(path, base, CPU)
        return (steer(control, [photo()], batch, (SIDE, SIDE), Steering(**steering), steps=steps),)

    return extras


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_a_controlnet_steers_as_in_diffusers(
    shape: str, unets: Callable[..., Path], tmp_path: Path
) -> None:
    import diffusers

    folder = unets(shape)
    path = make_controlnet(tmp_path / "control", folder)
    mine = ours(folder, extras=steered(path, strength=0.7, start=0.2, end=0.8))
    other = theirs(
        folder,
        f"{PIPELINES[shape]}ControlNetPipeline",
        {"controlnet": diffusers.ControlNetModel.from_pretrained(path)},
        image=photo(),
        controlnet_conditioning_scale=0.7,
        control_guidance_start=0.2,
        control_guidance_end=0.8,
    )
    close(mine, other)
    assert np.abs(mine - ours(folder)).max() > 10


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_an_adapter_steers_as_in_diffusers(
    shape: str, unets: Callable[..., Path], tmp_path: Path
) -> None:
    import diffusers

    folder = unets(shape)
    path = make_adapter(tmp_path / "adapter", shape)
    mine = ours(folder, extras=steered(path, strength=0.7))
    other = theirs(
        folder,
        f"{PIPELINES[shape]}AdapterPipeline",
        {"adapter": diffusers.T2IAdapter.from_pretrained(path)},
        image=photo(),
        adapter_conditioning_scale=0.7,
    )
    close(mine, other)
    assert np.abs(mine - ours(folder)).max() > 5


@pytest.mark.parametrize("prefix", ["", "control_model."])
def test_a_controlnet_by_its_authors_names_is_the_same(
    prefix: str, unets: Callable[..., Path], tmp_path: Path
) -> None:
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint
    from safetensors.torch import load_file, save_file

    from loradex.render.bases.control_file import ldm_name

    folder = make_controlnet(tmp_path / "control", unets("sd1"))
    plain = load_file(folder / "diffusion_pytorch_model.safetensors")
    native = {ldm_name(name): tensor for name, tensor in plain.items()}
    config = {"layers_per_block": 2, "addition_embed_type": None, "class_embed_type": None}
    converted = convert_controlnet_checkpoint(dict(native), config)
    assert converted.keys() == plain.keys()
    assert all((converted[name] == plain[name]).all() for name in plain)
    path = tmp_path / "native.safetensors"
    save_file({prefix + name: tensor for name, tensor in native.items()}, path)
    first, second = (ours(unets("sd1"), extras=steered(one)) for one in (folder, path))
    assert (first == second).all()


@pytest.mark.parametrize(
    ("name", "adapter"),
    [
        ("controlnet-sd15-diffusers", False),
        ("controlnet-sd15-ldm-bare", False),
        ("controlnet-sd15-ldm-prefixed", False),
        ("t2i-adapter-sd15-diffusers", True),
        ("t2i-adapter-sd15-full", True),
        ("controlnet-sdxl-diffusers", False),
        ("controlnet-sdxl-ldm-bare", False),
        ("t2i-adapter-sdxl-diffusers", True),
        ("t2i-adapter-sdxl-original", True),
    ],
)
def test_published_ones_are_known_and_whole(
    name: str, adapter: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager
    from types import SimpleNamespace

    from loradex.render.bases import control_file

    from .test_real_layouts import Recorded

    @contextmanager
    def opened(_: Path) -> Any:
        yield Recorded(name)

    monkeypatch.setattr(control_file, "_opened", opened)
    xl = "sdxl" in name
    unet = SimpleNamespace(
        config=SimpleNamespace(
            cross_attention_dim=2048 if xl else 768,
            block_out_channels=(320, 640, 1280) if xl else (320, 640, 1280, 1280),
            addition_time_embed_dim=256 if xl else None,
        )
    )
    path, nowhere = Path(name), Placed("meta", "bfloat16", "cpu")
    assert control_file.is_adapter(path) == adapter
    make = control_file.build_adapter if adapter else control_file.build_controlnet
    make(path, unet, nowhere)  # type: ignore[arg-type]


def test_steering_of_another_kind_of_checkpoint_is_refused(
    unets: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_controlnet(tmp_path / "control", unets("sdxl"))
    with pytest.raises(NotRenderable, match="another kind of checkpoint"):
        ours(unets("sd1"), extras=steered(path))
    with pytest.raises(UsageError, match="start before it ends"):
        ours(unets("sdxl"), extras=steered(path, start=0.6, end=0.5))

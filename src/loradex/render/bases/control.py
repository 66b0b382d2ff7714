"""ControlNet and T2I-adapter: a picture that steers the denoiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.bases.base import Base, Batch, Extra
from loradex.render.bases.control_file import build_adapter, build_controlnet, is_adapter
from loradex.render.bases.flow_control import build_flow_control
from loradex.render.bases.steering import Steering
from loradex.render.device import Placed
from loradex.render.quiet import offline_and_quiet

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Control:
    """A loaded ControlNet or T2I-adapter that fits the checkpoint it was loaded for."""

    network: nn.Module
    adapter: bool
    flow: bool = False
    """Steers a transformer, and sees the picture through the VAE."""


def load_control(path: Path, base: Base, placed: Placed) -> Control:
    """Return the ControlNet or T2I-adapter in a file or diffusers folder, for `base`.

    Raises `NotRenderable` when it is none, or was made for another kind of checkpoint.
    """
    unet = base.modules().get("unet")
    if unet is None:
        with offline_and_quiet():
            return Control(build_flow_control(path, base, placed), adapter=False, flow=True)
    with offline_and_quiet():
        if is_adapter(path):
            return Control(build_adapter(path, unet, placed), adapter=True)
        return Control(build_controlnet(path, unet, placed), adapter=False)


def steer(
    control: Control,
    pictures: Sequence[Image],
    batch: Batch,
    size: tuple[int, int],
    steering: Steering,
    *,
    steps: int,
) -> Extra:
    """Return what to put into `batch.extras`, once for each run down the noise levels.

    For a U-Net's controls; `steer_flow` does it for transformers. `pictures` hold one steering
    picture for each picture of the batch, such as edges or depth; `size` is (width, height);
    `steps` how many timesteps there are. Raises `UsageError` when the start lies behind the end.
    """
    import torch  # noqa: PLC0415 - heavy

    if not 0 <= steering.start < steering.end <= 1:
        raise UsageError("Steering has to start before it ends, both between 0 and 1.")
    weight = next(control.network.parameters())
    grey = control.adapter and _wants_grey(control.network)
    shown = torch.cat([_shown(picture, size, grey=grey) for picture in pictures]).to(weight)
    doubled = torch.cat([shown, shown]) if batch.guided else shown
    if control.adapter:
        return _adapting(control.network, doubled, steering, steps)
    return _controlling(control.network, doubled, steering, steps)


def _controlling(network: nn.Module, shown: Tensor, steering: Steering, steps: int) -> Extra:
    numbers = count()

    def extra(
        latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]
    ) -> Mapping[str, object]:
        strength = steering.at(next(numbers), steps)
        if not strength:
            return {}
        down, middle = network(
            latents,
            timestep,
            encoder_hidden_states=arguments["encoder_hidden_states"],
            added_cond_kwargs=arguments["added_cond_kwargs"],
            controlnet_cond=shown,
            conditioning_scale=strength,
            return_dict=False,
        )
        return {"down_block_additional_residuals": down, "mid_block_additional_residual": middle}

    return extra


def _adapting(network: nn.Module, shown: Tensor, steering: Steering, steps: int) -> Extra:
    """An adapter looks at the picture alone, so it is asked once for all steps."""
    import torch  # noqa: PLC0415 - heavy

    numbers = count()
    with torch.inference_mode():
        states = list(network(shown))

    def extra(
        latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]
    ) -> Mapping[str, object]:
        strength = steering.at(next(numbers), steps)
        if not strength:
            return {}
        # New tensors and a new list every time: the U-Net uses them up.
        return {"down_intrablock_additional_residuals": [one * strength for one in states]}

    return extra


def _wants_grey(network: nn.Module) -> bool:
    return int(getattr(network.config, "in_channels", 3)) == 1


def _shown(picture: Image, size: tuple[int, int], *, grey: bool) -> Tensor:
    """Return a steering picture as (1, channels, height, width) in 0..1."""
    import numpy as np  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415 - heavy
    from PIL import Image as Pillow  # noqa: PLC0415 - beside its use

    plain = picture.convert("L" if grey else "RGB")
    if plain.size != size:
        plain = plain.resize(size, Pillow.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.array(plain, dtype=np.float32) / 255.0)
    return pixels[None, None] if grey else pixels.permute(2, 0, 1)[None]

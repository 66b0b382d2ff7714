"""The way between latents as a denoiser works in them and pictures: each family's VAE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from loradex.render.bases.picture import from_picture, refuse_nan, to_picture

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Generator, Tensor, nn


class Coder(Protocol):
    """Decodes latents (1, channels, h, w) to a picture and back. `vae` is the network in use."""

    vae: nn.Module

    def decode(self, latents: Tensor, *, tiled: bool) -> Image:
        """Return the picture; raise `ArithmeticError` when there is none to be seen."""

    def encode(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Return latents of an RGB picture, or of pixels (1, 3, height, width) in -1..1."""


class KLCoder:
    """An `AutoencoderKL`: `latents / scale + shift`, or with a mean and spread per channel."""

    def __init__(
        self,
        vae: nn.Module,
        scale: float,
        shift: float = 0.0,
        *,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
    ) -> None:
        self.vae = vae
        self._scale = scale
        self._shift = shift
        self._spread = None if mean is None or std is None else (list(mean), list(std))

    @property
    def offset(self) -> float:
        """What latents would have more if they were not shifted."""
        return self._shift * self._scale

    def decode(self, latents: Tensor, *, tiled: bool) -> Image:
        """Return the picture."""
        return decoded(self.vae, self._outward(_ready(self.vae, latents)), tiled=tiled)

    def encode(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Draw latents from what the VAE sees."""
        latents = seen(self.vae, _pixels(picture), generator)
        if self._spread is None:
            return (latents - self._shift) * self._scale
        mean, std = _columns(self._spread, latents)
        return (latents - mean) * self._scale / std

    def _outward(self, latents: Tensor) -> Tensor:
        if self._spread is None:
            latents = latents / self._scale
            return latents + self._shift if self._shift else latents
        mean, std = _columns(self._spread, latents)
        return latents * std / self._scale + mean


class QwenCoder:
    """Qwen-Image's VAE, made for video: one frame, and a mean and spread per channel."""

    def __init__(self, vae: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        self.vae = vae
        self._spread = (list(mean), list(std))

    def decode(self, latents: Tensor, *, tiled: bool) -> Image:
        """Return the picture."""
        latents = _ready(self.vae, latents)
        mean, std = _columns(self._spread, latents)
        return decoded(self.vae, (latents / (1.0 / std) + mean)[:, :, None], tiled=tiled)

    def encode(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Draw latents from what the VAE sees."""
        latents = seen(self.vae, _pixels(picture)[:, :, None], generator)[:, :, 0]
        mean, std = _columns(self._spread, latents)
        return (latents - mean) * (1.0 / std)


class Flux2Coder:
    """FLUX.2's VAE: 2x2 latents are one, normalised by running statistics of its own."""

    def __init__(self, vae: nn.Module, epsilon: float) -> None:
        self.vae = vae
        self._epsilon = epsilon

    def decode(self, latents: Tensor, *, tiled: bool) -> Image:
        """Return the picture."""
        mean, std = self._statistics(latents)
        latents = latents * std + mean
        count, channels, height, width = latents.shape
        latents = latents.reshape(count, channels // 4, 2, 2, height, width)
        latents = latents.permute(0, 1, 4, 2, 5, 3)
        latents = latents.reshape(count, channels // 4, height * 2, width * 2)
        return decoded(self.vae, _ready(self.vae, latents), tiled=tiled)

    def encode(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Return what the VAE holds most likely; FLUX.2 draws nothing here."""
        latents = seen(self.vae, _pixels(picture), None)
        count, channels, height, width = latents.shape
        latents = latents.view(count, channels, height // 2, 2, width // 2, 2)
        latents = latents.permute(0, 1, 3, 5, 2, 4)
        latents = latents.reshape(count, channels * 4, height // 2, width // 2)
        mean, std = self._statistics(latents)
        return (latents - mean) / std

    def _statistics(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        import torch  # noqa: PLC0415 - heavy

        norm = self.vae.get_submodule("bn")
        mean = norm.get_buffer("running_mean").view(1, -1, 1, 1)
        variance = norm.get_buffer("running_var").view(1, -1, 1, 1)
        return mean.to(latents), torch.sqrt(variance + self._epsilon).to(latents)


def decoded(vae: nn.Module, latents: Tensor, *, tiled: bool) -> Image:
    """Run a VAE's decoder over its own latents; in tiles, joined softly, when `tiled`."""
    import torch  # noqa: PLC0415 - heavy

    (vae.enable_tiling if tiled else vae.disable_tiling)()  # type: ignore[operator]
    with torch.inference_mode():
        picture: Tensor = vae.decode(latents, return_dict=False)[0][0]  # type: ignore[operator]
    return to_picture(picture[:, 0] if picture.dim() == 4 else picture)


def seen(vae: nn.Module, pixels: Tensor, generator: Generator | None) -> Tensor:
    """Run a VAE's encoder; draw from what it sees, or take the likeliest without `generator`."""
    import torch  # noqa: PLC0415 - heavy

    with torch.inference_mode():
        found = vae.encode(pixels.to(next(vae.parameters()))).latent_dist  # type: ignore[operator]
        latents: Tensor = found.mode() if generator is None else found.sample(generator)
    return latents


def _pixels(picture: Image | Tensor) -> Tensor:
    import torch  # noqa: PLC0415 - heavy

    return picture if isinstance(picture, torch.Tensor) else from_picture(picture)


def _ready(vae: nn.Module, latents: Tensor) -> Tensor:
    refuse_nan(latents)
    return latents.to(next(vae.parameters()))


def _columns(spread: tuple[list[float], list[float]], like: Tensor) -> tuple[Tensor, Tensor]:
    import torch  # noqa: PLC0415 - heavy

    mean, std = (torch.tensor(values).view(1, -1, 1, 1).to(like) for values in spread)
    return mean, std

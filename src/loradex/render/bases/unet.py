"""SD 1.x, SD 2.x and SDXL: a U-Net guided by CLIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render import text as clip
from loradex.render.bases import words
from loradex.render.bases.additions import added
from loradex.render.bases.base import (
    NO_EMBEDDINGS,
    Batch,
    Condition,
    Embeddings,
    Encoded,
    Family,
)
from loradex.render.bases.coder import Coder, KLCoder
from loradex.render.bases.guidance import any_guided, guide
from loradex.render.bases.schedule import Schedule
from loradex.render.bases.tokens_length import same_length
from loradex.render.bases.training import TrainingStep, step_of_noise
from loradex.render.parts import Parts
from loradex.render.samplers import build_scheduler

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
    from torch import Generator, Tensor, nn

_LATENT_SCALE = 8
_LATENT_CHANNELS = 4
_INPAINTING_CHANNELS = 9
_SD2_CONTEXT = 1024


class UNetBase:
    """A checkpoint with a U-Net. `parts` says which of the three families it is."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._released = False
        own = KLCoder(parts.vae, parts.vae_scale, mean=parts.vae_mean, std=parts.vae_std)
        self._own_coder: Coder = own
        self._coder: Coder = own
        channels = getattr(parts.unet.config, "in_channels", _LATENT_CHANNELS)
        self.inpaints = bool(channels == _INPAINTING_CHANNELS)
        self.family: Family = _family(parts)
        self.multiple = _LATENT_SCALE
        self.notes = parts.notes

    def modules(self) -> Mapping[str, nn.Module]:
        """Return `unet` and the text encoders that are still there."""
        texts = () if self._released else self._parts.texts
        names = ("text_encoder", "text_encoder_2")
        return {"unet": self._parts.unet} | {
            name: text.model for name, text in zip(names, texts, strict=False)
        }

    def parts(self) -> Mapping[str, nn.Module]:
        """Return `modules()` and the `vae`."""
        return {**self.modules(), "vae": self._coder.vae}

    def move(self, part: str, device: str) -> None:
        """Put one part on `device`."""
        self.parts()[part].to(device)

    def release_text(self) -> None:
        """Give up the text encoders."""
        for text in self._parts.texts:
            text.model.to("meta")
        self._released = True

    @property
    def coder(self) -> Coder:
        """What decodes latents at present."""
        return self._coder

    def use_vae(self, coder: Coder | None) -> None:
        """Decode with another VAE; None: the checkpoint's own."""
        self._coder = self._own_coder if coder is None else coder

    def reads_negative(self, guidance: float) -> bool:
        """Tell whether guidance is on."""
        return guidance > 1

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Encode one text with every encoder of the checkpoint."""
        if self._released:
            raise UsageError("The text encoders were released; load the checkpoint again.")
        return clip.encode(
            self._parts, text, clip_skip=clip_skip, negative=negative, embeddings=embeddings
        )

    def unread(self, text: str) -> tuple[str, ...]:
        """Return nothing: however long a text is, all of it is read."""
        return ()

    def token_ids(self, text: str) -> tuple[tuple[int, ...], ...]:
        """Return what each tokenizer reads a text as."""
        return tuple(words.token_ids(part.tokenizer, text) for part in self._parts.texts)

    def noise(self, generator: Generator, width: int, height: int) -> Tensor:
        """Return one picture's noise, float32 on the CPU."""
        import torch  # noqa: PLC0415 - heavy

        size = (1, _LATENT_CHANNELS, height // _LATENT_SCALE, width // _LATENT_SCALE)
        return torch.randn(size, generator=generator)

    def schedule(
        self,
        sampler: str,
        steps: int,
        width: int,
        height: int,
        *,
        spacing: str = "Automatic",
        strength: float = 1.0,
    ) -> Schedule:
        """Return the checkpoint's own noise schedule under this sampler."""
        sdxl = self.family == "sdxl"
        scheduler = build_scheduler(sampler, self._parts.scheduler, schedule=spacing, sdxl=sdxl)
        scheduler.set_timesteps(steps, device=str(self.device()))
        return Schedule(scheduler, strength=strength)

    def join(self, conditions: Sequence[Condition], width: int, height: int) -> Batch:
        """Put the negatives before the positives, with SDXL's added numbers."""
        import torch  # noqa: PLC0415 - heavy

        guidance = tuple(one.guidance for one in conditions)
        guided = any_guided(guidance)
        order = [one.negative or one.positive for one in conditions if guided]
        order += [one.positive for one in conditions]
        device = self.device()
        embeds = torch.cat(same_length([one.embeds.to(device) for one in order]))
        arguments: dict[str, object] = {"encoder_hidden_states": embeds, "added_cond_kwargs": None}
        if self._parts.shape == "sdxl":
            # Original size, top-left crop, target size: nothing was cropped or scaled.
            numbers = [[height, width, 0, 0, height, width]]
            times = torch.tensor(numbers, dtype=embeds.dtype, device=device)
            pooled = [one.pooled.to(device) for one in order if one.pooled is not None]
            arguments["added_cond_kwargs"] = {
                "text_embeds": torch.cat(pooled),
                "time_ids": times.repeat(len(order), 1),
            }
        return Batch(len(conditions), guidance, guided, arguments)

    def predict(self, latents: Tensor, timestep: Tensor, batch: Batch) -> Tensor:
        """Ask the U-Net, for text and negative text in one go."""
        import torch  # noqa: PLC0415 - heavy

        doubled = torch.cat([latents, latents]) if batch.guided else latents
        arguments = dict(batch.arguments)
        for extra in batch.extras:
            for name, value in extra(doubled, timestep, batch.arguments).items():
                arguments[name] = added(arguments.get(name), value)
        if self.inpaints and batch.channels is None:
            raise UsageError("An inpainting checkpoint needs a picture and a mask.")
        if batch.channels is not None:
            doubled = torch.cat([doubled, batch.channels], dim=1)
        predicted: Tensor = self._parts.unet(doubled, timestep, **arguments, return_dict=False)[0]
        if not batch.guided:
            return predicted
        without, with_text = predicted.chunk(2)
        return guide(without, with_text, batch.guidance)

    def training_step(self, clean: Tensor, noise: Tensor, level: float) -> TrainingStep:
        """Return a step of the checkpoint's own noise schedule."""
        return step_of_noise(self._parts.scheduler, clean, noise, level)

    def latents_of(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Draw latents from what the VAE sees in the picture."""
        return self._coder.encode(picture, generator)

    def decode(self, latents: Tensor, *, tiled: bool = False) -> Image:
        """Return the picture behind one cell's latents."""
        return self._coder.decode(latents, tiled=tiled)

    def latent_dtype(self) -> torch.dtype:
        """Return the dtype to keep latents in between steps."""
        return next(self._parts.unet.parameters()).dtype

    def device(self) -> torch.device:
        """Return where the U-Net is."""
        return next(self._parts.unet.parameters()).device


def _family(parts: Parts) -> Family:
    if parts.shape == "sdxl":
        return "sdxl"
    width = getattr(parts.texts[0].model.config, "hidden_size", 0)
    return "sd2" if width == _SD2_CONTEXT else "sd1"

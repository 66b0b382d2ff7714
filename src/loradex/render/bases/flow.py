"""What all flow-matching transformers have in common; a family adds its texts and its inputs.

Noise levels are sigmas from 1 to 0, shifted towards noise: by a fixed factor, or by one that
grows with the picture (`mu`), as the scheduler's configuration says.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from loradex.errors import UsageError
from loradex.render.bases import words
from loradex.render.bases.base import (
    NO_EMBEDDINGS,
    Batch,
    Condition,
    Embeddings,
    Encoded,
    Family,
)
from loradex.render.bases.coder import Coder
from loradex.render.bases.guidance import guide
from loradex.render.bases.schedule import Schedule
from loradex.render.bases.training import TrainingStep, step_of_flow
from loradex.render.parts import TextPart
from loradex.render.samplers import build_flow_scheduler

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
    from torch import Generator, Tensor, nn

_LATENT_SCALE = 8


@dataclass(frozen=True, slots=True)
class FlowParts:
    """A loaded transformer checkpoint.

    `texts` are by diffusers' names (`text_encoder`, `text_encoder_2`, …); one may be missing
    where a family can do without. `scheduler` is diffusers' configuration.
    """

    transformer: nn.Module
    coder: Coder
    texts: Mapping[str, TextPart]
    scheduler: Mapping[str, object]
    notes: tuple[str, ...] = ()


class FlowBase(ABC):
    """A checkpoint whose transformer predicts the way from noise to picture."""

    family: ClassVar[Family]
    channels: ClassVar[int] = 16
    """Of the latents."""
    scale: ClassVar[int] = _LATENT_SCALE
    """Pixels per latent."""
    patch: ClassVar[int] = 2
    """Latents per token, in each direction."""
    inpaints: ClassVar[bool] = False
    own_sigmas: ClassVar[bool] = False
    """The noise levels come from the scheduler's configuration, and not evenly from 1 to 1/n."""

    def __init__(self, parts: FlowParts) -> None:
        self._parts = parts
        self._texts = dict(parts.texts)
        self._coder = parts.coder
        self.multiple = self.scale * self.patch
        self.notes = parts.notes

    def modules(self) -> Mapping[str, nn.Module]:
        """Return `transformer` and the text encoders that are still there."""
        texts = {name: text.model for name, text in self._texts.items()}
        return {"transformer": self._parts.transformer} | texts

    def parts(self) -> Mapping[str, nn.Module]:
        """Return `modules()` and the `vae`."""
        return {**self.modules(), "vae": self._coder.vae}

    def move(self, part: str, device: str) -> None:
        """Put one part on `device`."""
        self.parts()[part].to(device)

    def release_text(self) -> None:
        """Give up the text encoders."""
        for text in self._texts.values():
            text.model.to("meta")
        self._texts = {}

    @property
    def coder(self) -> Coder:
        """What decodes latents at present."""
        return self._coder

    def use_vae(self, coder: Coder | None) -> None:
        """Decode with another VAE; None: the checkpoint's own."""
        self._coder = self._parts.coder if coder is None else coder

    def reads_negative(self, guidance: float) -> bool:
        """Tell whether guidance is on."""
        return guidance > 1

    @abstractmethod
    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Encode one text."""

    @abstractmethod
    def unread(self, text: str) -> tuple[str, ...]:
        """Return sentences on what of a text has no effect."""

    def token_ids(self, text: str) -> tuple[tuple[int, ...], ...]:
        """Return what each tokenizer reads a text as."""
        return tuple(words.token_ids(part.tokenizer, text) for part in self._texts.values())

    def noise(self, generator: Generator, width: int, height: int) -> Tensor:
        """Return one picture's noise, float32 on the CPU."""
        import torch  # noqa: PLC0415 - heavy

        size = (1, self.channels, height // self.scale, width // self.scale)
        return torch.randn(size, generator=generator)

    def latent_dtype(self) -> torch.dtype:
        """Return the dtype to keep latents in between steps."""
        return self._weight().dtype

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
        """Return the noise levels for a picture of this size."""
        tokens = (width // (self.scale * self.patch)) * (height // (self.scale * self.patch))
        config = self._parts.scheduler
        if steps == 1:
            # One level cannot be stretched to reach a last one: diffusers would divide by zero.
            config = {**config, "shift_terminal": None}
        shift = math.exp(self.shift(tokens, steps)) if config.get("use_dynamic_shifting") else None
        scheduler = build_flow_scheduler(sampler, config, schedule=spacing, shift=shift)
        device = str(self._weight().device)
        takes_levels = "sigmas" in inspect.signature(scheduler.set_timesteps).parameters
        if takes_levels and not self.own_sigmas and hasattr(scheduler, "scale_noise"):
            scheduler.set_timesteps(sigmas=even_sigmas(steps), device=device)
        else:
            scheduler.set_timesteps(steps, device=device)
        scheduler.set_begin_index(0)
        return Schedule(scheduler, strength=strength, flow=True)

    def shift(self, tokens: int, steps: int) -> float:
        """Return `mu` for a picture of so many tokens: a line through two configured points."""
        config = self._parts.scheduler
        low, high = (
            _number(config, "base_image_seq_len", 256),
            _number(config, "max_image_seq_len", 4096),
        )
        least, most = _number(config, "base_shift", 0.5), _number(config, "max_shift", 1.15)
        slope = (most - least) / (high - low)
        return tokens * slope + (least - slope * low)

    def join(self, conditions: Sequence[Condition], width: int, height: int) -> Batch:
        """Put the negatives before the positives, with what else the transformer takes."""
        guidance = tuple(one.guidance for one in conditions)
        guided = any(self.reads_negative(one) for one in guidance)
        order = [one.negative or one.positive for one in conditions if guided]
        order += [one.positive for one in conditions]
        rows, columns = height // self.scale, width // self.scale
        arguments = self.arguments(order, guidance, rows, columns)
        return Batch(len(conditions), guidance, guided, arguments)

    def predict(self, latents: Tensor, timestep: Tensor, batch: Batch) -> Tensor:
        """Ask the transformer, for text and negative text in one go."""
        import torch  # noqa: PLC0415 - heavy

        rows, columns = latents.shape[-2:]
        packed = self.pack(latents.to(self._weight().dtype))
        doubled = torch.cat([packed, packed]) if batch.guided else packed
        arguments = dict(batch.arguments)
        for extra in batch.extras:
            arguments |= extra(doubled, timestep, batch.arguments)
        predicted = self.ask(doubled, timestep.expand(doubled.shape[0]), arguments)
        if batch.guided:
            without, with_text = predicted.chunk(2)
            predicted = self.guided(without, with_text, batch.guidance)
        return self.unpack(predicted, rows, columns)

    def guided(self, without: Tensor, with_text: Tensor, guidance: Sequence[float]) -> Tensor:
        """Return the prediction strengthened away from the negative text."""
        return guide(without, with_text, guidance)

    @abstractmethod
    def arguments(
        self, order: Sequence[Encoded], guidance: Sequence[float], rows: int, columns: int
    ) -> dict[str, object]:
        """Return what the transformer takes at every step, for texts in this order."""

    def ask(self, latents: Tensor, timestep: Tensor, arguments: Mapping[str, object]) -> Tensor:
        """Call the transformer on packed latents; `timestep` counts down from 1000.

        Most have a time that runs from 1 to 0.
        """
        predicted: Tensor = self._parts.transformer(
            hidden_states=latents,
            timestep=timestep.to(latents.dtype) / 1000,
            **arguments,
            return_dict=False,
        )[0]
        return predicted

    def pack(self, latents: Tensor) -> Tensor:
        """Return latents as the transformer takes them."""
        return latents

    def unpack(self, packed: Tensor, rows: int, columns: int) -> Tensor:
        """Return (n, channels, rows, columns) from what `pack` gives."""
        return packed

    def device(self) -> torch.device:
        """Return where the transformer is."""
        return self._weight().device

    def training_step(self, clean: Tensor, noise: Tensor, level: float) -> TrainingStep:
        """Return a step on the straight way from picture to noise."""
        return step_of_flow(clean, noise, level)

    def latents_of(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Return the latents of a picture."""
        return self._coder.encode(picture, generator)

    def decode(self, latents: Tensor, *, tiled: bool = False) -> Image:
        """Return the picture behind one cell's latents."""
        return self._coder.decode(latents, tiled=tiled)

    def _weight(self) -> Tensor:
        return next(self._parts.transformer.parameters())

    def _text(self, name: str) -> TextPart:
        try:
            return self._texts[name]
        except KeyError:
            raise UsageError(
                "The text encoders were released; load the checkpoint again."
            ) from None

    def _embeds(self, order: Sequence[Encoded]) -> Tensor:
        import torch  # noqa: PLC0415 - heavy

        # Each may lie where its encoder was: the device, or memory beside it.
        return torch.cat([one.embeds.to(self._weight()) for one in order])

    def _pooled(self, order: Sequence[Encoded]) -> Tensor:
        import torch  # noqa: PLC0415 - heavy

        return torch.cat([one.pooled.to(self._weight()) for one in order if one.pooled is not None])


def even_sigmas(steps: int) -> list[float]:
    """Return noise levels from 1 to 1/steps in even steps."""
    import numpy as np  # noqa: PLC0415 - heavy

    levels: list[float] = np.linspace(1.0, 1 / steps, steps).tolist()
    return levels


def _number(config: Mapping[str, object], name: str, default: float) -> float:
    value = config.get(name)
    return float(value) if isinstance(value, int | float) else default

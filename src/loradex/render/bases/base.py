"""What the engine asks of a loaded checkpoint, whatever its architecture.

A picture is drawn so: `encode` its texts, `start` from noise of its own generator, `join` the
texts of a batch, go down the `schedule` with `predict`, then `decode`. Latents are always
(n, channels, height, width) between these calls; a family that packs them does so inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
    from torch import Generator, Tensor, nn

    from loradex.render.bases.coder import Coder
    from loradex.render.bases.schedule import Schedule
    from loradex.render.bases.training import TrainingStep

Family = Literal["sd1", "sd2", "sdxl", "sd3", "flux", "chroma", "qwen", "z-image", "flux2-klein"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the denoiser takes it: `embeds` (1, tokens, width).

    `pooled` is (1, width) where the family has one. `mask` (1, tokens) is True for tokens that
    count, None when all do.
    """

    embeds: Tensor
    pooled: Tensor | None = None
    mask: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What one picture listens to. `negative` may be None where guidance does not read it."""

    positive: Encoded
    negative: Encoded | None
    guidance: float


Embeddings = Mapping[str, tuple["Tensor", ...]]
"""Textual inversions by `embedding_key`: vectors (n, width) for each text encoder in turn."""
NO_EMBEDDINGS: Embeddings = MappingProxyType({})

Extra = Callable[["Tensor", "Tensor", Mapping[str, object]], Mapping[str, object]]
"""From scaled latents (2n, … when guided), timestep and the batch's arguments to further ones."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Conditions of several pictures, joined once for all steps.

    When `guided`, the tensors in `arguments` hold the negatives first, then the positives.
    `channels` are put behind the latents' own (inpainting models), and `extras` are asked at
    every step (ControlNet, T2I-adapter).
    """

    count: int
    guidance: tuple[float, ...]
    guided: bool
    arguments: Mapping[str, object]
    channels: Tensor | None = None
    extras: tuple[Extra, ...] = field(default=())


class Base(Protocol):
    """A loaded checkpoint, ready to draw."""

    @property
    def family(self) -> Family:
        """The architecture."""

    @property
    def multiple(self) -> int:
        """What width and height of a picture have to be multiples of, in pixels."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be assumed while loading, in sentences."""

    def modules(self) -> Mapping[str, nn.Module]:
        """Return what a LoRA may change, by diffusers' part names.

        `unet` or `transformer`; `text_encoder`, `text_encoder_2`, … unless they were released.
        """

    def parts(self) -> Mapping[str, nn.Module]:
        """Return `modules()` and the `vae`."""

    def move(self, part: str, device: str) -> None:
        """Put one of `parts()` on `device`; texts are encoded and latents decoded where it is."""

    def release_text(self) -> None:
        """Give up the text encoders and their memory. `encode` cannot be called afterwards."""

    @property
    def coder(self) -> Coder:
        """What decodes latents at present."""

    def use_vae(self, coder: Coder | None) -> None:
        """Decode with another VAE from now on, of `load_vae`; None: the checkpoint's own."""

    def reads_negative(self, guidance: float) -> bool:
        """Tell whether a negative text has any effect at this guidance."""

    def encode(
        self,
        text: str,
        *,
        clip_skip: int = 1,
        negative: bool = False,
        embeddings: Embeddings = NO_EMBEDDINGS,
    ) -> Encoded:
        """Encode one text by itself, so that the result cannot depend on its neighbours.

        `embeddings` are textual inversions by key, which only CLIP families read. Raises
        `UsageError` for a clip skip that the encoder does not have.
        """

    def unread(self, text: str) -> tuple[str, ...]:
        """Return sentences on what of a text has no effect: too many words, weights."""

    def token_ids(self, text: str) -> tuple[tuple[int, ...], ...]:
        """Return what each tokenizer reads a text as, by itself and without marks or padding.

        What weighs words is left out. `UNKNOWN_TOKEN` stands for what is not known to it.
        """

    def noise(self, generator: Generator, width: int, height: int) -> Tensor:
        """Return one picture's noise (1, channels, h, w) in float32 from a CPU generator."""

    def latent_dtype(self) -> torch.dtype:
        """Return the dtype to keep latents in between steps."""

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
        """Return a fresh noise schedule; `strength` < 1 starts on the way, for an init picture.

        `sampler` and `spacing` are A1111's names of samplers and schedule types. Raises
        `UsageError` for one that this family does not have.
        """

    def join(self, conditions: Sequence[Condition], width: int, height: int) -> Batch:
        """Prepare the conditions of one batch for all its steps."""

    def predict(self, latents: Tensor, timestep: Tensor, batch: Batch) -> Tensor:
        """Return what the schedule's `step` takes, guidance applied for each picture."""

    def training_step(self, clean: Tensor, noise: Tensor, level: float) -> TrainingStep:
        """Return what the denoiser is shown and has to answer in training.

        `clean` and `noise` are (n, channels, h, w); `level` lies between 0 (the picture) and 1
        (noise alone).
        """

    @property
    def inpaints(self) -> bool:
        """Whether the denoiser wants a mask and a masked picture beside the latents."""

    def device(self) -> torch.device:
        """Return where the denoiser is, and latents have to be."""

    def latents_of(self, picture: Image | Tensor, generator: Generator) -> Tensor:
        """Return the latents (1, channels, h, w) of a picture, for img2img.

        A tensor is (1, 3, height, width) in -1..1.
        """

    def decode(self, latents: Tensor, *, tiled: bool = False) -> Image:
        """Return the picture behind one cell's latents.

        Raises `ArithmeticError` in plain words when the numbers or the picture are useless.
        """

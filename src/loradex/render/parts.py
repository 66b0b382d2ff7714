"""What a loaded checkpoint is made of, in the shape the engine uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NotRequired, Protocol, TypedDict

if TYPE_CHECKING:
    from torch import Generator, Tensor, nn

    class Scheduler(Protocol):
        """The part of a diffusers scheduler that a denoising loop uses."""

        timesteps: Tensor
        init_noise_sigma: float | Tensor

        set_timesteps: Callable[..., None]
        """Choose the noise levels."""

        def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor:
            """Scale latents as the model wants them."""

        def set_begin_index(self, index: int) -> None:
            """Start at this timestep, for an init picture."""

        def add_noise(self, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
            """Mix noise into latents as it is at this timestep."""

        def scale_noise(self, clean: Tensor, timestep: Tensor, noise: Tensor) -> Tensor:
            """Do the same in schedulers for flow matching."""

        def step(
            self,
            noise: Tensor,
            timestep: Tensor,
            sample: Tensor,
            *,
            generator: Sequence[Generator] = ...,
            return_dict: bool = ...,
        ) -> tuple[Tensor, ...]:
            """Go one noise level down."""

    class Tokens(TypedDict):
        """Tokens, and the place of each in the text: its first letter, one past its last."""

        input_ids: list[int]
        offset_mapping: NotRequired[list[tuple[int, int]]]

    class Tokenizer(Protocol):
        """The part of a CLIP tokenizer that prompt encoding uses."""

        model_max_length: int
        pad_token_id: int
        bos_token_id: int
        eos_token_id: int
        unk_token_id: int | None

        def __call__(
            self, text: str, *, add_special_tokens: bool, return_offsets_mapping: bool = ...
        ) -> Tokens:
            """Return the tokens of a text; their places only when asked for."""

        def __len__(self) -> int:
            """Number of tokens it knows."""


Shape = Literal["sd", "sdxl"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """One text encoder with its tokenizer. `projects` tells a pooled, projected output."""

    model: nn.Module
    tokenizer: Tokenizer
    projects: bool
    layers: int


@dataclass(frozen=True, slots=True)
class Parts:
    """A checkpoint on its device, ready to draw.

    `shape` is `sd` (SD 1.x and 2.x: one text encoder) or `sdxl` (two). `vae_scale` divides
    latents before decoding; `vae_mean` and `vae_std` are given by a few models, else None.
    `layers` counts resnets per U-Net level. `notes` says what had to be assumed.
    """

    shape: Shape
    unet: nn.Module
    vae: nn.Module
    texts: tuple[TextPart, ...]
    scheduler: Mapping[str, object]
    zero_empty_negative: bool
    vae_scale: float
    vae_mean: tuple[float, ...] | None
    vae_std: tuple[float, ...] | None
    layers: int
    notes: tuple[str, ...] = ()

"""How a picture was made, as the picture itself tells it.

`loradex.domain.recipe` has the recipe of a picture that is about to be drawn, wholly resolved to
files. Here is what others wrote into theirs: names, digests and numbers as they stand, which need
not be true, nor name anything that is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from loradex.domain.hashes import EMPTY_SHA256


class ModelRole(StrEnum):
    """What a picture used a model as. The values are stored."""

    CHECKPOINT = "checkpoint"
    """The denoiser, alone or with all else; refiners too."""
    LORA = "lora"
    EMBEDDING = "embedding"
    VAE = "vae"
    TEXT_ENCODER = "text_encoder"
    CONTROLNET = "controlnet"
    IP_ADAPTER = "ip_adapter"
    UPSCALER = "upscaler"
    HYPERNETWORK = "hypernetwork"

    @property
    def label(self) -> str:
        """The word a person sees."""
        return _LABELS[self]


_LABELS = {
    ModelRole.CHECKPOINT: "Checkpoint",
    ModelRole.LORA: "LoRA",
    ModelRole.EMBEDDING: "Embedding",
    ModelRole.VAE: "VAE",
    ModelRole.TEXT_ENCODER: "Text encoder",
    ModelRole.CONTROLNET: "ControlNet",
    ModelRole.IP_ADAPTER: "IP-Adapter",
    ModelRole.UPSCALER: "Upscaler",
    ModelRole.HYPERNETWORK: "Hypernetwork",
}


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model that a picture names. At least one of name, hash and version is there.

    `name` is as the picture has it: a file with or without folders and ending, or a hub's name.
    `hash` is lower-case hex, 8 to 64 digits of any of the six digests; empty when none is told.
    `version_id` and `model_id` are CivitAI's, 0 when they are not told. The strengths are None
    when the picture does not tell them.
    """

    role: ModelRole
    name: str = ""
    hash: str = ""
    version_id: int = 0
    model_id: int = 0
    strength: float | None = None
    strength_clip: float | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """What one picture tells.

    `settings` has texts under these names where they are known: `seed`, `steps`, `sampler`,
    `schedule`, `guidance_scale`, `width`, `height`, `denoising_strength`, `clip_skip`, `version`;
    others keep the names that their tool gave them. `made_at` is Unix time, None where no date is
    told. `own` is true for pictures that loradex drew. `notes` says what could not be read.
    """

    tool: str
    """`a1111`, `forge`, `sdnext`, `comfyui`, `invokeai`, `swarmui`, `fooocus`, `civitai`,
    `loradex`."""
    prompt: str = ""
    negative_prompt: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    models: tuple[NamedModel, ...] = ()
    made_at: float | None = None
    own: bool = False
    notes: tuple[str, ...] = ()


_HEX = re.compile(r"[0-9a-f]{8,64}")
_KINDS = ("", "blake3", "sha256")
"""Kinds of digests that InvokeAI names and that files are known by here."""
_ENDINGS = (
    ".safetensors", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf", ".sft", ".pkl", ".onnx",
)  # fmt: skip


def clean_hash(text: object) -> str:
    """Return a digest as it is kept: lower-case hex without a prefix; empty for what is none.

    Takes `0x…` (SwarmUI), `blake3:…` (InvokeAI) and `sha256:…`; other kinds are dropped. So is the
    digest of nothing, which some repackers wrote: it names no file.
    """
    if not isinstance(text, str):
        return ""
    kind, _, digits = text[:100].strip().lower().rpartition(":")
    digits = digits.removeprefix("0x")
    if kind not in _KINDS or not _HEX.fullmatch(digits) or EMPTY_SHA256.startswith(digits):
        return ""
    return digits


def name_key(name: str) -> str:
    """Return a model's name as it is compared: the last part, without its ending, case folded.

    >>> name_key("style\\\\Neon Glow.safetensors")
    'neon glow'
    """
    last = re.split(r"[/\\]", name.strip())[-1].strip().casefold()
    for ending in _ENDINGS:
        if last.endswith(ending) and len(last) > len(ending):
            return last.removesuffix(ending)
    return last

"""What a model file is, and why we think so."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.domain.kinds import BaseModel, ModelKind


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one field of an identity has its value: one sentence, in words a person can check."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Identity:
    """What a file is, read from its header alone.

    A field is None when the header cannot tell; then `candidates` names the bases that remain
    possible. Nothing here is ever a guess dressed as a fact: `confidence` is 1.0 when tensor
    names and shapes decide, lower when only metadata or a weak trait does, 0.0 for unknown.
    """

    kind: ModelKind = ModelKind.UNKNOWN
    base: BaseModel | None = None
    variant: str | None = None
    """`inpaint`, `dev`, `schnell`, `3.5-large`, `t2v-14b` …; None when plain or unknown."""
    derivative: str | None = None
    """`pony`, `illustrious`, `noobai`, `animagine`: only ever from metadata or names."""
    algorithm: str | None = None
    """LoRA family: `lora locon loha lokr oft boft ia3 glora full norm dylora mixed`."""
    dora: bool = False
    rank: int | None = None
    """The most common rank over the modules; None when the algorithm has none."""
    rank_range: tuple[int, int] | None = None
    dtype: str | None = None
    """The dtype that holds most bytes of the denoiser: `F16`, `BF16`, `F8_E4M3` …"""
    quantisation: str | None = None
    """`fp8_scaled`, `nf4`, `nvfp4`, `gguf-Q4_K` …; None for plain weights."""
    prediction: str | None = None
    """`epsilon`, `v_prediction`, `flow`, `edm`, `edm-v`; None when the header cannot tell."""
    zero_terminal_snr: bool = False
    tokens: int | None = None
    """Rows of an embedding."""
    scale: int | None = None
    """Factor of an upscaler."""
    parts: tuple[str, ...] = ()
    """What is inside: `denoiser`, `text_encoder`, `vae`, `ema` …"""
    partial: bool = False
    """One shard of several."""
    broken: bool = False
    """Readable, but something is missing (halves of LoRA pairs, say)."""
    confidence: float = 0.0
    candidates: tuple[BaseModel, ...] = ()
    reasons: tuple[Reason, ...] = ()

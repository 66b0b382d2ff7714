"""What metadata and the file name add to what the tensors said."""

from __future__ import annotations

from dataclasses import replace

from loradex.domain.header import Header
from loradex.domain.identity import Identity, Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify import metadata

_CLAIMED_CONFIDENCE = 0.8
"""Tensors allow the base and metadata names it."""
_ALONE_CONFIDENCE = 0.5
"""Only metadata names a base; the tensors say nothing."""
_KIN: dict[BaseModel, tuple[BaseModel, ...]] = {BaseModel.SDXL: (BaseModel.KOLORS,)}
"""Bases whose LoRAs have the same modules and sizes, so that metadata may tell them apart."""
_NEEDS_BASE = (ModelKind.LORA, ModelKind.CONTROLNET, ModelKind.EMBEDDING, ModelKind.IP_ADAPTER)


def with_metadata(identity: Identity, header: Header, file_name: str) -> Identity:
    """Return the identity refined by metadata within what the tensors allow."""
    identity = _base(identity, header)
    identity = _variant(identity, header)
    identity = _prediction(identity, header)
    identity = _algorithm(identity, header)
    return _derivative(identity, header, file_name)


def _because(identity: Identity, field: str, text: str) -> tuple[Reason, ...]:
    return (*identity.reasons, Reason(field, text))


def _base(identity: Identity, header: Header) -> Identity:
    for claim in metadata.base_claims(header.metadata):
        said = f"`{claim.key}` says {claim.value}"
        allowed = identity.candidates
        if identity.kind is ModelKind.LORA and identity.base in _KIN:
            allowed = (*allowed, *_KIN[identity.base])
        if claim.base is identity.base:
            if identity.confidence < 1.0:
                reasons = _because(identity, "base", f"{said}, too")
                identity = replace(identity, confidence=0.9, reasons=reasons)
            return identity
        if claim.base in allowed:
            reasons = _because(identity, "base", f"{said}, which the tensors allow")
            return replace(
                identity, base=claim.base, confidence=_CLAIMED_CONFIDENCE, reasons=reasons
            )
        if identity.base or identity.candidates:
            if not claim.fallback and not _shared(identity):
                reasons = _because(identity, "base", f"{said}, which the tensors contradict")
                identity = replace(identity, reasons=reasons)
        elif identity.kind in _NEEDS_BASE and not claim.fallback:
            reasons = _because(identity, "base", f"only `{claim.key}` tells: {claim.value}")
            return replace(identity, base=claim.base, confidence=_ALONE_CONFIDENCE, reasons=reasons)
    return identity


def _variant(identity: Identity, header: Header) -> Identity:
    if identity.variant is not None or _shared(identity):
        return identity
    found = metadata.variant(header.metadata, identity.base)
    if found is None:
        return identity
    return replace(identity, variant=found[0], reasons=_because(identity, "variant", found[1]))


def _shared(identity: Identity) -> bool:
    """A VAE or encoder serves several bases: whatever metadata says is no contradiction."""
    return identity.kind in (ModelKind.VAE, ModelKind.TEXT_ENCODER, ModelKind.CLIP_VISION)


def _prediction(identity: Identity, header: Header) -> Identity:
    if identity.kind in (ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL, ModelKind.LORA):
        stated = metadata.prediction(header.metadata)
        if identity.prediction is None and stated:
            reasons = _because(identity, "prediction", stated[1])
            identity = replace(identity, prediction=stated[0], reasons=reasons)
        if metadata.zero_terminal_snr(header.metadata):
            reasons = _because(identity, "zero_terminal_snr", "metadata sets zero terminal SNR")
            identity = replace(identity, zero_terminal_snr=True, reasons=reasons)
    return identity


def _algorithm(identity: Identity, header: Header) -> Identity:
    if identity.kind is not ModelKind.LORA:
        return identity
    if metadata.trained_algorithm(header.metadata) != "dylora":
        return identity
    if identity.algorithm not in ("lora", "locon"):
        return identity
    reasons = _because(identity, "algorithm", "the trainer wrote DyLoRA, stored as plain pairs")
    return replace(identity, algorithm="dylora", reasons=reasons)


def _derivative(identity: Identity, header: Header, file_name: str) -> Identity:
    if identity.base is not BaseModel.SDXL:
        return identity
    found = metadata.derivative(header.metadata, file_name)
    if found is None:
        return identity
    return replace(
        identity, derivative=found[0], reasons=_because(identity, "derivative", found[1])
    )

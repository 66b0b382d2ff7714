"""Marker tensors of a checkpoint that tell its prediction type."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace

from loradex.domain.identity import Identity, Reason
from loradex.domain.kinds import BaseModel

# A marker among the leftover keys -> prediction; the first that is there wins.
_MARKERS: tuple[tuple[str, str], ...] = (
    ("edm_vpred.sigma_max", "edm-v"),
    ("edm_vpred.sigma_min", "edm-v"),
    ("edm_mean", "edm"),
    ("edm_std", "edm"),
    ("v_pred", "v_prediction"),
)
# Training steps of Stability's two SD 2.1 files, kept beside the weights in a pickle.
_SD2_STEPS = {220_000: "epsilon", 110_000: "v_prediction"}
_SETTLED_BY_SCHEDULER = (BaseModel.SD1, BaseModel.SD2, BaseModel.SDXL)


def with_markers(
    identity: Identity, markers: Collection[str], metadata: Mapping[str, str]
) -> Identity:
    """Return the identity with the prediction type its marker tensors tell, if any."""
    if identity.prediction is not None:
        return identity
    marks = set(markers)
    for key, name in _MARKERS:
        if key in marks:
            return _stated(identity, name, f"the marker `{key}` is there", "ztsnr" in marks)
    if identity.base is BaseModel.SD2:
        step = _global_step(metadata)
        if step in _SD2_STEPS:
            text = f"`global_step` is {step}, as in the published file"
            return _stated(identity, _SD2_STEPS[step], text, False)
    if identity.base in _SETTLED_BY_SCHEDULER:
        text = "only the scheduler's settings would tell; epsilon is usual"
        return replace(identity, reasons=(*identity.reasons, Reason("prediction", text)))
    return identity


def _stated(identity: Identity, name: str, text: str, ztsnr: bool) -> Identity:
    reasons = (*identity.reasons, Reason("prediction", text))
    if ztsnr:
        reasons = (*reasons, Reason("zero_terminal_snr", "the marker `ztsnr` is there"))
    return replace(identity, prediction=name, zero_terminal_snr=ztsnr, reasons=reasons)


def _global_step(metadata: Mapping[str, str]) -> int | None:
    text = metadata.get("global_step") or metadata.get("pickle.extra") or ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    step = value.get("global_step") if isinstance(value, dict) else value
    return step if isinstance(step, int) else None

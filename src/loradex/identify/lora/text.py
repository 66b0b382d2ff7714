"""What the text encoder modules of a LoRA say about its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel
from loradex.identify.rules import Finding
from loradex.identify.view import View

_SD1, _SD2, _SDXL = BaseModel.SD1, BaseModel.SD2, BaseModel.SDXL
_SD3, _FLUX1 = BaseModel.SD3, BaseModel.FLUX1
_CLIP_L = (_SDXL, _SD3, _FLUX1)
_ATTENTION = "self_attn.q_proj|self_attn.k_proj|self_attn.v_proj|self_attn.out_proj|mlp.fc1"


def _finding(base: BaseModel | None, text: str, *among: BaseModel) -> Finding:
    return Finding(
        base=base,
        candidates=among,
        confidence=1.0 if base else 0.0,
        reasons=(Reason("base", text),),
    )


def text_base(texts: Mapping[str, View]) -> Finding | None:
    """Return what the text encoders allow; None when there are none or nothing is known of them."""
    if "prior" in texts:
        return _finding(BaseModel.CASCADE, "a text encoder of the Cascade prior")
    return _language_model(texts) or _t5(texts) or _clip(texts)


def _language_model(texts: Mapping[str, View]) -> Finding | None:
    view = texts.get("te")
    if view is None or view.has("text_model|resblocks.#") or not view.has("layers.#.self_attn"):
        return None
    width = view.takes(_ATTENTION)
    if width == 1024:
        return _finding(BaseModel.ANIMA, "Qwen3, 1024 wide, under `lora_te`: Anima's text encoder")
    return None


def _t5(texts: Mapping[str, View]) -> Finding | None:
    roots = [root for root, view in texts.items() if view.has("SelfAttention.q|SelfAttention.k")]
    if roots and any(view.takes(_ATTENTION) == 1280 for view in texts.values()):
        return _finding(_SD3, "a T5 beside a CLIP-G: SD 3")
    if any(root.endswith("3") for root in roots):
        return _finding(None, "a T5 as third text encoder: SD 3 or FLUX.1", _SD3, _FLUX1)
    if any(root.endswith("2") for root in roots):
        return _finding(_FLUX1, "a T5 as second text encoder: FLUX.1")
    return None


def _clip(texts: Mapping[str, View]) -> Finding | None:
    widths = {root: view.takes(_ATTENTION) for root, view in texts.items()}
    if widths.get("te") == 768:
        return _finding(_SD1, "one CLIP, 768 wide, under `lora_te`: SD 1")
    if 1024 in widths.values():
        return _finding(_SD2, "a CLIP 1024 wide: SD 2")
    if 1280 in widths.values():
        return _finding(None, "CLIP-G is shared by SDXL and SD 3", _SDXL, _SD3)
    if 768 in widths.values():
        among = (_SD1, *_CLIP_L) if set(widths) == {"dotted"} else _CLIP_L
        return _finding(None, "CLIP-L is shared by several bases", *among)
    return None


def combine(denoiser: Finding | None, text: Finding | None) -> Finding | None:
    """Let the text encoders decide among what the denoiser's modules leave open."""
    if denoiser is None or (denoiser.base is None and not denoiser.candidates):
        return text
    if text is None:
        return denoiser
    allowed = (text.base,) if text.base else text.candidates
    both = tuple(base for base in denoiser.candidates if base in allowed)
    if not both:
        return denoiser
    if denoiser.base is not None:
        certain = both == (denoiser.base,)
        kept = replace(denoiser, candidates=() if certain else both)
        return (
            replace(kept, confidence=1.0).because("base", text.reasons[0].text) if certain else kept
        )
    reasons = (*denoiser.reasons, *text.reasons)
    if len(both) == 1:
        return Finding(base=both[0], reasons=reasons)
    return Finding(candidates=both, reasons=reasons)

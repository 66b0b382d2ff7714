"""Textual inversions and hypernetworks: files of a few vectors."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.header import Tensor
from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify.rules import Finding

B = BaseModel
_MOST_TENSORS = 4
_MOST_TOKENS = 300
_NAMED = {"clip_l": "l", "clip_g": "g", "t5xxl": "t5", "t5": "t5"}
_WIDTHS = {768: "l", 1024: "h", 1280: "g", 4096: "t5"}
_CLIP_L = (B.SD1, B.SDXL, B.SD3, B.FLUX1)

# Which text encoders have a vector -> the base, or what remains possible.
_BASES: dict[frozenset[str], tuple[BaseModel | None, tuple[BaseModel, ...]]] = {
    frozenset("lg"): (B.SDXL, ()),
    frozenset(("l", "g", "t5")): (B.SD3, ()),
    frozenset(("l", "t5")): (B.FLUX1, ()),
    frozenset(("g",)): (None, (B.SDXL_REFINER, B.SDXL)),
    frozenset(("h",)): (B.SD2, ()),
    frozenset(("l",)): (B.SD1, ()),
    frozenset(("t5",)): (None, (B.FLUX1, B.SD3, B.PIXART)),
}
_HYPER_WIDTHS = frozenset({"320", "640", "768", "1024", "1280", "2048"})


def embedding(tensors: Mapping[str, Tensor]) -> Finding | None:
    """Recognise up to four tables of token vectors by their widths."""
    if not 0 < len(tensors) <= _MOST_TENSORS:
        return None
    encoders: set[str] = set()
    rows: list[int] = []
    named = False
    for key, tensor in tensors.items():
        word = key.removeprefix("string_to_param.").removesuffix("_out")
        if not 1 <= len(tensor.shape) <= 2 or _module_like(word):
            return None
        encoder = _NAMED.get(word) or _WIDTHS.get(tensor.shape[-1])
        count = tensor.shape[0] if len(tensor.shape) == 2 else 1
        if encoder is None or tensor.shape[-1] not in _WIDTHS or not 0 < count <= _MOST_TOKENS:
            return None
        named = named or word in _NAMED
        encoders.add(encoder)
        rows.append(count)
    base, among = _BASES.get(frozenset(encoders), (None, ()))
    if named and encoders == {"l"}:
        base, among = None, _CLIP_L
    widths = ", ".join(str(tensor.shape[-1]) for tensor in tensors.values())
    return Finding(
        base=base,
        candidates=among,
        kind=ModelKind.EMBEDDING,
        tokens=max(rows),
        reasons=(
            Reason("kind", f"nothing but {len(tensors)} tables of token vectors"),
            Reason("base", f"vectors {widths} wide"),
        ),
    )


def _module_like(word: str) -> bool:
    return word.rpartition(".")[2] in ("weight", "bias", "scale", "alpha") and "." in word


def hypernetwork(tensors: Mapping[str, Tensor]) -> Finding | None:
    """Recognise A1111's hypernetworks: pairs of small nets, one for each attention width."""
    if len(tensors) < 4 or next(iter(tensors)).partition(".")[0] not in _HYPER_WIDTHS:
        return None
    widths = {key.partition(".")[0] for key in tensors}
    if widths - _HYPER_WIDTHS:
        return None
    if not any("linear" in key for key in tensors):
        return None
    base = B.SD1 if "768" in widths else B.SD2 if "1024" in widths else None
    seen = ", ".join(sorted(widths, key=int))
    return Finding(
        base=base,
        kind=ModelKind.HYPERNETWORK,
        confidence=0.9 if base else 0.0,
        reasons=(Reason("kind", f"small networks for the attention widths {seen}"),),
    )

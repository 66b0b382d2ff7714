"""Read a LoRA file: algorithm, rank, whether it is whole, and the base its modules belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from loradex.domain.header import Tensor
from loradex.domain.identity import Reason
from loradex.identify.lora import modules as lora_module
from loradex.identify.lora.grouping import NEUTRAL, Roles, group
from loradex.identify.parts import wrapper
from loradex.identify.view import View

_TEXT_ROOTS = (
    "lora_te",
    "oft_te",
    "lora_prior_te",
    "text_encoder",
    "cond_stage_model.",
    "conditioner.",
    "base_model.model.text_model.",
    "lycoris_text_model",
    "text_model.",
    "clip_l.",
    "clip_g.",
    "t5.",
    "t5xxl.",
)
_ROOTS = (
    "lora_unet__",
    "lora_unet_",
    "lora_transformer_",
    "lora_prior_unet_",
    "lycoris_",
    "oft_unet_",
)
_MIXED_SHARE = 0.1
_ACCOMPANY = frozenset({"norm"})


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA's tensors, paired; `rest` are keys that belong to no module."""

    modules: Mapping[str, Roles]
    rest: list[str]
    keys: int

    @property
    def convincing(self) -> bool:
        """Whether most keys are a LoRA's: a checkpoint may hold a few leftovers."""
        if "qweight" in {key.rpartition(".")[2] for key in self.rest}:
            return False  # nunchaku: the low-rank branch of a quantised model
        real = any(role not in NEUTRAL for roles in self.modules.values() for role in roles)
        return real and self.keys - len(self.rest) > len(self.rest)


@dataclass(slots=True)
class LoraFacts:
    """What the tensors of a LoRA tell apart from its base."""

    algorithm: str | None = None
    dora: bool = False
    rank: int | None = None
    rank_range: tuple[int, int] | None = None
    broken: bool = False
    reasons: list[Reason] = field(default_factory=list)


def open_lora(tensors: Mapping[str, Tensor]) -> LoraFile:
    """Pair a header's tensors as a LoRA's."""
    modules, rest = group(tensors)
    return LoraFile(modules, rest, len(tensors))


def facts(lora: LoraFile) -> LoraFacts:
    """Return algorithm, rank and completeness, each with its reason."""
    found = LoraFacts()
    kinds: Counter[str] = Counter()
    ranks: Counter[int] = Counter()
    halves = 0
    for roles in lora.modules.values():
        kind = lora_module.algorithm(roles)
        if kind is None:
            continue
        kinds[kind] += 1
        rank = lora_module.rank(roles, kind)
        if rank is not None:
            ranks[rank] += 1
        if kind == "lora" and ("down" in roles) != ("up" in roles):
            halves += 1
        if "dora" in roles:
            found.dora = True
    _settle_algorithm(found, lora, kinds)
    _settle_rank(found, ranks)
    if found.dora:
        found.reasons.append(Reason("dora", "magnitude vectors are there: weight decomposition"))
    if halves:
        found.broken = True
        found.reasons.append(Reason("broken", f"{halves} modules lack one half of their pair"))
    return found


def _settle_algorithm(found: LoraFacts, lora: LoraFile, kinds: Counter[str]) -> None:
    chief = Counter({kind: n for kind, n in kinds.items() if kind not in _ACCOMPANY}) or kinds
    if not chief:
        return
    total = chief.total()
    large = [kind for kind, n in chief.items() if n > _MIXED_SHARE * total]
    name, count = chief.most_common(1)[0]
    if len(large) > 1:
        shares = ", ".join(f"{chief[kind]} {kind}" for kind in sorted(large))
        found.algorithm = "mixed"
        found.reasons.append(Reason("algorithm", f"modules of several algorithms: {shares}"))
        return
    text = f"{count} of {total} modules are {name} pairs"
    if name == "lora" and any(map(lora_module.convolves, lora.modules.values())):
        name, text = "locon", "low-rank pairs on convolutions wider than one pixel"
    found.algorithm = name
    found.reasons.append(Reason("algorithm", text))


def _settle_rank(found: LoraFacts, ranks: Counter[int]) -> None:
    if not ranks:
        return
    found.rank = ranks.most_common(1)[0][0]
    low, high = min(ranks), max(ranks)
    text = f"most modules have rank {found.rank}"
    if low != high:
        found.rank_range = (low, high)
        text += f", the range is {low} to {high}"
    found.reasons.append(Reason("rank", text))


def views(lora: LoraFile) -> tuple[View, dict[str, View]]:
    """Return the view of the denoiser's modules and one view for each text encoder root."""
    denoiser: list[str] = []
    texts: dict[str, list[str]] = {}
    for name in lora.modules:
        if name.startswith(_TEXT_ROOTS):
            texts.setdefault(_text_root(name), []).append(name)
        else:
            denoiser.append(name)
    lookup = lora.modules

    def size_of(name: str) -> tuple[int | None, int | None]:
        return lora_module.size(lookup[name])

    def dims_of(name: str) -> int | None:
        return lora_module.dims(lookup[name])

    return View(denoiser, size_of, dims_of=dims_of, prefix=_root(denoiser)), {
        root: View(names, size_of) for root, names in texts.items()
    }


def _root(names: list[str]) -> str:
    """Return what stands before the module path: a trainer's root or a wrapper."""
    if not names:
        return ""
    return next((root for root in _ROOTS if names[0].startswith(root)), "") or wrapper(names)


_NAMED_ROOTS = {"clip_l": "dotted", "clip_g": "dotted2", "t5": "dotted3", "t5xxl": "dotted3"}


def _text_root(name: str) -> str:
    """Return `te`, `te1`, `te2`, `te3`, `dotted`, `dotted2` … for a text encoder's module."""
    if name.startswith(("lora_te", "oft_te")):
        return name.split("_", 2)[1]
    if name.startswith("lora_prior_te"):
        return "prior"
    words = name.split(".", 2)
    if words[0] == "text_encoders" and len(words) > 1:
        return _NAMED_ROOTS.get(words[1], "dotted")
    if words[0].startswith("text_encoder"):
        return "dotted" + words[0].removeprefix("text_encoder").strip("_")
    return _NAMED_ROOTS.get(words[0], "dotted")

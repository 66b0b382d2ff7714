"""What the names of model files say: the step of a training, the precision of a copy.

Names are claims. They only bring candidates together; facts and evidence decide.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from loradex.formats.model_files import MODEL_SUFFIXES


class Counted(NamedTuple):
    """A name without what counts epochs or steps. Both are None in the name of a final file."""

    stem: str
    epoch: int | None
    step: int | None
    told: bool
    """The name counts, or says that it is the last."""


_LONGEST = 64
"""Characters at the end of a name that may count."""
_BEFORE = r"(?:(?<=.)[-_ .])"
_COUNTERS = tuple(
    re.compile(_BEFORE + pattern + r"\Z", re.IGNORECASE | re.ASCII)
    for pattern in (
        # OneTrainer: PREFIX-save-STEP-EPOCH-STEP_OF_EPOCH, with the time before "save".
        r"(?:\d{4}(?:[-_ ]\d\d){5}[-_ ])?save[- ](?P<step>\d{1,9})[- ](?P<epoch>\d{1,6})[- ]\d+",
        # sd-scripts: NAME-000010 is an epoch, NAME-step00001200 a step.
        r"(?P<epoch>0\d{5})",
        # ai-toolkit: NAME_000002000 is a step.
        r"(?P<step>0\d{6,8})",
        r"(?:(?:epochs?|ep)[-_ ]?|e)(?P<epoch>\d{1,6})",
        r"(?P<epoch>\d{1,6})[-_ ]?(?:epochs?|ep)",
        # Fewer than a hundred are the steps a distilled model draws in: `lightning-8steps`.
        r"(?:steps?[-_ ]?|s)(?P<step>0*[1-9]\d{2,8})",
        r"(?P<step>0*[1-9]\d{2,8})[-_ ]?steps?",
    )
)
_PLAIN_NUMBER = re.compile(_BEFORE + r"(?P<step>\d{2,7})\Z", re.ASCII)
"""A1111 writes embeddings and hypernetworks as NAME-500.pt; elsewhere a bare number may be
anything."""
_NUMBERED_KINDS = frozenset({"embedding", "hypernetwork"})
_LAST = re.compile(_BEFORE + r"(?:final|last)\Z", re.IGNORECASE)


def stem_of(file_name: str) -> str:
    """Return a file name without the suffix of a model file, in one Unicode form."""
    stem, dot, suffix = file_name.rpartition(".")
    if not stem or dot + suffix.lower() not in MODEL_SUFFIXES:
        stem = file_name
    return stem if stem.isascii() else unicodedata.normalize("NFC", stem)


def counted(stem: str, kind: str) -> Counted:
    """Take epoch and step off the end of a stem, and `final`; the rest is folded for comparing."""
    epoch: int | None = None
    step: int | None = None
    told = False
    for _ in range(2):  # NAME_e10_s1200
        match = _counter(stem, kind) if _may_count(stem, kind) else None
        if match is None:
            break
        found = match.groupdict()
        epoch = epoch if found.get("epoch") is None else int(found["epoch"])
        step = step if found.get("step") is None else int(found["step"])
        told, stem = True, stem[: match.start()]
    if not told and stem[-1:] in "ltLT" and (match := _LAST.search(stem)):
        told, stem = True, stem[: match.start()]
    return Counted(stem.casefold(), epoch, step, told)


def _may_count(stem: str, kind: str) -> bool:
    """Spare most names the closer looks: those do not end as any counter does."""
    rest = stem.rstrip("0123456789")
    number = stem[len(rest) :]
    if not number:
        return rest[-1:] in "pshPSH" and rest.rstrip("epochstEPOCHST_- ")[-1:].isdigit()
    if rest[-1:] in "-_ .":
        if kind in _NUMBERED_KINDS or (number[0] == "0" and len(number) > 5) or "save" in rest:
            return True
        rest = rest.rstrip("-_ ")
    return rest[-1:] in "ephsEPHS"


def _counter(stem: str, kind: str) -> re.Match[str] | None:
    start = max(len(stem) - _LONGEST, 0)
    patterns = (*_COUNTERS, _PLAIN_NUMBER) if kind in _NUMBERED_KINDS else _COUNTERS
    return next((match for one in patterns if (match := one.search(stem, start))), None)


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEAM = "\x1f"
"""Stands where a word begins within another, as in `8Pruned`."""
_PRECISION = re.compile(
    r"(?<![^ \x1f])(?:"
    # GGUF: q8 0, q4 k m, iq4 xs, tq1 0
    r"(?:i?q[1-8]|tq[12])(?: (?:[01]|k(?: (?:xl|[sml]))?|xxs|xs|nl|[sm]))?"
    r"|(?:fp|float|f)(?:16|32|64|8)|bf(?:loat)?16|(?:fp|nf|nvfp|mxfp)[48]|int[48]|w[48]a(?:4|8|16)"
    r"|e4m3(?:fn(?:uz)?)?|e5m2(?:fnuz)?|scaled|svdq(?:uant)?|bnb|gguf"
    r"|pruned|full|(?:non?|with|without)[ \x1f]?ema|ema(?:[ \x1f]?only)?"
    r")(?![^ \x1f])"
)
_BAKED = re.compile(
    r"(?<![^ \x1f])(?:(?:non?|with|without|baked)[ \x1f]?vae|vae(?:[ \x1f]?(?:baked|included))?"
    r"|baked)(?![^ \x1f])"
)
_HINT = re.compile(r"[fpqwt][1-8]|int|e[45]m|ema|runed|full|caled|svdq|bnb|gguf")
"""In every word that `_PRECISION` finds is one of these."""


def without_precision(stem: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return a stem in plain words less those for precision and parts, and the words taken away.

    A stem that is nothing else stays as it is.
    """
    folded = stem.casefold()
    precise = _HINT.search(folded) is not None
    baked = kind == "checkpoint" and ("vae" in folded or "baked" in folded)
    plain = " ".join(_in_words(folded).split())
    if not precise and not baked:
        return plain, ()
    rest = _in_words(_HUMP.sub(_SEAM, stem).casefold())
    words: list[str] = []
    for pattern, wanted in ((_PRECISION, precise), (_BAKED, baked)):
        if wanted and (found := pattern.findall(rest)):
            words += (word.replace(_SEAM, " ") for word in found)
            rest = pattern.sub(" ", rest)
    rest = " ".join(rest.replace(_SEAM, "").split())
    return (rest, tuple(words)) if words and rest else (plain, ())


def rough(file_name: str, kind: str) -> str:
    """Return what names that belong together have in common, whether they count or tell precision.

    Equal for any two that `counted` or `without_precision` make equal, and for some others.
    """
    plain = without_precision(stem_of(file_name), kind)[0]
    if plain[-1:] in "lt" or _may_count(plain, kind):
        return counted(plain, kind).stem
    return plain


def _in_words(text: str) -> str:
    text = text.replace("_", " ").replace("-", " ").replace(".", " ")
    if "(" in text or "[" in text or "+" in text or "," in text:
        for character in "()[]+,":
            text = text.replace(character, " ")
    return text


_GENERIC = frozenset(
    {
        "", "model", "models", "pytorch model", "diffusion pytorch model", "pytorch lora weights",
        "pytorch lora", "adapter model", "adapter", "lora", "unet", "transformer", "vae", "final",
        "last", "output", "checkpoint", "test", "new", "untitled", "my lora", "learned embeds",
    }
)  # fmt: skip


def says_nothing(plain: str) -> bool:
    """True for names that programs give to anything, and for names that are numbers only."""
    return plain in _GENERIC or not any(character.isalpha() for character in plain)

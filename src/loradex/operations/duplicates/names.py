"""What the names of model files say: the step of a training, the precision of a copy.

Names are claims. They only bring candidates together; facts and evidence decide.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from loradex.formats.model_files import MODEL_SUFFIXES


@dataclass(frozen=True, slots=True)
class Counted:
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
        r"(?:\d{4}-\d\d-\d\d[-_]\d\d-\d\d-\d\d[-_])?save-(?P<step>\d{1,9})-(?P<epoch>\d{1,6})-\d+",
        # sd-scripts: NAME-000010 is an epoch, NAME-step00001200 a step.
        r"(?P<epoch>0\d{5})",
        # ai-toolkit: NAME_000002000 is a step.
        r"(?P<step>0\d{6,8})",
        r"(?:epochs?|ep|e)[-_ ]?(?P<epoch>\d{1,6})",
        r"(?P<epoch>\d{1,6})[-_ ]?(?:epochs?|ep)",
        # Fewer than a hundred are the steps a distilled model draws in: `lightning-8steps`.
        r"(?:steps?|s)[-_ ]?(?P<step>0*[1-9]\d{2,8})",
        r"(?P<step>0*[1-9]\d{2,8})[-_ ]?(?:steps?|s)",
    )
)
_MAYBE_COUNTED = re.compile(
    r"[-_ .](?:epochs?|ep?|steps?|s)?[-_ ]?\d{1,9}[-_ ]?(?:epochs?|ep|steps?|s)?\Z",
    re.IGNORECASE | re.ASCII,
)
"""What any of these ends with; it spares most names the closer looks."""
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
        match = _counter(stem, kind) if stem[-1:].isdigit() or stem[-1:] in "pshPSH" else None
        if match is None:
            break
        found = match.groupdict()
        epoch = epoch if found.get("epoch") is None else int(found["epoch"])
        step = step if found.get("step") is None else int(found["step"])
        told, stem = True, stem[: match.start()]
    if not told and stem[-1:] in "ltLT" and (match := _LAST.search(stem)):
        told, stem = True, stem[: match.start()]
    return Counted(stem.casefold(), epoch, step, told)


def _counter(stem: str, kind: str) -> re.Match[str] | None:
    start = max(len(stem) - _LONGEST, 0)
    if _MAYBE_COUNTED.search(stem, start) is None:
        return None
    patterns = (*_COUNTERS, _PLAIN_NUMBER) if kind in _NUMBERED_KINDS else _COUNTERS
    return next((match for one in patterns if (match := one.search(stem, start))), None)


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[\s_.\-+()\[\],]+")
_PRECISION = re.compile(
    r"(?<![^ ])(?:"
    # GGUF: q8 0, q4 k m, iq4 xs, tq1 0
    r"(?:i?q[1-8]|tq[12])(?: (?:[01]|k(?: (?:xl|[sml]))?|xxs|xs|nl|[sm]))?"
    r"|(?:fp|float|f)(?:16|32|64|8)|bf(?:loat)?16|(?:fp|nf|nvfp|mxfp)[48]|int[48]|w[48]a(?:4|8|16)"
    r"|e4m3(?:fn(?:uz)?)?|e5m2(?:fnuz)?|scaled|svdq(?:uant)?|bnb|gguf"
    r"|pruned|full|(?:no|non|with|without) ?ema|ema(?: ?only)?"
    r")(?![^ ])"
)
_BAKED = re.compile(
    r"(?<![^ ])(?:(?:no|non|with|without|baked) ?vae|vae(?: ?(?:baked|included))?|baked)(?![^ ])"
)
_MAYBE = re.compile(r"[qfp][1-8]|loat|int|e4|e5|w[48]|ema|pruned|full|scaled|svdq|bnb|gguf|nf4")


def without_precision(stem: str, kind: str) -> tuple[str, tuple[str, ...]]:
    """Return a stem in plain words less those for precision and parts, and the words taken away.

    A stem that is nothing else stays as it is.
    """
    plain = _BREAKS.sub(" ", _HUMP.sub(" ", stem)).strip().casefold()
    words: list[str] = []
    if _MAYBE.search(plain):
        words += _PRECISION.findall(plain)
        plain = _PRECISION.sub(" ", plain)
    if kind == "checkpoint" and ("vae" in plain or "baked" in plain):
        words += _BAKED.findall(plain)
        plain = _BAKED.sub(" ", plain)
    if not words:
        return plain, ()
    rest = " ".join(plain.split())
    return (rest, tuple(words)) if rest else (" ".join(words), ())


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

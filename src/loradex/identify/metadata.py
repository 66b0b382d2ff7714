"""What a header's metadata claims: the base, the derivative, the prediction type.

Metadata is a claim. It chooses among what tensors allow and is never let to overrule them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from loradex.domain.kinds import BaseModel as B

_BASE_KEYS = ("ss_base_model_version", "modelspec.architecture", "general.architecture")

# Searched in order in the lower-case value with `_`, `.` and blanks as `-`.
_BASE_WORDS: tuple[tuple[str, B], ...] = (
    (r"chroma1?-radiance", B.CHROMA_RADIANCE),
    (r"chroma", B.CHROMA),
    (r"flux-?2", B.FLUX2),
    (r"flux", B.FLUX1),
    (r"refiner", B.SDXL_REFINER),
    (r"sdxl|stable-diffusion-xl|^ssd|^vega", B.SDXL),
    (r"^(5-)?(medium|large)|^sd-?3|stable-diffusion-v?3", B.SD3),
    (r"^sd-?v?2|stable-diffusion-v2", B.SD2),
    (r"^sd-?v?1|stable-diffusion-v1", B.SD1),
    (r"stable-video|^svd", B.SVD),
    (r"hunyuan-?image", B.HUNYUAN_IMAGE_2_1),
    (r"hunyuan-?video-1-5", B.HUNYUAN_VIDEO_1_5),
    (r"hunyuan-?video|framepack|hyvid", B.HUNYUAN_VIDEO),
    (r"hunyuan-?dit|hydit", B.HUNYUAN_DIT),
    (r"hunyuan-?3d", B.HUNYUAN3D),
    (r"qwen-image-2-1", B.QWEN_IMAGE_2_1),
    (r"qwen-image", B.QWEN_IMAGE),
    (r"z-?image", B.Z_IMAGE),
    (r"lumina-?2", B.LUMINA2),
    (r"^wan", B.WAN),
    (r"ltx-?v?-?2|^ltxav", B.LTX2),
    (r"ltx", B.LTX_VIDEO),
    (r"mochi", B.MOCHI),
    (r"^anima(-|$)", B.ANIMA),
    (r"cosmos-predict2|cosmos-2", B.COSMOS_PREDICT2),
    (r"krea-?2", B.KREA2),
    (r"ideogram-?4", B.IDEOGRAM4),
    (r"hidream(?!-o1)", B.HIDREAM),
    (r"^aura", B.AURAFLOW),
    (r"pixart", B.PIXART),
    (r"^sana", B.SANA),
    (r"cascade|wuerstchen", B.CASCADE),
    (r"omnigen-?2", B.OMNIGEN2),
    (r"ernie", B.ERNIE_IMAGE),
    (r"kandinsky-?5", B.KANDINSKY5),
    (r"cogview-?4", B.COGVIEW4),
    (r"cogvideo", B.COGVIDEOX),
    (r"ovis", B.OVIS_IMAGE),
    (r"longcat", B.LONGCAT_IMAGE),
    (r"ace-?step", B.ACE_STEP),
    (r"stable-audio", B.STABLE_AUDIO),
    (r"kolors", B.KOLORS),
    (r"minimax", B.MINIMAX_H3),
    (r"^prx", B.PRX),
    (r"^bria|^fibo", B.BRIA),
    (r"allegro", B.ALLEGRO),
)
# Models that share a header with a plainer one, told by name only: variant.
_VARIANT_WORDS: tuple[tuple[str, B, str], ...] = (
    (r"kontext", B.FLUX1, "kontext"),
    (r"krea-?dev|flux-?1-krea", B.FLUX1, "krea"),
    (r"qwen-image-layered", B.QWEN_IMAGE, "layered"),
    (r"qwen-image-edit", B.QWEN_IMAGE, "edit"),
    (r"framepack", B.HUNYUAN_VIDEO, "framepack"),
)
_SEPARATORS = re.compile(r"[_.\s]+")
_MOST_REMEMBERED = 512
"""Values of metadata whose base or variant is remembered: at most 200 characters each."""
_LONGEST = 4000
"""Characters of a value that are read: merge recipes can be megabytes."""

_DERIVATIVE_KEYS = (
    "ss_sd_model_name",
    "modelspec.merged_from",
    "sd_merge_models",
    "sd_merge_recipe",
    "recipe",
    "modelspec.title",
)
# Whole words only: `il` is in film, `pony` in ponytail.
_DERIVATIVES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("noobai", re.compile(r"(?<![a-z])(noob(?![a-z])|noobai|noobxl|naixl)")),
    ("illustrious", re.compile(r"(?<![a-z])(illustrious|ilxl|ilv?\d|wai(?![a-z]))")),
    ("pony", re.compile(r"(?<![a-z])(pony(?=diffusion|xl|v\d|real)|pony(?![a-z])|pdxl)|v6start")),
    ("animagine", re.compile(r"(?<![a-z])animagine")),
)
_MAY_BE_DERIVATIVE = re.compile("noob|naixl|il|wai|pony|pdxl|v6start|animagine")
"""What any of these patterns begins with or is, without regard to what stands before it."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Claim:
    """A base that metadata names, and where."""

    base: B
    key: str
    value: str
    fallback: bool = False
    """A value that a trainer also writes when it knows nothing."""


def base_claims(metadata: Mapping[str, str]) -> list[Claim]:
    """Return the bases that metadata names, most specific field first."""
    claims: list[Claim] = []
    for key in _BASE_KEYS:
        value = _text(metadata, key)[:200]
        if not value:
            continue
        base = _named_base(value)
        if base is not None:
            weak = key == "general.architecture" or value == "sd_1.5"
            claims.append(Claim(base, key, value, weak))
    return claims


@lru_cache(maxsize=_MOST_REMEMBERED)
def _named_base(value: str) -> B | None:
    """Return the base that a value names. A library's values are few: each is searched once."""
    word = _SEPARATORS.sub("-", value.lower().partition("/")[0])
    return next((base for pattern, base in _BASE_WORDS if re.search(pattern, word)), None)


def variant(metadata: Mapping[str, str], base: B | None) -> tuple[str, str] | None:
    """Return a variant of `base` that only names tell, and where it is named."""
    for key in _BASE_KEYS[:2]:
        name = _named_variant(_text(metadata, key)[:200], base)
        if name is not None:
            return name, f"`{key}` says {name}"
    return None


@lru_cache(maxsize=_MOST_REMEMBERED)
def _named_variant(value: str, base: B | None) -> str | None:
    word = _SEPARATORS.sub("-", value.lower())
    return next(
        (name for pattern, of, name in _VARIANT_WORDS if of is base and re.search(pattern, word)),
        None,
    )


def _text(metadata: Mapping[str, str], key: str) -> str:
    value = metadata.get(key, "")
    return value if isinstance(value, str) else str(value)


def derivative(metadata: Mapping[str, str], file_name: str) -> tuple[str, str] | None:
    """Return an SDXL derivative named in metadata or else in the file name, and why."""
    fields = [(f"`{key}`", _text(metadata, key)) for key in _DERIVATIVE_KEYS]
    for place, value in (*fields, ("the file name", file_name)):
        found = derivative_word(value)
        if found:
            return found, f"{place} names {found}"
    return None


def derivative_word(text: str) -> str | None:
    """Return the SDXL derivative whose word is in `text`, None for none."""
    cut = text[:_LONGEST]
    lower = cut.lower()
    if _MAY_BE_DERIVATIVE.search(lower) is None:  # as of most names: blanks make no new words
        return None
    both = f"{lower}\n{_CAMEL.sub(' ', cut).lower()}"
    return next((name for name, pattern in _DERIVATIVES if pattern.search(both)), None)


def prediction(metadata: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the prediction type that metadata states, and where."""
    for key in ("modelspec.prediction_type", "scheduler.prediction_type"):
        word = _text(metadata, key).lower()
        if word.startswith(("v", "eps")):
            return "v_prediction" if word.startswith("v") else "epsilon", f"`{key}` says so"
    if _text(metadata, "ss_v_parameterization").lower() == "true":
        return "v_prediction", "`ss_v_parameterization` is True"
    if _text(metadata, "ss_base_model_version").endswith("_v"):
        return "v_prediction", "`ss_base_model_version` ends in _v"
    if "-768-v" in _text(metadata, "modelspec.architecture"):
        return "v_prediction", "`modelspec.architecture` ends in -768-v"
    return None


def zero_terminal_snr(metadata: Mapping[str, str]) -> bool:
    """Return whether training or a folder's scheduler is set to zero terminal SNR."""
    keys = ("ss_zero_terminal_snr", "scheduler.rescale_betas_zero_snr")
    return any(_text(metadata, key).lower() == "true" for key in keys)


def trained_algorithm(metadata: Mapping[str, str]) -> str | None:
    """Return the algorithm a trainer wrote down, lower case; None when it did not."""
    module = _text(metadata, "ss_network_module").lower()
    if "dylora" in module:
        return "dylora"
    try:
        arguments = json.loads(_text(metadata, "ss_network_args")[:_LONGEST] or "{}")
    except (ValueError, RecursionError):
        return None
    algo = arguments.get("algo") if isinstance(arguments, dict) else None
    return algo.lower() if isinstance(algo, str) else None

"""Every field of the query language, in one table."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.catalog.query import hub_fields, own_fields, place_fields, verdict_fields
from loradex.catalog.query.builders import (
    Field,
    date,
    date_in,
    equals,
    known_words,
    number,
    number_in,
    text_in,
    word,
    yes,
)
from loradex.catalog.query.condition import Condition, among, plain
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.text import escaped
from loradex.catalog.query.values import level_range, size_range
from loradex.catalog.query.words import (
    BASE_WORDS,
    DERIVATIVES,
    KIND_WORDS,
    LEVELS,
    PLACE_STATES,
    STATES,
)
from loradex.domain.safety import Safety

__all__ = ["BASE_WORDS", "DERIVATIVES", "FIELDS", "KIND_WORDS", "Field"]

_TRAINED = "SELECT content_id FROM training WHERE"
_DIGESTS = ("sha256", "autov3", "autov1", "blake3", "crc32")
_HEX = frozenset("0123456789abcdef")


def _kind(scene: Scene, value: Value) -> Condition:
    kind = KIND_WORDS.get(value.text.lower().replace("-", "_"))
    if kind is None:
        raise scene.unknown(value, "kind", KIND_WORDS)
    return Condition("content.kind = ?", (kind,))


def _base(scene: Scene, value: Value) -> Condition:
    asked = value.text.lower()
    if asked in DERIVATIVES:
        return Condition("content.derivative = ?", (asked,))
    if asked == "unknown":
        return Condition("content.base IS NULL")
    base = BASE_WORDS.get(asked)
    if base is None:
        raise scene.unknown(value, "base model", (*BASE_WORDS, *DERIVATIVES, "unknown"))
    return Condition("content.base = ?", (base,))


def _is(scene: Scene, value: Value) -> Condition:
    state = STATES.get(value.text.lower())
    if state is None:
        raise scene.unknown(value, "state", STATES)
    return plain(state)


def _hash(scene: Scene, value: Value) -> Condition:
    """Look for a hash by its beginning, whichever of the six it is of."""
    digits = value.text.lower().removeprefix("0x")
    if not digits or not set(digits) <= _HEX:
        raise scene.wrong(
            value, f"{value.text!r} is no hash.", "A hash has the digits 0 to 9 and a to f only."
        )
    high = f"{digits}g"  # the first letter after every hex digit: a prefix as an indexable range
    return among(
        " UNION ALL ".join(
            f"SELECT id FROM content WHERE {name} >= ? AND {name} < ?" for name in _DIGESTS
        ),
        *(bound for _ in _DIGESTS for bound in (digits, high)),
    )


def _level(scene: Scene, value: Value) -> Condition:
    sql, params = level_range(scene.query, value, LEVELS).sql("content.content_level")
    return Condition(f"(content.content_level > 0 AND {sql})", tuple(params))


def _nsfw(scene: Scene, value: Value) -> Condition:
    sign = ">=" if yes(scene, value) else "<"
    return Condition(f"(content.content_level > 0 AND content.content_level {sign} ?)", (4,))


def _part(_scene: Scene, value: Value) -> Condition:
    return among(
        "SELECT id FROM content WHERE parts <> '[]' AND parts LIKE ? ESCAPE '\\'",
        f'%"{escaped(value.text.lower().replace("-", "_"))}%',
    )


def _id(scene: Scene, value: Value) -> Condition:
    if not value.text.isdecimal() or len(value.text) > 18:
        raise scene.wrong(value, f"{value.text!r} is no number.", "As `loradex list` prints them.")
    return Condition("content.id = ?", (int(value.text),))


FIELDS: Mapping[str, Field] = {
    "kind": Field(_kind, "content.kind = 'unknown'", "checkpoint, lora, controlnet, vae …"),
    "base": Field(_base, "content.base IS NULL", "sd1, sdxl, flux1 …, or pony, illustrious"),
    "derivative": Field(
        word("content.derivative", "derivative", known_words(DERIVATIVES)),
        "content.derivative IS NULL",
        ", ".join(DERIVATIVES),
    ),
    "variant": Field(
        equals("content.variant"), "content.variant IS NULL", "inpaint, dev, schnell, 3.5-large …"
    ),
    **own_fields.OWN_FIELDS,
    **verdict_fields.VERDICT_FIELDS,
    **place_fields.PLACE_FIELDS,
    "size": Field(number("content.size", size_range), None, "size:>2GB, size:10MB..200MB"),
    "rank": Field(number("content.rank"), "content.rank IS NULL", "a LoRA's rank: rank:16.."),
    "alpha": Field(
        number_in(_TRAINED, "alpha"),
        f"content.id NOT IN ({_TRAINED} alpha IS NOT NULL)",
        "a LoRA's alpha, as its header says",
    ),
    "copies": Field(number("content.copies"), "content.copies = 0", "how often it is there: >1"),
    "added": Field(date("content.added_at"), None, "added:<30d, added:2026-01-01.."),
    "hash": Field(_hash, STATES["unhashed"], "the beginning of any of its hashes"),
    "algorithm": Field(
        equals("content.algorithm"), "content.algorithm IS NULL", "lora, locon, loha, lokr …"
    ),
    "dtype": Field(equals("content.dtype"), "content.dtype IS NULL", "F16, BF16, F32 …"),
    "quantisation": Field(
        equals("content.quantisation"), "content.quantisation IS NULL", "nf4, gguf-* …"
    ),
    "prediction": Field(
        equals("content.prediction"), "content.prediction IS NULL", "epsilon, v_prediction, flow …"
    ),
    "format": Field(equals("content.format"), None, "safetensors, gguf, pickle, diffusers"),
    "part": Field(
        _part, "content.parts = '[]'", "what is inside: denoiser, text_encoder, vae, ema …"
    ),
    "safety": Field(
        word("content.safety", "verdict", known_words(Safety)),
        "content.safety IS NULL",
        "safe, suspicious, dangerous, broken, unscanned",
    ),
    "state": Field(
        word("content.state", "state", known_words(PLACE_STATES)), None, ", ".join(PLACE_STATES)
    ),
    "level": Field(
        _level,
        "coalesce(content.content_level, 0) = 0",
        "the strongest picture: pg, pg13, r, x, xxx; level:..r",
    ),
    "nsfw": Field(_nsfw, "coalesce(content.content_level, 0) = 0", "yes from R on, or no"),
    "trained": Field(
        date_in(_TRAINED, "trained_at"),
        f"content.id NOT IN ({_TRAINED} trained_at IS NOT NULL)",
        "when it was trained, as its header says: trained:2025",
    ),
    "title": Field(
        text_in(_TRAINED, "title"),
        f"content.id NOT IN ({_TRAINED} title IS NOT NULL)",
        "part of the title in its header",
        f"content.id IN ({_TRAINED} title REGEXP ?)",
    ),
    "author": Field(
        text_in(_TRAINED, "author"),
        f"content.id NOT IN ({_TRAINED} author IS NOT NULL)",
        "part of the author in its header",
        f"content.id IN ({_TRAINED} author REGEXP ?)",
    ),
    **hub_fields.HUB_FIELDS,
    "id": Field(_id, None, "the number that `loradex list` prints"),
    "is": Field(_is, None, ", ".join(name for name in STATES if name != "favorite")),
}
"""Collections and custom fields are each catalog's own: `compiler` adds them."""

ALIASES: Mapping[str, str] = {
    "mtime": "changed", "modified": "changed", "extension": "ext", "favorite": "favourite",
    "fav": "favourite", "words": "trigger", "word": "trigger", "stars": "rating",
    "tags": "tag", "quantization": "quantisation", "quant": "quantisation", "license": "licence",
    "by": "creator", "dir": "folder", "filename": "file", "algo": "algorithm", "dim": "rank",
    "notes": "note", "lib": "library", "content": "level", "network_alpha": "alpha",
}  # fmt: skip
"""Other words for fields, as other tools have them."""

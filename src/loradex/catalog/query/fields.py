"""Every field of the query language, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from loradex.catalog.query import text
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.text import Condition
from loradex.catalog.query.values import Range, date_range, number_range, size_range
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.safety import Safety
from loradex.errors import QueryError


@dataclass(frozen=True, slots=True)
class Scene:
    """What a value is read in: the whole query, for error messages, and the time it is now."""

    query: str
    now: float


Build = Callable[[Scene, Value], Condition]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: how a value becomes SQL, and what `field:` with nothing after it means."""

    build: Build
    empty: str | None
    help: str


KIND_WORDS: Mapping[str, str] = {
    **{kind.value: kind.value for kind in ModelKind},
    "ckpt": "checkpoint", "checkpoints": "checkpoint", "model": "checkpoint",
    "unet": "diffusion_model", "diffusion": "diffusion_model", "transformer": "diffusion_model",
    "loras": "lora", "locon": "lora", "lycoris": "lora",
    "ti": "embedding", "textual_inversion": "embedding", "embeddings": "embedding",
    "cn": "controlnet", "t2i": "t2i_adapter", "ipadapter": "ip_adapter",
    "clip": "text_encoder", "motion": "motion_module", "style": "style_model",
}  # fmt: skip
BASE_WORDS: Mapping[str, str] = {
    **{base.value: base.value for base in BaseModel},
    "sd15": "sd1", "sd1.5": "sd1", "sd-1.5": "sd1", "sd2.1": "sd2", "sd21": "sd2",
    "xl": "sdxl", "sd3.5": "sd3", "sd35": "sd3", "flux": "flux1", "flux.1": "flux1",
    "flux.2": "flux2", "qwen": "qwen-image", "zimage": "z-image", "lumina": "lumina2",
}  # fmt: skip
DERIVATIVES = ("pony", "illustrious", "noobai", "animagine")

_DRAWN = (
    "SELECT content_id FROM grid_model JOIN cell ON cell.grid_id = grid_model.grid_id"
    " JOIN render ON render.key = cell.key WHERE render.path IS NOT NULL"
)
"""Models with at least one picture."""

STATES: Mapping[str, str] = {
    "favourite": "content.favourite = 1",
    "favorite": "content.favourite = 1",
    "matched": "content.matched = 1",
    "unmatched": "content.matched = 0",
    "untagged": "content.tags = '[]'",
    "tagged": "content.tags <> '[]'",
    "rated": "content.rating IS NOT NULL",
    "unrated": "content.rating IS NULL",
    "noted": "content.id IN (SELECT content_id FROM annotation WHERE note <> '')",
    "present": "content.state = 'present'",
    "missing": "content.state = 'missing'",
    "offline": "content.state = 'offline'",
    "unreadable": "content.state = 'unreadable'",
    "broken": "(content.broken = 1 OR content.state = 'unreadable')",
    "duplicate": "content.copies > 1",
    "hashed": "content.sha256 IS NOT NULL",
    "unhashed": "content.sha256 IS NULL",
    "unknown": "(content.kind = 'unknown' OR content.base IS NULL)",
    "dora": "content.dora = 1",
    "tested": f"content.id IN ({_DRAWN})",
    "untested": f"content.id NOT IN ({_DRAWN})",
    "unsafe": "content.safety IN ('suspicious', 'dangerous', 'broken', 'unscanned')",
}  # fmt: skip


def _wrong_value(scene: Scene, value: Value, what: str, known: Mapping[str, str]) -> QueryError:
    near = get_close_matches(value.text.lower(), known, n=1, cutoff=0.7)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}."
    return QueryError(
        f"There is no {what} {value.text!r}.",
        query=scene.query,
        position=value.position,
        length=max(value.length, 1),
        hint=hint,
    )


def _kind(scene: Scene, value: Value) -> Condition:
    kind = KIND_WORDS.get(value.text.lower().replace("-", "_"))
    if kind is None:
        raise _wrong_value(scene, value, "kind", KIND_WORDS)
    return "content.kind = ?", [kind]


def _base(scene: Scene, value: Value) -> Condition:
    word = value.text.lower()
    if word in DERIVATIVES:
        return "content.derivative = ?", [word]
    if word == "unknown":
        return "content.base IS NULL", []
    base = BASE_WORDS.get(word)
    if base is None:
        known = {**BASE_WORDS, **dict.fromkeys(DERIVATIVES, ""), "unknown": ""}
        raise _wrong_value(scene, value, "base model", known)
    return "content.base = ?", [base]


def _is(scene: Scene, value: Value) -> Condition:
    state = STATES.get(value.text.lower())
    if state is None:
        raise _wrong_value(scene, value, "state", STATES)
    return state, []


def _safety(scene: Scene, value: Value) -> Condition:
    word = value.text.lower()
    if word not in set(Safety):
        raise _wrong_value(scene, value, "verdict", dict.fromkeys(Safety, ""))
    return "content.safety = ?", [word]


def _tag(_scene: Scene, value: Value) -> Condition:
    return (
        "content.id IN (SELECT link.content_id FROM tag JOIN content_tag AS link"
        " ON link.tag_id = tag.id WHERE tag.folded = ?"
        " GROUP BY link.content_id HAVING max(link.removed) = 0)",
        [value.text.casefold()],
    )


def _hash(_scene: Scene, value: Value) -> Condition:
    digits = value.text.lower()
    columns = ("sha256", "autov3", "autov1", "blake3", "crc32")
    high = digits + "g"  # the first letter after every hex digit: a prefix as an indexable range
    return (
        "(" + " OR ".join(f"content.{name} >= ? AND content.{name} < ?" for name in columns) + ")",
        [bound for _ in columns for bound in (digits, high)],
    )


def _words_in(column: str) -> Build:
    return lambda _scene, value: text.in_column(column, value.text)


def _part_of(column: str) -> Build:
    return lambda _scene, value: text.in_part(column, value.text)


def _equals(column: str) -> Build:
    return lambda _scene, value: (f"lower({column}) = ?", [value.text.lower()])


def _number(column: str, read: Callable[[str, Value], Range] = number_range) -> Build:
    def build(scene: Scene, value: Value) -> Condition:
        sql, params = read(scene.query, value).sql(column)
        return f"({sql})", list(params)

    return build


def _date(column: str) -> Build:
    def build(scene: Scene, value: Value) -> Condition:
        sql, params = date_range(scene.query, value, scene.now).sql(column)
        return f"({sql})", list(params)

    return build


FIELDS: Mapping[str, Field] = {
    "kind": Field(_kind, None, "checkpoint, lora, controlnet, vae, embedding …"),
    "base": Field(_base, "content.base IS NULL", "sd1, sdxl, flux1 …, or pony, illustrious"),
    "tag": Field(_tag, "content.tags = '[]'", "a tag, whole; tag: alone means no tag"),
    "name": Field(_part_of("name"), None, "part of the name, or of a file's"),
    "path": Field(_part_of("path"), None, "part of the path or file name of any copy"),
    "trigger": Field(_words_in("words"), "content.words = '[]'", "a trigger word"),
    "note": Field(_words_in("notes"), None, "a word in your note"),
    "rating": Field(_number("content.rating"), "content.rating IS NULL", "1 to 5: rating:4.."),
    "size": Field(_number("content.size", size_range), None, "size:>2GB, size:10MB..200MB"),
    "rank": Field(_number("content.rank"), "content.rank IS NULL", "a LoRA's rank: rank:16.."),
    "added": Field(_date("content.added_at"), None, "added:<30d, added:2026-01-01.."),
    "hash": Field(_hash, "content.sha256 IS NULL", "the beginning of any of its hashes"),
    "algorithm": Field(_equals("content.algorithm"), None, "lora, locon, loha, lokr …"),
    "dtype": Field(_equals("content.dtype"), None, "F16, BF16, F32 …"),
    "format": Field(_equals("content.format"), None, "safetensors, gguf, pickle, diffusers"),
    "safety": Field(
        _safety, "content.safety IS NULL", "safe, suspicious, dangerous, broken, unscanned"
    ),
    "is": Field(_is, None, ", ".join(name for name in STATES if name != "favorite")),
}  # fmt: skip

SORTS: Mapping[str, str] = {
    "name": "content.name",
    "added": "content.added_at",
    "size": "content.size",
    "rating": "content.rating",
    "kind": "content.kind",
    "base": "content.base",
    "path": "content.path",
    "copies": "content.copies",
}

"""What a trainer or author wrote into a model's metadata.

Dialects: kohya's `ss_*` and `sshs_*` (sd-scripts, musubi-tuner), Stability's `modelspec.*`,
ai-toolkit (a few `ss_*`, its trigger word disguised as a tag table), OneTrainer (`ot_config`, its
configuration as JSON) and PEFT (`lora_adapter_metadata`). All of it is claims: tensors decide.
Values are untrusted and may hold anything; what makes no sense is left out, nothing raises.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from operator import itemgetter
from typing import Annotated

import msgspec
from msgspec import Meta

from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.text import storable, trained_words

MOST_TAGS = 50

_NAME = 256
_SENTENCE = 2_000
_TEXT = 20_000
_LONGEST_JSON = 8 * 1024 * 1024
_MOST_COUNTED = 200_000
_HIGHEST_COUNT = 1_000_000_000
_MOST_TRIGGERS = 16
_MOST_FOLDERS = 1_000
_MOST_LOOKED_AT = 2 * MOST_TAGS
"""Captions that are cleaned, or searched for a trigger word: a table may have thousands. They are
more than shall show, since some may turn out empty or equal."""

_SHA256 = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_NUMBERS = re.compile(r"[0-9]{1,6}")
_REPEATS = re.compile(r"[0-9]{1,6}_(.+)", re.DOTALL)
_NOTHING = {"", "none", "null", "n/a", "unknown"}


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """Claims of the metadata; None or empty where it says nothing that makes sense."""

    title: str | None = None
    author: str | None = None
    description: str | None = None
    claimed_tensor_hash: str | None = None
    """SHA-256 of the tensor bytes as the trainer saw them: 64 lower-case hex digits. It goes
    stale when a tool rewrites tensors, and is never the hash of nothing."""
    trigger_words: tuple[str, ...] = ()
    """Stated by the author, else the name of a training folder that its own captions repeat."""
    tag_counts: tuple[tuple[str, int], ...] = ()
    """Most frequent captions over all training folders, at most `MOST_TAGS`, commonest first."""
    base_model_hint: str | None = None
    """File name of the model it was trained on."""
    resolution: str | None = None
    """`1024x1024`"""
    trained_at: float | None = None
    """Seconds since 1970, UTC."""
    network_dim: int | None = None
    network_alpha: float | None = None


def describe(metadata: Mapping[str, str]) -> TrainingFacts:
    """Return what the metadata claims."""
    tables = _tag_tables(metadata.get("ss_tag_frequency", ""))
    commonest = _commonest(_summed(tables))
    config = _object(metadata.get("ot_config", ""))
    adapter = _object(metadata.get("lora_adapter_metadata", ""))
    return TrainingFacts(
        title=_first(metadata, "modelspec.title", "ss_output_name", "general.name", limit=_NAME),
        author=_first(metadata, "modelspec.author", "general.author", limit=_NAME),
        description=_first(metadata, "modelspec.description", limit=_TEXT),
        claimed_tensor_hash=_tensor_hash(metadata),
        trigger_words=_trigger_words(metadata, tables, commonest),
        tag_counts=_top(commonest),
        base_model_hint=_base_model(metadata, config),
        resolution=_resolution(metadata, config),
        trained_at=_trained_at(metadata),
        network_dim=_dim(metadata, config, adapter),
        network_alpha=_alpha(metadata, config, adapter),
    )


def _first(metadata: Mapping[str, str], *keys: str, limit: int) -> str | None:
    for key in keys:
        text = storable(metadata.get(key, "").strip(), limit)
        if text.lower() not in _NOTHING:
            return text
    return None


def _tensor_hash(metadata: Mapping[str, str]) -> str | None:
    for key in ("sshs_model_hash", "modelspec.hash_sha256"):
        match = _SHA256.fullmatch(metadata.get(key, "").strip())
        if match is not None and match[1].lower() != EMPTY_SHA256:
            return match[1].lower()
    return None


# Tags and trigger words

_Tables = dict[str, dict[str, int]]
"""Training folder to caption to count, as the trainer spelled them."""

_tables = msgspec.json.Decoder(dict[str, dict[str, Annotated[int, Meta(ge=0, le=_HIGHEST_COUNT)]]])


def _tag_tables(text: str) -> _Tables:
    """Return the tables. One that was cut or holds odd values is read as far as it makes sense."""
    if not text:
        return {}
    if len(text) <= _LONGEST_JSON:
        try:
            return _tables.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
    tables: _Tables = {}
    for folder, caption, count in _whole(text) or _piecemeal(text):
        table = tables.setdefault(folder, {})
        table[caption] = table.get(caption, 0) + count
    return tables


_Counted = Iterable[tuple[str, str, int]]


def _whole(text: str) -> _Counted:
    """Pick captions and counts out of JSON that is sound but for some odd values."""
    result: list[tuple[str, str, int]] = []
    for folder, captions in _object(text).items():
        if not isinstance(captions, dict):
            continue
        for caption, count in captions.items():
            if len(result) >= _MOST_COUNTED:
                return result
            if isinstance(caption, str) and (number := _count(count)):
                result.append((folder, caption, number))
    return result


_STRING = re.compile(
    r'"((?:[^"\\]++|\\.)*+)(?:("(?:\s*+:\s*+(?:(\{)|([0-9]{1,9}+)\b))?+)|\\?\Z)', re.DOTALL
)
"""A whole string with what a folder or a count has behind it. Nothing in it can match in two ways
and one without an end matches too, so that no text is gone over twice."""


def _piecemeal(text: str) -> Iterator[tuple[str, str, int]]:
    """Pick captions and counts out of JSON that was cut somewhere."""
    folder = ""
    for match in islice(_STRING.finditer(text[:_LONGEST_JSON]), _MOST_COUNTED):
        string, ended, opens, count = match.groups()
        if not ended:
            return
        if not 0 < len(string) <= _SENTENCE:
            continue
        if opens:
            folder = _unescaped(string)
        elif count:
            yield folder, _unescaped(string), int(count)


def _unescaped(text: str) -> str:
    try:
        return msgspec.json.decode(f'"{text}"'.encode("utf-8", "replace"), type=str)
    except msgspec.DecodeError:
        return text


def _count(value: object) -> int:
    """Return a count, 0 for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # The comparison comes first: neither NaN nor infinity can be made an int.
    return int(value) if 0 < value <= _HIGHEST_COUNT else 0


_Common = list[tuple[str, int]]


def _top(commonest: _Common) -> tuple[tuple[str, int], ...]:
    cleaned: dict[str, int] = {}
    for caption, count in commonest:
        shown = caption.strip()
        if len(shown) > _NAME or not shown.isascii() or "\x00" in shown:
            shown = storable(shown, _NAME)
        cleaned[shown] = count + cleaned[shown] if shown in cleaned else count
    cleaned.pop("", None)
    # Sorts keep the order of what is equal: quicker than a key that is a pair.
    ranked = sorted(sorted(cleaned.items()), key=itemgetter(1), reverse=True)
    return tuple(ranked[:MOST_TAGS])


def _summed(tables: _Tables) -> Mapping[str, int]:
    if len(tables) == 1:
        return next(iter(tables.values()))
    each = iter(tables.values())
    total = dict(next(each, {}))
    for table in each:
        for caption, count in table.items():
            total[caption] = total.get(caption, 0) + count
    return total


def _commonest(table: Mapping[str, int]) -> _Common:
    """Return the captions with the highest counts, at least `_MOST_LOOKED_AT` where there are.

    What has the lowest of these counts comes last, and is cut: a table may give thousands of
    captions one count.
    """
    items: Collection[tuple[str, int]] = table.items()
    if len(table) > _MOST_LOOKED_AT:
        # Mostly a quarter of the captions is above the mean: half the time of sorting all.
        mean = sum(table.values()) // len(table)
        above = [item for item in items if item[1] > mean]
        if len(above) >= _MOST_LOOKED_AT:
            items = above
    counts = sorted(map(itemgetter(1), items), reverse=True)
    least = max(counts[_MOST_LOOKED_AT - 1] if len(counts) >= _MOST_LOOKED_AT else 1, 1)
    common = [item for item in items if item[1] >= least]
    common.sort(key=lambda item: item[1] == least)
    return common[: 20 * _MOST_LOOKED_AT]


def _trigger_words(
    metadata: Mapping[str, str], tables: _Tables, commonest: _Common
) -> tuple[str, ...]:
    stated = _first(metadata, "modelspec.trigger_phrase", "trigger_word", limit=_SENTENCE)
    if stated is not None:
        return trained_words([stated])
    return trained_words(_confirmed_folders(tables, commonest))[:_MOST_TRIGGERS]


def _confirmed_folders(tables: _Tables, commonest: _Common) -> Iterator[str]:
    """Yield the words of `10_ohwx man` where the captions of that very folder say `ohwx man`.

    Trainers let people name the folder as they like (`1_img`, `5_dataset`), so the name alone
    proves nothing: it has to be among the folder's commonest captions. ai-toolkit writes its
    trigger word as a folder with that one caption.
    """
    for folder, captions in islice(tables.items(), _MOST_FOLDERS):
        match = _REPEATS.fullmatch(folder[:_NAME])
        if match is None:
            continue
        wanted = _plain(match[1])
        first = wanted[:1]
        yield from (
            storable(caption.strip(), _NAME)
            for caption, _ in (commonest if len(tables) == 1 else _commonest(captions))
            if caption.lstrip()[:1].casefold() == first and _plain(caption) == wanted
        )


def _plain(text: str) -> str:
    return " ".join(text[: 2 * _NAME].replace("_", " ").casefold().split())


# The rest


def _base_model(metadata: Mapping[str, str], config: Mapping[str, object]) -> str | None:
    name = _first(metadata, "ss_sd_model_name", limit=_SENTENCE)
    if name is None and isinstance(config.get("base_model_name"), str):
        name = storable(str(config["base_model_name"]).strip(), _SENTENCE)
    # Trainers on Windows wrote the whole path, and with it the person's name.
    return re.split(r"[\\/]", name)[-1][:_NAME] or None if name else None


def _resolution(metadata: Mapping[str, str], config: Mapping[str, object]) -> str | None:
    own = config.get("resolution")
    for text in (
        metadata.get("ss_resolution", ""),
        metadata.get("modelspec.resolution", ""),
        own if isinstance(own, str) else "",
    ):
        sides = [int(number) for number in _NUMBERS.findall(text[:64])][:2]
        if sides and all(16 <= side <= 32_768 for side in sides):
            return f"{sides[0]}x{sides[-1]}"
    return None


def _trained_at(metadata: Mapping[str, str]) -> float | None:
    for key in ("ss_training_finished_at", "ss_training_started_at"):
        seconds = _number(metadata.get(key, ""))
        if seconds is not None and _sensible(seconds):
            return seconds
    text = metadata.get("modelspec.date", "").strip()[:40]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None
    return seconds if _sensible(seconds) else None


def _sensible(seconds: float) -> bool:
    """From 2015, before which there was nothing to train, to 2100."""
    return 1_420_000_000 <= seconds <= 4_102_444_800


def _dim(
    metadata: Mapping[str, str], config: Mapping[str, object], adapter: Mapping[str, object]
) -> int | None:
    for value in (metadata.get("ss_network_dim"), config.get("lora_rank"), _peft(adapter, "r")):
        number = _number(value)
        if number is not None and number.is_integer() and 1 <= number <= 65_536:
            return int(number)
    return None


def _alpha(
    metadata: Mapping[str, str], config: Mapping[str, object], adapter: Mapping[str, object]
) -> float | None:
    claims = (
        metadata.get("ss_network_alpha"),
        config.get("lora_alpha"),
        _peft(adapter, "lora_alpha"),
    )
    for value in claims:
        number = _number(value)
        if number is not None and 0 <= number <= 1_000_000:
            return number
    return None


def _peft(adapter: Mapping[str, object], key: str) -> object:
    """Return a setting of the first component: diffusers writes `unet.r`, `text_encoder.r` …"""
    names = [name for name in adapter if name == key or name.endswith(f".{key}")]
    return adapter[names[0]] if names else None


def _number(value: object) -> float | None:
    if isinstance(value, str) and len(value) <= 40:
        try:
            number = float(value)
        except ValueError:
            return None
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15:
        number = float(value)
    else:
        return None
    return number if math.isfinite(number) else None


def _object(text: str) -> dict[str, object]:
    """Parse a JSON object; return an empty one for anything else, however deep, long or odd."""
    if not text.lstrip().startswith("{") or len(text) > _LONGEST_JSON:
        return {}
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}

"""A manifest as CSV, for spreadsheets: UTF-8 with a mark, a model a line.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, whoever wrote it:
such cells get a `'` before them, which reading takes off again (OWASP, "CSV Injection"). Lists in
a cell are parted by `; `, with `\\` before a semicolon that belongs to an item.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import IO

from loradex.domain.manifest import PERSON, VERSION, Entry
from loradex.domain.text import display_lines
from loradex.operations.manifest.checked import ManifestError, checked_entry
from loradex.operations.manifest.entries import entry_json
from loradex.operations.manifest.json_form import HOW, KEY, checked_version

_PLAIN = (
    "sha256", "blake3", "crc32", "autov1", "autov2", "autov3", "fingerprint", "size", "name",
    "file_name", "kind", "base", "derivative", "format", "dtype", "quantisation", "rank",
)  # fmt: skip
_HUB = ("hub", "model_id", "version_id", "air", "hub_name")
_OWN = ("rating", "favourite", "tags", "note")
_LISTS = ("hidden_tags", "collections")
_PAIRS = {"other_tags": "name", "trigger_words": "text"}
_JSON = ("verdicts", "preferences", "fields")
COLUMNS = (
    KEY, *_PLAIN, *_OWN, *_LISTS, *_PAIRS, *_JSON, *_HUB, "further_hubs", "added_at", "places",
)  # fmt: skip
_FORMULA = "=+-@\t\r"
_PIECE = 64 * 1024
_WIDEST = 4 * 1024 * 1024


def write_csv(file: IO[str], entries: Iterable[Entry]) -> int:
    """Write a manifest; return how many models it has. `file` is opened with newline=""."""
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for entry in entries:
        count += 1
        row = _row(entry_json(entry))
        writer.writerow([guarded(row.get(name, "")) for name in COLUMNS])
    return count


def read_csv(file: IO[str], name: str) -> Iterator[Entry]:
    """Yield the models of a manifest; raise `ManifestError` where it is none.

    Columns may be left out or come in another order; only the first has to be there.
    """
    csv.field_size_limit(_WIDEST)
    try:
        head = file.readline(_PIECE)
        # Spreadsheets save with what their country takes for a separator.
        separator = max(",;\t", key=head.count)
        reader = csv.DictReader(chain([head], file), delimiter=separator)
        if KEY not in (reader.fieldnames or ()):
            raise ManifestError(f"{name} is not a manifest of loradex.", hint=HOW)
        for number, row in enumerate(reader, 2):
            cells = {key: plain(cell) for key, cell in row.items() if isinstance(cell, str)}
            try:
                checked_version(int(cells.get(KEY, "") or 0), name)
                yield checked_entry(_object(cells))
            except (ValueError, RecursionError) as error:
                raise ManifestError(
                    f"{name} cannot be read: line {number} is no model.", hint=HOW
                ) from error
    except csv.Error as error:
        raise ManifestError(f"{name} cannot be read: {error}.", hint=HOW) from error


def guarded(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula and no terminal obeys."""
    shown = display_lines(text)
    return f"'{shown}" if _looks_like_formula(shown) else shown


def plain(cell: str) -> str:
    """Return what `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _looks_like_formula(cell[1:]) else cell


def _looks_like_formula(text: str) -> bool:
    """Tell whether a text is a formula, or one with some `'` before it."""
    return text.lstrip("'")[:1] in tuple(_FORMULA)


def _row(raw: dict[str, object]) -> dict[str, str]:
    """Return the cells of an entry; those that are empty are left out."""
    row = {KEY: str(VERSION)}
    for name in (*_PLAIN, "added_at", "rating", "note"):
        if name in raw:
            row[name] = str(raw[name])
    if raw.get("favourite"):
        row["favourite"] = "yes"
    for name in _LISTS:
        row[name] = _joined(map(str, _items(raw, name)))
    tags = [tag for tag in _items(raw, "tags") if isinstance(tag, dict)]
    row["tags"] = _joined(tag["name"] for tag in tags if tag["source"] == PERSON)
    others = [tag for tag in tags if tag["source"] != PERSON]
    for name, key, pairs in (
        ("other_tags", "name", others),
        ("trigger_words", "text", _items(raw, "trigger_words")),
    ):
        row[name] = _joined(
            f"{pair[key]} ({pair['source']})" for pair in pairs if isinstance(pair, dict)
        )
    for name in _JSON:
        if name in raw:
            row[name] = json.dumps(raw[name])
    row["places"] = _joined(
        f"{place['library']}: {place['path']}"
        for place in _items(raw, "places")
        if isinstance(place, dict)
    )
    first, *further = _items(raw, "hubs") or [None]
    if isinstance(first, dict):
        row |= {name: str(first[name]) for name in _HUB[:-1] if first[name] is not None}
        row["hub_name"] = str(first["name"])
    if further:
        row["further_hubs"] = json.dumps(further)
    return row


def _object(cells: Mapping[str, str]) -> dict[str, object]:
    """Return what the cells of a line mean, as JSON would have it."""
    raw: dict[str, object] = {name: cells[name] for name in (*_PLAIN, "note") if cells.get(name)}
    for name in ("size", "rank", "rating"):
        if cells.get(name):
            raw[name] = int(_number(cells[name]))
    if cells.get("added_at"):
        raw["added_at"] = _number(cells["added_at"])
    raw["favourite"] = cells.get("favourite", "").strip().lower() in ("yes", "true", "1")
    for name in _LISTS:
        raw[name] = _parted(cells.get(name, ""))
    own = [{"name": tag, "source": PERSON} for tag in _parted(cells.get("tags", ""))]
    raw["tags"] = own + _with_source(cells.get("other_tags", ""), "name")
    raw["trigger_words"] = _with_source(cells.get("trigger_words", ""), "text")
    raw["places"] = [
        dict(zip(("library", "path"), place.split(": ", 1), strict=False))
        for place in _parted(cells.get("places", ""))
    ]
    for name in _JSON:
        if cells.get(name):
            raw[name] = json.loads(cells[name])
    hubs = json.loads(cells["further_hubs"]) if cells.get("further_hubs") else []
    if cells.get("hub"):
        first: dict[str, object] = {name: cells.get(name) or None for name in _HUB[:-1]}
        first |= {name: int(_number(cells[name])) for name in ("model_id", "version_id")}
        hubs = [{**first, "name": cells.get("hub_name", "")}, *hubs]
    raw["hubs"] = hubs
    return raw


def _number(cell: str) -> float:
    """Return a number, also as a spreadsheet may have rewritten it: `1,5` or `1E+10`."""
    number = float(cell.replace(",", "."))
    if not math.isfinite(number):
        raise ValueError("is no number")
    return number


def _items(raw: Mapping[str, object], name: str) -> list[object]:
    value = raw.get(name, [])
    return value if isinstance(value, list) else []


def _joined(items: Iterable[object]) -> str:
    return "; ".join(str(item).replace("\\", "\\\\").replace(";", "\\;") for item in items)


def _parted(cell: str) -> list[str]:
    items: list[str] = [""]
    rest = iter(cell)
    for char in rest:
        if char == "\\":
            items[-1] += next(rest, "\\")
        elif char == ";":
            items.append("")
        else:
            items[-1] += char
    return [item.strip() for item in items if item.strip()]


def _with_source(cell: str, key: str) -> list[dict[str, str]]:
    found = []
    for item in _parted(cell):
        text, bracket, source = item.rpartition(" (")
        told = bracket and source.endswith(")")
        found.append({key: text if told else item, "source": source[:-1] if told else ""})
    return found

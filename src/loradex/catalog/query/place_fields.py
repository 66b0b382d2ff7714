"""Fields about where a model lies."""

from __future__ import annotations

import re

from loradex.catalog.folding import folded
from loradex.catalog.query import text
from loradex.catalog.query.builders import Field, date_in
from loradex.catalog.query.condition import Condition, among, any_of
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.text import escaped, in_folders, starred

_IN = "SELECT content_id FROM content_place WHERE folder_id IN (SELECT id FROM folder WHERE"
_BACKSLASH = re.compile(r"\\(?!udc[89a-f][0-9a-f])")
_FILES = "SELECT content_id FROM file WHERE"


def _name(_scene: Scene, value: Value) -> Condition:
    if "*" in value.text and not value.quoted:
        return text.whole("name", value.text)
    return text.part("name", value.text)


def _file(_scene: Scene, value: Value) -> Condition:
    if "*" in value.text and not value.quoted:
        return text.whole("file", value.text)
    return text.part("file", value.text)


def _path(_scene: Scene, value: Value) -> Condition:
    """Look for a part of a path: in a folder's, in a file's name, or across the two."""
    needle = _slashed(value.text)
    if "*" in needle and not value.quoted:
        return among(
            "SELECT content_id FROM content_place JOIN folder ON folder.id = folder_id"
            " WHERE folder.folded || content_place.name LIKE ? ESCAPE '\\'",
            f"%{starred(needle)}%",
        )
    ways = [in_folders("folded", needle)]
    folder, slash, name = needle.rpartition("/")
    if not slash:
        ways.append(text.part("file", needle))
    elif name:
        ways.append(
            among(
                f"{_IN} folded LIKE ? ESCAPE '\\') AND name LIKE ? ESCAPE '\\'",
                f"%{escaped(folder)}/",
                f"{escaped(name)}%",
            )
        )
    return any_of(ways)


def _slashed(path: str) -> str:
    """Return a path as it is compared: Windows' backslashes are slashes.

    But a byte that is no UTF-8 is kept as `\\udcXX`, and stands so in what a person copies.
    """
    return _BACKSLASH.sub("/", folded(path).replace("\x00", ""))


def _folder(_scene: Scene, value: Value) -> Condition:
    """Look for folders by their whole names, and all below them."""
    needle = _slashed(value.text).strip("/")
    if value.quoted or "*" not in needle:
        return in_folders("folded", f"/{needle}/")
    return among(f"{_IN} folded LIKE ? ESCAPE '\\')", f"%/{starred(needle)}/%")


def _library(scene: Scene, value: Value) -> Condition:
    found = scene.lore.libraries.get(value.text.casefold())
    if found is None:
        raise scene.unknown(value, "library", scene.lore.libraries)
    return among(f"{_FILES} library_id IN ({','.join('?' * len(found))})", *found)


def _ending(_scene: Scene, value: Value) -> Condition:
    ending = escaped(folded(value.text).lstrip("."))
    return among(
        "SELECT content_id FROM content_place WHERE name LIKE ? ESCAPE '\\'", f"%.{ending}"
    )


_NO_PLACE = "content.id NOT IN (SELECT content_id FROM file WHERE content_id IS NOT NULL)"

PLACE_FIELDS = {
    "name": Field(
        _name,
        None,
        "part of the name, or of a file's; a star for anything",
        "content.id IN (SELECT id FROM content WHERE name REGEXP ?)",
    ),
    "path": Field(
        _path,
        None,
        "part of the path or file name of any copy",
        "content.id IN (SELECT content_id FROM content_place JOIN folder ON folder.id = folder_id"
        " WHERE folder.folded || content_place.name REGEXP ?)",
    ),
    "folder": Field(
        _folder,
        None,
        "a folder by its whole name, and all below it: folder:loras/style",
        "content.id IN (SELECT content_id FROM content_place WHERE folder_id IN"
        " (SELECT id FROM folder WHERE folder.path REGEXP ?))",
    ),
    "file": Field(
        _file,
        None,
        "part of a file's name, with its ending; a star for anything",
        "content.id IN (SELECT content_id FROM content_place WHERE name REGEXP ?)",
    ),
    "ext": Field(_ending, None, "the ending of a file's name: ext:safetensors"),
    "library": Field(_library, _NO_PLACE, "a library by its name; library: alone: in none"),
    "changed": Field(
        date_in(_FILES, "mtime_ns", 1e9), _NO_PLACE, "when a file of it was written: changed:<30d"
    ),
    "seen": Field(
        date_in(_FILES, "last_seen"), _NO_PLACE, "when a scan last saw a file of it: seen:..-30d"
    ),
}

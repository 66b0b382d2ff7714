"""Keys and shapes of a PyTorch pickle (.ckpt .pt .pth .bin), told without unpickling it.

Three containers: a zip archive with `<folder>/data.pkl` (torch 1.6 and later), a stream of
pickles that begins with torch's magic number (before that), and one plain pickle. The tensors
usually sit in one or two dictionaries (`state_dict`, `params_ema` …) beside a few plain values.

What was found around the tensors is told in the metadata, each value JSON text:
`pickle.wrap` the keys that were unwrapped, `pickle.extra` the plain values beside them,
`pickle.nested` `true` when the remaining names join several levels with dots.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from loradex.domain.header import FileFormat, Header, Tensor
from loradex.formats.cursor import Cursor
from loradex.formats.limits import MAX_HEADER_BYTES, MAX_NAME, MAX_TENSORS
from loradex.formats.metadata_text import bounded
from loradex.formats.model_file import ModelFile, damaged, refused
from loradex.formats.pickle_machine import TORCH_MAGIC, BadPickle, Seen
from loradex.formats.pickle_values import Imported, Opaque
from loradex.formats.pickle_walks import walks_of
from loradex.formats.safety.names import is_ordinary
from loradex.formats.zip_members import BadZip, Member, contents, members

_WRAPPERS = (
    "state_dict", "model_state_dict", "params_ema", "params", "model", "module", "ema", "net",
    "generator", "g_ema", "embeddings", "string_to_param", "weights",
)  # fmt: skip
"""Keys that hold the tensors and say nothing else, the preferred one first."""

# A module that was pickled whole keeps its tensors in these; they are no part of a name.
_TRANSPARENT = {"_parameters", "_buffers", "_modules"}

_MAX_DEPTH = 12
_MAX_VISITS = 1_000_000
_LONGEST_EXTRA = 32
_NAMED_IMPORTS = 5

_Path = tuple[str, ...]


def read_pickle(file: ModelFile) -> Header:
    """List the tensors that loading the file would build, and what else it would import."""
    notes: list[str] = []
    try:
        seen, length = _in_zip(file, notes) if file.read_at(0, 2) == b"PK" else _in_stream(file)
    except (BadPickle, BadZip) as error:
        raise damaged(file.path, str(error)) from error
    found, whole = _find_tensors(seen.value)
    if not whole:
        notes.append("It is larger than anything loradex reads; only its first part was read.")
    notes += _import_notes(seen.imports)
    tensors, wrap = _unwrapped(found)
    metadata = {
        "pickle.wrap": json.dumps(wrap),
        "pickle.extra": json.dumps(_extra(seen.value, wrap)),
    }
    if any(len(path) > 1 for path in tensors):
        metadata["pickle.nested"] = "true"
    if not tensors:
        notes.append("It holds no tensors that loradex can see.")
    return Header(
        FileFormat.PICKLE,
        {".".join(path)[:MAX_NAME]: tensor for path, tensor in tensors.items()},
        bounded(metadata.items(), notes),
        nbytes=length,
        notes=tuple(notes),
    )


def _in_zip(file: ModelFile, notes: list[str]) -> tuple[Seen, int]:
    listed = members(file)
    pickles = [member for member in listed if member.name.endswith("/data.pkl")]
    if not pickles:
        raise refused(
            file.path,
            f"is {_zip_kind(listed)}, not a model file.",
            "Unpack it; the model may be inside.",
        )
    if len(pickles) > 1:
        notes.append("It holds more than one pickle; loaders may disagree on which one counts.")
    if any(member.name.endswith("/constants.pkl") for member in listed):
        notes.append("It is a TorchScript program: it carries code of its own.")
    return walks_of(file).at(pickles[0], contents(file, pickles[0])), pickles[0].size


def _zip_kind(listed: Sequence[Member]) -> str:
    if listed and all(member.name.endswith(".npy") for member in listed):
        return "a NumPy archive"
    return "a zip archive without a PyTorch pickle inside"


def _in_stream(file: ModelFile) -> tuple[Seen, int]:
    cursor = Cursor(file.read_at, 0, min(file.size, MAX_HEADER_BYTES))
    walks = walks_of(file)
    seen = walks.at(0, cursor)
    if seen.value == TORCH_MAGIC:
        # Then come the protocol number, facts about the machine, and the object itself.
        for _ in range(3):
            seen = walks.at((0, cursor.position), cursor)
    return seen, cursor.position


def _children(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Opaque):
        value = value.state
    if isinstance(value, dict):
        for key, child in value.items():
            if key in _TRANSPARENT and isinstance(child, dict):
                yield from child.items()
            else:
                yield key, child
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield str(index), child


def _find_tensors(root: object) -> tuple[dict[_Path, Tensor], bool]:
    """Return every tensor below `root` by its path, and whether all of it was looked at.

    Values may be shared, so a small pickle can spell a huge tree: depth and visits are bounded.
    """
    found: dict[_Path, Tensor] = {}
    waiting: list[Iterator[tuple[_Path, object]]] = [iter([((), root)])]
    visits = 0
    while waiting:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
            continue
        path, value = step
        visits += 1
        if visits > _MAX_VISITS or len(found) >= MAX_TENSORS:
            return found, False
        if isinstance(value, Tensor):
            found[path or ("",)] = value
        elif len(waiting) <= _MAX_DEPTH:
            waiting.append(_below(path, value))
    return found, True


def _below(path: _Path, value: object) -> Iterator[tuple[_Path, object]]:
    for key, child in _children(value):
        yield (*path, key), child


def _unwrapped(found: dict[_Path, Tensor]) -> tuple[dict[_Path, Tensor], list[str]]:
    """Take off the dictionaries that only wrap the tensors; return what is inside, and them."""
    wrap: list[str] = []
    while True:
        groups = {path[0] for path in found if len(path) > 1}
        wrapper = next((name for name in _WRAPPERS if name in groups), None)
        if wrapper is None:
            return found, wrap
        found = {path[1:]: t for path, t in found.items() if len(path) > 1 and path[0] == wrapper}
        wrap.append(wrapper)


def _extra(root: object, wrap: Sequence[str]) -> dict[str, object]:
    """Return the plain values beside the tensors, at each level that was unwrapped."""
    extra: dict[str, object] = {}
    value: object = root
    for key in (*wrap, None):
        children = dict(_children(value))
        for name, child in children.items():
            if len(extra) < _LONGEST_EXTRA and (plain := _plain(child)) is not _NOT_PLAIN:
                extra.setdefault(name[:256], plain)
        value = children.get(key) if key is not None else None
    return extra


_NOT_PLAIN = object()


def _plain(value: object) -> object:
    """Return a short plain value, or a small dictionary of such; `_NOT_PLAIN` for anything else."""
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value[:1024]
        case dict() if 0 < len(value) <= _LONGEST_EXTRA:
            inner = {key: child for key, child in value.items() if isinstance(child, str | int)}
            return inner if len(inner) == len(value) else _NOT_PLAIN
    return _NOT_PLAIN


def _import_notes(imports: Sequence[Imported]) -> Iterator[str]:
    strange = [imported.path for imported in imports if not is_ordinary(imported)]
    if strange:
        named = ", ".join(strange[:_NAMED_IMPORTS])
        more = f" and {len(strange) - _NAMED_IMPORTS} more" if len(strange) > _NAMED_IMPORTS else ""
        yield f"Loading it would import code that tensors do not need: {named}{more}."

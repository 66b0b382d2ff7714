"""Sidecars, previews and unfinished downloads that belong to no model."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator

from loradex.domain.downloads import DownloadState
from loradex.domain.library import Layout
from loradex.formats.model_files import (
    SIDECAR_SUFFIXES,
    SidecarRole,
    is_download,
    is_model_file,
    model_stem,
)
from loradex.formats.shards import shard_name
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.removing import to_trash
from loradex.operations.doctor.subject import Subject

_OWN_ORDER = (Layout.INVOKEAI, Layout.HUGGING_FACE)
"""What lies beside models there is the tool's own business."""

_ANYBODYS = frozenset({".json", ".yaml", ".yml", ".txt", ".md", ".html"})
"""Suffixes that files have which never were a sidecar: alone they tell nothing."""

_SUFFIXES = sorted(
    {(one.suffix, one.role) for one in SIDECAR_SUFFIXES}, key=lambda one: -len(one[0])
)
_PICTURES = frozenset(
    suffix for suffix, role in _SUFFIXES if role is SidecarRole.PREVIEW and suffix.count(".") == 1
)
_UNFINISHED_AGE = 86_400.0
_DONE = (DownloadState.DONE, DownloadState.CANCELLED)


def _sidecars(subject: Subject) -> Iterator[Finding]:
    gone = _stems_gone(subject)
    for number, survey in subject.surveys.items():
        facts = subject.libraries[number]
        if facts.library.layout in _OWN_ORDER:
            continue
        for folder, names in survey.names.items():
            lost = gone.get((number, folder), set())
            for name, stem in _without_model(names, survey.folders.get(folder, []), lost):
                raw = facts.root + b"/" + (folder + b"/" if folder else b"") + os.fsencode(name)
                known = stem in lost
                yield Finding(
                    Level.FAULT if known or not _is_picture(name) else Level.ADVICE,
                    f"Its model {stem} is gone." if known else f"No model here is called {stem}.",
                    path=os.fsdecode(raw),
                    raw_path=raw,
                )


def _stems_gone(subject: Subject) -> dict[tuple[int, bytes], set[str]]:
    """Return by library and folder the stems of models that were there and are missing."""
    gone: dict[tuple[int, bytes], set[str]] = defaultdict(set)
    for place in subject.places:
        if place.state == "missing":
            folder, _, name = place.raw_path.rpartition(b"/")
            gone[place.library_id, folder].add(model_stem(os.fsdecode(name)))
    return gone


def _without_model(
    names: list[str], folders: list[str], lost: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield the sidecars of a folder whose model is not there, with the stem it would have.

    A model may be a folder, or still be on its way.
    """
    coming = [name.rpartition(".")[0] for name in names if is_download(name)]
    models = [name for name in (*names, *coming) if is_model_file(name)]
    owners = {model_stem(name) for name in models} | set(models) | set(folders)
    owners |= {shard.whole for name in models if (shard := shard_name(name))}
    ends = [(name, end) for name in names if not is_model_file(name) and (end := _ends(name))]
    sure = {name[: -len(end[0])] for name, end in ends if end[0] not in _ANYBODYS | _PICTURES}
    for name, possible in ends:
        if any(name[: -len(end)] in owners for end in possible):
            continue
        stem = name[: -len(possible[0])]
        if possible[0] in _ANYBODYS and stem not in sure | lost:
            continue
        if possible[0] in _PICTURES and not models and stem not in sure | lost:
            continue
        yield name, stem


def _ends(name: str) -> list[str]:
    """Return every sidecar's suffix that a name ends with, the longest first."""
    lower = name.lower()
    return [suffix for suffix, _ in _SUFFIXES if lower.endswith(suffix) and len(name) > len(suffix)]


def _is_picture(name: str) -> bool:
    return _ends(name)[0] in _PICTURES


def _downloads(subject: Subject) -> Iterator[Finding]:
    wanted = {
        download.path + b".part"
        for download in subject.catalog.downloads.downloads()
        if download.state not in _DONE
    }
    now = time.time()
    for number, survey in subject.surveys.items():
        root = subject.libraries[number].root
        for relative, size, changed in survey.downloads:
            raw = root + b"/" + relative
            if raw in wanted or now - changed < _UNFINISHED_AGE:
                continue
            days = int((now - changed) // _UNFINISHED_AGE)
            yield Finding(
                Level.FAULT,
                f"Nothing has been written to it for {days} {'day' if days == 1 else 'days'};"
                f" it takes {size:,} bytes.",
                path=os.fsdecode(raw),
                raw_path=raw,
            )


def _models(subject: Subject) -> Iterator[Finding]:
    for model in subject.catalog.health.placeless():
        said = " It has tags, notes or a rating of yours." if model.said else ""
        yield Finding(
            Level.ADVICE,
            f"{model.name}: no file of it is known any more.{said}",
            model=model.content_id,
        )


SIDECARS = Check(
    "sidecars",
    "Sidecars and previews without a model",
    "They take room, and a new model of the same name would get them.",
    _sidecars,
    mend="Give the model back its name, or plan to trash them: loradex doctor --fix sidecars",
    fix=to_trash,
)
DOWNLOADS = Check(
    "downloads",
    "Downloads that nobody goes on with",
    "They take room, and no tool can use them.",
    _downloads,
    mend="Start the download again, or plan to trash them: loradex doctor --fix downloads",
    fix=to_trash,
)
MODELS = Check(
    "placeless",
    "Models of which no file is known",
    "What is known of them is kept, so that they are recognised when they come back.",
    _models,
    mend="Nothing needs to be done. Add the library that has them: loradex library add FOLDER",
)

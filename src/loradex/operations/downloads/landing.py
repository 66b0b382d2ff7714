"""A file whose bytes are complete gets its name, and is in the catalog the same moment."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.domain.downloads import Download
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hashes import Hashes
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Library
from loradex.domain.look import Look
from loradex.domain.rules_version import RULES_VERSION
from loradex.domain.safety import Safety
from loradex.domain.scanning import Found, ToHash
from loradex.domain.text import display_text
from loradex.errors import DownloadError
from loradex.formats.model_files import is_model_file
from loradex.operations.downloads.choosing import kind_of
from loradex.operations.downloads.file_names import free_name
from loradex.operations.downloads.placing import Target, keys_in
from loradex.operations.look import look_at
from loradex.operations.matching import found
from loradex.operations.moves.renaming import rename_new, sync_folder
from loradex.operations.tagging.arriving import accept, propose
from loradex.plugin_manager import Plugins

_TRIES = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """What the hub says of the file that was fetched."""

    hub: str
    page: str
    model: HubModel
    version: HubVersion
    file: HubFile


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a file is. `content_id` is None for what is no model; `notes` are sentences."""

    path: bytes
    content_id: int | None
    notes: tuple[str, ...]


def named_for_good(part: Path, download: Download, reserve: Callable[[bytes], None]) -> bytes:
    """Give a complete part its name; return it, relative to the library's root.

    Where something has that name meanwhile, the part gets another one. `reserve` is called with
    every name before it is tried. Raises OSError when the part cannot be renamed.
    """
    relative = download.relative
    folder = download.path.rpartition(b"/")[0]
    for _ in range(_TRIES):
        reserve(relative)
        try:
            rename_new(os.fsencode(part), download.root + b"/" + relative)
        except FileExistsError:
            relative = _other_name(download, folder)
            continue
        sync_folder(folder)
        return relative
    raise FileExistsError(f"{part} found no name that is free.")


def put_aside(part: Path, download: Download) -> Path:
    """Name a part with wrong bytes so that nobody takes it for a model; return its new path."""
    final = os.fsdecode(download.path)
    for number in range(1, _TRIES):
        aside = f"{final}.wrong" if number == 1 else f"{final}.{number}.wrong"
        try:
            rename_new(os.fsencode(part), os.fsencode(aside))
        except FileExistsError:
            continue
        return Path(aside)
    raise FileExistsError(f"{part} found no name that is free.")


def into_catalog(
    catalog: Catalog,
    place: Target,
    hashes: Hashes,
    origin: Origin,
    plugins: Callable[[], Plugins],
) -> Landed:
    """Keep a file that has its name: what it is, its hashes, its match, its tags.

    May be done again for a file that it was done for. Raises `DownloadError` when the file is
    gone, and `LibraryError` when its library is.
    """
    library, relative = place.library, place.relative
    root = os.fsencode(library.root)
    path = root + b"/" + relative
    if not is_model_file(os.fsdecode(relative.rpartition(b"/")[2])):
        return Landed(path, None, _unverified(origin))
    look = look_at(root, _found(root, relative))
    if look.gone or look.growing:
        raise DownloadError(
            f"{display_text(os.fsdecode(path))} was taken away or changed as it came.",
            hint="Scan the library to see what is there.",
        )
    catalog.looks.record(library.id, [look], RULES_VERSION)
    known = catalog.files.known_at(library.id, [relative]).get(relative)
    if known is None or known.content_id is None or look.fingerprint is None:
        return Landed(path, None, (look.problem or "It cannot be read.",))
    hashed = ToHash(
        file_id=known.id,
        content_id=known.content_id,
        path=path,
        size=look.found.size,
        mtime_ns=look.found.mtime_ns,
        device=look.found.device,
        inode=look.found.inode,
        fingerprint=look.fingerprint,
    )
    content_id = catalog.looks.record_hashes([(hashed, hashes)])[0]
    _keep_origin(catalog, content_id, origin, hashes)
    _follow_rule(catalog, library, known.id, content_id, plugins)
    return Landed(path, content_id, (*_unverified(origin), *_surprises(look, origin)))


def _other_name(download: Download, folder: bytes) -> bytes:
    name = os.fsdecode(download.relative.rpartition(b"/")[2])
    free = free_name(name, keys_in(folder), download.file_id, download.version_id)
    above = download.relative.rpartition(b"/")[0]
    return b"/".join(part for part in (above, os.fsencode(free)) if part)


def _found(root: bytes, relative: bytes) -> Found:
    info = os.lstat(root + b"/" + relative)
    if not stat.S_ISREG(info.st_mode):
        raise DownloadError(f"{display_text(os.fsdecode(relative))} is no plain file any more.")
    return Found(relative, info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino)


def _keep_origin(catalog: Catalog, content_id: int, origin: Origin, hashes: Hashes) -> None:
    """Keep which version a content is, and what follows from it."""
    agreed = origin.file.sha256 == hashes.sha256
    matched = found(content_id, origin.version, origin.model, "sha256" if agreed else "download")
    came = Evidence("downloaded", origin.page, Source.HUB, detail=f"as {origin.file.name}")
    catalog.hub.record_models(origin.hub, [origin.model])
    catalog.hub.record_versions(origin.hub, [origin.version])
    catalog.hub.record_matches(origin.hub, [replace(matched, facts=(*matched.facts, came))])


def _follow_rule(
    catalog: Catalog,
    library: Library,
    file_id: int,
    content_id: int,
    plugins: Callable[[], Plugins],
) -> None:
    """Tag as the library's rule for arrivals says; the file is in its place, so it never moves."""
    rule = catalog.arrivals.rule(library.id)
    if rule is None:
        return
    catalog.arrivals.leave_alone(library.id, [file_id])
    if rule.tags:
        detail = f"arrivals of {library.name}"
        catalog.person.add_tags([content_id], rule.tags, Source.RULE, detail)
    if rule.auto_tag:
        accept(catalog, propose(catalog, plugins(), [content_id]))


def _unverified(origin: Origin) -> tuple[str, ...]:
    if origin.file.sha256 is not None:
        return ()
    return ("The hub gives no SHA-256 for it: it could not be verified.",)


def _surprises(look: Look, origin: Origin) -> list[str]:
    """Return what a person would not expect of a file that came as promised."""
    notes = []
    if look.problem is not None:
        notes.append(look.problem)
    if look.safety in (Safety.DANGEROUS, Safety.SUSPICIOUS):
        notes.append(f"It is {look.safety.value}: run loradex check on it before you use it.")
    said, kind = kind_of(origin.model, origin.file), look.identity.kind
    if said is not None and kind is not ModelKind.UNKNOWN and not _alike(said, kind):
        notes.append(f"By its tensors it is a {kind.label}; the hub says {said.label}.")
    return notes


def _alike(one: ModelKind, other: ModelKind) -> bool:
    """Tell whether two kinds lie in the same folders: hubs call a denoiser alone a checkpoint."""
    denoisers = {ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL}
    guides = {ModelKind.CONTROLNET, ModelKind.T2I_ADAPTER, ModelKind.IP_ADAPTER}
    return one is other or {one, other} <= denoisers or {one, other} <= guides

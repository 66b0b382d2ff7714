"""What one sidecar would be like, woven into the file that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loradex.catalog.sidecar_store import ModelPlace
from loradex.domain.sidecars import (
    TEXT_KEY,
    KeyRule,
    SidecarClaims,
    SidecarDocument,
    SidecarKey,
    SidecarModel,
)
from loradex.errors import PluginError
from loradex.formats.model_files import model_stem
from loradex.operations.sidecars.bounded import (
    ReadFile,
    SidecarRefused,
    json_bytes,
    json_of,
    read_file,
    text_of,
)
from loradex.operations.sidecars.finding import Beside, Folders, Suffix, folder_of, name_of
from loradex.operations.sidecars.judging import SidecarState, judged
from loradex.operations.sidecars.knowing import known_model
from loradex.operations.sidecars.weaving import KeyChange, Woven, woven

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.plugin_manager import FencedDialect

_Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it would be written."""

    place: ModelPlace
    dialect: FencedDialect | None
    """None for a preview."""
    path: bytes
    before: ReadFile | None
    data: bytes
    woven: Woven
    ours: tuple[str, ...] = ()
    """The keys that loradex itself has written so, now or before."""
    disputed: tuple[str, ...] = ()
    """What the person has said otherwise in loradex, and is not settled."""

    @property
    def shown_path(self) -> str:
        """Its absolute path, as Python has it."""
        return os.fsdecode(self.path)

    @property
    def changes(self) -> tuple[KeyChange, ...]:
        """What would really change; nothing, when the file need not be written."""
        return self.woven.written

    def light(self) -> Draft:
        """Return it without the files' bytes: what is to be shown."""
        before = None if self.before is None else replace(self.before, data=b"")
        return replace(self, before=before, data=b"")


@dataclass(frozen=True, slots=True)
class _LastKnown:
    """A file as loradex last knew it: its document (None when it never did), and what is whose.

    `untouched` says that the file is still so.
    """

    document: _Document | None
    ours: tuple[str, ...] = ()
    disputed: tuple[str, ...] = ()
    untouched: bool = False


class Drafter:
    """Drafts sidecars of one export; models are looked up once, folders listed once."""

    def __init__(
        self,
        catalog: Catalog,
        every: Sequence[FencedDialect],
        *,
        replace: bool,
        with_verdicts: bool = False,
    ) -> None:
        self._catalog = catalog
        self._every = every
        self._replace = replace
        self._with_verdicts = with_verdicts
        self._folders = Folders()
        self._model: tuple[ModelPlace, SidecarModel] | None = None

    def draft(self, place: ModelPlace, dialect: FencedDialect) -> Draft | None:
        """Return a file as it would be; None when there is nothing to say in this dialect.

        Raises `SidecarRefused` for a file that is not to be touched.
        """
        if place.format == "diffusers":
            raise SidecarRefused(f"{dialect.label} keeps no files for models that are folders.")
        beside = self._beside(place)
        path = self._path(place, beside, dialect)
        before = read_file(path)
        known = self._last_known(place, dialect, path, before)
        existing = dict(known.document or {})
        if before is not None:
            existing = _document(before.data, dialect)
            self._check_file(place, dialect, before)
        if beside.rivals and not dialect.after_full_name:
            self._check_owner(place, dialect, beside, before)
        model = self._known_model(place)
        keys = self._keys(dialect, model, existing)
        if not keys:
            return None
        last = known.document
        if before is not None and self._is_stale(place, dialect, before, known):
            existing, last = _of_persons(existing, keys), None
        result = woven(
            existing,
            last,
            keys,
            ours=known.ours,
            said=[name for name in model.own if name not in known.disputed],
            replace=self._replace,
        )
        if before is None:
            # Nothing stands there: all of it is to be written, also what was kept of it before.
            result = Woven(result.document, woven({}, None, keys).changes)
        return Draft(
            place,
            dialect,
            path,
            before,
            _bytes(result.document, dialect) if result.written else b"",
            result,
            tuple(result.ours(last, known.ours)),
            _disputed(result, keys),
        )

    def shown_path(self, place: ModelPlace, dialect: FencedDialect) -> str:
        """Return the path that a dialect's file has, or would have."""
        try:
            return os.fsdecode(self._path(place, self._beside(place), dialect))
        except SidecarRefused:
            return os.fsdecode(place.root + b"/" + place.raw_path)

    def _beside(self, place: ModelPlace) -> Beside:
        try:
            return self._folders.beside(place)
        except OSError as error:
            reason = error.strerror or error
            raise SidecarRefused(f"Its folder cannot be listed: {reason}.") from error

    def _path(self, place: ModelPlace, beside: Beside, dialect: FencedDialect) -> bytes:
        suffix = Suffix(dialect.suffix, dialect.after_full_name)
        model = name_of(place)
        usual = (model if suffix.after_full_name else model_stem(model)) + suffix.text
        name = beside.named(place, suffix) or usual
        return place.root + b"/" + folder_of(place.raw_path) + os.fsencode(name)

    def _last_known(
        self, place: ModelPlace, dialect: FencedDialect, path: bytes, before: ReadFile | None
    ) -> _LastKnown:
        """Return the file as loradex last knew it; where there is none, one of this dialect that
        the model had before stands for it.
        """
        sidecars = self._catalog.sidecars
        if before is None:
            kept = sidecars.latest_document(place.content_id, dialect.name)
            return _LastKnown({} if kept is None else _document(kept, dialect))
        known = sidecars.last_known(place.library_id, path[len(place.root) + 1 :])
        if known is None:
            return _LastKnown(None)
        document = _document(known.document, dialect)
        return _LastKnown(document, known.ours, known.disputed, known.document == before.data)

    def _check_file(self, place: ModelPlace, dialect: FencedDialect, before: ReadFile) -> None:
        """Raise when the file is a link, or another tool's."""
        if before.link:
            raise SidecarRefused("It is a link: links are not written through.")
        document = _sidecar(place, before.data, dialect)
        readers = [
            each
            for each in self._every
            if (each.suffix, each.after_full_name) == (dialect.suffix, dialect.after_full_name)
            and isinstance(each.read([document])[0], SidecarClaims)
        ]
        names = {each.name for each in readers}
        if names & {dialect.name, *dialect.adds_to} or document.value == {}:
            return
        whose = readers[0].label if readers else "another program"
        raise SidecarRefused(
            f"It is of {whose}, and {dialect.label} would read it, too.",
            hint="Move it away, or export for that tool.",
        )

    def _check_owner(
        self, place: ModelPlace, dialect: FencedDialect, beside: Beside, before: ReadFile | None
    ) -> None:
        """Raise unless a file that several models share is known to be this one's."""
        if before is not None:
            claims = _read(place, dialect, before)
            if claims is not None and (
                judged(claims, place) is SidecarState.KNOWN or claims.file_name == name_of(place)
            ):
                return
        names = " and ".join(sorted((name_of(place), *beside.rivals)))
        raise SidecarRefused(
            f"{names} would share it, and {dialect.label} could not tell which of them it means.",
            hint="Give one of them another name.",
        )

    def _is_stale(
        self, place: ModelPlace, dialect: FencedDialect, before: ReadFile, known: _LastKnown
    ) -> bool:
        """Tell whether a file is of other bytes and may be written anew; raise when it may not.

        One that loradex wrote is about this model, even if the hub's record knows other digests.
        """
        if known.untouched and known.ours:
            return False
        claims = _read(place, dialect, before)
        if claims is None or judged(claims, place) is not SidecarState.STALE:
            return False
        if not self._replace:
            raise SidecarRefused(
                "It speaks of other bytes than the file has.",
                hint="--replace writes it anew; notes and keys that loradex does not know stay.",
            )
        return True

    def _known_model(self, place: ModelPlace) -> SidecarModel:
        if self._model is None or self._model[0] != place:
            model = known_model(self._catalog, place, with_verdicts=self._with_verdicts)
            self._model = place, model
        return self._model[1]

    def _keys(
        self, dialect: FencedDialect, model: SidecarModel, existing: Mapping[str, object]
    ) -> list[SidecarKey]:
        try:
            return dialect.keys(model, existing)
        except PluginError as error:
            raise SidecarRefused(f"Its dialect failed: {error.message}") from error


def _read(place: ModelPlace, dialect: FencedDialect, file: ReadFile) -> SidecarClaims | None:
    (claims,) = dialect.read([_sidecar(place, file.data, dialect)])
    return claims if isinstance(claims, SidecarClaims) else None


def _disputed(result: Woven, keys: Sequence[SidecarKey]) -> tuple[str, ...]:
    """Return what the person has said here and there, and what stays as it is there."""
    open_ = {change.key for change in result.conflicts}
    return tuple(sorted({key.own for key in keys if key.own and key.key in open_}))


def _of_persons(existing: _Document, keys: Sequence[SidecarKey]) -> _Document:
    """Return what a person wrote into a file about other bytes, and what loradex does not know."""
    facts = {key.key for key in keys if key.rule is not KeyRule.PERSON}
    return {key: value for key, value in existing.items() if key not in facts}


def _document(data: bytes, dialect: FencedDialect) -> _Document:
    if not dialect.is_json:
        return {TEXT_KEY: text_of(data)}
    value = json_of(data)
    if not isinstance(value, dict):
        raise SidecarRefused("It is no JSON object.")
    return value


def _sidecar(place: ModelPlace, data: bytes, dialect: FencedDialect) -> SidecarDocument:
    if dialect.is_json:
        return SidecarDocument(name_of(place), value=json_of(data))
    return SidecarDocument(name_of(place), text=text_of(data))


def _bytes(document: _Document, dialect: FencedDialect) -> bytes:
    if dialect.is_json:
        return json_bytes(document, dialect.indent)
    return str(document.get(TEXT_KEY, "")).encode("utf-8", "backslashreplace")

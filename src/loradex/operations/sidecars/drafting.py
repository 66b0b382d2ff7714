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
    claims: SidecarClaims
    ours: tuple[str, ...] = ()
    """The keys that loradex itself has written so, now or before."""

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


class Drafter:
    """Drafts sidecars of one export; models are looked up once, folders listed once."""

    def __init__(self, catalog: Catalog, every: Sequence[FencedDialect], *, replace: bool) -> None:
        self._catalog = catalog
        self._every = every
        self._replace = replace
        self._folders = Folders()
        self._model: tuple[ModelPlace, SidecarModel] | None = None

    def draft(self, place: ModelPlace, dialect: FencedDialect) -> Draft | None:
        """Return a file as it would be; None when there is nothing to say in this dialect.

        Raises `SidecarRefused` for a file that is not to be touched.
        """
        if place.format == "diffusers":
            raise SidecarRefused(f"{dialect.label} keeps no files for models that are folders.")
        suffix = Suffix(dialect.suffix, dialect.after_full_name)
        beside = self._beside(place)
        path = self._path(place, beside, suffix)
        before = read_file(path)
        if before is not None and before.link:
            raise SidecarRefused("It is a link: links are not written through.")
        existing, last, ours = self._documents(place, dialect, path, before)
        if before is not None:
            self._check_dialect(place, dialect, before)
        if beside.rivals and not dialect.after_full_name:
            self._check_owner(place, dialect, beside, before)
        keys = self._keys(place, dialect, existing)
        if not keys:
            return None
        if before is not None and self._is_stale(place, dialect, before):
            existing, last = _of_persons(existing, keys), None
        result = woven(existing, last, keys, ours=ours, replace=self._replace)
        if before is None:
            # Nothing stands there: all of it is to be written, also what was kept of it before.
            result = Woven(result.document, woven({}, None, keys).changes)
        data = _bytes(result.document, dialect) if result.written else b""
        return Draft(
            place,
            dialect,
            path,
            before,
            data,
            result,
            self._claims(dialect, data),
            tuple(result.ours(last, ours)),
        )

    def shown_path(self, place: ModelPlace, dialect: FencedDialect) -> str:
        """Return the path that a dialect's file has, or would have."""
        suffix = Suffix(dialect.suffix, dialect.after_full_name)
        try:
            return os.fsdecode(self._path(place, self._beside(place), suffix))
        except SidecarRefused:
            return os.fsdecode(place.root + b"/" + place.raw_path)

    def _beside(self, place: ModelPlace) -> Beside:
        try:
            return self._folders.beside(place)
        except OSError as error:
            raise SidecarRefused(
                f"Its folder cannot be listed: {error.strerror or error}."
            ) from error

    def _path(self, place: ModelPlace, beside: Beside, suffix: Suffix) -> bytes:
        model = name_of(place)
        usual = (model if suffix.after_full_name else model_stem(model)) + suffix.text
        name = beside.named(place, suffix) or usual
        return place.root + b"/" + folder_of(place.raw_path) + os.fsencode(name)

    def _documents(
        self, place: ModelPlace, dialect: FencedDialect, path: bytes, before: ReadFile | None
    ) -> tuple[_Document, _Document | None, tuple[str, ...]]:
        """Return the file as it is, as loradex last knew it, and the keys it had written itself.

        Where there is none, one of this dialect that the model had before stands for both.
        """
        sidecars = self._catalog.sidecars
        if before is None:
            kept = sidecars.latest_document(place.content_id, dialect.name)
            document = {} if kept is None else _document(kept, dialect)
            return document, document, ()
        known = sidecars.document(place.library_id, path[len(place.root) + 1 :])
        last = None if known is None else _document(known[0], dialect)
        return _document(before.data, dialect), last, known[1] if known else ()

    def _check_dialect(self, place: ModelPlace, dialect: FencedDialect, before: ReadFile) -> None:
        """Raise when the file is another tool's."""
        document = _sidecar(name_of(place), before.data, dialect)
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

    def _is_stale(self, place: ModelPlace, dialect: FencedDialect, before: ReadFile) -> bool:
        """Tell whether a file is of other bytes and may be written anew; raise when it may not."""
        (claims,) = dialect.read([_sidecar(name_of(place), before.data, dialect)])
        if not isinstance(claims, SidecarClaims) or judged(claims, place) is not SidecarState.STALE:
            return False
        if not self._replace:
            raise SidecarRefused(
                "It speaks of other bytes than the file has.",
                hint="--replace writes it anew; notes and keys that loradex does not know stay.",
            )
        return True

    def _check_owner(
        self, place: ModelPlace, dialect: FencedDialect, beside: Beside, before: ReadFile | None
    ) -> None:
        """Raise unless a file that several models share is known to be this one's."""
        if before is not None:
            (claims,) = dialect.read([_sidecar(name_of(place), before.data, dialect)])
            if isinstance(claims, SidecarClaims):
                own = judged(claims, place) is SidecarState.KNOWN
                if own or claims.file_name == name_of(place):
                    return
        names = " and ".join(sorted((name_of(place), *beside.rivals)))
        raise SidecarRefused(
            f"{names} would share it, and {dialect.label} could not tell which of them it means.",
            hint="Give one of them another name.",
        )

    def _keys(
        self, place: ModelPlace, dialect: FencedDialect, existing: Mapping[str, object]
    ) -> list[SidecarKey]:
        if self._model is None or self._model[0] != place:
            self._model = place, known_model(self._catalog, place)
        try:
            return dialect.keys(self._model[1], existing)
        except PluginError as error:
            raise SidecarRefused(f"Its dialect failed: {error.message}") from error

    def _claims(self, dialect: FencedDialect, data: bytes) -> SidecarClaims:
        if not data:
            return SidecarClaims()
        (claims,) = dialect.read([_sidecar("", data, dialect)])
        return claims if isinstance(claims, SidecarClaims) else SidecarClaims()


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


def _sidecar(name: str, data: bytes, dialect: FencedDialect) -> SidecarDocument:
    if dialect.is_json:
        return SidecarDocument(name, value=json_of(data))
    return SidecarDocument(name, text=text_of(data))


def _bytes(document: _Document, dialect: FencedDialect) -> bytes:
    if dialect.is_json:
        return json_bytes(document, dialect.indent)
    return str(document.get(TEXT_KEY, "")).encode("utf-8", "backslashreplace")

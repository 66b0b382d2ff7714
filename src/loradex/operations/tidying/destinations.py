"""Folders that models of a kind go to in a library: the tool's own, then those of a template."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from loradex.catalog.catalog import Catalog
from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout, Library
from loradex.operations.libraries import folder_for
from loradex.operations.moves.names import leads_elsewhere, name_key, spelled_as_there
from loradex.operations.path_template import Filled, Lookup, PathTemplate
from loradex.operations.template_reading import read_path_template
from loradex.operations.tidying.fields import FIELDS

_LEADING_KIND = re.compile(r"\{kind(:[^{}|]*)?\}(/|\Z)")

OWN_ORDER = (Layout.INVOKEAI, Layout.HUGGING_FACE)
"""Tools that list every file themselves: one that is moved behind their back is lost to them."""


class NoFolder(Exception):
    """A model has no place in a library; the message is a sentence."""


@dataclass(slots=True)
class Destinations:
    """Where models go by one template; remembers the folders it has spelled.

    In a library of an image tool a file never leaves the folder in which the tool looks for its
    kind: `{kind}/` at the template's beginning stands for that folder, and a template without it is
    about the folders below.
    """

    catalog: Catalog
    template: PathTemplate
    _below: PathTemplate = field(init=False)
    _folders: dict[tuple[int, ModelKind], str | None] = field(default_factory=dict)
    _spelled: dict[tuple[bytes, tuple[str, ...]], tuple[bytes, ...] | None] = field(
        default_factory=dict
    )
    _planned: dict[tuple[bytes, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = self.template.text
        leading = _LEADING_KIND.match(text)
        below = text[leading.end() :] if leading else text
        self._below = (
            read_path_template(below, FIELDS, names_file=True) if below != text else self.template
        )

    def folder(
        self, library: Library, kind: ModelKind, lookup: Lookup
    ) -> tuple[tuple[bytes, ...], str | None]:
        """Return the folders below a library's root, and the stem that the template gives.

        The stem is None for a file that keeps its name. Raises `NoFolder`.
        """
        base = self._tool_folder(library, kind)
        filled: Filled = (self.template if base is None else self._below).fill(lookup)
        parts = tuple(os.fsencode(part) for part in (base or "").split("/") if part)
        below = self._as_there(b"/".join((os.fsencode(library.root), *parts)), filled.folders)
        if below is None:
            raise NoFolder("A folder on the way to its place is a link that leads elsewhere.")
        return (*parts, *below), filled.name

    def _tool_folder(self, library: Library, kind: ModelKind) -> str | None:
        """Return the folder in which a library's tool looks for a kind; None without a tool."""
        if library.layout in OWN_ORDER:
            raise NoFolder(f"The tool of {library.name} keeps an order of its own there.")
        if library.layout is Layout.PLAIN and not self.catalog.libraries.folders(library.id):
            return None
        key = (library.id, kind)
        if key not in self._folders:
            self._folders[key] = folder_for(self.catalog, library, kind)
        folder = self._folders[key]
        if folder is None:
            if kind is ModelKind.UNKNOWN:
                raise NoFolder("It is not known what it is.")
            raise NoFolder(f"{library.name} has no folder for a {kind.label}.")
        return folder

    def _as_there(self, base: bytes, folders: tuple[str, ...]) -> tuple[bytes, ...] | None:
        """Return folder names spelled as there, or as this plan spells them; None for a link."""
        key = (base, folders)
        if key not in self._spelled:
            below: list[bytes] = []
            path = base
            for name in spelled_as_there(base, folders):
                spelled = self._planned.setdefault((path, name_key(name)), name)
                below.append(spelled)
                path += b"/" + spelled
            self._spelled[key] = None if leads_elsewhere(base, below) else tuple(below)
        return self._spelled[key]

"""What a tool's own records say of the models in a library."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loradex.catalog.catalog import Catalog
from loradex.domain.library import Layout, Library
from loradex.operations.layouts import huggingface_facts, invokeai_facts

Importer = Callable[[Catalog, Library], int]

IMPORTERS: Mapping[Layout, Importer] = {
    Layout.INVOKEAI: invokeai_facts.import_facts,
    Layout.HUGGING_FACE: huggingface_facts.import_facts,
}
"""Layouts whose tool knows more of a model than its file does."""


def import_facts(catalog: Catalog, library: Library) -> int:
    """Keep what the library's tool says of its models; return how many models that changed.

    For most tools there is nothing to ask, and this costs nothing. What cannot be read counts as
    nothing said.
    """
    importer = IMPORTERS.get(library.layout)
    return importer(catalog, library) if importer else 0

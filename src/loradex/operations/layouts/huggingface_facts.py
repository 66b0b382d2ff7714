"""Names for models in a Hugging Face cache: their files are called alike, their repository is not.

A pipeline's folder is called by its revision, and weights `model.safetensors` or
`diffusion_pytorch_model.safetensors`; what tells them apart is `org/name`.
"""

from __future__ import annotations

import os

from loradex.catalog.catalog import Catalog
from loradex.catalog.library_store import Told
from loradex.domain.library import Library
from loradex.formats.model_files import model_stem
from loradex.operations.layouts.huggingface import repository_of

WHO = "Hugging Face cache"


def import_facts(catalog: Catalog, library: Library) -> int:
    """Name each model of a cache after its repository; return how many that changed."""
    root = os.fsencode(library.root) + b"/"
    told = {}
    for place, content in catalog.libraries.contents_by_place().items():
        if place.startswith(root):
            name = name_of(os.fsdecode(place.removeprefix(root)))
            if name is not None:
                told[content] = Told(content, WHO, (("name", name),))
    return catalog.libraries.record_told(list(told.values()))


def name_of(relative: str) -> str | None:
    """Return `org/name`, with the file's path in the repository where it is one of several.

    None for a path that lies in no repository's snapshot.
    """
    repository = repository_of(relative)
    _, found, inside = relative.partition("/snapshots/")
    if repository is None or not found:
        return None
    file = inside.partition("/")[2]
    return f"{repository}: {model_stem(file)}" if file else repository

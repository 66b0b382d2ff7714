"""Names, descriptions, kinds, bases and trigger phrases from InvokeAI's database."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from loradex.catalog.catalog import Catalog
from loradex.catalog.library_store import Told
from loradex.domain.kinds import BaseModel
from loradex.domain.library import Library
from loradex.domain.text import trained_words
from loradex.operations.layouts.invokeai import KINDS, Install, installation
from loradex.operations.layouts.invokeai_database import Installed, installed_models
from loradex.paths import expanded

WHO = "InvokeAI's database"

_BASES: Mapping[str, BaseModel] = {
    "sd-1": BaseModel.SD1,
    "sd-2": BaseModel.SD2,
    "sd-3": BaseModel.SD3,
    "sdxl": BaseModel.SDXL,
    "sdxl-refiner": BaseModel.SDXL_REFINER,
    "flux": BaseModel.FLUX1,
    "flux2": BaseModel.FLUX2,
    "cogview4": BaseModel.COGVIEW4,
    "z-image": BaseModel.Z_IMAGE,
    "qwen-image": BaseModel.QWEN_IMAGE,
    "wan": BaseModel.WAN,
    "anima": BaseModel.ANIMA,
    "krea-2": BaseModel.KREA2,
}
"""InvokeAI's `taxonomy.py`; `any` and `unknown` say nothing."""

_MAX_NAME = 256
_MAX_WORDS = 100


def import_facts(catalog: Catalog, library: Library) -> int:
    """Keep what InvokeAI says of its models, those it uses in other libraries too.

    Returns how many models that changed. Its root folder is looked for above the library's, and
    where it usually lies; without it nothing is known.
    """
    found = _install_of(Path(library.root))
    if found is None:
        return 0
    models = installed_models(found.database, [])
    if not models:
        return 0
    places = _Places(catalog.libraries.contents_by_place())
    told: dict[int, Told] = {}
    for model in models:
        for content in places.at(os.fsencode((found.models or found.top) / model.path)):
            told.setdefault(content, _told(content, model))
    return catalog.libraries.record_told(list(told.values()))


def _install_of(root: Path) -> Install | None:
    tops = [root.parent]
    if os.environ.get("INVOKEAI_ROOT"):
        tops.append(expanded(os.environ["INVOKEAI_ROOT"]))
    tops.append(expanded("~/invokeai"))
    installs = (installation(top, []) for top in tops)
    return next((found for found in installs if found and found.models == root), None)


class _Places:
    """Which contents lie at a path; for a folder that is no model itself, the only one in it."""

    def __init__(self, by_place: Mapping[bytes, int]) -> None:
        self._by_place = by_place
        self._in_folder: dict[bytes, set[int]] = {}
        for path, content in by_place.items():
            self._in_folder.setdefault(path.rpartition(b"/")[0], set()).add(content)

    def at(self, path: bytes) -> Iterator[int]:
        for place in (os.path.normpath(path), os.path.realpath(path)):
            inside = self._in_folder.get(place, set())
            if place in self._by_place:
                yield self._by_place[place]
            elif len(inside) == 1:
                yield from inside


def _told(content: int, model: Installed) -> Told:
    kind, base = KINDS.get(model.type), _BASES.get(model.base)
    values = (
        ("name", model.name[:_MAX_NAME]),
        ("description", model.description),
        ("kind", kind.value if kind else ""),
        ("base", base.value if base else ""),
    )
    words = trained_words(model.phrases[:_MAX_WORDS])
    return Told(content, WHO, tuple(item for item in values if item[1]), words)

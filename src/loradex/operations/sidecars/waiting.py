"""How many sidecars nobody has read yet: told after a scan, without opening any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.domain.progress import Problem
from loradex.formats.model_files import SIDECAR_SUFFIXES, SidecarRole
from loradex.operations.sidecars.finding import Suffix, find_sidecars

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog

_NOT_READ = frozenset({".yaml", ".yml", ".sha256", ".html"})
"""Configurations, checksums and pages: they belong to models, but say nothing that is taken."""


def count_unread(catalog: Catalog) -> int:
    """Return how many files of other tools lie beside models and were never read."""
    suffixes = {
        Suffix(each.suffix, each.after_full_name)
        for each in SIDECAR_SUFFIXES
        if each.role is not SidecarRole.PREVIEW and each.suffix not in _NOT_READ
    }
    known = catalog.sidecars.known()
    unlisted: list[Problem] = []
    found = find_sidecars(catalog.sidecars.places(), suffixes, unlisted)
    return sum((each.owners[0].library_id, each.raw_path) not in known for each in found)

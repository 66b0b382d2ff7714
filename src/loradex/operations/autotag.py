"""Tags that taggers propose, each with where it comes from and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Source
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.models import ModelRow
from loradex.plugin_api import TaggerInput
from loradex.plugin_manager import Plugins

LEAST_CONFIDENCE = 0.5


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tag that a plugin proposes for a model that does not show it yet."""

    content_id: int
    name: str
    tag: str
    plugin: str
    reason: str


def propose(catalog: Catalog, plugins: Plugins, ids: Sequence[int]) -> list[Proposal]:
    """Return what the taggers propose for these models, surest first; nothing is written.

    Tags a model shows already, and those a person took off it, are left out.
    """
    removed = catalog.person.removed_tags(ids)
    captions = catalog.tag_counts(ids)
    roots = [f"{library.root}/" for library in catalog.files.libraries()]
    proposals: list[Proposal] = []
    for row in catalog.rows(ids):
        hidden = {tag.casefold() for tag in row.tags} | removed.get(row.id, frozenset())
        asked = _as_input(row, roots, captions.get(row.id, ()))
        for proposed in plugins.propose_tags(asked):
            if proposed.confidence >= LEAST_CONFIDENCE and proposed.tag.casefold() not in hidden:
                proposals.append(
                    Proposal(row.id, row.name, proposed.tag, proposed.plugin, proposed.reason)
                )
    return proposals


def accept(catalog: Catalog, proposals: Sequence[Proposal]) -> None:
    """Write proposed tags, with the file name as their source: a person's choice beats them."""
    together: dict[tuple[str, str], list[int]] = defaultdict(list)
    for proposal in proposals:
        detail = f"{proposal.plugin}: {proposal.reason}"
        together[proposal.tag, detail].append(proposal.content_id)
    for (tag, detail), ids in together.items():
        catalog.person.add_tags(ids, [tag], Source.FILE_NAME, detail)


def _as_input(
    row: ModelRow, roots: Iterable[str], captions: tuple[tuple[str, int], ...]
) -> TaggerInput:
    root = next((root for root in roots if row.path.startswith(root)), "/")
    folder = PurePosixPath(row.path.removeprefix(root)).parent
    return TaggerInput(
        file_name=row.file_name,
        folder="" if str(folder) == "." else str(folder),
        kind=ModelKind(row.kind),
        base=BaseModel(row.base) if row.base in set(BaseModel) else None,
        tag_counts=captions,
    )

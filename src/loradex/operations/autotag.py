"""Tags that taggers propose, each with where it comes from and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
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
    proposals = []
    for row in catalog.rows(ids):
        hidden = {tag.casefold() for tag in (*row.tags, *catalog.person.removed_tags(row.id))}
        seen: set[str] = set()
        for proposed in plugins.propose_tags(_as_input(catalog, row)):
            folded = proposed.tag.casefold()
            if proposed.confidence >= LEAST_CONFIDENCE and folded not in hidden | seen:
                seen.add(folded)
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


def _as_input(catalog: Catalog, row: ModelRow) -> TaggerInput:
    details = catalog.details(row.id)
    root = next(
        (
            library.root
            for library in catalog.files.libraries()
            if row.path.startswith(f"{library.root}/")
        ),
        "",
    )
    folder = PurePosixPath(row.path.removeprefix(f"{root}/")).parent
    return TaggerInput(
        file_name=row.file_name,
        folder="" if str(folder) == "." else str(folder),
        kind=ModelKind(row.kind),
        base=BaseModel(row.base) if row.base in set(BaseModel) else None,
        tag_counts=details.tag_counts,
    )

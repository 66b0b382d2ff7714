"""Changes of tags as a person types them: read, foreseen in numbers, and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.tags import clean_tag, fold_tag
from loradex.operations import annotate
from loradex.operations.annotation_undo import Memory, remembering


@dataclass(frozen=True, slots=True)
class TagChange:
    """Tags to put on and to take off; `replace` takes off all others as well."""

    add: tuple[str, ...]
    remove: tuple[str, ...]
    replace: bool = False

    def __bool__(self) -> bool:
        return bool(self.add or self.remove or self.replace)


@dataclass(frozen=True, slots=True)
class TagView:
    """The tags of some models, each with how many of them have it, and the names there are."""

    total: int
    counts: Mapping[str, int]
    vocabulary: Mapping[str, int]
    """All tags in use, each with how many models have it, the most frequent first."""
    meanings: Mapping[str, str | None]
    """Other names of tags and the tags they mean, both folded; None for one that was deleted."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one tag: put on, or taken off, so many models."""

    tag: str
    on: bool
    models: int


def read_change(text: str) -> TagChange:
    """Read `style, -sketch`: commas part tags, a minus takes one off; `=a, b` leaves a and b."""
    text = text.strip()
    replace = text.startswith("=")
    words = [word for part in text.removeprefix("=").split(",") if (word := part.strip())]
    return TagChange(
        tuple(word for word in words if not word.startswith("-")),
        tuple(word[1:].strip() for word in words if word.startswith("-") and word[1:].strip()),
        replace,
    )


def tag_view(catalog: Catalog, ids: Sequence[int]) -> TagView:
    """Return what a person needs to see to change the tags of these models."""
    entries = [entry for entry in catalog.tags.entries() if entry.shown]
    entries.sort(key=lambda entry: (-entry.shown, entry.name.casefold()))
    return TagView(
        len(set(ids)),
        catalog.person.tag_counts(ids),
        {entry.name: entry.shown for entry in entries},
        catalog.tags.meanings(),
    )


def effects(change: TagChange, view: TagView) -> list[Effect]:
    """Return what a change would do, in its order; what it would leave as it is has 0 models."""
    have = {fold_tag(tag): (tag, count) for tag, count in view.counts.items()}
    added = {_meant(tag, view): tag for tag in change.add}
    found = []
    for folded, tag in added.items():
        name, count = have.get(folded, (clean_tag(tag), 0))
        found.append(Effect(name, True, view.total - count))
    off = {_meant(tag, view): tag for tag in change.remove}
    if change.replace:
        off |= {folded: tag for folded, (tag, _) in have.items()}
    for folded, tag in off.items():
        if folded not in added:
            name, count = have.get(folded, (clean_tag(tag), 0))
            found.append(Effect(name, False, count))
    return found


def change_tags(
    catalog: Catalog,
    ids: Sequence[int],
    change: TagChange,
    memory: Memory,
    told: Callable[[int], None] | None = None,
) -> None:
    """Change the tags of models; `memory` takes what is needed to take it back.

    Raises `UsageError` for a tag that is no tag, before anything is written.
    """
    for name in (*change.add, *change.remove):
        annotate.check_tag(name)
    keep = {fold_tag(name) for name in change.add}
    meanings = catalog.tags.meanings() if change.replace else {}
    keep |= {meanings.get(name) or name for name in keep}

    def edit(some: Sequence[int]) -> None:
        annotate.tag(catalog, some, add=change.add, remove=change.remove)
        if change.replace:
            for tag, having in catalog.person.tags_of(some).items():
                if fold_tag(tag) not in keep:
                    annotate.tag(catalog, having, remove=[tag])

    remembering(catalog, memory, ["tags"], ids, edit, told=told)


def _meant(tag: str, view: TagView) -> str:
    folded = fold_tag(tag)
    return view.meanings.get(folded) or folded

"""Changes to the vocabulary of tags, checked and described before they are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from loradex.catalog.catalog import Catalog
from loradex.domain.tags import clean_tag, fold_tag
from loradex.errors import UsageError
from loradex.operations.annotate import check_tag


@dataclass(frozen=True, slots=True)
class VocabularyChange:
    """One change: what it is, in a sentence without its end, and on which models it shows."""

    what: str
    models: tuple[int, ...]
    carry_out: Callable[[], None]
    """Makes the change."""


def alias_change(catalog: Catalog, alias: str, tag: str) -> VocabularyChange:
    """Let `alias` mean `tag`, which may be new; models that have the alias as a tag follow.

    Raises `UsageError` for what cannot be an alias.
    """
    for name in (alias, tag):
        check_tag(name)
    if fold_tag(alias) == fold_tag(tag):
        raise UsageError(
            f"{clean_tag(alias)!r} and {clean_tag(tag)!r} are one tag already.",
            hint="Case, spaces and underscores do not count.",
        )
    meant = catalog.tags.meaning(tag)
    target = meant[1] if meant else clean_tag(tag)
    old = catalog.tags.meaning(alias)
    if old is not None and meant is not None and old[0] == meant[0]:
        raise UsageError(
            f"{clean_tag(alias)!r} means {target!r} already.",
            hint="See all names with `loradex tag alias`.",
        )
    if old is not None and fold_tag(old[1]) == fold_tag(alias):
        return _merging(catalog, [old], target)
    return VocabularyChange(
        f"{clean_tag(alias)} means {target}", (), lambda: catalog.tags.add_alias(alias, target)
    )


def alias_removal(catalog: Catalog, alias: str) -> VocabularyChange:
    """Let a name mean nothing special; models keep their tags. Raises `UsageError`."""
    known = {fold_tag(name): (name, tag) for name, tag in catalog.tags.aliases()}
    found = known.get(fold_tag(alias))
    if found is None:
        raise _unknown(alias, [name for name, _ in known.values()], "alias")
    what = f"{found[0]} no longer means {found[1]}" if found[1] else f"{found[0]} may be used again"
    return VocabularyChange(what, (), lambda: _drop(catalog, alias))


def parent_change(catalog: Catalog, child: str, parent: str) -> VocabularyChange:
    """Make a tag a kind of another; both may be new. Raises `UsageError` for a circle."""
    for name in (child, parent):
        check_tag(name)
    below, above = catalog.tags.meaning(child), catalog.tags.meaning(parent)
    shown = (below[1] if below else clean_tag(child), above[1] if above else clean_tag(parent))
    same = fold_tag(shown[0]) == fold_tag(shown[1])
    if same or (below and above and catalog.tags.lies_above(below[0], above[0])):
        raise UsageError(
            f"{shown[0]!r} cannot be a kind of {shown[1]!r}: that would close a circle.",
            hint="See what is a kind of what with `loradex tag parent`.",
        )
    return VocabularyChange(
        f"{shown[0]} is a kind of {shown[1]}",
        tuple(catalog.tags.tagged(below[0])) if below else (),
        lambda: catalog.tags.add_parents([shown]),
    )


def parent_removal(catalog: Catalog, child: str, parent: str) -> VocabularyChange:
    """Let a tag be no kind of another. Raises `UsageError` when it is none."""
    below, above = find_tag(catalog, child), find_tag(catalog, parent)
    if (below[1], above[1]) not in catalog.tags.parents():
        raise UsageError(
            f"{below[1]!r} is no kind of {above[1]!r}.",
            hint="See what is a kind of what with `loradex tag parent`.",
        )
    return VocabularyChange(
        f"{below[1]} is no kind of {above[1]}",
        tuple(catalog.tags.tagged(below[0])),
        lambda: catalog.tags.remove_parent(below[0], above[0]),
    )


def merge_change(catalog: Catalog, names: Sequence[str], into: str) -> VocabularyChange:
    """Make tags one with another, which may be new. Raises `UsageError`."""
    check_tag(into)
    meant = catalog.tags.meaning(into)
    target = meant[1] if meant else clean_tag(into)
    tags = list(dict.fromkeys(find_tag(catalog, name) for name in names))
    tags = [tag for tag in tags if meant is None or tag[0] != meant[0]]
    if not tags:
        raise UsageError(f"Nothing is left to be merged into {target!r}.")
    return _merging(catalog, tags, target)


def rename_change(catalog: Catalog, old: str, new: str) -> VocabularyChange:
    """Give a tag a new name; the old one stays an alias. Raises `UsageError` for a taken name."""
    check_tag(new)
    tag = find_tag(catalog, old)
    if fold_tag(tag[1]) == fold_tag(new):
        return VocabularyChange(
            f"{tag[1]} is written {clean_tag(new)}",
            tuple(catalog.tags.tagged(tag[0])),
            lambda: catalog.tags.respell(tag[0], new),
        )
    taken = catalog.tags.meaning(new)
    if taken is not None and taken[0] != tag[0]:
        raise UsageError(
            f"There is a tag {taken[1]!r} already.",
            hint=f"To make them one: loradex tag merge {old!r} {new!r}",
        )
    change = _merging(catalog, [tag], clean_tag(new))
    what = f"{tag[1]} is called {clean_tag(new)}, and {tag[1]} stays another name of it"
    carry_out = change.carry_out
    if taken is not None:  # its own alias becomes its name

        def carry_out() -> None:
            catalog.tags.remove_alias(new)
            change.carry_out()

    return VocabularyChange(what, change.models, carry_out)


def deletion(catalog: Catalog, names: Sequence[str]) -> VocabularyChange:
    """Take tags off everything and let no source bring them back. Raises `UsageError`."""
    tags = list(dict.fromkeys(find_tag(catalog, name) for name in names))
    models = dict.fromkeys(id_ for tag in tags for id_ in catalog.tags.tagged(tag[0]))

    def carry_out() -> None:
        for id_, _ in tags:
            catalog.tags.delete(id_)

    what = f"{', '.join(name for _, name in tags)} deleted for good"
    return VocabularyChange(what, tuple(models), carry_out)


def find_tag(catalog: Catalog, name: str) -> tuple[int, str]:
    """Return id and name of the tag that a name means; raise `UsageError` that proposes one."""
    meant = catalog.tags.meaning(name)
    if meant is None:
        raise _unknown(name, catalog.tags.names(), "tag")
    return meant


def _merging(catalog: Catalog, tags: Sequence[tuple[int, str]], target: str) -> VocabularyChange:
    models = dict.fromkeys(id_ for tag in tags for id_ in catalog.tags.tagged(tag[0]))

    def carry_out() -> None:
        for id_, _ in tags:
            catalog.tags.merge(id_, target)

    what = f"{', '.join(name for _, name in tags)} becomes {target}"
    return VocabularyChange(what, tuple(models), carry_out)


def _drop(catalog: Catalog, alias: str) -> None:
    catalog.tags.remove_alias(alias)


def _unknown(name: str, known: Sequence[str], what: str) -> UsageError:
    near = get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`loradex tag` lists them all."
    return UsageError(f"There is no {what} {clean_tag(name)!r}.", hint=hint)

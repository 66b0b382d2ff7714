"""What is taken back is as it was before, statement by statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Source
from loradex.domain.trigger_words import ChosenWord
from loradex.domain.verdicts import VerdictKind
from loradex.operations import annotate, collections, verdicts
from loradex.operations.annotation_undo import Memory, remembering, take_back
from loradex.paths import Home
from tui.shelf import few, shelf

Edit = Callable[[Catalog, Sequence[int]], object]


@pytest.fixture
def catalog(home: Home) -> Catalog:
    catalog = shelf(home, few())
    catalog.person.add_tags([1, 2], ["neon"], Source.HUB)
    catalog.person.add_tags([1, 4], ["style"])
    catalog.person.remove_tags([2], ["neon"])
    catalog.person.set_note(1, "Works best at 0.8.")
    catalog.person.set_rating([1, 4], 5)
    collections.pick(catalog, "keepers", [1, 2])
    verdicts.overrule(catalog, [1], verdicts.findings_of([VerdictKind.ALWAYS_ON]), note="so it is")
    return catalog


def said(catalog: Catalog) -> object:
    """Return all that a person said, but for when a row was last written."""
    ids = list(range(1, 11))
    kinds = ("tags", "note", "rating", "favourite", "collections", "words")
    statements = [catalog.said.read(kind, ids) for kind in kinds]
    shown = [(row.tags, row.rating, row.favourite, row.trigger_words) for row in catalog.rows(ids)]
    own = [[(v.findings, v.note, v.dismissed) for v in catalog.verdicts.of(id_)] for id_ in ids]
    empty = {("",), (None,), (0,)}
    return (
        [{key: value for key, value in each.items() if value not in empty} for each in statements],
        shown,
        own,
    )


def off(catalog: Catalog, ids: Sequence[int]) -> None:
    catalog.words.choose(ids[0], [ChosenWord("", "neonkn", "neonkn", "off", 0, None)])


@pytest.mark.parametrize(
    ("kinds", "edit"),
    [
        (("tags",), lambda c, ids: annotate.tag(c, ids, add=["neon", "new"], remove=["style"])),
        (("tags",), lambda c, ids: annotate.forget_tags(c, ids, ["neon", "style"])),
        (("note",), lambda c, ids: annotate.note(c, ids[0], "")),
        (("rating",), lambda c, ids: annotate.rate(c, ids, 2)),
        (("favourite",), lambda c, ids: annotate.favourite(c, ids, True)),
        (("collections",), lambda c, ids: collections.unpick(c, "keepers", ids)),
        (("collections",), lambda c, ids: collections.pick(c, "keepers", ids)),
        (("words", "word groups"), off),
        (("verdicts",), lambda c, ids: verdicts.dismiss(c, ids, [VerdictKind.ALWAYS_ON])),
        (("verdicts",), verdicts.clear),
    ],
)
def test_an_edit_is_taken_back_to_the_statement(
    catalog: Catalog, kinds: Sequence[str], edit: Edit
) -> None:
    with catalog:
        before = said(catalog)
        memory, done = Memory(), []
        remembering(
            catalog, memory, kinds, [1, 2, 4, 7], lambda some: edit(catalog, some), told=done.append
        )
        assert memory
        assert done == [4]
        assert said(catalog) != before
        back = take_back(catalog, memory)
        assert (back.models, back.left) == (memory.models, 0)
        assert said(catalog) == before


def test_a_removal_stays_a_persons_removal(catalog: Catalog) -> None:
    with catalog:
        memory = Memory()
        remembering(
            catalog, memory, ["tags"], [1, 2], lambda ids: annotate.tag(catalog, ids, add=["neon"])
        )
        assert catalog.rows([2])[0].tags == ("neon",)
        take_back(catalog, memory)
        assert catalog.rows([2])[0].tags == ()
        assert catalog.person.removed_tags([1, 2]) == {2: frozenset({"neon"})}


def test_what_was_changed_again_meanwhile_stays(catalog: Catalog) -> None:
    with catalog:
        memory = Memory()
        remembering(
            catalog, memory, ["rating"], [1, 4, 5], lambda ids: annotate.rate(catalog, ids, 1)
        )
        annotate.rate(catalog, [4], 3)
        annotate.note(catalog, 5, "still mine")
        version = catalog.details(5).note_version
        back = take_back(catalog, memory)
        assert (back.models, back.left) == (2, 1)
        assert [row.rating for row in catalog.rows([1, 4, 5])] == [5, 3, None]
        assert catalog.details(5).note == "still mine"
        assert catalog.details(5).note_version > version, "an editor that is open has to notice"


def test_a_collection_that_is_gone_takes_nothing_back(catalog: Catalog) -> None:
    with catalog:
        memory = Memory()
        remembering(
            catalog,
            memory,
            ["collections"],
            [1],
            lambda ids: collections.unpick(catalog, "keepers", ids),
        )
        known = collections.collection(catalog, "keepers")
        catalog.collections.delete(known.id)
        assert take_back(catalog, memory).left == 1


def test_nothing_to_take_back_where_nothing_changed(catalog: Catalog) -> None:
    with catalog:
        memory = Memory()
        remembering(catalog, memory, ["rating"], [1], lambda ids: annotate.rate(catalog, ids, 5))
        assert not memory

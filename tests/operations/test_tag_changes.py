"""Changes of tags as they are typed."""

from __future__ import annotations

import pytest

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError
from loradex.operations.annotation_undo import Memory, take_back
from loradex.operations.tag_changes import (
    Effect,
    TagChange,
    change_tags,
    effects,
    read_change,
    tag_view,
)
from loradex.paths import Home
from tui.shelf import few, shelf


@pytest.fixture
def catalog(home: Home) -> Catalog:
    catalog: Catalog = shelf(home, few())
    catalog.person.add_tags([1, 2], ["neon", "scifi"])
    catalog.person.add_tags([1, 4], ["style"])
    catalog.tags.add_alias("aesthetic", "style")
    return catalog


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("a, b c", TagChange(("a", "b c"), ())),
        ("-a,b, - c", TagChange(("b",), ("a", "c"))),
        (" , -, ", TagChange((), ())),
        ("=a, b", TagChange(("a", "b"), (), replace=True)),
        (" = ", TagChange((), (), replace=True)),
    ],
)
def test_what_is_typed_is_a_change(text: str, change: TagChange) -> None:
    assert read_change(text) == change
    assert bool(change) == (text.strip(" ,-") != "")


@pytest.mark.parametrize(
    ("text", "told", "left"),
    [
        ("new", [Effect("new", True, 3)], "neon,new,scifi,style|neon,new,scifi|new,style"),
        ("Aesthetic", [Effect("style", True, 1)], "neon,scifi,style|neon,scifi,style|style"),
        ("-neon, -no", [Effect("neon", False, 2), Effect("no", False, 0)],
         "scifi,style|scifi|style"),
        ("=scifi", [Effect("scifi", True, 1), Effect("neon", False, 2), Effect("style", False, 2)],
         "scifi|scifi|scifi"),
        ("=aesthetic", [Effect("style", True, 1), Effect("neon", False, 2),
                        Effect("scifi", False, 2)], "style|style|style"),
        ("=", [Effect("neon", False, 2), Effect("scifi", False, 2), Effect("style", False, 2)],
         "||"),
    ],
)  # fmt: skip
def test_a_change_does_what_was_foreseen_and_can_be_taken_back(
    catalog: Catalog, text: str, told: list[Effect], left: str
) -> None:
    ids = [1, 2, 4]
    with catalog:
        before = [row.tags for row in catalog.rows(ids)]
        change = read_change(text)
        foreseen = effects(change, tag_view(catalog, ids))
        assert foreseen == told
        memory = Memory()
        change_tags(catalog, ids, change, memory)
        assert "|".join(",".join(row.tags) for row in catalog.rows(ids)) == left
        take_back(catalog, memory)
        assert [row.tags for row in catalog.rows(ids)] == before
        assert not catalog.person.removed_tags(ids)


def test_a_tag_that_is_none_changes_nothing(catalog: Catalog) -> None:
    with catalog, pytest.raises(UsageError, match="longer than 100"):
        change_tags(catalog, [1], TagChange(("good", "x" * 101), ()), Memory())
    with catalog:
        assert "good" not in catalog.rows([1])[0].tags

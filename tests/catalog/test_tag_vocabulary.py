"""The vocabulary of tags: one tag in many spellings, aliases, parents, merging, deleting."""

from __future__ import annotations

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Source
from loradex.domain.tags import fold_tag
from loradex.operations.matching import found


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    """Four models: 1 to 4."""
    looks = [look(f"{name}.safetensors", n) for n, name in enumerate("abcd", 1)]
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


def tags(catalog: Catalog, id_: int) -> tuple[str, ...]:
    return catalog.rows([id_])[0].tags


def finds(catalog: Catalog, name: str) -> list[int]:
    """What `tag_effective` finds, as its docstring says to ask."""
    with catalog._reader.connection() as connection:
        rows = connection.execute(
            "SELECT content_id FROM tag_effective WHERE tag_id IN"
            " (SELECT id FROM tag WHERE folded = ?1"
            " UNION ALL SELECT tag_id FROM tag_alias WHERE folded = ?1) ORDER BY 1",
            (fold_tag(name),),
        )
        return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Style", "style", True),
        ("line_art", "Line  Art", True),
        ("line__art", "line art", True),
        ("Caf\u00e9", "cafe\u0301", True),
        ("STRASSE", "straße", True),
        ("sci-fi", "sci fi", False),
        ("^_^", "^ ^", False),
        ("a_", "a", False),
    ],
)
def test_what_is_one_tag(one: str, other: str, same: bool) -> None:
    assert (fold_tag(one) == fold_tag(other)) is same


def test_spellings_are_one_tag_in_the_first_one(shelf: Catalog) -> None:
    shelf.person.add_tags([1], ["Line Art"])
    shelf.person.add_tags([1, 2], ["line_art"])
    assert tags(shelf, 1) == tags(shelf, 2) == ("Line Art",)
    shelf.person.remove_tags([1], ["LINE ART"])
    assert tags(shelf, 1) == ()


def test_an_alias_means_its_tag_whoever_says_it(shelf: Catalog) -> None:
    shelf.tags.add_alias("bg", "background")
    shelf.person.add_tags([1], ["BG"])
    shelf.looks.record_hashes([(shelf.files.to_hash()[1], hashes("a"))])
    shelf.hub.record_models("civitai", [model(tags=("bg", "night"))])
    shelf.hub.record_versions("civitai", [version()])
    shelf.hub.record_matches(
        "civitai", [found(2, version(), model(tags=("bg", "night")), "sha256")]
    )
    assert tags(shelf, 1) == ("background",)
    assert tags(shelf, 2) == ("background", "night")
    assert finds(shelf, "bg") == finds(shelf, "background") == [1, 2]
    assert shelf.tags.remove_alias("bg")
    shelf.person.add_tags([3], ["bg"])
    assert finds(shelf, "background") == [1, 2]


def test_a_parent_is_found_through_its_children(shelf: Catalog) -> None:
    shelf.person.add_tags([1], ["watercolor"])
    shelf.person.add_tags([2], ["style"])
    shelf.tags.add_parents([("watercolor", "painting"), ("painting", "style")])
    shelf.person.add_tags([3], ["watercolor"])
    assert finds(shelf, "style") == [1, 2, 3]
    assert tags(shelf, 1) == ("watercolor",)
    shelf.person.remove_tags([3], ["style"])
    assert finds(shelf, "style") == [1, 2]
    child = shelf.tags.meaning("painting")
    parent = shelf.tags.meaning("style")
    assert child and parent
    shelf.tags.remove_parent(child[0], parent[0])
    assert finds(shelf, "style") == [2]
    shelf.tags.add_parents([("painting", "style")], by_person=False)
    assert finds(shelf, "style") == [2]
    assert shelf.tags.parents_taken_back() == {("painting", "style")}


def test_circles_are_not_made(shelf: Catalog) -> None:
    shelf.tags.add_parents([("a", "b"), ("b", "c"), ("c", "a"), ("d", "d")])
    assert shelf.tags.parents() == [("a", "b"), ("b", "c")]


def test_merging_keeps_sources_choices_and_relations(shelf: Catalog) -> None:
    shelf.person.add_tags([1, 2, 3, 4], ["bg"], Source.HUB)
    shelf.person.add_tags([1], ["bg"])
    shelf.person.remove_tags([2], ["bg"])
    shelf.person.add_tags([3], ["background"], Source.HUB)
    shelf.person.add_tags([4], ["background"])
    shelf.person.remove_tags([4], ["bg"])
    shelf.tags.add_parents([("scenery bg", "bg"), ("background", "bg"), ("bg", "thing")])
    shelf.tags.add_alias("backdrop", "bg")
    old = shelf.tags.meaning("bg")
    assert old
    shelf.tags.merge(old[0], "background")
    assert [tags(shelf, id_) for id_ in (1, 2, 3, 4)] == [("background",), (), ("background",), ()]
    assert {tag.source for tag in shelf.details(1).tags} == {"person"}
    assert shelf.tags.aliases() == [("backdrop", "background"), ("bg", "background")]
    assert shelf.tags.parents() == [("scenery bg", "background"), ("background", "thing")]
    assert finds(shelf, "thing") == [1, 3]


def test_merging_never_makes_a_circle(shelf: Catalog) -> None:
    shelf.tags.add_parents([("a", "b"), ("b", "c")])
    last = shelf.tags.meaning("c")
    assert last
    shelf.tags.merge(last[0], "a")
    assert shelf.tags.parents() == [("a", "b")]


def test_a_deleted_tag_comes_back_by_a_person_only(shelf: Catalog) -> None:
    shelf.person.add_tags([1, 2], ["junk"], Source.HUB)
    shelf.tags.add_parents([("small", "junk"), ("junk", "all")])
    shelf.person.add_tags([3], ["small"])
    assert finds(shelf, "all") == [1, 2, 3]
    junk = shelf.tags.meaning("junk")
    assert junk
    shelf.tags.delete(junk[0])
    assert tags(shelf, 1) == ()
    assert finds(shelf, "all") == []
    shelf.person.add_tags([1], ["Junk"], Source.HUB)
    assert tags(shelf, 1) == ()
    assert shelf.tags.meanings() == {"junk": None}
    shelf.person.add_tags([1], ["Junk"])
    assert tags(shelf, 1) == ("Junk",)
    assert shelf.tags.meanings() == {}


def test_another_spelling_shows_at_once(shelf: Catalog) -> None:
    shelf.person.add_tags([1], ["line_art"])
    tag = shelf.tags.meaning("line art")
    assert tag
    shelf.tags.respell(tag[0], "Line Art")
    assert tags(shelf, 1) == ("Line Art",)


def test_what_shows_when_two_contents_prove_equal(shelf: Catalog) -> None:
    shelf.person.add_tags([1], ["one"])
    shelf.person.add_tags([2], ["two"])
    same = hashes("c")
    first, second, *_ = shelf.files.to_hash()
    shelf.looks.record_hashes([(first, same)])
    shelf.looks.record_hashes([(second, same)])
    (kept,) = {*finds(shelf, "one"), *finds(shelf, "two")}
    assert set(tags(shelf, kept)) == {"one", "two"}

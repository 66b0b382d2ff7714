"""By what a result can be narrowed."""

from __future__ import annotations

from loradex.catalog.catalog import Catalog
from loradex.domain.verdicts import VerdictKind
from loradex.operations import collections, verdicts
from loradex.operations.narrowing import bare, narrowing
from loradex.paths import Home
from tui.shelf import few, shelf


def test_each_count_is_what_choosing_the_value_finds(home: Home) -> None:
    catalog: Catalog = shelf(home, few())
    with catalog:
        catalog.person.add_tags([1, 2], ["neon", "night city"])
        catalog.person.set_rating([1, 4], 5)
        catalog.person.set_rating([2], 3)
        collections.pick(catalog, "keepers", [1, 5])
        verdicts.overrule(catalog, [1], verdicts.findings_of([VerdictKind.ALWAYS_ON]))
        query = "neon , oil sort:size"
        found = narrowing(catalog, query)
        assert found is not None
        assert found.values["rating"] == [("5", 2), ("3", 1)]
        assert found.values["verdict"] == [("always-on", 1)]
        assert found.values["collection"] == [("keepers", 1)]
        assert found.tags_left == 0
        for field, counts in found.values.items():
            for value, count in counts:
                assert catalog.count(f'({bare(query)}) {field}:"{value}"') == count, (field, value)
        chosen = narrowing(catalog, "rating:5")
        assert chosen is not None
        assert chosen.values["rating"] == [("5", 2), ("3", 1)], "a choice hides no other"
        held = narrowing(catalog, "", "NIGHT_c")
        assert held is not None
        assert held.values["tag"] == [("night city", 2)]
        assert held.values["rating"] == []
        assert narrowing(catalog, "", wanted=lambda: False) is None


def test_a_query_is_bared_of_its_order() -> None:
    assert bare("neon sort:size limit:5 rating:5", ("rating",)) == "neon"
    assert bare('"open') == '"open'

"""What a query can go on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.operations import collections, query_history
from loradex.operations.query_completion import Completer
from loradex.paths import Home
from tui.shelf import few, shelf


@pytest.fixture
def catalog(home: Home) -> Catalog:
    catalog: Catalog = shelf(home, few())
    catalog.person.add_tags([1, 2], ["neon light"])
    catalog.person.add_tags([1], ["night", "neon"])
    collections.pick(catalog, "keepers", [1])
    return catalog


@pytest.mark.parametrize(
    ("query", "offers"),
    [
        ("ki", ["kind:"]),
        ("neon -ki", ["kind:"]),
        ("(ki", ["kind:"]),
        ("kind:lo", ["lora", "loras", "locon"]),
        ("kind:lora,chec", ["checkpoint", "checkpoints"]),
        ("-tag:n", ['"neon light"', "neon", "night"]),
        ('tag:"neon l', ['"neon light"']),
        ("tag:light", ['"neon light"']),
        ("collection:", ["keepers"]),
        ("library:m", ["main"]),
        ("fav:", ["yes", "no"]),
        ("verdict:dead", ["dead-trigger"]),
        ("sort:siz", ["size", "size-"]),
        ("neon", []),
        ("nofield:x", []),
    ],
)
def test_a_query_is_completed(catalog: Catalog, query: str, offers: list[str]) -> None:
    with catalog:
        found = Completer(catalog).at(query, len(query))
        assert [each.text for each in found.offers][: len(offers) + 1] == offers


def test_an_offer_takes_the_place_of_what_was_typed(catalog: Catalog) -> None:
    with catalog:
        query = 'kind:lora tag:"neon l base:sdxl'
        found = Completer(catalog).at(query, 21)
        assert found.taken(query, 0) == ('kind:lora tag:"neon light" base:sdxl', 26)


def test_every_value_that_is_offered_can_be_asked_for(catalog: Catalog) -> None:
    with catalog:
        completer = Completer(catalog)
        fields = [each.text for each in completer.at("", 0).offers]
        assert len(fields) > 40
        for field in fields:
            for offer in completer.at(field, len(field)).offers:
                catalog.check_query(field + offer.text)


def test_queries_are_remembered_once_and_in_order(home: Home) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    for query in ("a", "b  c", "a", "", "x" * 3_000):
        query_history.remember(home, query)
    assert query_history.asked(home) == ["b c", "a"]
    for number in range(query_history.MOST + 5):
        query_history.remember(home, f"q{number}")
    assert len(query_history.asked(home)) == query_history.MOST
    (kept,) = Path(home.root).glob("searches*")
    kept.write_bytes(b"\xff\x00\n" + b"ok\n")
    assert query_history.asked(home)[-1] == "ok"
    kept.unlink()
    kept.mkdir()
    assert query_history.remember(home, "lost") == ["lost"]
    assert query_history.asked(home) == []

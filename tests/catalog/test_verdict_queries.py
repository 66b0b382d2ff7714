"""What queries find by verdicts, and that indexes answer them."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest

from loradex.catalog.catalog import Catalog
from loradex.catalog.query import compile_query
from loradex.catalog.query.sorts import SORTS
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.errors import QueryError
from loradex.paths import Home
from verdict_kit import BEST, BURNS, DEAD, NEEDS, USABLE, probe, shelf

K = VerdictKind
DAY = 86_400.0


@pytest.fixture
def catalog(home: Home) -> Catalog:
    opened = Catalog.open(home)
    shelf(opened)
    now = time.time()
    opened.verdicts.record(replace(probe(1, NEEDS, USABLE, BEST, BURNS), created_at=now))
    opened.verdicts.record(replace(probe(2, DEAD), created_at=now - 40 * DAY))
    opened.verdicts.record(replace(probe(2, NEEDS, on=4), created_at=now - 50 * DAY))
    return opened


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("verdict:dead-trigger", [2]), ("verdict:dead", [2]), ('verdict:"dead trigger"', [2]),
        ("verdict:needs_trigger", [1, 2]), ("verdict:NEEDS", [1, 2]), ("verdict:no-effect", []),
        ("verdict:needs -verdict:dead", [1]), ("verdict:dead,burns", [1, 2]),
        ("verdict:", [3, 4, 5]), ("kind:lora verdict:", [3]),
        ("strength:0.6..0.9", [1]), ("strength:0.4", [1]), ("strength:>1.1", []),
        ("strength:1.05..", [1]), ("strength:", [2, 3, 4, 5]),
        ("best:0.5..0.8", [1]), ("best:0.9..", []), ("best:", [2, 3, 4, 5]),
        ("burns:<1.5", [1]), ("burns:<1", []),
        ("probed:<30d", [1]), ("probed:>30d", [2]), ("probed:", [3, 4, 5]),
        ("untested:", [3, 4, 5]), ("is:tested", [1, 2]), ("untested: kind:lora", [3]),
        ("verdict: , best:0.8 sort:id", [1, 3, 4, 5]),
    ],
)  # fmt: skip
def test_finding(catalog: Catalog, query: str, found: list[int]) -> None:
    assert sorted(catalog.ids(query)) == found


def test_orders_and_columns(catalog: Catalog) -> None:
    assert catalog.ids("kind:lora sort:probed-") == [1, 2, 3]
    assert catalog.ids("kind:lora sort:best")[0] == 1
    assert catalog.ids("kind:lora sort:strength")[0] == 1
    shown = catalog.columns([1, 3], ["verdict", "best"])
    assert shown == {
        1: ('["needs-trigger","usable","best","burns"]', 0.8), 3: ("[]", None)
    }  # fmt: skip


def test_a_persons_verdict_stands_for_all_that_probes_say(catalog: Catalog) -> None:
    mine = Verdict(1, (Finding(K.ALWAYS_ON, ""),), VerdictSource.PERSON)
    catalog.verdicts.record(mine)
    assert (catalog.ids("verdict:always"), catalog.ids("verdict:needs")) == ([1], [2])
    assert (catalog.ids("best:0.8"), catalog.ids("probed:<1d")) == ([], [1])
    catalog.verdicts.record(probe(1, NEEDS))
    assert catalog.ids("verdict:needs") == [2], "a later probe changes nothing about that"
    catalog.verdicts.clear([1], VerdictSource.PERSON)
    assert catalog.ids("verdict:needs") == [1, 2]


def test_a_dismissal_hides_one_kind(catalog: Catalog) -> None:
    catalog.verdicts.record(Verdict(1, (), VerdictSource.PERSON, dismissed=(K.BURNS, K.BEST)))
    assert (catalog.ids("verdict:burns"), catalog.ids("verdict:needs")) == ([], [1, 2])
    assert (catalog.ids("best:0.8"), catalog.ids("strength:0.5")) == ([], [1])


@pytest.mark.parametrize(
    ("query", "marked", "hint"),
    [
        ("verdict:deat-trigger", "deat-trigger", "Did you mean dead-trigger?"),
        ("verdict:xyz", "xyz", "Known: always-on, best"),
        ("best:good", "good", None),
        ("probed:soon", "soon", None),
        ("untested:yes", "yes", "nothing after it"),
    ],
)
def test_a_wrong_value_is_marked(
    catalog: Catalog, query: str, marked: str, hint: str | None
) -> None:
    with pytest.raises(QueryError) as wrong:
        catalog.ids(query)
    error = wrong.value
    assert query[error.position : error.position + error.length] == marked
    assert hint is None or hint in str(error.hint)


@pytest.mark.parametrize(
    "query", ["verdict:dead", "best:0.5..", "burns:<1", "probed:<30d", "strength:0.6..0.9"]
)
def test_an_index_answers(catalog: Catalog, query: str) -> None:
    condition = compile_query(query).found
    assert condition.ids is not None
    with closing(sqlite3.connect(catalog.home.catalog)) as connection:
        plan = [
            str(row[3])
            for row in connection.execute(f"EXPLAIN QUERY PLAN {condition.ids}", condition.params)
        ]
    assert all("USING COVERING INDEX" in step for step in plan), plan


@pytest.mark.parametrize("order", ["best", "probed", "strength"])
def test_an_order_looks_each_model_up(catalog: Catalog, order: str) -> None:
    """Walking an index of times or kinds for each model would take minutes for many."""
    with closing(sqlite3.connect(catalog.home.catalog)) as connection:
        plan = [
            str(row[3])
            for row in connection.execute(f"EXPLAIN QUERY PLAN SELECT {SORTS[order]} FROM content")
        ]
    (look_up,) = [step for step in plan if step.startswith("SEARCH")]
    assert "content_id=?" in look_up or "PRIMARY KEY" in look_up

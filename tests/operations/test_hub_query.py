"""A hub search typed as one line."""

from __future__ import annotations

import pytest

from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.errors import QueryError
from loradex.operations.hub_query import read_hub_query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("", HubQuery()),
        ("neon knight", HubQuery(text="neon knight")),
        ('"neon knight" armor', HubQuery(text="neon knight armor")),
        ("kind:LoRA base:SDXL,pony", HubQuery(kinds=(ModelKind.LORA,), bases=("sdxl", "pony"))),
        ('base:"Flux.1 Krea" style', HubQuery(text="style", bases=("Flux.1 Krea",))),
        (
            "tag:anime by:mosskettle sort:newest period:week",
            HubQuery(
                tag="anime",
                creator="mosskettle",
                sort=SearchSort.NEWEST,
                period=SearchPeriod.WEEK,
            ),
        ),
    ],
)
def test_what_is_typed_is_what_is_asked(text: str, query: HubQuery) -> None:
    assert read_hub_query(text, ContentLimit.SAFE) == query


def test_the_limit_is_the_persons() -> None:
    assert read_hub_query("x", ContentLimit.R).content_limit is ContentLimit.R


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("neon rating:5", 5, "no field rating"),
        ("kind:sofa", 5, "'sofa'"),
        ("sort:best", 5, "'best'"),
        ("-anime", 0, "leave things out"),
        ("a , b", 2, "one or the other"),
        ("tag:a,b", 0, "one tag only"),
        ("by:", 0, "says nothing"),
    ],
)
def test_what_hubs_cannot_do_is_told_at_its_place(text: str, position: int, said: str) -> None:
    with pytest.raises(QueryError, match=said) as told:
        read_hub_query(text, ContentLimit.SAFE)
    assert told.value.position == position

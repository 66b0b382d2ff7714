"""What may go when room is short, and what never does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import model, version
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.tidying.advising import Trashing, TrashPlan, plan_trash
from loradex.paths import Home
from moves_kit import add
from tidy_kit import do, goes, match, stays


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Three versions of one model on the hub, and a file that no hub knows."""
    folder = tmp_path / "shelf"
    for number, name in enumerate(("v1", "v2", "v3", "own")):
        lora(folder / f"{name}.safetensors", seed=number, rank=4 + number)
    return folder


@pytest.fixture
def catalog(home: Home, shelf: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, shelf)
        for number in (1, 2, 3):
            match(
                opened,
                shelf / f"v{number}.safetensors",
                number=number,
                name=f"v{number}",
                published=f"202{number}-01-01",
            )
        yield opened


def content(catalog: Catalog, name: str) -> int:
    return next(row.id for row in catalog.rows(catalog.ids("")) if row.file_name.startswith(name))


def advised(catalog: Catalog, **wanted: object) -> TrashPlan:
    return plan_trash(catalog, Trashing(trash=TrashKind.FOLDER, **wanted))  # type: ignore[arg-type]


def test_older_versions_go_and_the_newest_stays(catalog: Catalog) -> None:
    found = advised(catalog)
    assert set(goes(found.plan)) == {"v1.safetensors", "v2.safetensors"}
    assert found.advice[0].reasons[0] == "you have the newer version v3"
    assert {each.again for each in found.advice} == {
        "loradex hub get version:1", "loradex hub get version:2",
    }  # fmt: skip
    assert found.kept["no hub is known to have it"] == 1
    assert do(catalog, found.plan).models == 2
    assert advised(catalog).plan.moves == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("favourite", "it is a favourite"),
        ("rated 4", "you rated it 4 or better"),
        ("rated 5", "you rated it 4 or better"),
        ("judged", "you judged it yourself"),
        ("model gone", "the hub has it no longer"),
        ("version gone", "the hub has it no longer"),
        ("archived", "the hub has it no longer"),
        ("other bytes", "the hub does not list a file with these bytes"),
        ("on site only", "the hub does not give it to everybody"),
        ("early access", "the hub does not give it to everybody"),
    ],
)
def test_what_never_goes(catalog: Catalog, shelf: Path, change: str, reason: str) -> None:
    id_ = content(catalog, "v1")
    sha256 = catalog.rows([id_])[0].sha256 or ""
    known = replace(version(1, name="v1", sha256=sha256), published_at="2021-01-01T00:00:00Z")
    if change == "favourite":
        catalog.person.set_favourite([id_], True)
    elif change.startswith("rated"):
        catalog.person.set_rating([id_], int(change[-1]))
    elif change == "judged":
        finding = Finding(VerdictKind.ALWAYS_ON, "Acts without its words.")
        catalog.verdicts.record(Verdict(id_, (finding,), VerdictSource.PERSON))
    elif change == "model gone":
        catalog.updates.record_gone("civitai", [70])
    elif change == "version gone":
        catalog.updates.record_versions_left("civitai", 70, [2, 3])
    elif change == "archived":
        catalog.hub.record_models("civitai", [replace(model(), mode="Archived")])
    elif change == "other bytes":
        other = replace(known.files[0], sha256="f" * 64)
        catalog.hub.record_versions("civitai", [replace(known, files=(other,))])
    elif change == "on site only":
        catalog.hub.record_versions("civitai", [replace(known, usage_control="Generation")])
    else:
        later = replace(known, early_access_until="2999-01-01T00:00:00Z")
        catalog.hub.record_versions("civitai", [later])
    for exactly in (False, True):
        found = advised(catalog, query="v1" if exactly else "", exactly=exactly)
        assert "v1.safetensors" not in goes(found.plan)
        assert found.kept[reason] >= 1
        if exactly:
            assert reason in stays(found.plan.conflicts)["v1.safetensors"]


def test_the_disliked_go_first_and_only_until_there_is_room(catalog: Catalog, shelf: Path) -> None:
    catalog.person.set_rating([content(catalog, "v2")], 1)
    found = advised(catalog, free=10)
    assert set(goes(found.plan)) == {"v2.safetensors"}
    assert "you gave it 1 of 5" in found.advice[0].reasons
    everything = advised(catalog, free=10**12)
    assert set(goes(everything.plan)) == {"v1.safetensors", "v2.safetensors", "v3.safetensors"}
    assert everything.nbytes < 10**12


def test_a_query_chooses_what_exactly_goes(catalog: Catalog) -> None:
    query = "neon"
    found = advised(catalog, query=query, exactly=True)
    assert len(found.advice) == len(catalog.ids(query)) == 3


def test_what_pictures_were_made_with_stays_longer(catalog: Catalog) -> None:
    used = content(catalog, "v3")
    with catalog.person._writer.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO content_use(content_id, uses, first_used, last_used) VALUES (?, 3, ?, ?)",
            (used, time.time(), time.time()),
        )
    found = advised(catalog, free=10**12)
    reasons = {each.content_id: each.reasons for each in found.advice}
    assert "no picture that was read was made with it" in reasons[content(catalog, "v1")]
    assert "no picture that was read was made with it" not in reasons[used]
    assert found.advice[-1].content_id == used


def test_what_probes_found_is_a_reason_only_when_it_was_nothing(catalog: Catalog) -> None:
    nothing = Finding(VerdictKind.NO_EFFECT, "Pictures hardly change.")
    works = Finding(VerdictKind.ALWAYS_ON, "Acts without its words.")
    for name, findings in (("v1", (nothing,)), ("v2", (nothing, works))):
        catalog.verdicts.record(Verdict(content(catalog, name), findings))
    reasons = {each.content_id: each.reasons for each in advised(catalog, free=10**12).advice}
    told = [
        ("no effect was found" in reasons[id_], "it was never tested" in reasons[id_])
        for id_ in (content(catalog, name) for name in ("v1", "v2", "v3"))
    ]
    assert told == [(True, False), (False, False), (False, True)]

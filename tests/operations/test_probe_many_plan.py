"""What is probed on which checkpoint, in which order, and what is known already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.domain.library import FileState
from loradex.domain.probing import Depth, ProbeEvidence
from loradex.domain.verdicts import Finding, Verdict, VerdictKind
from loradex.errors import UsageError
from loradex.operations.probing.budget import Budget
from loradex.operations.probing.request import ProbeRequest, ProbeSettings
from loradex.operations.probing.tasks import ProbeTasks, answers, plan_tasks
from loradex.paths import Home
from loradex.probe.limits import VERSION
from verdict_kit import DEAD, evidence

ANY = ProbeRequest()
ONE, TWO, XL, PAINTER, SKETCHER, PAINTER_XL, VAE = range(1, 8)


@pytest.fixture
def catalog(home: Home) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        opened.looks.record(
            add_library(opened),
            [
                look("one.safetensors", ONE, base="sd1", words=("ohwx",)),
                look("two.safetensors", TWO, base="sd1"),
                look("xl.safetensors", XL),
                look("painter.safetensors", PAINTER, kind="checkpoint", base="sd1"),
                look("sketcher.safetensors", SKETCHER, kind="checkpoint", base="sd1"),
                look("painterXL.safetensors", PAINTER_XL, kind="checkpoint"),
                look("vae.safetensors", VAE, kind="vae", base="sd1"),
            ],
            "1",
        )
        yield opened


def planned(
    catalog: Catalog, *ids: int, on: tuple[str, ...] = (), named: bool = True, **more: bool
) -> ProbeTasks:
    return plan_tasks(catalog, ids, on, ANY, named=named, **more)


def pairs(tasks: ProbeTasks) -> list[tuple[int, int]]:
    return [(task.subject.id, task.checkpoint.id) for task in tasks.todo]


def probed(catalog: Catalog, lora: int, on: int, **numbers: object) -> Verdict:
    measured = replace(evidence("ohwx"), **{"version": VERSION, **numbers})  # type: ignore[arg-type]
    verdict = Verdict(lora, (DEAD,), checkpoint_id=on, evidence=measured)
    catalog.verdicts.record(verdict)
    return verdict


@pytest.mark.parametrize(
    ("ids", "on", "expected"),
    [
        ((XL,), (), [(XL, PAINTER_XL)]),
        ((ONE,), ("sketcher",), [(ONE, SKETCHER)]),
        ((ONE,), ("all",), [(ONE, PAINTER), (ONE, SKETCHER)]),
        ((ONE, XL), ("ALL",), [(ONE, PAINTER), (ONE, SKETCHER), (XL, PAINTER_XL)]),
        ((ONE,), ("query:paint",), [(ONE, PAINTER)]),
        ((ONE,), ("sketcher", "painter"), [(ONE, SKETCHER), (ONE, PAINTER)]),
        ((ONE, XL), ("painter", "painterXL"), [(ONE, PAINTER), (XL, PAINTER_XL)]),
        ((ONE, XL, TWO), ("painter", "painterXL"),
         [(ONE, PAINTER), (TWO, PAINTER), (XL, PAINTER_XL)]),
        ((PAINTER,), (), [(PAINTER, PAINTER)]),
        ((XL,), ("painter",), [(XL, PAINTER)]),
        ((ONE, ONE), ("painter",), [(ONE, PAINTER)]),
    ],
)  # fmt: skip
def test_each_goes_where_it_fits_and_checkpoints_stay_together(
    catalog: Catalog, ids: tuple[int, ...], on: tuple[str, ...], expected: list[tuple[int, int]]
) -> None:
    found = planned(catalog, *ids, on=on)
    assert pairs(found) == expected
    assert (found.known, found.left_out) == ((), ())


@pytest.mark.parametrize(
    ("ids", "on", "words"),
    [
        ((ONE,), (), "Several checkpoints fit"),
        ((VAE,), (), "of the kind vae"),
        ((XL,), ("painter", "sketcher"), "xl is for sdxl, and none of these is."),
        ((ONE,), ("two",), "two is no checkpoint"),
        ((ONE,), ("query:zzz",), "finds no checkpoint"),
        ((ONE,), ("nope",), "names no model"),
    ],
)
def test_what_cannot_be_probed_is_a_sentence(
    catalog: Catalog, ids: tuple[int, ...], on: tuple[str, ...], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        planned(catalog, *ids, on=on)


def test_of_many_what_cannot_be_probed_is_left_out(catalog: Catalog) -> None:
    """Found by a query, one of another base is no verdict that it does not fit."""
    (file,) = catalog.details(TWO).files
    catalog.files.set_state([file.id], FileState.MISSING)
    found = planned(catalog, ONE, TWO, XL, VAE, on=("painter",), named=False)
    assert pairs(found) == [(ONE, PAINTER)]
    assert [(one.item, one.message) for one in found.left_out] == [
        ("two", "Its file is missing."),
        ("xl", "xl is for sdxl, and painter is for sd1."),
        ("vae", "LoRAs and checkpoints can be probed; vae is of the kind vae."),
    ]


def test_the_untested_come_first(catalog: Catalog) -> None:
    probed(catalog, ONE, PAINTER)
    assert pairs(planned(catalog, ONE, TWO, on=("sketcher",))) == [
        (TWO, SKETCHER),
        (ONE, SKETCHER),
    ]
    again = planned(catalog, ONE, XL, TWO, on=("painter", "painterXL"), again=True)
    assert pairs(again) == [(XL, PAINTER_XL), (TWO, PAINTER), (ONE, PAINTER)]


def test_what_was_probed_is_known_unless_again(catalog: Catalog) -> None:
    probed(catalog, ONE, PAINTER)
    found = planned(catalog, ONE, on=("all",))
    assert pairs(found) == [(ONE, SKETCHER)]
    (task,) = found.known
    assert task.earlier is not None
    assert task.earlier.evidence is not None
    assert planned(catalog, ONE, on=("painter",), again=True).known == ()


def test_what_came_with_a_manifest_was_not_probed_here(catalog: Catalog) -> None:
    catalog.verdicts.record(
        replace(Verdict(ONE, (DEAD,), checkpoint_id=PAINTER), origin="library.json")
    )
    assert pairs(planned(catalog, ONE, on=("painter",))) == [(ONE, PAINTER)]


def test_what_does_not_fit_is_known_without_numbers(catalog: Catalog) -> None:
    misfit = Finding(VerdictKind.DOES_NOT_FIT, "Other layers.")
    catalog.verdicts.record(Verdict(XL, (misfit,), checkpoint_id=PAINTER))
    assert pairs(planned(catalog, XL, on=("painter",))) == []


MEASURED = replace(evidence("ohwx"), version=VERSION)


@pytest.mark.parametrize(
    ("measured", "request_", "expected"),
    [
        (MEASURED, ANY, True),
        (replace(MEASURED, version=VERSION - 1), ANY, False),
        (replace(MEASURED, stopped=True), ANY, False),
        (replace(MEASURED, depth="quick"), ANY, False),
        (replace(MEASURED, depth="thorough"), ANY, True),
        (MEASURED, ProbeRequest(depth=Depth.QUICK), True),
        (MEASURED, ProbeRequest(depth=Depth.THOROUGH), False),
        (replace(MEASURED, depth="of later days"), ProbeRequest(depth=Depth.QUICK), True),
        (MEASURED, ProbeRequest(words=(" OHWX",)), True),
        (MEASURED, ProbeRequest(words=("ohwx", "sks")), False),
        (MEASURED, ProbeRequest(seeds=(1, 2, 3, 4)), True),
        (MEASURED, ProbeRequest(seeds=(5, 6, 7, 8)), False),
        (MEASURED, ProbeRequest(prompts=("a", "b", "c")), False),
        (MEASURED, ProbeRequest(settings=ProbeSettings(width=64)), True),
        (MEASURED, ProbeRequest(settings=ProbeSettings(width=128)), False),
        (MEASURED, ProbeRequest(negative_prompt="blur"), False),
        (MEASURED, ProbeRequest(references=(Path("a.png"),)), False),
    ],
)
def test_a_verdict_answers_a_request_like_the_one_behind_it(
    measured: ProbeEvidence, request_: ProbeRequest, expected: bool
) -> None:
    verdict = Verdict(ONE, (DEAD,), checkpoint_id=PAINTER, evidence=measured)
    assert answers(verdict, request_) is expected


def test_a_budget_counts_down() -> None:
    now = [100.0]
    budget = Budget(30, clock=lambda: now[0])
    assert (budget.left(), budget.allows(30), budget.allows(30.1)) == (30, True, False)
    now[0] = 130
    assert budget.left() == 0
    assert not budget.allows(0)
    assert Budget().allows(1e9)

"""What screens of plans ask for: commands, overviews, what would be lost, what comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.errors import UsageError
from loradex.operations.plan_job import PlanRequest
from loradex.operations.tidying.changing import leave_out, take_edited, write_for_editing
from loradex.operations.tidying.chosen import read_models
from loradex.operations.tidying.discarding import Discard, plan_discard
from loradex.operations.tidying.drawing import keep_drawn
from loradex.operations.tidying.examples import examples, read_template, spread
from loradex.operations.tidying.helping import what_helps
from loradex.operations.tidying.organising import Tidy, plan_tidy
from loradex.operations.tidying.overview import overview
from loradex.operations.tidying.single import rename_now, undo_now
from loradex.operations.tidying.undo_look import look_at_undo
from loradex.paths import Home
from moves_kit import add, tree
from tidy_kit import fill_heap


@pytest.fixture
def heap(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    fill_heap(tmp_path / "heap")
    catalog = Catalog.open(home)
    add(catalog, tmp_path / "heap")
    return catalog


def organised(catalog: Catalog, models: frozenset[int] | None = None) -> int:
    tidy = Tidy("organise", read_template("organise", "{base}/{hash8}"), models=models)
    return keep_drawn(catalog, plan_tidy(catalog, tidy), tidy.about)


@pytest.mark.parametrize(
    ("request_", "arguments"),
    [
        (PlanRequest("organise", "neon", template="{base}/"),
         ["plan", "organise", "neon", "--template={base}/", "--same-name=suffix"]),
        (PlanRequest("rename", "-tag:x", models=frozenset({1})),
         ["plan", "rename", " -tag:x", "--same-name=suffix", "--models=-"]),
        (PlanRequest("dedupe", keep="oldest", leave="hardlink", near=True),
         ["plan", "dedupe", "--leave=hardlink", "--keep=oldest", "--near"]),
        (PlanRequest("trash", models=frozenset({1})),
         ["plan", "trash", "--exactly", "--anyway", "--models=-"]),
    ],
)  # fmt: skip
def test_a_request_is_the_command_that_a_person_would_type(
    request_: PlanRequest, arguments: list[str]
) -> None:
    assert request_.arguments == arguments


def test_only_the_chosen_models_are_moved_and_each_choice_is_a_plan_of_its_own(
    heap: Catalog,
) -> None:
    with heap:
        some = frozenset(heap.ids("")[:1])
        first, second = organised(heap, some), organised(heap)
        assert first != second
        assert organised(heap, some) == first
        assert {item.content_id for item in overview(heap, first).items} == some
        assert len(overview(heap, second).items) == 3
    assert read_models(b"3\n1 2\n") == {1, 2, 3}
    with pytest.raises(UsageError):
        read_models(b"3; rm")


def test_an_overview_has_a_line_a_model_and_leaving_one_out_takes_it_away(heap: Catalog) -> None:
    with heap:
        number = organised(heap)
        view = overview(heap, number)
        assert {item.what for item in view.items} == {"move"}
        assert view.beside == 2
        assert len(view.conflicts) == 1
        assert what_helps(view.conflicts[0].reason).startswith("It is a copy")
        gone = view.items[0].file_id
        assert gone is not None
        leave_out(heap, number, {gone})
        assert [item.file_id for item in overview(heap, number).items] == [
            item.file_id for item in view.items[1:]
        ]
        path = write_for_editing(heap, number)
        assert take_edited(heap, number, path) is None
        assert not path.exists()


def test_examples_say_where_models_go_and_why_others_stay(heap: Catalog) -> None:
    with heap:
        ids = spread(heap.ids(""), 2)
        assert len(ids) == 2
        found = examples(heap, "organise", read_template("organise", "{base}/"), ids)
        assert {each.target.split("/")[1] for each in found} <= {"SDXL", "SD 1.5"}
        found = examples(heap, "rename", read_template("rename", "{file}"), ids)
        assert {each.stays for each in found} == {"It is there already."}


def test_what_a_person_throws_away_is_told_with_what_would_be_lost(
    heap: Catalog, tmp_path: Path
) -> None:
    with heap:
        (copied,) = heap.ids("is:duplicate")
        heap.person.set_rating([copied], 5)
        found = plan_discard(heap, Discard(models=frozenset({copied})))
        (loss,) = found.losses
        assert (loss.files, loss.rating, loss.again) == (2, 5, "")
        assert len(found.plan.moves) == 2


def test_a_name_is_given_at_once_and_taken_back(heap: Catalog, tmp_path: Path) -> None:
    before = tree(tmp_path / "heap")
    with heap:
        (model,) = heap.ids("file:a.safetensors")
        applied = rename_now(heap, model, "glow {1}")
        assert (tmp_path / "heap" / "glow {1}.safetensors").exists()
        assert (tmp_path / "heap" / "glow {1}.png").exists()
        look = look_at_undo(heap, applied.plan_id)
        assert (look.models, look.files, look.stays) == (1, 2, ())
        undo_now(heap, applied.plan_id)
        assert tree(tmp_path / "heap") == before
        with pytest.raises(UsageError):
            look_at_undo(heap, organised(heap))

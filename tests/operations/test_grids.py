"""Drawing grids: what would be drawn, an interruption, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grid_stock import Stock, request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind as K
from loradex.domain.progress import CancelToken, Progress
from loradex.errors import Cancelled, NotRenderable, UsageError
from loradex.operations.grids import draw_grid, preview_grid
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.operations.telling_cell import telling_cell
from loradex.paths import Home
from progress_kit import Recorder
from render.bases.families import make_family
from render.bases.native import (
    copy_tokenizers,
    native_transformer,
    native_vae,
    text_encoders,
    write,
)

pytestmark = pytest.mark.render

NEON = {K.CHECKPOINT: "painter", K.LORA: "neon", K.PROMPT: "a boat"}


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


class Impatient(Recorder):
    """Stops the work as soon as `enough` says so."""

    def __init__(self, cancel: CancelToken, enough: Callable[[], bool]) -> None:
        super().__init__()
        self._cancel = cancel
        self._enough = enough

    def progress(self, event: Progress) -> None:
        if self._enough():
            self._cancel.cancel()


def test_an_interrupted_grid_goes_on_where_it_was(stocked: Stock, home: Home) -> None:
    odd = Home(home.root / "a {home} of braces")
    odd.root.mkdir()
    stocked.into(odd)
    request = request_of({**NEON, K.STRENGTH: "0,0.5,1", K.SEED: "1..12"})
    with Catalog.open(odd) as catalog:
        before = preview_grid(catalog, request)
        assert (before.pictures, before.finished, before.seconds) == (36, 0, None)
        assert before.memory_bytes > 100_000_000

        cancel, started = CancelToken(), list[int]()
        impatient = Impatient(cancel, lambda: any(odd.renders.rglob("*.png")))
        with pytest.raises(Cancelled):
            draw_grid(catalog, request, sink=impatient, cancel=cancel, on_started=started.append)
        between = preview_grid(catalog, request)
        assert 0 < between.finished < 36
        assert between.seconds is not None
        (record,) = catalog.grids.grids()
        assert record.id == started[0]
        # What was written, but not heard of before the end, counts as well.
        assert len(list(odd.renders.rglob("*.png"))) == between.finished >= record.cells_done

        result = draw_grid(catalog, request, sink=Recorder(), cancel=CancelToken())
        assert (result.reused, result.drawn) == (between.finished, 36 - between.finished)
        assert catalog.grids.grid(started[0]).cells_done == 36
        assert result.failed == ()
        assert [path.is_file() for path in (*result.sheets, result.page)] == [True, True]
        assert result.folder.parent == odd.grids

        again = draw_grid(catalog, request, sink=Recorder(), cancel=CancelToken())
        assert (again.reused, again.drawn) == (36, 0)
        neon = catalog.details(catalog.resolve("neon"))
        cell = telling_cell(catalog, again.grid_id, neon)
        assert cell is not None
        assert cell.strength == 1.0
        assert cell.path.is_file()

        cell.path.write_bytes(b"no picture any more")
        assert preview_grid(catalog, request).finished == 35


def test_places_that_come_to_the_same_picture_are_counted_once(
    stocked: Stock, catalog: Catalog
) -> None:
    request = request_of({**NEON, K.LORA: ("neon", "rain", "plain"), K.STRENGTH: "0,1"})
    preview = preview_grid(catalog, request)
    assert (len(preview.plan.placements), preview.pictures) == (6, 4)


def test_a_grid_of_nothing_but_exclusions_is_refused(stocked: Stock, catalog: Catalog) -> None:
    request = request_of({**NEON, K.SEED: "1,2"}, exclude=({K.SEED: ("1,2",)},))
    with pytest.raises(UsageError, match="nothing is left to draw"):
        preview_grid(catalog, request)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({K.SIZE: "8000"}, "width 8000 cannot be drawn"),
        ({K.SIZE: "65x64"}, "cannot draw 65x64: its sides are multiples of 8"),
        ({K.STEPS: "0"}, "0 steps cannot be drawn"),
        ({K.STEPS: "1001"}, "1001 steps"),
        ({K.STRENGTH: "11"}, "strength 11.0 cannot be used"),
        ({K.GUIDANCE: "-1"}, "guidance scale -1"),
        ({K.CLIP_SKIP: "0"}, "Clip skip 0"),
        ({K.SEED: "-1"}, "seed -1"),
        ({K.SAMPLER: "Eular"}, "Euler"),
        ({K.PROMPT: "x" * 30_000}, "too long"),
    ],
)
def test_what_no_engine_can_draw_is_refused(
    stocked: Stock, catalog: Catalog, asked: dict[K, str], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        preview_grid(catalog, request_of({**NEON, **asked}))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("device", ["nowhere", "cuda:99"])
def test_a_device_that_is_not_there_is_said(stocked: Stock, catalog: Catalog, device: str) -> None:
    with pytest.raises(UsageError, match="device"):
        preview_grid(catalog, replace(request_of(NEON), device=device))


def test_ten_thousand_pictures_can_be_planned(stocked: Stock, catalog: Catalog) -> None:
    request = request_of({**NEON, K.STRENGTH: "0..1:0.1", K.SEED: "1..909"})
    assert preview_grid(catalog, request).pictures == 9_999


def test_what_a_checkpoint_lacks_is_said_or_taken_from_the_library(
    catalog: Catalog, tmp_path: Path
) -> None:
    pytest.importorskip("diffusers")
    source = make_family(tmp_path / "source", "flux-dev")
    folder = tmp_path / "library"
    (folder / "unet").mkdir(parents=True)
    write(folder / "unet" / "tiny.safetensors", copied(native_transformer(source, "flux-dev")))
    add_library(catalog, folder, name="library")
    index(catalog)
    request = request_of(
        {K.CHECKPOINT: "tiny", K.PROMPT: "a boat", K.SEED: "1,2"},
        exclude=({K.CHECKPOINT: ("tiny",), K.SEED: ("2",)},),
    )
    with pytest.raises(NotRenderable) as caught:
        preview_grid(catalog, request)
    for file in ("ae.safetensors", "clip_l.safetensors", "t5xxl_fp16.safetensors"):
        assert file in str(caught.value.hint)

    write(folder / "vae" / "ae.safetensors", native_vae(source, "flux-dev"))
    for name, encoder in text_encoders(source, "flux-dev").items():
        write(folder / "clip" / f"{name}.safetensors", copied(encoder))
    copy_tokenizers(source, folder / "clip")
    index(catalog)
    (cell,) = preview_grid(catalog, request).plan.cells
    assert {model.name for model in cell.recipe.companions} == {"ae", "clip_l", "t5xxl"}


def copied(tensors: dict[str, Any]) -> dict[str, Any]:
    """Return tensors that share no memory, which a file cannot hold."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


def index(catalog: Catalog) -> None:
    """Scan and hash; a transformer this small is not told for what it is, so say it."""
    sink, cancel = Recorder(), CancelToken()
    scan(catalog, catalog.files.libraries(), workers=1, sink=sink, cancel=cancel)
    hash_pass(catalog, sink=sink, cancel=cancel)
    with catalog._writer.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE content SET kind = 'diffusion_model', base = 'flux1' WHERE name = 'tiny'"
        )

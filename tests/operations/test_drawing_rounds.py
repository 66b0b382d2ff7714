"""Rounds drawn by one process: the pictures of a grid, without loading the checkpoint again."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.denoising import DenoisingVariant, NoiseDraw
from loradex.domain.grid import (
    DOES_NOT_FIT,
    OUT_OF_RANGE,
    Cell,
    FailedCell,
    RenderedCell,
)
from loradex.domain.progress import CancelToken, Problem, Progress, SilentSink
from loradex.domain.recipe import GridModel, LoraUse, Recipe, RenderSettings
from loradex.domain.tokens import UNKNOWN_TOKEN
from loradex.errors import Cancelled, NotRenderable, RenderError, UsageError
from loradex.operations.drawing_rounds import DrawingRoom

pytestmark = pytest.mark.render

SETTINGS = RenderSettings(width=64, height=64, num_inference_steps=2, device="cpu")


class Listener(SilentSink):
    """Keeps what it is told, and cancels where a test wants it."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.problems: list[Problem] = []
        self.cancel_at: str | None = None
        self.cancel = CancelToken()

    def progress(self, event: Progress) -> None:
        self.stages.append(event.stage)
        if event.stage == self.cancel_at:
            self.cancel.cancel()

    def problem(self, event: Problem) -> None:
        self.problems.append(event)


@dataclass(frozen=True)
class Place:
    """A room with its ears, and the tiny files to draw with."""

    room: DrawingRoom
    told: Listener
    folder: Path
    log: Path
    files: dict[str, Path]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    from loradex.render.tiny import make_tiny_lora, make_tiny_pipeline

    root = tmp_path_factory.mktemp("rounds")
    files = {
        "sd1": make_tiny_pipeline(root / "sd1", shape="sd1"),
        "sdxl": make_tiny_pipeline(root / "sdxl", shape="sdxl"),
        "lora": make_tiny_lora(root / "lora.safetensors", shape="sd1", naming="kohya"),
        "xl_lora": make_tiny_lora(root / "xl_lora.safetensors", shape="sdxl", naming="kohya"),
    }
    told = Listener()
    with pytest.MonkeyPatch.context() as patch:
        # As in this process: the number of threads decides over the last bits.
        patch.setenv("OMP_NUM_THREADS", "1")
        with DrawingRoom(
            root / "renders",
            log=root / "logs" / "drawing.log",
            settings=SETTINGS,
            sink=told,
            cancel=told.cancel,
        ) as room:
            yield Place(room, told, root / "renders", root / "logs" / "drawing.log", files)


def model(path: Path) -> GridModel:
    return GridModel(1, path.stem, str(path), hashlib.sha256(str(path).encode()).hexdigest(), None)


def cells_of(
    place: Place,
    *strengths: float,
    seeds: Sequence[int] = (1, 2),
    prompt: str = "a red boat",
    checkpoint: str = "sd1",
    lora: str = "lora",
    settings: RenderSettings = SETTINGS,
) -> list[Cell]:
    from loradex.render.engine import engine_of
    from loradex.render.keys import cell_key

    found = []
    for strength in strengths:
        use = LoraUse(model(place.files[lora]), strength, strength)
        for seed in seeds:
            recipe = Recipe(
                model(place.files[checkpoint]),
                prompt,
                "",
                seed,
                settings,
                loras=(use,) if strength else (),
            )
            found.append(Cell(recipe, cell_key(recipe, engine_of(recipe))))
    return found


def drawn(cells: Iterator[RenderedCell | FailedCell]) -> dict[str, RenderedCell]:
    found = {}
    for cell in cells:
        assert isinstance(cell, RenderedCell), cell
        found[cell.key] = cell
    return found


def pixels(cell: RenderedCell) -> np.ndarray[Any, Any]:
    with Image.open(cell.path) as picture:
        return np.asarray(picture).astype(float)


def distance(one: RenderedCell, other: RenderedCell) -> float:
    """Return the RMS distance in steps of 1/255."""
    return float(np.sqrt(((pixels(one) - pixels(other)) ** 2).mean()))


def test_rounds_are_the_pictures_of_a_grid(place: Place, tmp_path: Path) -> None:
    from loradex.render.engine import engine_of
    from loradex.render.resident import Resident

    place.told.stages.clear()
    cells = cells_of(place, 0, 0.7)
    rounds = drawn(place.room.draw(cells[:1])) | drawn(place.room.draw(cells[1:]))
    assert place.told.stages.count("Loading") == 1
    here = drawn(Resident(engine_of).draw(cells, tmp_path, sink=SilentSink(), cancel=CancelToken()))
    assert set(rounds) == set(here) == {cell.key for cell in cells}
    for key, cell in rounds.items():
        assert Path(cell.path).read_bytes() == Path(here[key].path).read_bytes()
        assert Path(cell.path).parent.parent == place.folder


def test_latents_are_told_and_kept_in_the_picture(place: Place) -> None:
    from loradex.render.cells import read_cell

    (cell,) = drawn(place.room.draw(cells_of(place, 0.5, seeds=(4,)))).values()
    assert cell.latent_std is not None
    assert cell.latent_max is not None
    assert 0 < cell.latent_std < cell.latent_max
    kept = read_cell(Path(cell.path), cell.key)
    assert kept == replace(cell, seconds=0.0)


@pytest.mark.parametrize(("dtype", "least", "most"), [("float32", 0, 0.3), ("bfloat16", 0.5, 20)])
def test_the_other_way_is_another_way_to_the_same_picture(
    place: Place, tmp_path: Path, dtype: str, least: float, most: float
) -> None:
    """In 16 bits a LoRA in the weights is rounded otherwise than one beside them."""
    settings = replace(SETTINGS, dtype=dtype)
    cells = cells_of(place, 0, 1.0, seeds=(3,), settings=settings)
    usual = drawn(place.room.draw(cells))
    other = drawn(place.room.draw_otherwise(cells, tmp_path))
    base, strong = (distance(other[cell.key], usual[cell.key]) for cell in cells)
    assert base <= most
    assert least <= strong <= most
    assert distance(usual[cells[0].key], usual[cells[1].key]) > 20
    for cell in other.values():
        assert tmp_path in Path(cell.path).parents
        with Image.open(cell.path) as picture:
            assert "drawn otherwise" in picture.info["loradex"]


def test_the_other_way_leaves_the_checkpoint_as_it_was(place: Place, tmp_path: Path) -> None:
    cells = cells_of(place, 0, 0.9, seeds=(7,))
    usual = drawn(place.room.draw(cells))
    before = {key: Path(cell.path).read_bytes() for key, cell in usual.items()}
    drawn(place.room.draw_otherwise(cells, tmp_path))
    again = drawn(place.room.draw(cells))
    assert {key: Path(cell.path).read_bytes() for key, cell in again.items()} == before


def test_the_renders_folder_takes_no_other_way(place: Place) -> None:
    with pytest.raises(UsageError, match="drawn as usual"):
        place.room.draw_otherwise(cells_of(place, 0), place.folder)


def test_words_are_read_as_tokens_by_each_tokenizer(place: Place) -> None:
    words = ["a red boat", "red", "(red:1.3)", "", "zqx"]
    one = place.room.token_ids(model(place.files["sd1"]), words)
    assert [len(ids) for ids in one] == [1] * 5
    assert one[0][0][1] == one[1][0][0] == one[2][0][0]
    assert one[3] == ((),)
    assert len(one[4][0]) == 3
    two = place.room.token_ids(model(place.files["sdxl"]), words)
    assert [len(ids) for ids in two] == [2] * 5
    assert UNKNOWN_TOKEN not in one[0][0]


def test_losses_come_from_the_process_that_draws(place: Place, tmp_path: Path) -> None:
    """The checkpoint is loaded once for both, and is left as it was."""
    before, again = (Path(drawn_one(place).path).read_bytes() for _ in range(2))
    photo = tmp_path / "photo.png"
    Image.linear_gradient("L").resize((50, 70)).save(photo)
    recipe = cells_of(place, 0)[0].recipe
    lora = LoraUse(model(place.files["lora"]), 1.0, 1.0)
    variants = [DenoisingVariant("a red boat"), DenoisingVariant("a red boat", (lora,))]
    draws = [NoiseDraw(0.3, 1), NoiseDraw(0.8, 1)]
    place.told.stages.clear()
    found = place.room.denoising_losses(recipe, variants, [photo], draws)
    assert [(one.picture, one.variant, one.draw) for one in found] == [
        (0, variant, draw) for variant in range(2) for draw in draws
    ]
    assert len({one.loss for one in found}) == 4
    assert found == place.room.denoising_losses(recipe, variants, [photo], draws)
    with pytest.raises(RenderError, match="None of the pictures"):
        place.room.denoising_losses(recipe, variants, [tmp_path / "gone.png"], draws)
    assert "Loading" not in place.told.stages
    assert before == again == Path(drawn_one(place).path).read_bytes()


def drawn_one(place: Place) -> RenderedCell:
    (cell,) = drawn(place.room.draw(cells_of(place, 0.6, seeds=(9,)))).values()
    return cell


def test_a_lora_of_another_family_fails_by_name(place: Place) -> None:
    cells = cells_of(place, 0, 1.0, seeds=(1,), lora="xl_lora")
    found = {cell.key: cell for cell in place.room.draw(cells)}
    assert isinstance(found[cells[0].key], RenderedCell)
    failed = found[cells[1].key]
    assert isinstance(failed, FailedCell)
    assert failed.reason == DOES_NOT_FIT
    assert "does not fit" in failed.message


def test_numbers_out_of_range_are_told(place: Place) -> None:
    (failed,) = place.room.draw(cells_of(place, 1e30, seeds=(1,)))
    assert isinstance(failed, FailedCell)
    assert failed.reason == OUT_OF_RANGE
    assert "out of range" in failed.message


def test_an_error_leaves_the_process_alive(place: Place) -> None:
    drawn(place.room.draw(cells_of(place, 0, seeds=(1,))))
    process = place.room._process
    broken = replace(place, files={**place.files, "sd1": place.folder / "gone.safetensors"})
    with pytest.raises(NotRenderable, match="is not there"):
        list(place.room.draw(cells_of(broken, 0)))
    drawn(place.room.draw(cells_of(place, 0, seeds=(1,))))
    assert place.room._process is process


def test_what_nobody_waits_for_is_stopped(place: Place) -> None:
    """The rest of a round is given up, and the next one is drawn by the same process."""
    slow = replace(SETTINGS, num_inference_steps=12)
    cells = cells_of(place, *(n / 10 for n in range(1, 4)), seeds=range(16), settings=slow)
    drawing = place.room.draw(cells)
    first = next(drawing)
    process = place.room._process
    assert isinstance(drawing, Iterator)
    drawing.close()  # type: ignore[attr-defined]
    assert isinstance(first, RenderedCell)
    assert not all((place.folder / c.key[:2] / f"{c.key}.png").exists() for c in cells)
    drawn(place.room.draw(cells_of(place, 0, seeds=(1,))))
    assert place.room._process is process


def test_a_process_that_died_is_told_and_replaced(place: Place) -> None:
    slow = replace(SETTINGS, num_inference_steps=12)
    cells = cells_of(place, 0.2, 0.4, seeds=range(16, 32), settings=slow)
    drawing = place.room.draw(cells)
    next(drawing)
    process = place.room._process
    assert process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    with pytest.raises(RenderError, match="ended from outside \\(signal 9\\)"):
        list(drawing)
    drawn(place.room.draw(cells_of(place, 0, seeds=(1,))))
    assert place.room._process is not process


def test_cancelling_ends_a_round_within_a_step(place: Place, tmp_path: Path) -> None:
    told = Listener()
    told.cancel_at = "Drawing"
    slow = replace(SETTINGS, num_inference_steps=500)
    with DrawingRoom(tmp_path / "renders", log=place.log, sink=told, cancel=told.cancel) as room:
        with pytest.raises(Cancelled):
            list(room.draw(cells_of(place, 0, settings=slow)))
        process = room._process
        assert process is not None
    assert process._process.returncode == 0
    assert not (tmp_path / "renders").exists()


def test_nothing_starts_for_nothing(tmp_path: Path) -> None:
    with DrawingRoom(
        tmp_path, log=tmp_path / "log", sink=SilentSink(), cancel=CancelToken()
    ) as room:
        assert list(room.draw([])) == []
        assert room._process is None

"""What a probe measures besides, with tiny models that really draw."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.evidence_json import evidence_from_json, evidence_to_json
from loradex.domain.probing import ExtraMeasure
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.grid_models import CHECKPOINT_KINDS, ModelFinder, fitting_checkpoint
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.probing.extras import extras
from loradex.operations.probing.planning import ProbePlan, plan_probe
from loradex.operations.probing.probe import ProbeRoom
from loradex.operations.probing.prober import Prober
from loradex.operations.probing.request import ProbeRequest, ProbeSettings
from loradex.operations.scan import scan
from loradex.paths import Home
from loradex.plugin_manager import load_plugins
from progress_kit import Recorder
from verdict_kit import evidence

pytestmark = pytest.mark.render

WORD = "neonkn"
SETTINGS = ProbeSettings(width=64, height=64, num_inference_steps=2, device="cpu")
PROMPTS = ("a red boat", "a small castle", "a fox")


@dataclass(frozen=True)
class Place:
    """A probe whose pictures are drawn: two pairs without words and two with the word."""

    room: ProbeRoom
    plan: ProbePlan
    prober: Prober
    told: Recorder

    def extras(self, words: str, *references: Path) -> dict[str, ExtraMeasure]:
        self.told.problems.clear()
        request = ProbeRequest(references=references)
        found = extras(self.room, self.plan, self.prober, words, request)
        assert len({one.name for one in found}) == len(found)
        return {one.name: one for one in found}

    def drawn(self, strength: float) -> list[Path]:
        return [
            Path(cell.path)
            for point, cell in self.prober.finished.items()
            if point.strength == strength and not point.words
        ]


def make_models(folder: Path) -> Path:
    """Make a checkpoint with an image tower in its folder, and a LoRA that has a word."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    torch.set_num_threads(1)
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    from loradex.render.quiet import offline_and_quiet
    from loradex.render.tiny import make_tiny_lora, make_tiny_pipeline

    painter = make_tiny_pipeline(folder / "checkpoints" / "painter", shape="sd1", seed=1)
    config = CLIPVisionConfig(
        hidden_size=128, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2,
        image_size=32, patch_size=8, projection_dim=24,
    )  # fmt: skip
    with offline_and_quiet(), torch.random.fork_rng():
        torch.manual_seed(5)
        tower = CLIPVisionModelWithProjection(config).eval()
        tower.save_pretrained(painter / "safety_checker")
    neon = folder / "loras" / "neon.safetensors"
    make_tiny_lora(neon, shape="sd1", seed=11, metadata={"modelspec.trigger_phrase": WORD})
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("extras")
    models = make_models(root / "models")
    told, cancel, home = Recorder(), CancelToken(), Home(root / "home")
    with (
        pytest.MonkeyPatch.context() as patch,
        Catalog.open(home) as catalog,
        DrawingRoom(root / "renders", log=root / "log", sink=told, cancel=cancel) as drawing,
    ):
        patch.setenv("OMP_NUM_THREADS", "1")
        scan(catalog, [add_library(catalog, models)], workers=1, sink=told, cancel=cancel)
        hash_pass(catalog, sink=told, cancel=cancel)
        (lora,) = (row.id for row in catalog.search("kind:lora").rows)
        finder = ModelFinder(catalog, told, cancel)
        request = ProbeRequest(prompts=PROMPTS, settings=SETTINGS)
        checkpoint = finder.model(fitting_checkpoint(catalog, [lora]), CHECKPOINT_KINDS)
        plan = plan_probe(finder, drawing, finder.completed(checkpoint), lora, request)
        prober = Prober(catalog, plan.cells, drawing.draw)
        prober.look(plan.inquiry.points(2, (1.0,), ("", WORD)))
        plugins = load_plugins(home, ())
        yield Place(ProbeRoom(catalog, drawing, plugins, told, cancel), plan, prober, told)


def test_pictures_are_measured_by_plugins_and_by_the_librarys_tower(place: Place) -> None:
    found = place.extras(WORD)
    assert place.told.problems == []
    assert list(found)[-1] == "clip-i-base"
    assert len(found) > 1  # the measures that come with loradex
    assert {one.strength for one in found.values()} == {1.0}
    for one in found.values():
        assert one.meaning.endswith(".")
        assert math.isfinite(one.base)
        assert math.isfinite(one.lora)
    assert found["clip-i-base"].base == 1.0
    assert -1 <= found["clip-i-base"].lora < 1.0
    assert found["clip-i-base"].difference.pairs == 2


def test_references_are_compared_with_the_word_and_without(place: Place, tmp_path: Path) -> None:
    for number, picture in enumerate(place.drawn(1.0)[:2]):
        shutil.copy(picture, tmp_path / f"{number}.png")
    (tmp_path / "0.txt").write_text("a red boat\n", encoding="utf-8")
    (tmp_path / "broken.png").write_bytes(b"no picture at all")

    found = place.extras(WORD, tmp_path, tmp_path / "gone")

    assert [problem.item for problem in place.told.problems] == [
        str(tmp_path / "gone"),
        "broken.png",
    ]
    losses = ["reference-loss", "reference-loss-without-word", "reference-word"]
    assert list(found)[-3:] == losses
    for name in losses:
        one = found[name]
        assert (one.source, one.unit, one.strength) == ("painter", "relative gap", 1.0)
        assert one.difference.pairs == 2
        assert all(map(math.isfinite, (one.base, one.lora, *limits(one))))
    # One LoRA, with other words: other errors, of the same size as without it.
    knowing, silent, word = (found[name] for name in losses)
    assert knowing.base > 0
    assert knowing.lora > 0
    assert knowing.lora != silent.lora
    assert word.difference.mean == pytest.approx(word.lora - word.base)
    # The tower sees them as well.
    assert -1 <= found["clip-i-references"].lora <= 1


def limits(measure: ExtraMeasure) -> tuple[float, float, float]:
    told = measure.difference
    return told.mean, told.low, told.high


def test_without_a_word_captions_stand_as_they_are(place: Place, tmp_path: Path) -> None:
    shutil.copy(place.drawn(0.0)[0], tmp_path / "seen.png")
    found = place.extras("", tmp_path / "seen.png")
    assert place.told.problems == []
    assert [name for name in found if name.startswith("reference")] == ["reference-loss"]
    assert found["reference-loss"].difference.pairs == 1
    assert math.isinf(found["reference-loss"].difference.high)  # of one picture nothing is known


def test_what_cannot_be_measured_is_told_and_the_rest_goes_on(place: Place, tmp_path: Path) -> None:
    checker = tmp_path / "painter" / "safety_checker"
    checker.mkdir(parents=True)
    (checker / "config.json").write_text(json.dumps({"hidden_size": 64}), encoding="utf-8")
    picture = tmp_path / "seen.png"
    shutil.copy(place.drawn(0.0)[0], picture)
    cells = place.plan.cells
    elsewhere = replace(cells.checkpoint, path=str(tmp_path / "painter"), digest="0" * 64)
    plan = replace(place.plan, cells=replace(cells, checkpoint=elsewhere, _known={}))

    found = replace(place, plan=plan).extras(WORD, picture)

    assert [problem.item for problem in place.told.problems] == ["CLIP scores", "References"]
    assert all(problem.message for problem in place.told.problems)
    assert found
    assert all(one.source != "painter" for one in found.values())
    # And the process that draws is none the worse for it.
    assert "clip-i-base" in place.extras(WORD)


def test_whoever_stops_a_probe_is_obeyed(place: Place, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with (
        DrawingRoom(tmp_path, log=tmp_path / "log", sink=place.told, cancel=cancel) as drawing,
        pytest.raises(Cancelled),
    ):
        replace(place, room=replace(place.room, drawing=drawing)).extras(WORD)


def test_what_a_measure_means_is_kept(place: Place) -> None:
    found = tuple(place.extras("").values())
    kept = evidence_from_json(evidence_to_json(replace(evidence(WORD), extra=found)))
    assert kept is not None
    assert [one.meaning for one in kept.extra] == [one.meaning for one in found]

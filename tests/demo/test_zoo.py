"""The trained checkpoint and LoRAs that the package brings."""

from __future__ import annotations

# ruff: noqa: PLC0415 - torch and numpy are imported only by the test that draws
import hashlib
import json
from pathlib import Path

import pytest

from loradex.demo.zoo import write_zoo, zoo
from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.grid import GridSpec, Layout, RenderedCell
from loradex.domain.kinds import ModelKind
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.recipe import GridModel, RenderSettings
from loradex.domain.verdicts import VerdictKind
from loradex.formats.headers import read_header
from loradex.identify import identify
from loradex.render.plan import plan_grid

KINDS = {kind.value for kind in VerdictKind}


def test_the_files_are_told_for_what_they_are() -> None:
    found = zoo()
    assert identify(read_header(found.checkpoint)).kind is ModelKind.CHECKPOINT
    for one in found.loras:
        assert identify(read_header(one.file)).kind is ModelKind.LORA, one.file.name


def test_every_truth_is_in_the_words_of_verdicts_and_does_not_contradict_itself() -> None:
    for one in zoo().loras:
        said = {*one.expected, *one.acceptable, *one.forbidden, *one.words.values()}
        assert said <= KINDS, one.file.name
        assert not {*one.expected, *one.acceptable} & {*one.forbidden}, one.file.name
        assert set(one.words) <= set(one.claimed), one.file.name
        assert one.about


def test_trigger_words_are_whole_words_of_the_tokenizer() -> None:
    found = zoo()
    vocabulary = json.loads(
        (found.checkpoint.parent / "tokenizer" / "vocab.json").read_text("utf-8")
    )
    for word in (word for one in found.loras for word in one.claimed):
        assert f"{word}</w>" in vocabulary


def test_writing_the_zoo_copies_it_once(tmp_path: Path) -> None:
    written = write_zoo(tmp_path)
    assert written.checkpoint.is_relative_to(tmp_path)
    assert written.checkpoint.read_bytes() == zoo().checkpoint.read_bytes()
    assert (written.checkpoint.parent / "tokenizer" / "merges.txt").is_file()
    names = {one.file.name for one in written.loras}
    assert names == {path.name for path in (tmp_path / "loras" / "zoo").iterdir()}
    written.loras[0].file.write_bytes(b"mine")
    assert write_zoo(tmp_path).loras[0].file.read_bytes() == b"mine"


def _model(path: Path) -> GridModel:
    return GridModel(1, path.stem, str(path), hashlib.sha256(path.read_bytes()).hexdigest(), "sd1")


@pytest.mark.render
def test_outlines_need_their_word_in_one_lora_and_none_in_the_other(tmp_path: Path) -> None:
    """On a bright base picture, what outlines on black leave is dark."""
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    import numpy as np
    from PIL import Image

    from loradex.render.engine import draw, engine_of

    found = zoo()
    loras = {one.file.stem: one.file for one in found.loras}
    prompt = found.prompts[1]
    settings = RenderSettings(
        width=128, height=128, num_inference_steps=10, guidance_scale=4.0, device="cpu"
    )
    base = Draft(checkpoint=_model(found.checkpoint), prompt="", settings=settings)
    chosen = [_model(loras["neon"]), _model(loras["glow-zorble"])]
    axes = (
        Axis(AxisKind.LORA, tuple(AxisValue(one, one.name) for one in chosen)),
        Axis(AxisKind.STRENGTH, tuple(AxisValue(value, str(value)) for value in (0.0, 1.0))),
        Axis(
            AxisKind.PROMPT,
            tuple(AxisValue(text, text) for text in (prompt, f"zorble, {prompt}")),
        ),
    )
    spec = GridSpec(base=base, axes=axes, layout=Layout(x=(1,), y=(0, 2)), title="")
    plan = plan_grid(spec, engine=engine_of)
    keys = [cell.key for cell in plan.cells]
    light: dict[tuple[str, float, bool], float] = {}
    drawn = {
        one.key: one for one in draw(plan, keys, tmp_path, sink=SilentSink(), cancel=CancelToken())
    }
    for cell in plan.cells:
        picture = drawn[cell.key]
        assert isinstance(picture, RenderedCell), picture
        with Image.open(picture.path) as image:
            brightness = float(np.asarray(image).mean())
        used = [one for one in cell.recipe.loras if one.strength]
        name = used[0].model.name if used else ""
        light[name, float(bool(used)), "zorble" in cell.recipe.prompt] = brightness
    plain, worded = light["", 0.0, False], light["", 0.0, True]
    assert light["neon", 1.0, False] < 0.6 * plain
    assert light["glow-zorble", 1.0, False] > 0.75 * plain
    assert light["glow-zorble", 1.0, True] < 0.6 * worded

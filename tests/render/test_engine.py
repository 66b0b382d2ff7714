"""The engine against plain diffusers, and against itself."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loradex.domain.axes import AxisValue
from loradex.domain.grid import Cell, FailedCell, RenderedCell
from loradex.domain.infotext import parse_infotext
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.errors import Cancelled, NotRenderable

from .conftest import (
    SIZE,
    STEPS,
    Listener,
    Stock,
    draw_all,
    load_parts,
    model,
    networks_of,
    spec_for,
)

pytestmark = pytest.mark.render

SHAPES = ["sd1", "sdxl"]


def pixels(cell: RenderedCell | FailedCell) -> np.ndarray[Any, Any]:
    assert isinstance(cell, RenderedCell), cell
    with Image.open(cell.path) as picture:
        return np.asarray(picture).astype(int)


def only(cells: dict[str, RenderedCell | FailedCell]) -> RenderedCell:
    (cell,) = cells.values()
    assert isinstance(cell, RenderedCell), cell
    return cell


class Diffusers:
    """A pipeline as diffusers itself loads it, with one LoRA through its own loader."""

    def __init__(self, folder: Path, lora: Path | None) -> None:
        import diffusers
        import torch

        from loradex.render.quiet import offline_and_quiet

        index = json.loads((folder / "model_index.json").read_text())
        self.quiet = offline_and_quiet
        with self.quiet():
            self.pipe = getattr(diffusers, index["_class_name"]).from_pretrained(
                folder, local_files_only=True, torch_dtype=torch.float32
            )
            self.pipe.set_progress_bar_config(disable=True)
            self.scheduler = self.pipe.scheduler.config
            if lora:
                self.pipe.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="it")

    def draw(self, cell: Cell, **extra: Any) -> np.ndarray[Any, Any]:
        import diffusers
        import torch

        from loradex.render.samplers import read_sampler

        recipe = cell.recipe
        settings = recipe.settings
        sampler = read_sampler(settings.sampler, settings.schedule)
        kind = getattr(diffusers, sampler.scheduler)
        with self.quiet():
            self.pipe.scheduler = kind.from_config(self.scheduler, **sampler.options)
            if recipe.loras:
                self.pipe.enable_lora()
                self.pipe.set_adapters(["it"], [recipe.loras[0].strength])
            elif self.pipe.get_active_adapters():
                self.pipe.disable_lora()
            picture = self.pipe(
                recipe.prompt,
                negative_prompt=recipe.negative_prompt or None,
                width=settings.width,
                height=settings.height,
                num_inference_steps=settings.num_inference_steps,
                guidance_scale=settings.guidance_scale,
                generator=torch.Generator().manual_seed(recipe.seed),
                **extra,
            ).images[0]
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("negative", ["", "ugly"])
def test_each_cell_is_what_diffusers_draws(
    shape: str, negative: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    files = stock[shape]
    spec = spec_for(
        files.folder,
        [files.kohya],
        strengths=(0, 0.7),
        prompts=("a red boat", "fog"),
        seeds=(3,),
        negative=negative,
    )
    plan, cells = draw_all(spec, tmp_path)
    diffusers = Diffusers(files.folder, files.kohya)
    assert len(cells) == 4
    for cell in plan.cells:
        assert np.abs(pixels(cells[cell.key]) - diffusers.draw(cell)).max() <= 1
    base, strong = (pixels(cells[plan.cells[index].key]) for index in (0, 2))
    assert np.abs(base - strong).max() > 20


@pytest.fixture(scope="module")
def plain(stock: dict[str, Stock]) -> Iterator[Diffusers]:
    yield Diffusers(stock["sd1"].folder, None)


@pytest.mark.parametrize(
    "settings",
    [
        {"sampler": "Euler a"},
        {"sampler": "Euler Karras"},
        {"sampler": "DPM++ 2M"},
        {"sampler": "DPM++ 2M Karras"},
        {"sampler": "DPM++ 2M SDE"},
        {"sampler": "DDIM"},
        {"sampler": "UniPC"},
        {"sampler": "Heun"},
        {"sampler": "DPM2"},
        {"sampler": "DPM2 a"},
        {"sampler": "PLMS"},
        {"sampler": "LCM"},
        {"guidance_scale": 1.0},
        {"width": 96},
    ],
)
def test_settings_mean_what_they_mean_in_diffusers(
    settings: dict[str, Any],
    stock: dict[str, Stock],
    plain: Diffusers,
    tmp_path: Path,
) -> None:
    files = stock["sd1"]
    spec = spec_for(files.folder, [files.kohya], strengths=(0,), seeds=(5,), **settings)
    plan, cells = draw_all(spec, tmp_path)
    assert np.abs(pixels(only(cells)) - plain.draw(plan.cells[0])).max() <= 1


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M Karras", "UniPC", "Heun", "PLMS"])
def test_bfloat16_draws_with_every_kind_of_sampler(
    sampler: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    files = stock["sdxl"]
    spec = spec_for(files.folder, [files.kohya], strengths=(1,), sampler=sampler, dtype="bfloat16")
    assert pixels(only(draw_all(spec, tmp_path)[1])).std() > 10


def test_clip_skip_counts_layers_from_the_end(
    stock: dict[str, Stock], plain: Diffusers, tmp_path: Path
) -> None:
    """Diffusers' own clip_skip fails with newer transformers, so the layers are picked here."""
    import torch

    files = stock["sd1"]
    spec = spec_for(files.folder, [files.kohya], strengths=(0,), clip_skip=2)
    plan, cells = draw_all(spec, tmp_path)
    pipe, embeds = plain.pipe, []
    for text in (plan.cells[0].recipe.prompt, ""):
        ids = pipe.tokenizer(text, padding="max_length", max_length=77, return_tensors="pt")
        encoder = pipe.text_encoder
        with torch.no_grad():
            states = encoder(ids.input_ids, output_hidden_states=True).hidden_states
            inner = getattr(encoder, "text_model", encoder)
            embeds.append(inner.final_layer_norm(states[-2]))
    recipe = replace(plan.cells[0].recipe, prompt=None, negative_prompt="")  # type: ignore[arg-type]
    cell = replace(plan.cells[0], recipe=recipe)
    expected = plain.draw(cell, prompt_embeds=embeds[0], negative_prompt_embeds=embeds[1])
    assert np.abs(pixels(only(cells)) - expected).max() <= 1
    unskipped, _ = draw_all(
        spec_for(files.folder, [files.kohya], strengths=(0,), seeds=(1,)), tmp_path
    )
    assert unskipped.cells[0].key != plan.cells[0].key


@pytest.mark.parametrize(
    "schedule",
    [
        {"prediction_type": "v_prediction"},
        {
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
        },
    ],
)
def test_the_checkpoints_own_noise_schedule_is_kept(
    schedule: dict[str, Any], stock: dict[str, Stock], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(stock["sd1"].folder, folder)
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | schedule))
    spec = spec_for(folder, [stock["sd1"].kohya], strengths=(0,))
    plan, cells = draw_all(spec, tmp_path / "out")
    expected = Diffusers(folder, None).draw(plan.cells[0])
    assert np.abs(pixels(only(cells)) - expected).max() <= 1


@pytest.mark.parametrize("strength", [0, 1])
def test_a_cell_does_not_depend_on_its_grid(
    strength: float, stock: dict[str, Stock], tmp_path: Path
) -> None:
    """The same bytes alone, again, and among others, whose free places base cells take."""
    files = stock["sd1"]
    small = spec_for(
        files.folder, [files.kohya], strengths=(strength,), prompts=("fog",), seeds=(2,)
    )
    large = spec_for(
        files.folder,
        [files.kohya],
        strengths=(0.5, 0, 1),
        prompts=("boat", "fog", "x"),
        seeds=(7, 2),
    )
    _, alone = draw_all(small, tmp_path / "a")
    _, again = draw_all(small, tmp_path / "b")
    plan, among = draw_all(large, tmp_path / "c")
    assert len(plan.cells) == 18
    one = only(alone)
    other = among[one.key]
    assert isinstance(other, RenderedCell)
    paths = [one.path, only(again).path, other.path]
    assert len({Path(path).read_bytes() for path in paths}) == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_namings_and_containers_give_the_same_picture(
    shape: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    files = stock[shape]
    pairs = [
        (files.folder, files.kohya),
        (files.folder, files.peft),
        (files.single, files.kohya),
    ]
    drawn = [
        pixels(only(draw_all(spec_for(ck, [lora], strengths=(1,)), tmp_path / str(n))[1]))
        for n, (ck, lora) in enumerate(pairs)
    ]
    assert all(np.array_equal(drawn[0], other) for other in drawn[1:])


@pytest.mark.parametrize("shape", SHAPES)
def test_weights_and_files_are_untouched_afterwards(shape: str, stock: dict[str, Stock]) -> None:
    import torch

    from loradex.render.lora.file import match_lora
    from loradex.render.lora.merge import Merger
    from loradex.render.lora.modules import modules_from
    from loradex.render.lora.use import LoraAt

    files = stock[shape]
    before = hashlib.sha256(files.single.read_bytes()).digest()
    named = networks_of(load_parts(files.single))
    networks = list(named.values())
    kept = [{k: v.clone() for k, v in net.state_dict().items()} for net in networks]
    lora = match_lora(files.kohya, modules_from(named), name="it", base=None)
    merger = Merger()
    for strength in (0.3, 1.0, -0.7):
        merger.apply([LoraAt(lora, strength)])
    changed = [
        sum(not torch.equal(old[name], now) for name, now in net.state_dict().items())
        for old, net in zip(kept, networks, strict=True)
    ]
    assert sum(changed) == len(lora.patches)
    assert all(changed)
    merger.restore()
    for old, net in zip(kept, networks, strict=True):
        assert all(torch.equal(old[name], now) for name, now in net.state_dict().items())
    assert hashlib.sha256(files.single.read_bytes()).digest() == before


def test_a_lora_of_another_family_fails_alone(stock: dict[str, Stock], tmp_path: Path) -> None:
    right, wrong = stock["sd1"].kohya, stock["sdxl"].kohya
    spec = spec_for(stock["sd1"].folder, [right, wrong], strengths=(0, 1))
    stranger = replace(model(wrong), base="sdxl", digest="0" * 64, name="Stranger")
    loras = replace(spec.axes[0], values=(spec.axes[0].values[0], AxisValue(stranger, "Stranger")))
    spec = replace(spec, axes=(loras, *spec.axes[1:]))
    plan, cells = draw_all(spec, tmp_path)
    failed = [cell for cell in cells.values() if isinstance(cell, FailedCell)]
    assert len(plan.cells) == 3
    assert len(failed) == 1
    assert "Stranger does not fit this checkpoint" in failed[0].message
    assert "made for sdxl" in failed[0].message


def _with_one_tensor(path: Path, source: Path, name: str, value: Any) -> Path:
    from safetensors.torch import load_file, save_file

    tensors = load_file(source)
    tensors[name] = value
    save_file(tensors, path)
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lora_unet_no_such_layer.diff", "(for example lora_unet_no_such_layer"),
        ("lora_unet_conv_in.lora_down.weight", "1 of its 205 modules lack half"),
        ("something_else", "(for example something_else does not)"),
        ("lora_unet_conv_in.lambda_layer", "T-LoRA"),
        ("lora_unet_conv_in.diff", "modules fit"),
    ],
)
def test_a_lora_is_used_whole_or_not_at_all(
    name: str, words: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    import torch

    odd = _with_one_tensor(tmp_path / "odd.safetensors", stock["sd1"].kohya, name, torch.ones(4, 4))
    _, cells = draw_all(spec_for(stock["sd1"].folder, [odd], strengths=(1,)), tmp_path / "out")
    (cell,) = cells.values()
    assert isinstance(cell, FailedCell)
    assert words in cell.message


def test_nan_fails_its_cell_and_leaves_the_rest(stock: dict[str, Stock], tmp_path: Path) -> None:
    import torch

    files = stock["sd1"]
    bad = _with_one_tensor(
        tmp_path / "bad.safetensors",
        files.kohya,
        "lora_unet_down_blocks_0_attentions_0_proj_in.lora_up.weight",
        torch.full((32, 4, 1, 1), float("nan")),
    )
    spec = spec_for(files.folder, [bad, files.kohya], strengths=(1,))
    plan, cells = draw_all(spec, tmp_path / "out")
    by_lora = {cell.recipe.loras[0].model.name: cells[cell.key] for cell in plan.cells}
    broken = by_lora["bad"]
    assert isinstance(broken, FailedCell)
    assert "NaN" in broken.message
    _, alone = draw_all(spec_for(files.folder, [files.kohya], strengths=(1,)), tmp_path / "b")
    assert np.array_equal(pixels(by_lora["kohya"]), pixels(only(alone)))


def test_cancelling_stops_within_a_step(stock: dict[str, Stock], tmp_path: Path) -> None:
    cancel = CancelToken()
    seen: list[Progress] = []

    class Stopper(SilentSink):
        def progress(self, event: Progress) -> None:
            seen.append(event)
            if event.stage == "Drawing" and event.done == STEPS + 1:
                cancel.cancel()

    files = stock["sd1"]
    spec = spec_for(files.folder, [files.kohya], strengths=(0, 1), seeds=range(9))
    with pytest.raises(Cancelled):
        draw_all(spec, tmp_path, sink=Stopper(), cancel=cancel)
    steps = [event.done for event in seen if event.stage == "Drawing"]
    assert steps == list(range(1, STEPS + 2))
    assert {event.total for event in seen if event.stage == "Drawing"} == {2 * STEPS}
    assert len(list(tmp_path.rglob("*.png"))) == 9
    assert not list(tmp_path.rglob("*.tmp"))


def test_running_out_of_memory_halves_the_batch(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from loradex.render import session

    real, sizes = session.sample, []

    def small_device(base: Any, recipes: Any, *others: Any, **rest: Any) -> Any:
        sizes.append(len(recipes))
        if len(recipes) > 2:
            raise torch.OutOfMemoryError("no room")
        return real(base, recipes, *others, **rest)

    monkeypatch.setattr(session, "sample", small_device)
    files, sink = stock["sd1"], Listener()
    spec = spec_for(files.folder, [files.kohya], strengths=(0,), seeds=range(19))
    _, cells = draw_all(spec, tmp_path, sink=sink)
    # The second batch of sixteen goes in twos at once: what was learnt is not learnt again.
    assert sizes == [16, 8, 4, *[2] * 10]
    assert len(sink.problems) == 3
    assert all(isinstance(cell, RenderedCell) for cell in cells.values())
    assert "ran out of memory" in sink.problems[0].message


def test_memory_for_not_even_one_fails_the_cells(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from loradex.render import session

    def no_room(*_args: Any, **_rest: Any) -> Any:
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(session, "sample", no_room)
    files = stock["sd1"]
    _, cells = draw_all(spec_for(files.folder, [files.kohya]), tmp_path)
    assert {type(cell) for cell in cells.values()} == {FailedCell}


def test_a_picture_says_how_it_was_made(stock: dict[str, Stock], tmp_path: Path) -> None:
    from loradex.render.cells import is_intact

    files = stock["sd1"]
    spec = spec_for(files.single, [files.kohya], strengths=(0.5,), negative="ugly, \u6f22")
    plan, cells = draw_all(spec, tmp_path)
    cell = only(cells)
    with Image.open(cell.path) as picture:
        info = dict(picture.info)
    assert info["parameters"] == cell.infotext
    said = parse_infotext(cell.infotext)
    assert said.prompt == "a red boat <lora:kohya:0.5>"
    assert said.negative_prompt == "ugly, \u6f22"
    assert said.fields["Seed"] == "1"
    digest = model(files.kohya).digest
    assert said.hashes["lora:kohya"] == digest[:10]
    assert said.lora_hashes == {"kohya": digest[:10]}
    assert json.loads(info["loradex"])["loras"] == [[digest, 0.5, 0.5]]
    assert (cell.width, cell.height) == (SIZE, SIZE)
    path = Path(cell.path)
    assert is_intact(path, plan.cells[0].key)
    assert not is_intact(path, "0" * 64)
    path.write_bytes(path.read_bytes()[:-200])
    assert not is_intact(path, plan.cells[0].key)
    assert not is_intact(tmp_path / "none.png", plan.cells[0].key)


def test_a_long_prompt_is_read_to_its_end(stock: dict[str, Stock], tmp_path: Path) -> None:
    files, sink = stock["sd1"], Listener()
    long = "zq " * 60
    spec = spec_for(files.folder, [files.kohya], strengths=(0,), prompts=(long, long + "fox"))
    _, cells = draw_all(spec, tmp_path, sink=sink)
    one, other = (pixels(cell) for cell in cells.values())
    assert np.abs(one - other).max() > 0
    assert not sink.problems


def test_too_much_clip_skip_fails_with_words(stock: dict[str, Stock], tmp_path: Path) -> None:
    files = stock["sd1"]
    spec = spec_for(files.folder, [files.kohya], strengths=(0,), clip_skip=5)
    (cell,) = draw_all(spec, tmp_path)[1].values()
    assert isinstance(cell, FailedCell)
    assert "2 layers" in cell.message


def test_a_missing_checkpoint_raises(stock: dict[str, Stock], tmp_path: Path) -> None:
    spec = spec_for(tmp_path / "gone.safetensors", [stock["sd1"].kohya])
    with pytest.raises(NotRenderable, match="is not there"):
        draw_all(spec, tmp_path)

"""CLIP scores from tiny towers, against what transformers makes of the same files and pictures."""

# ruff: noqa: PLC0415 - torch and transformers are imported only by tests that run

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from PIL import Image

from loradex.domain.clip_scores import ClipAnswer, ClipPicture, ClipRequest
from loradex.errors import NotRenderable, RenderError
from loradex.render.clip_vision import load_tower, tower_config
from loradex.render.device import Placed
from loradex.render.image_tower import clip_scores, image_features, pixel_values
from loradex.render.quiet import offline_and_quiet
from loradex.render.tiny_words import token_count, write_tokenizer

if TYPE_CHECKING:
    from torch import Tensor, nn

pytestmark = pytest.mark.render
pytest.importorskip("torch")
pytest.importorskip("transformers")

CPU = Placed("cpu", "float32", "cpu")
SIDE, WIDTH = 32, 24
VISION = {
    "hidden_size": 128,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIDE,
    "patch_size": 8,
    "projection_dim": WIDTH,
}
TEXT = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 1,
    "vocab_size": token_count(),
    "bos_token_id": token_count() - 2,
    "eos_token_id": token_count() - 1,
    "pad_token_id": 0,
    "projection_dim": WIDTH,
}


def a_tower(**changes: object) -> nn.Module:
    """Return a tower with random weights; `changes` are to its configuration."""
    import torch
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    with offline_and_quiet(), torch.random.fork_rng():
        torch.manual_seed(5)
        config = CLIPVisionConfig(**VISION | changes)
        return CLIPVisionModelWithProjection(config).eval()  # type: ignore[no-any-return]


def a_text_half() -> nn.Module:
    import torch
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    with offline_and_quiet(), torch.random.fork_rng():
        torch.manual_seed(6)
        return CLIPTextModelWithProjection(CLIPTextConfig(**TEXT)).eval()  # type: ignore[no-any-return]


def saved(model: Any, folder: Path) -> Path:
    with offline_and_quiet():
        model.save_pretrained(folder)
    return folder


def single(tensors: dict[str, Tensor], path: Path) -> Path:
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
    return path


def open_clip_tensors(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """Yield a tower's tensors as OpenCLIP names and lays them out."""
    import torch

    ours = {
        name.removeprefix("vision_model."): tensor for name, tensor in model.state_dict().items()
    }
    yield "visual.class_embedding", ours["embeddings.class_embedding"]
    yield "visual.conv1.weight", ours["embeddings.patch_embedding.weight"]
    yield "visual.positional_embedding", ours["embeddings.position_embedding.weight"]
    yield "visual.proj", ours["visual_projection.weight"].T
    for end in ("weight", "bias"):
        yield f"visual.ln_pre.{end}", ours[f"pre_layrnorm.{end}"]
        yield f"visual.ln_post.{end}", ours[f"post_layernorm.{end}"]
        for layer in range(2):
            at, to = f"encoder.layers.{layer}", f"visual.transformer.resblocks.{layer}"
            fused = [ours[f"{at}.self_attn.{part}_proj.{end}"] for part in "qkv"]
            yield f"{to}.attn.in_proj_{end}", torch.cat(fused)
            for mine, theirs in (
                ("self_attn.out_proj", "attn.out_proj"),
                ("layer_norm1", "ln_1"),
                ("layer_norm2", "ln_2"),
                ("mlp.fc1", "mlp.c_fc"),
                ("mlp.fc2", "mlp.c_proj"),
            ):
                yield f"{to}.{theirs}.{end}", ours[f"{at}.{mine}.{end}"]


def pictures(folder: Path, count: int = 3) -> list[Path]:
    """Return pictures of several shapes, full of noise, the first of them grey."""
    sizes = [(70, 41), (32, 32), (20, 90), (33, 64)]
    paths = []
    for number in range(count):
        path = folder / f"{number}.png"
        bands = [
            Image.effect_noise(sizes[number % 4], 40 + 30 * (number + band)) for band in range(3)
        ]
        Image.merge("RGB", bands if number else [bands[0]] * 3).save(path)
        paths.append(path)
    return paths


def expected(model: Any, paths: Sequence[Path]) -> Tensor:
    """Return what transformers makes of pictures, start to end."""
    import torch
    from transformers import CLIPImageProcessor

    with offline_and_quiet(), torch.inference_mode():
        prepare = CLIPImageProcessor(
            size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}
        )
        rows = []
        for path in paths:
            with Image.open(path) as image:
                pixels = prepare(images=image, return_tensors="pt")["pixel_values"]
            rows.append(model(pixel_values=pixels).image_embeds)
    return torch.nn.functional.normalize(torch.cat(rows), dim=-1)


def answer(tower: Path, asked: Sequence[ClipPicture], **more: tuple[str, ...]) -> ClipAnswer:
    request = ClipRequest(str(tower), tuple(asked), device="cpu", **more)
    plain = json.loads(msgspec.json.encode(request))
    return msgspec.convert(json.loads(json.dumps(clip_scores(plain))), ClipAnswer)


@pytest.mark.parametrize("size", [(64, 64), (70, 41), (300, 517), (32, 33), (31, 5)])
def test_pictures_are_prepared_as_transformers_prepares_them(size: tuple[int, int]) -> None:
    import torch
    from transformers import CLIPImageProcessor

    image = Image.merge("RGB", [Image.effect_noise(size, 50 + 20 * band) for band in range(3)])
    with offline_and_quiet():
        theirs = CLIPImageProcessor()(images=image, return_tensors="pt")["pixel_values"][0]
    ours = pixel_values(image, 224)
    assert ours.shape == (3, 224, 224)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)


FORMS = ["folder", "file", "bare names", "open_clip", "safety_checker", "whole clip"]


def kept_as(form: str, model: Any, folder: Path) -> Path:
    """Return where a tower lies that is kept in one of the ways that people have it."""
    tensors = model.state_dict()
    if form == "folder":
        return saved(model, folder / "image_encoder")
    if form == "file":
        return single(tensors, folder / "tower.safetensors")
    if form == "bare names":
        bare = {name.removeprefix("vision_model."): each for name, each in tensors.items()}
        return single(bare, folder / "tower.safetensors")
    if form == "open_clip":
        return single(dict(open_clip_tensors(model)), folder / "tower.safetensors")
    inside = folder / "safety_checker"
    if form == "safety_checker":
        twice = {
            f"vision_model.{name}" if name.startswith("vision_model.") else name: tensor
            for name, tensor in tensors.items()
        }
        single(twice, inside / "model.safetensors")
    else:
        single(tensors | a_text_half().state_dict(), inside / "model.safetensors")
    config = {"vision_config": model.config.to_dict(), "projection_dim": WIDTH}
    (inside / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return inside


@pytest.mark.parametrize("form", FORMS)
def test_a_tower_sees_what_transformers_sees(tmp_path: Path, form: str) -> None:
    import torch

    model = a_tower()
    paths = pictures(tmp_path)

    tower = load_tower(kept_as(form, model, tmp_path), CPU)
    seen = image_features(tower, [str(path) for path in paths])

    assert (tower.side, tower.width) == (SIDE, WIDTH)
    torch.testing.assert_close(seen, expected(model, paths), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("width", "inner", "layers", "projected", "act"),
    [
        (1024, 4096, 24, 768, "quick_gelu"),
        (1280, 5120, 32, 1024, "gelu"),
        (1664, 8192, 48, 1280, "gelu"),
    ],
    ids=["ViT-L/14", "ViT-H/14", "ViT-bigG/14"],
)
def test_published_towers_are_told_by_their_shapes(
    width: int, inner: int, layers: int, projected: int, act: str
) -> None:
    """The numbers are those of the published configurations."""
    import torch

    shapes = {
        "embeddings.patch_embedding.weight": (width, 3, 14, 14),
        "embeddings.position_embedding.weight": (257, width),
        "encoder.layers.0.mlp.fc1.weight": (inner, width),
        "visual_projection.weight": (projected, width),
    } | {f"encoder.layers.{layer}.layer_norm1.weight": (width,) for layer in range(layers)}

    def source(name: str) -> Tensor | None:
        return torch.empty(shapes[name], device="meta") if name in shapes else None

    assert tower_config(source, "tower") == {
        "hidden_size": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": 16,
        "hidden_act": act,
        "image_size": 224,
        "patch_size": 14,
        "projection_dim": projected,
    }


def test_a_folder_says_what_tensors_do_not(tmp_path: Path) -> None:
    import torch

    model = a_tower(num_attention_heads=8, hidden_act="gelu", layer_norm_eps=1e-3)
    paths = pictures(tmp_path)
    there = expected(model, paths)

    tower = load_tower(saved(model, tmp_path / "image_encoder"), CPU)
    torch.testing.assert_close(
        image_features(tower, [str(path) for path in paths]), there, atol=1e-5, rtol=0
    )
    inside = load_tower(tmp_path / "image_encoder" / "model.safetensors", CPU)
    torch.testing.assert_close(
        image_features(inside, [str(path) for path in paths]), there, atol=1e-5, rtol=0
    )
    assert inside.name == tower.name
    alone = load_tower(kept_as("file", model, tmp_path), CPU)
    guessed = image_features(alone, [str(path) for path in paths])
    assert not torch.allclose(guessed, there, atol=1e-3)


def test_cosines_of_pictures(tmp_path: Path) -> None:
    import torch

    model = a_tower()
    paths = pictures(tmp_path, 4)
    asked = [
        ClipPicture(str(paths[0]), "a boat", None, 0),
        ClipPicture(str(paths[1]), "a boat", None, 0),
        ClipPicture(str(paths[2]), "a boat", 0, 1),
    ]

    told = answer(saved(model, tmp_path / "t"), asked, references=(str(paths[2]), str(paths[3])))

    seen = expected(model, paths)
    cosines = seen @ seen.T
    assert (told.has_text, [score.prompt for score in told.scores]) == (False, [None] * 3)
    assert [score.base for score in told.scores] == [None, None, pytest.approx(cosines[2, 0])]
    near = float(cosines[0, 1])
    assert [score.seeds for score in told.scores] == [pytest.approx(near)] * 2 + [None]
    means = torch.stack([cosines[row, 2:].mean() for row in range(3)])
    assert [score.references for score in told.scores] == pytest.approx(means.tolist())
    assert len({round(float(cosines[a, b]), 4) for a, b in combinations(range(4), 2)}) > 3


@pytest.mark.parametrize("kept", ["text encoder", "whole clip", "one file"])
def test_cosines_with_prompts(tmp_path: Path, kept: str) -> None:
    import torch
    from transformers import CLIPTokenizer

    model, text = a_tower(), a_text_half()
    paths = pictures(tmp_path, 2)
    prompts = ["a small red boat", "a castle " * 60]
    asked = [
        ClipPicture(str(path), prompt, None, 0) for path, prompt in zip(paths, prompts, strict=True)
    ]
    texts: tuple[str, ...] = ()
    write_tokenizer(tmp_path / "words", pad_with_end=True)
    if kept == "whole clip":
        tower = kept_as("whole clip", model, tmp_path)
    else:
        tower = kept_as("folder", model, tmp_path)
        if kept == "text encoder":
            where = saved(text, tmp_path / "sdxl" / "text_encoder_2")
            write_tokenizer(tmp_path / "sdxl" / "tokenizer_2", pad_with_end=False)
        else:
            where = single(dict(text.state_dict()), tmp_path / "clips" / "clip_g.safetensors")
        other = saved(a_tower(), tmp_path / "other")
        texts = (str(tmp_path / "gone"), str(other), str(where))

    told = answer(tower, asked, texts=texts, tokenizers=(str(tmp_path / "words"),))

    tokenizer = CLIPTokenizer.from_pretrained(str(tmp_path / "words"))
    with torch.inference_mode():
        meant = torch.cat(
            [
                text(
                    **tokenizer(prompt, truncation=True, max_length=77, return_tensors="pt")
                ).text_embeds
                for prompt in prompts
            ]
        )
    meant = torch.nn.functional.normalize(meant, dim=-1)
    cosines = (expected(model, paths) * meant).sum(dim=1).tolist()
    assert told.has_text
    assert [score.prompt for score in told.scores] == pytest.approx(cosines, abs=1e-5)


def test_a_text_half_of_another_width_is_passed_over(tmp_path: Path) -> None:
    tower = saved(a_tower(projection_dim=16), tmp_path / "image_encoder")
    text = saved(a_text_half(), tmp_path / "text_encoder")
    write_tokenizer(tmp_path / "tokenizer", pad_with_end=True)
    asked = [ClipPicture(str(path), "a boat", None, 0) for path in pictures(tmp_path, 1)]
    told = answer(tower, asked, texts=(str(text),))
    assert not told.has_text
    assert told.scores[0].prompt is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"visual_projection.weight": None}, "lacks visual_projection.weight"),
        ({"vision_model.embeddings.patch_embedding.weight": None}, "not the image half"),
        ({"vision_model.pre_layrnorm.bias": None}, "lacks the weight"),
        ({"vision_model.embeddings.position_embedding.weight": (15, 128)}, "no square pictures"),
        ({"vision_model.embeddings.position_embedding.weight": (65537, 128)}, "usual size"),
        ({"vision_model.embeddings.patch_embedding.weight": (128,)}, "no square pictures"),
        ({"vision_model.embeddings.patch_embedding.weight": (128, 1, 8, 8)}, "the shape"),
        ({"visual_projection.weight": ()}, "lacks visual_projection.weight"),
    ],
)
def test_what_is_no_tower_is_refused(
    tmp_path: Path, change: dict[str, tuple[int, ...] | None], message: str
) -> None:
    import torch

    tensors: dict[str, Any] = dict(a_tower().state_dict())
    for name, shape in change.items():
        tensors[name] = None if shape is None else torch.zeros(shape)
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    path = single(kept, tmp_path / "tower.safetensors")
    with pytest.raises(NotRenderable, match=message):
        load_tower(path, CPU)


@pytest.mark.parametrize(
    "said", [{"num_attention_heads": 0}, {"hidden_act": "shout"}, {"layer_norm_eps": "small"}]
)
def test_a_configuration_that_makes_no_sense_is_refused(
    tmp_path: Path, said: dict[str, object]
) -> None:
    folder = saved(a_tower(), tmp_path / "image_encoder")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(config | said), encoding="utf-8")
    with pytest.raises(NotRenderable):
        load_tower(folder, CPU)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    tower = saved(a_tower(), tmp_path / "image_encoder")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"no" * 40)
    Image.new("L", (3000, 2)).save(tmp_path / "thin.png")
    for name in ("gone.png", "broken.png", "thin.png"):
        asked = [ClipPicture(str(tmp_path / name), "", None, 0)]
        with pytest.raises(RenderError, match=name):
            answer(tower, asked)

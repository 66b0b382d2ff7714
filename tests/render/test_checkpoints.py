"""Loading checkpoints: what is read off shapes, what is refused, where tokenizers are found."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.grid import RenderSettings
from loradex.errors import ExtraMissing, LoraMismatch, NotRenderable, UsageError
from loradex.render import naming
from loradex.render.device import Placed, micro_batch, place
from loradex.render.infer import unet_layout

from .conftest import Stock, load_parts, networks_of

pytestmark = pytest.mark.render

CPU = Placed("cpu", "float32", "cpu")
CORPUS = Path(__file__).parents[3] / "shared" / "identify" / "corpus"


def load(path: Path) -> Any:
    return load_parts(path)


# names


@pytest.mark.parametrize("shape", ["sd1", "sdxl"])
def test_unet_and_vae_names_are_those_diffusers_converts(
    shape: str, stock: dict[str, Stock]
) -> None:
    from diffusers.loaders import single_file_utils as theirs
    from safetensors.torch import load_file

    checkpoint, folder = load_file(stock[shape].single), stock[shape].folder
    for part, convert in (
        ("unet", theirs.convert_ldm_unet_checkpoint),
        ("vae", theirs.convert_ldm_vae_checkpoint),
    ):
        config = json.loads((folder / part / "config.json").read_text())
        ours = load_file(folder / part / "diffusion_pytorch_model.safetensors")
        converted = convert(dict(checkpoint), config)
        assert ours.keys() == converted.keys()
        assert all((ours[name] == converted[name]).all() for name in ours)


def test_open_clip_names_are_those_diffusers_converts(stock: dict[str, Stock]) -> None:
    from diffusers.loaders import single_file_utils as theirs
    from safetensors.torch import load_file
    from transformers import CLIPTextConfig, CLIPTextModelWithProjection

    folder = stock["sdxl"].folder / "text_encoder_2"
    config = CLIPTextConfig(**json.loads((folder / "config.json").read_text()))
    converted = theirs.convert_open_clip_checkpoint(
        CLIPTextModelWithProjection(config),
        load_file(stock["sdxl"].single),
        prefix="conditioner.embedders.1.model.",
    )
    ours = {
        naming.plain_clip_name(name): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
    }
    plain = {naming.plain_clip_name(name): tensor for name, tensor in converted.items()}
    plain.pop("embeddings.position_ids", None)
    assert ours.keys() == plain.keys()
    assert all((ours[name] == plain[name]).all() for name in ours)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("down_blocks.1.attentions.0.proj_in", "input_blocks.4.1.proj_in"),
        ("down_blocks.2.attentions.1.proj_in", "input_blocks.8.1.proj_in"),
        ("down_blocks.0.downsamplers.0.conv", "input_blocks.3.0.op"),
        ("down_blocks.1.resnets.0.conv_shortcut", "input_blocks.4.0.skip_connection"),
        ("mid_block.resnets.1.time_emb_proj", "middle_block.2.emb_layers.1"),
        ("mid_block.attentions.0.proj_out", "middle_block.1.proj_out"),
        ("up_blocks.0.attentions.2.proj_in", "output_blocks.2.1.proj_in"),
        ("up_blocks.0.upsamplers.0.conv", "output_blocks.2.2.conv"),
        ("up_blocks.2.resnets.0.conv1", "output_blocks.6.0.in_layers.2"),
        ("add_embedding.linear_2", "label_emb.0.2"),
    ],
)
def test_sdxl_module_names(ours: str, theirs: str) -> None:
    got = naming.unet_ldm_name(ours, layers=2, attention_levels=frozenset({0, 1}))
    assert got == theirs


# real layouts, where their records are at hand


class Record:
    """A safetensors handle over a recorded header; tensors have shapes but no numbers."""

    def __init__(self, name: str) -> None:
        path = CORPUS / f"{name}.json.gz"
        if not path.exists():
            pytest.skip("the recorded headers are not here")
        self.content = json.loads(gzip.decompress(path.read_bytes()))

    def keys(self) -> list[str]:
        return list(self.content["tensors"])

    def metadata(self) -> dict[str, str]:
        found: dict[str, str] = self.content["metadata"]
        return found

    def get_slice(self, name: str) -> Any:
        shape = self.content["tensors"][name][1]
        return type("Slice", (), {"get_shape": staticmethod(lambda: shape)})

    def get_tensor(self, name: str) -> Any:
        import torch

        shape = self.content["tensors"][name][1]
        if len(shape) > 1:
            return torch.empty(shape, device="meta")
        return torch.linspace(-1, 1, shape[0]) if shape else torch.ones(())


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Load a recorded single file as if it were there; return its parts."""
    pytest.importorskip("diffusers")
    from loradex.render import single_file
    from loradex.render.bases.weights import ScaledFile
    from loradex.render.lora import file as lora_file
    from loradex.render.quiet import offline_and_quiet
    from loradex.render.safefile import SafeFile

    @contextmanager
    def open_record(path: Path) -> Iterator[SafeFile]:
        yield SafeFile(Record(path.stem), path)

    @contextmanager
    def open_weights(path: Path) -> Iterator[ScaledFile]:
        yield ScaledFile(SafeFile(Record(path.stem), path))

    def load_record(name: str) -> Any:
        with offline_and_quiet():
            return single_file.load_single_file(
                Path(f"{name}.safetensors"), Placed("meta", "float32", "meta")
            )

    monkeypatch.setattr(single_file, "open_weights", open_weights)
    monkeypatch.setattr(lora_file, "open_safe", open_record)
    monkeypatch.setattr(single_file, "find_tokenizer", lambda *_args, **_rest: object())
    return load_record


@pytest.mark.parametrize(
    ("name", "shape", "prediction"),
    [
        ("ckpt-sd15-ema-fp32", "sd", "epsilon"),
        ("ckpt-sd15-nai-clip-prefix", "sd", "epsilon"),
        ("ckpt-sd21-768v", "sd", "v_prediction"),
        ("ckpt-sdxl-base-fp16", "sdxl", "epsilon"),
        ("ckpt-sdxl-vpred", "sdxl", "v_prediction"),
    ],
)
def test_every_weight_of_a_real_layout_has_its_place(
    name: str, shape: str, prediction: str, recorded: Callable[[str], Any]
) -> None:
    parts = recorded(name)
    assert parts.shape == shape
    assert parts.scheduler["prediction_type"] == prediction
    assert not parts.notes


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ckpt-sd15-inpainting", "inpainting"),
        ("ckpt-sd15-instruct-pix2pix", "editing"),
        ("ckpt-sd2-depth", "depth"),
        ("ckpt-sdxl-edit-8ch-cosxl", "EDM"),
        ("ckpt-sdxl-refiner", "no text encoder"),
        ("ckpt-ssd-1b", "SSD-1B"),
        ("flux1-dev-bfl-bf16", "not a whole SD"),
    ],
)
def test_other_real_layouts_are_refused_with_words(
    name: str, words: str, recorded: Callable[[str], Any]
) -> None:
    with pytest.raises(NotRenderable, match=words):
        recorded(name)


@pytest.mark.parametrize(
    ("checkpoint", "names"),
    [
        (
            "ckpt-sd15-fp16",
            {
                "lora-sd1-kohya-unet-te-r32": 264,
                "lora-sd1-attnprocs-legacy-diffusers": 128,
                "lora-sd1-diffusers-dotted": 176,
                "lora-sd1-peft-unet": 128,
                "lora-sd1-lcm-real": 278,
                "locon-sd1-kohya": 350,
                "loha-sd1": 278,
                "lokr-sd1-full-matrix": 278,
                "full-diff-sd1": 278,
                "dora-sd1-kohya": 192,
                "diag-oft-sd1": 160,
            },
        ),
        (
            "ckpt-sdxl-base-fp16",
            {
                "lora-sdxl-kohya-ldm-te": 986,
                "lora-sdxl-peft-two-te": 736,
                "lora-sdxl-onetrainer-bundled-embedding": 986,
                "lora-sdxl-rank-varied": 722,
                "locon-sdxl-kohya": 785,
                "lokr-sdxl": 722,
                "lora-sdxl-half-pairs-truncated": "722 of its 722 modules lack half",
                "lora-sd1-kohya-unet-te-r32": "made for SD 1.x",
                "lora-flux1-kohya": "made for Flux",
                "lora-sd35-large-kohya": "made for SD 3",
            },
        ),
    ],
)
def test_real_loras_find_every_module(
    checkpoint: str, names: dict[str, int | str], recorded: Callable[[str], Any]
) -> None:
    from loradex.render.lora.file import match_lora
    from loradex.render.lora.modules import modules_from

    modules = modules_from(networks_of(recorded(checkpoint)))
    for name, expected in names.items():
        path = Path(f"{name}.safetensors")
        if isinstance(expected, int):
            assert len(match_lora(path, modules, name=name, base=None).patches) == expected
        else:
            with pytest.raises(LoraMismatch) as caught:
                match_lora(path, modules, name=name, base=None)
            assert expected in str(caught.value)


# what is refused


def edited(stock: Stock, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A copy of the tiny single file with other tensors."""
    from safetensors.torch import load_file, save_file

    tensors = load_file(stock.single)
    change(tensors)
    shutil.copytree(stock.single.parent / "tokenizer", folder / "tokenizer")
    path = folder / "edited.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


def _inpainting(tensors: dict[str, Any]) -> None:
    name = naming.UNET_PREFIX + "input_blocks.0.0.weight"
    tensors[name] = tensors[name].repeat(1, 3, 1, 1)[:, :9]


def _without(prefix: str) -> Callable[[dict[str, Any]], None]:
    def change(tensors: dict[str, Any]) -> None:
        for name in [name for name in tensors if name.startswith(prefix)]:
            del tensors[name]

    return change


def _marked(name: str) -> Callable[[dict[str, Any]], None]:
    def change(tensors: dict[str, Any]) -> None:
        import torch

        tensors[name] = torch.zeros(1)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_inpainting, "inpainting"),
        (_without("first_stage_model."), "no VAE"),
        (_without("first_stage_model.decoder.conv_out.bias"), "VAE lacks the weight decoder"),
        (_without("cond_stage_model."), "no text encoder"),
        (_without("model.diffusion_model."), "not a whole SD"),
        (_without("model.diffusion_model.input_blocks.2."), "cannot be told|different number"),
        (_marked("model.diffusion_model.out.2.weight.absmax"), "quantised"),
        (_marked("edm_mean"), "EDM"),
    ],
)
def test_an_unusable_single_file_is_refused_with_words(
    change: Callable[[dict[str, Any]], None], words: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    with pytest.raises(NotRenderable, match=words):
        load(edited(stock["sd1"], tmp_path, change))


def test_v_prediction_is_read_off_a_single_file(stock: dict[str, Stock], tmp_path: Path) -> None:
    def change(tensors: dict[str, Any]) -> None:
        _marked("v_pred")(tensors)
        _marked("ztsnr")(tensors)

    scheduler = load(edited(stock["sdxl"], tmp_path, change)).scheduler
    assert scheduler["prediction_type"] == "v_prediction"
    assert scheduler["rescale_betas_zero_snr"]
    assert scheduler["timestep_spacing"] == "trailing"


def test_files_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pickle, broken = tmp_path / "model.ckpt", tmp_path / "model.safetensors"
    pickle.write_bytes(b"\x80\x04.")
    broken.write_bytes(b"\xff" * 64)
    with pytest.raises(NotRenderable, match=r"not a \.safetensors file"):
        load(pickle)
    with pytest.raises(NotRenderable, match="not a sound safetensors file"):
        load(broken)


def _set(name: str, **values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return change


def _only_bin(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))


def _outside(folder: Path) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"conv_in.weight": "../../secret.safetensors"}}))


def _broken_json(folder: Path) -> None:
    (folder / "vae" / "config.json").write_text("[" * 5000)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_set("model_index.json", _class_name="FluxPipeline"), "FluxPipeline"),
        (_set("unet/config.json", in_channels=9), "9 channels"),
        (_set("unet/config.json", _class_name="MyUNet"), "MyUNet"),
        (_set("unet/config.json", layers_per_block=10**9), "absurd layers_per_block"),
        (_set("unet/config.json", block_out_channels=[32] * 4), "shape|lacks"),
        (
            _set("unet/config.json", transformer_layers_per_block=[[10**9]]),
            "absurd transformer_layers_per_block",
        ),
        (_set("unet/config.json", block_out_channels=[32] * 99), "99 blocks"),
        (_set("unet/config.json", block_out_channels=[32 * 10**15] * 4), "No U-Net can be built"),
        (_set("unet/config.json", act_fn="no such thing"), "No U-Net can be built"),
        (_set("unet/config.json", quantization_config={}), "quantised"),
        (_set("unet/config.json", time_cond_proj_dim=256), "LCM"),
        (_set("text_encoder/config.json", architectures=["T5"]), "T5"),
        (_set("text_encoder/config.json", num_hidden_layers=10**9), "absurd num_hidden_layers"),
        (lambda folder: (folder / "tokenizer" / "merges.txt").unlink(), "merges.txt"),
        (lambda folder: (folder / "vae" / "config.json").unlink(), "missing"),
        (_only_bin, "no .safetensors file"),
        (_outside, "outside its folder"),
        (_broken_json, "cannot be read"),
    ],
)
def test_an_unusable_folder_is_refused_with_words(
    change: Callable[[Path], None], words: str, stock: dict[str, Stock], tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(stock["sd1"].folder, folder)
    change(folder)
    with pytest.raises(NotRenderable, match=words):
        load(folder)


def test_code_in_a_folder_is_never_run(stock: dict[str, Stock], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    shutil.copytree(stock["sd1"].folder, folder)
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')"
    for name in ("pipeline.py", "unet/my_unet.py", "tokenizer/tok.py", "text_encoder/modeling.py"):
        (folder / name).write_text(trap)
    auto = {"AutoModel": "modeling.Model", "AutoTokenizer": ["tok.Tok", None]}
    for name in ("text_encoder/config.json", "tokenizer/tokenizer_config.json"):
        _set(name, auto_map=auto)(folder)
    load(folder)
    assert not (tmp_path / "ran").exists()


def test_a_sharded_folder_is_read(stock: dict[str, Stock], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "folder"
    shutil.copytree(stock["sd1"].folder, folder)
    whole = folder / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(whole)
    whole.unlink()
    names = sorted(tensors)
    places = {}
    for number, part in enumerate((names[::2], names[1::2])):
        file = f"part-{number}.safetensors"
        save_file({name: tensors[name] for name in part}, whole.parent / file)
        places |= dict.fromkeys(part, file)
    index = whole.with_name(f"{whole.name}.index.json")
    index.write_text(json.dumps({"weight_map": places}))
    got = load(folder).unet.state_dict()
    assert all((got[name] == tensors[name]).all() for name in names)


# tokenizers


@pytest.mark.parametrize(
    "place_of",
    [
        lambda root: root / "ComfyUI" / "comfy" / "sd1_tokenizer",
        lambda root: root / "ComfyUI" / "models" / "checkpoints" / "tokenizer",
        lambda root: root / "ComfyUI" / "models" / "checkpoints" / "other" / "tokenizer",
        lambda root: root / "hub" / "models--openai--clip-vit-large-patch14" / "snapshots" / "x",
        lambda root: root / "hub" / "models--a--b" / "snapshots" / "x" / "tokenizer",
    ],
)
def test_a_tokenizer_is_found_where_it_usually_lies(
    place_of: Callable[[Path], Path],
    stock: dict[str, Stock],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    checkpoint = tmp_path / "ComfyUI" / "models" / "checkpoints" / "tiny.safetensors"
    checkpoint.parent.mkdir(parents=True)
    shutil.copy(stock["sd1"].single, checkpoint)
    with pytest.raises(NotRenderable, match="needs CLIP's tokenizer") as caught:
        load(checkpoint)
    assert str(checkpoint.parent / "tokenizer") in str(caught.value.hint)
    shutil.copytree(stock["sd1"].single.parent / "tokenizer", place_of(tmp_path))
    assert load(checkpoint).texts[0].tokenizer("cat", add_special_tokens=False)["input_ids"]


# devices


def test_a_cpu_draws_in_float32_or_bfloat16_only() -> None:
    pytest.importorskip("torch")
    assert place(RenderSettings(device="cpu")).dtype == "float32"
    assert place(RenderSettings(device="cpu", dtype="bfloat16")).dtype == "bfloat16"
    with pytest.raises(UsageError, match="cannot draw in float16"):
        place(RenderSettings(device="cpu", dtype="float16"))


def test_a_device_that_is_not_there_is_refused() -> None:
    pytest.importorskip("torch")
    with pytest.raises(UsageError, match="cuda:77"):
        place(RenderSettings(device="cuda:77"))


def test_the_engine_names_what_shapes_pictures() -> None:
    pytest.importorskip("torch")
    from loradex.render.engine import engine_version

    tiny = RenderSettings(width=64, height=64, device="cpu")
    said = engine_version(tiny)
    assert "torch " in said
    assert "diffusers " in said
    assert "cpu float32; batch 16" in said
    assert said != engine_version(RenderSettings(device="cpu"))


def test_the_number_of_pictures_at_once_is_fixed_by_their_size() -> None:
    sizes = {
        (side, device): micro_batch(RenderSettings(width=side, height=side), device)
        for side in (64, 128, 512, 768, 1024)
        for device in ("cpu", "cuda:0")
    }
    assert [sizes[side, "cpu"] for side in (64, 128, 512, 1024)] == [16, 4, 1, 1]
    assert [sizes[side, "cuda:0"] for side in (128, 512, 768, 1024)] == [4, 4, 2, 1]


def test_without_torch_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from loradex.render.engine import engine_version

    monkeypatch.setattr("loradex.render.device.find_spec", lambda _name: None)
    with pytest.raises(ExtraMissing, match="torch and diffusers") as caught:
        engine_version()
    assert caught.value.hint == 'Install them: pip install "loradex[render]"'


def test_a_layout_without_levels_is_refused() -> None:
    with pytest.raises(NotRenderable):
        unet_layout({"input_blocks.0.0.weight": (320, 4, 3, 3)}, pooled=None)

"""Recorded headers of real files, whole, against real-sized networks without numbers."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).parents[4] / "shared" / "identify" / "corpus"

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]


class Record:
    """A safetensors handle over a recorded header; scalars are 1, all else has no numbers."""

    def __init__(self, name: str) -> None:
        path = CORPUS / f"{name}.json.gz"
        if not path.exists():
            pytest.skip("the recorded headers are not here")
        self.content = json.loads(gzip.decompress(path.read_bytes()))

    def keys(self) -> list[str]:
        return list(self.content["tensors"])

    def metadata(self) -> dict[str, str]:
        found: dict[str, str] = self.content["metadata"] or {}
        return found

    def get_slice(self, name: str) -> Any:
        shape = self.content["tensors"][name][1]
        return type("Slice", (), {"get_shape": staticmethod(lambda: shape)})

    def get_tensor(self, name: str) -> Any:
        import torch

        shape = self.content["tensors"][name][1]
        return torch.ones(shape) if len(shape) < 2 else torch.empty(shape, device="meta")


def _flux1() -> Any:
    from diffusers import FluxTransformer2DModel

    return FluxTransformer2DModel(guidance_embeds=True)


def _flux2_klein_4b() -> Any:
    from diffusers import Flux2Transformer2DModel

    return Flux2Transformer2DModel(
        num_layers=5,
        num_single_layers=20,
        num_attention_heads=24,
        joint_attention_dim=7680,
        guidance_embeds=False,
    )


def _flux2_klein_9b() -> Any:
    from diffusers import Flux2Transformer2DModel

    return Flux2Transformer2DModel(
        num_layers=8,
        num_single_layers=24,
        num_attention_heads=32,
        joint_attention_dim=12288,
        guidance_embeds=False,
    )


def _flux2_dev() -> Any:
    from diffusers import Flux2Transformer2DModel

    return Flux2Transformer2DModel()


def _chroma() -> Any:
    from diffusers import ChromaTransformer2DModel

    return ChromaTransformer2DModel()


def _sd3(layers: int, dual: int, norm: str | None) -> Any:
    from diffusers import SD3Transformer2DModel

    return SD3Transformer2DModel(
        num_layers=layers,
        num_attention_heads=layers,
        caption_projection_dim=64 * layers,
        pos_embed_max_size=192,
        dual_attention_layers=tuple(range(dual)),
        qk_norm=norm,
    )


def _qwen() -> Any:
    from diffusers import QwenImageTransformer2DModel

    return QwenImageTransformer2DModel()


def _z_image() -> Any:
    from diffusers import ZImageTransformer2DModel

    return ZImageTransformer2DModel()


def _wan(heads: int, width: int, layers: int) -> Any:
    from diffusers import WanTransformer3DModel

    return WanTransformer3DModel(num_attention_heads=heads, ffn_dim=width, num_layers=layers)


def _clip(width: int, layers: int) -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=width // 64,
        )
    )


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            d_model=4096,
            d_kv=64,
            d_ff=10240,
            num_layers=24,
            num_heads=64,
            feed_forward_proj="gated-gelu",
        )
    )


_L, _G = (lambda: _clip(768, 12)), (lambda: _clip(1280, 32))

NETWORKS: Mapping[str, Mapping[str, Callable[[], Any]]] = {
    "flux1": {"transformer": _flux1, "text_encoder": _L, "text_encoder_2": _t5},
    "flux2-dev": {"transformer": _flux2_dev},
    "flux2-klein-4b": {"transformer": _flux2_klein_4b},
    "flux2-klein-9b": {"transformer": _flux2_klein_9b},
    "chroma": {"transformer": _chroma},
    "sd3-medium": {
        "transformer": lambda: _sd3(24, 0, None),
        "text_encoder": _L,
        "text_encoder_2": _G,
    },
    "sd35-large": {"transformer": lambda: _sd3(38, 0, "rms_norm")},
    "sd35-medium": {"transformer": lambda: _sd3(24, 13, "rms_norm")},
    "qwen-image": {"transformer": _qwen},
    "z-image": {"transformer": _z_image},
    "wan-1.3b": {"transformer": lambda: _wan(12, 8960, 30)},
    "wan-14b": {"transformer": lambda: _wan(40, 13824, 40)},
}


@cache
def modules(name: str) -> Any:
    import torch

    from loradex.render.lora.modules import modules_from
    from loradex.render.quiet import offline_and_quiet

    with torch.device("meta"), offline_and_quiet():
        return modules_from({part: make() for part, make in NETWORKS[name].items()})


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("flux1", "lora-flux1-aitoolkit"),
        ("flux1", "lora-flux1-diffusers"),
        ("flux1", "lora-flux1-diffusers-no-proj-mlp"),
        ("flux1", "lora-flux1-kohya"),
        ("flux1", "lora-flux1-kohya-te1"),
        ("flux1", "lora-flux1-kohya-te1-te3"),
        ("flux1", "lora-flux1-onetrainer-transformer"),
        ("flux1", "lora-flux1-peft-base-model"),
        ("flux1", "lora-flux1-xlabs-real"),
        ("flux1", "dora-flux1-onetrainer"),
        ("flux2-dev", "lora-flux2-dev-aitoolkit"),
        ("flux2-dev", "lora-flux2-dev-diffusers-peft"),
        ("flux2-klein-4b", "lora-flux2-klein4b-aitoolkit"),
        ("flux2-klein-9b", "lora-flux2-klein9b-kohya"),
        ("chroma", "lora-chroma-kohya"),
        ("sd3-medium", "lora-sd3-medium-onetrainer"),
        ("sd35-large", "lora-sd35-large-kohya"),
        ("sd35-large", "lora-sd35-large-peft"),
        ("sd35-medium", "lora-sd35-medium-peft-attn2"),
        ("qwen-image", "lora-qwen-image-diffsynth-default"),
        ("qwen-image", "lora-qwen-image-musubi"),
        ("qwen-image", "lora-qwen-image-peft"),
        ("qwen-image", "lora-qwen-image-sample"),
        ("z-image", "lora-z-image-aitoolkit"),
        ("z-image", "lora-z-image-musubi"),
        ("z-image", "lora-z-image-native-qkv"),
        ("wan-1.3b", "lora-wan-1.3b-diffusion-pipe"),
        ("wan-14b", "lora-wan-14b-diffusers-peft"),
        ("wan-14b", "lora-wan-14b-diffusion-pipe"),
        ("wan-14b", "lora-wan-14b-musubi"),
        ("wan-14b", "lora-wan-lightx2v-diff-b"),
    ],
)
def test_every_tensor_of_a_real_file_finds_its_place(
    network: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("diffusers")
    from loradex.render.lora import file as lora_file
    from loradex.render.safefile import SafeFile

    record = Record(name)

    @contextmanager
    def open_record(path: Path) -> Iterator[SafeFile]:
        yield SafeFile(record, path)

    monkeypatch.setattr(lora_file, "open_safe", open_record)
    path = Path(f"{name}.safetensors")
    file = lora_file.match_lora(path, modules(network), name=name, base=None)
    used = {key for patch in file.patches for key in patch.group.tensors.values()}
    assert {key for key in record.content["tensors"] if not key.endswith(".alpha")} == used

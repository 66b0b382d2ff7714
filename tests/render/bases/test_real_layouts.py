"""Recorded headers of published files: each is known for what it is, and all its weights fit."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from loradex.errors import NotRenderable
from loradex.render.device import Placed

pytestmark = pytest.mark.render

CORPUS = Path(__file__).parents[4] / "shared" / "identify" / "corpus"
NOWHERE = Placed("meta", "bfloat16", "cpu")
"""Weights there have shapes and no numbers, so a network of full size costs nothing."""


class Recorded:
    """A file of which only the header was kept."""

    def __init__(self, name: str) -> None:
        pytest.importorskip("torch")
        path = CORPUS / f"{name}.json.gz"
        if not path.exists():
            pytest.skip("the recorded headers are not here")
        content = json.loads(gzip.decompress(path.read_bytes()))
        turn = -1 if content["format"] == "gguf" else 1
        self._shapes = {
            tensor: tuple(shape[::turn]) for tensor, (_, shape) in content["tensors"].items()
        }
        self.path = Path(f"{name}.safetensors")
        endings = ("scale_weight", "scale_input", "weight_scale", "input_scale", "scaled_fp8")
        self.names = frozenset(one for one in self._shapes if not one.endswith(endings))
        self.metadata: Mapping[str, str] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]

    def tensor(self, name: str) -> Any:
        import torch

        return torch.empty(self._shapes[name], device="meta")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("flux1-dev-bfl-bf16", "flux"),
        ("flux1-schnell-bfl-bf16", "flux"),
        ("flux1-dev-diffusers", "flux"),
        ("flux1-dev-aio-fp8", "flux"),
        ("flux1-dev-fp8-scaled", "flux"),
        ("flux1-dev-prefixed-fp8", "flux"),
        ("gguf-flux1-dev-q4_k", "flux"),
        ("chroma1-native", "chroma"),
        ("chroma1-diffusers", "chroma"),
        ("flux2-klein-4b-bfl", "flux2"),
        ("flux2-klein-4b-diffusers", "flux2"),
        ("flux2-klein-4b-fp8-v2", "flux2"),
        ("sd3-medium-aio", "sd3"),
        ("sd3-medium-diffusers", "sd3"),
        ("sd35-large-prefixed", "sd3"),
        ("sd35-large-diffusers", "sd3"),
        ("sd35-medium-bare", "sd3"),
        ("qwen-image-bf16", "qwen"),
        ("qwen-image-edit-2511", "qwen"),
        ("qwen-image-prefixed-fp8", "qwen"),
        ("gguf-qwen-image-q4_k", "qwen"),
        ("z-image-turbo-native", "z-image"),
        ("z-image-diffusers", "z-image"),
    ],
)
def test_a_published_transformer_is_known_and_whole(name: str, kind: str) -> None:
    from loradex.render.bases.transformer_config import build_transformer
    from loradex.render.bases.transformer_file import find_transformer
    from loradex.render.quiet import offline_and_quiet

    found = find_transformer(Recorded(name))
    assert found is not None
    assert found.kind == kind
    with offline_and_quiet():
        network = build_transformer(found, NOWHERE)
    assert sum(one.numel() for one in network.parameters()) > 10**9


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("flux1-fill-bfl", "made for inpainting"),
        ("flux1-fill-diffusers", "made for inpainting"),
        ("flux1-depth-bfl", "made for following a picture"),
        ("flux2-dev-bfl", "FLUX.2 dev"),
        ("lumina2-native-bare", "Lumina 2"),
    ],
)
def test_relatives_that_are_not_drawn_from_are_named(name: str, words: str) -> None:
    from loradex.render.bases.transformer_file import find_transformer

    with pytest.raises(NotRenderable, match=words):
        find_transformer(Recorded(name))


@pytest.mark.parametrize(
    "name",
    [
        "ckpt-sdxl-base-fp16",
        "wan-t2v-14b-native",
        "hunyuan-video-native",
        "lora-flux1-kohya",
        "auraflow-native",
        "vae-flux1-bfl",
        "te-t5xxl-fp16",
        "controlnet-flux1-xlabs",
        "controlnet-flux1-instantx",
        "controlnet-qwen-image-union",
        "controlnet-sd3-instantx-diffusers",
        "controlnet-z-image-fun-union",
        "hidream-i1-native",
        "ltx-video-2b-native",
        "unknown-gpt2-small",
        "ovis-image-diffusers",
    ],
)
def test_others_are_not_taken_for_one(name: str) -> None:
    from loradex.render.bases.transformer_file import find_transformer

    assert find_transformer(Recorded(name)) is None


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("te-clip-l", [("text", 768)]),
        ("te-clip-g", [("text", 1280)]),
        ("te-t5xxl-fp16", [("t5", 4096)]),
        ("te-t5xxl-fp8", [("t5", 4096)]),
        ("te-t5xxl-fp8-scaled", [("t5", 4096)]),
        ("te-qwen3-4b", [("qwen3", 2560)]),
        ("te-qwen3-8b", [("qwen3", 4096)]),
        ("sd3-medium-aio", [("text", 1280), ("text", 768), ("t5", 4096)]),
        ("flux1-dev-aio-fp8", [("text", 768), ("t5", 4096)]),
        ("te-llama31-8b", []),
        ("te-gemma2-2b", []),
        ("flux1-dev-bfl-bf16", []),
    ],
)
def test_published_text_encoders_are_known_and_whole(
    name: str, sources: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from loradex.render.bases import text_file

    monkeypatch.setattr(text_file, "find_tokenizer", lambda *_args, **_rest: object())
    file = Recorded(name)
    found = list(text_file.text_sources(file))
    assert [(one.kind, one.width) for one in found] == sources
    for one in found:
        text_file.build_text(file, one, NOWHERE, checkpoint=file.path)


@pytest.mark.parametrize(
    ("name", "kind", "channels"),
    [
        ("vae-flux1-bfl", "vae", 16),
        ("vae-flux1-diffusers", "vae", 16),
        ("vae-flux2-bfl", "vae-flux2", 32),
        ("vae-qwen-image-diffusers", "vae-qwen", 16),
        ("vae-wan21-native", "vae-qwen", 16),
        ("sd3-medium-aio", "vae", 16),
        ("flux1-dev-aio-fp8", "vae", 16),
        ("vae-sd-ldm-bare", "vae", 4),
        ("vae-sd-ldm-prefixed", "vae", 4),
        ("vae-sdxl-diffusers", "vae", 4),
    ],
)
def test_published_vaes_are_known_and_whole(name: str, kind: str, channels: int) -> None:
    from loradex.render.bases.vae_file import build_coder, find_vae

    file = Recorded(name)
    found = find_vae(file)
    assert found is not None
    assert (found.kind, found.channels) == (kind, channels)
    build_coder(file, found, NOWHERE, scale=1.0, shift=0.0)


def test_what_flux_needs_is_what_its_authors_publish() -> None:
    from loradex.render.bases.survey import wanted_texts
    from loradex.render.bases.transformer_file import find_transformer

    wanted = {
        name: [(one.kind, one.width) for one in wanted_texts(find_transformer(Recorded(name)))]  # type: ignore[arg-type]
        for name in (
            "flux1-dev-bfl-bf16",
            "sd35-large-prefixed",
            "chroma1-native",
            "qwen-image-bf16",
            "z-image-turbo-native",
            "flux2-klein-4b-bfl",
        )
    }
    assert list(wanted.values()) == [
        [("text", 768), ("t5", 4096)],
        [("text", 768), ("text", 1280), ("t5", 4096)],
        [("t5", 4096)],
        [("qwen2.5-vl", 3584)],
        [("qwen3", 2560)],
        [("qwen3", 2560)],
    ]

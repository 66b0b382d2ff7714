"""Tokenizers of T5 and Qwen where they usually lie, and what passes for none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loradex.errors import NotRenderable
from loradex.render.tokenizers import find_tokenizer, has_tokenizer

from .families import clip_tokenizer, qwen_tokenizer, t5_tokenizer

pytestmark = pytest.mark.render

MAKERS: dict[str, Callable[[], Any]] = {"t5": t5_tokenizer, "qwen": qwen_tokenizer}
WORDS = {"t5": 100, "qwen": 300}
TEXT = "<|im_start|>user\na red boat<|im_end|>\n<think>"


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize("kind", ["t5", "qwen"])
@pytest.mark.parametrize(
    "place",
    [
        "ComfyUI/models/unet/tokenizer_{kind}",
        "ComfyUI/models/unet/flux.tokenizer_{kind}",
        "ComfyUI/models/unet/folder/tokenizer_2",
        "ComfyUI/tokenizer_{kind}",
        "ComfyUI/comfy/text_encoders/{comfy}",
        "hub/models--a--b/snapshots/x/tokenizer_2",
    ],
)
def test_a_tokenizer_is_found_where_it_usually_lies(kind: Any, place: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "ComfyUI" / "models" / "unet" / "flux.safetensors"
    checkpoint.parent.mkdir(parents=True)
    assert not has_tokenizer(checkpoint, kind)
    comfy = {"t5": "t5_tokenizer", "qwen": "qwen25_tokenizer"}[kind]
    made = MAKERS[kind]()
    made.save_pretrained(tmp_path / place.format(kind=kind, comfy=comfy))
    assert has_tokenizer(checkpoint, kind)
    found = find_tokenizer(checkpoint, words=WORDS[kind], kind=kind)
    assert (
        found(TEXT, add_special_tokens=False)["input_ids"]
        == made(TEXT, add_special_tokens=False)["input_ids"]
    )


def test_another_kind_of_tokenizer_is_passed_over(tmp_path: Path) -> None:
    checkpoint = tmp_path / "flux.safetensors"
    clip_tokenizer().save_pretrained(tmp_path / "a" / "tokenizer")
    t5_tokenizer().save_pretrained(tmp_path / "b" / "tokenizer")
    with pytest.raises(NotRenderable, match="needs Qwen's tokenizer") as caught:
        find_tokenizer(checkpoint, words=151_936, kind="qwen")
    assert "tokenizer_qwen" in str(caught.value.hint)


def test_qwens_tables_without_the_joined_file_are_read(tmp_path: Path) -> None:
    made = qwen_tokenizer()
    folder = tmp_path / "tokenizer_qwen"
    made.save_pretrained(folder)
    joined = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text(json.dumps(joined["model"]["vocab"]), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    config["added_tokens_decoder"] = {
        str(token.pop("id")): token for token in joined["added_tokens"]
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")
    found = find_tokenizer(tmp_path / "x.safetensors", words=300, kind="qwen")
    assert (
        found(TEXT, add_special_tokens=False)["input_ids"]
        == made(TEXT, add_special_tokens=False)["input_ids"]
    )
    assert found.pad_token_id == made.pad_token_id

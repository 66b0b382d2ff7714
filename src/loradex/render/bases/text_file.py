"""A text encoder in a file of its own, or inside a checkpoint of ComfyUI's kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.weights import Weights
from loradex.render.build import Kind, build
from loradex.render.device import Placed
from loradex.render.infer import clip_config
from loradex.render.naming import plain_clip_name
from loradex.render.parts import TextPart
from loradex.render.published_tokenizers import TokenizerKind
from loradex.render.text_names import plain_text_name
from loradex.render.tokenizers import find_tokenizer

if TYPE_CHECKING:
    from torch import Tensor

_BUNDLED = re.compile(r"text_encoders\.[a-z0-9_]+\.transformer\.")
_SIGNS: tuple[tuple[str, Kind], ...] = (
    ("encoder.block.0.layer.0.SelfAttention.q.weight", "t5"),
    ("layers.0.self_attn.q_norm.weight", "qwen3"),
    ("layers.0.self_attn.q_proj.bias", "qwen2.5-vl"),
    ("embeddings.token_embedding.weight", "text"),
)
_TABLES = {
    "text": "embeddings.token_embedding.weight",
    "t5": "shared.weight",
    "qwen3": "embed_tokens.weight",
    "qwen2.5-vl": "embed_tokens.weight",
}
TOKENIZERS: dict[Kind, TokenizerKind] = {
    "text": "clip",
    "text_projection": "clip",
    "t5": "t5",
    "qwen3": "qwen",
    "qwen2.5-vl": "qwen",
}
_QWEN_HEAD = 128


@dataclass(frozen=True, slots=True)
class TextSource:
    """Where a text encoder lies: a file and the prefix of its names. `width` is its output's."""

    path: Path
    prefix: str
    kind: Kind
    width: int
    words: int

    @property
    def tokenizer(self) -> TokenizerKind:
        """The kind of tokenizer that goes with it."""
        return TOKENIZERS[self.kind]


def text_sources(file: Weights) -> Iterator[TextSource]:
    """Yield the text encoders of the transformer families in `file`, reading names alone."""
    prefixes = {found.group(0) for name in file.names if (found := _BUNDLED.match(name))}
    for prefix in sorted(prefixes) or [""]:
        names = _names(file, prefix)
        for sign, kind in _SIGNS:
            plain = _plain(names, kind)
            if sign in plain and len(shape := file.shape(plain.get(_TABLES[kind], sign))) == 2:
                words, width = shape
                yield TextSource(file.path, prefix, kind, width, words)
                break


def build_text(
    file: Weights,
    source: TextSource,
    placed: Placed,
    *,
    checkpoint: Path,
    folders: tuple[Path, ...] = (),
    last: tuple[Path, ...] = (),
    projects: bool = False,
    pad_token: str | None = None,
) -> TextPart:
    """Return the encoder at `source` with its tokenizer, looked for near `checkpoint`.

    Its tokenizer may lie in `folders`, which are looked at first, or `last`. `projects` asks a CLIP
    for its projected output. Raises `NotRenderable`.
    """
    names = _plain(_names(file, source.prefix), source.kind)
    config = _CONFIGS[source.kind](file, names)
    kind: Kind = "text_projection" if projects else source.kind
    tokenizer = find_tokenizer(
        checkpoint,
        words=source.words,
        kind=source.tokenizer,
        folders=folders,
        last=last,
        pad_token=pad_token,
    )
    if kind in ("text", "text_projection"):
        projection = names.get("text_projection.weight")
        if projection is not None:
            config["projection_dim"] = file.shape(projection)[0]

    def look_up(name: str) -> Tensor | None:
        theirs = names.get(plain_text_name(kind, name))
        if theirs is not None:
            return file.tensor(theirs)
        return _identity(source.width) if name == "text_projection.weight" else None

    layers = config.get("num_hidden_layers", config.get("num_layers", 12))
    assert isinstance(layers, int)  # noqa: S101 - set by us just above
    return TextPart(build(kind, config, look_up, placed), tokenizer, projects, layers)


def _identity(width: int) -> Tensor:
    """Return the projection of SD 3's first CLIP, which files leave out: it changes nothing."""
    import torch  # noqa: PLC0415 - heavy

    return torch.eye(width)


def _names(file: Weights, prefix: str) -> dict[str, str]:
    """Return names without the prefix, and in full."""
    return {name.removeprefix(prefix): name for name in file.names if name.startswith(prefix)}


def _plain(names: dict[str, str], kind: Kind) -> dict[str, str]:
    return {plain_text_name(kind, name): full for name, full in names.items()}


def _clip(file: Weights, names: dict[str, str]) -> dict[str, object]:
    shapes = {plain_clip_name(name): file.shape(full) for name, full in names.items()}
    config = clip_config(shapes)
    # CLIP-L was trained with a rougher activation than the wider ones.
    if shapes["embeddings.token_embedding.weight"][1] > 768:
        config["hidden_act"] = "gelu"
    return config


def _t5(file: Weights, names: dict[str, str]) -> dict[str, object]:
    block = "encoder.block.0.layer"
    inner, width = _shape(file, names, f"{block}.0.SelfAttention.q.weight")
    buckets, heads = _shape(file, names, f"{block}.0.SelfAttention.relative_attention_bias.weight")
    gated = f"{block}.1.DenseReluDense.wi_0.weight"
    if gated not in names:
        raise NotRenderable(
            f"{file.path.name} is an old T5, which no checkpoint here was made for."
        )
    return {
        "vocab_size": _shape(file, names, "shared.weight")[0],
        "d_model": width,
        "d_kv": inner // max(1, heads),
        "d_ff": _shape(file, names, gated)[0],
        "num_layers": _layers(names, r"encoder\.block\.(\d+)\."),
        "num_heads": heads,
        "relative_attention_num_buckets": buckets,
        "relative_attention_max_distance": 128,
        "feed_forward_proj": "gated-gelu",
        "layer_norm_epsilon": 1e-6,
        "pad_token_id": 0,
        "eos_token_id": 1,
    }


def _qwen(file: Weights, names: dict[str, str]) -> dict[str, object]:
    words, width = _shape(file, names, "embed_tokens.weight")
    layer = "layers.0.self_attn"
    normed = f"{layer}.q_norm.weight" in names
    head = _shape(file, names, f"{layer}.q_norm.weight")[0] if normed else _QWEN_HEAD
    config: dict[str, object] = {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": _shape(file, names, "layers.0.mlp.gate_proj.weight")[0],
        "num_hidden_layers": _layers(names, r"layers\.(\d+)\."),
        "num_attention_heads": _shape(file, names, f"{layer}.q_proj.weight")[0] // max(1, head),
        "num_key_value_heads": _shape(file, names, f"{layer}.k_proj.weight")[0] // max(1, head),
        "rms_norm_eps": 1e-6,
        "pad_token_id": None,
    }
    rope: dict[str, object] = {"rope_type": "default", "rope_theta": 1_000_000.0}
    if normed:
        return config | {"head_dim": head, "rope_parameters": rope}
    return config | {"rope_parameters": {**rope, "mrope_section": [16, 24, 24]}}


_CONFIGS = {"text": _clip, "t5": _t5, "qwen3": _qwen, "qwen2.5-vl": _qwen}


def _shape(file: Weights, names: dict[str, str], name: str) -> tuple[int, ...]:
    if name not in names:
        raise NotRenderable(f"{file.path.name} lacks the weight {name}.")
    return file.shape(names[name])


def _layers(names: dict[str, str], pattern: str) -> int:
    numbers = (re.match(pattern, name) for name in names)
    return max((int(found.group(1)) + 1 for found in numbers if found), default=0)

"""Text encoders and vision towers, named by their width, depth and vocabulary."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.identity import Reason
from loradex.domain.kinds import ModelKind
from loradex.identify.rules import Finding
from loradex.identify.view import View

_TEXT, _VISION = ModelKind.TEXT_ENCODER, ModelKind.CLIP_VISION


def _found(kind: ModelKind, name: str | None, text: str, *, partial: bool = False) -> Finding:
    found = Finding(kind=kind, variant=name, partial=partial, reasons=(Reason("kind", text),))
    return found.because("partial", "blocks are missing") if partial else found


# width -> (name, layers)
_CLIPS = {768: ("clip-l", 12), 1024: ("clip-h", 24), 1280: ("clip-g", 32)}
_T5 = {
    4096: "t5-xxl",
    2048: "t5-xl",
    1472: "byt5",
    1024: "t5-large",
    768: "t5-base",
    512: "t5-small",
}
_UMT5 = {4096: "umt5-xxl", 2048: "umt5-xl", 768: "umt5-base", 512: "umt5-small"}

# (width, has query norms, has attention biases, has norms after the feed-forward) -> name, layers
_LLMS: dict[tuple[int, bool, bool, bool], tuple[str, int]] = {
    (2304, False, False, True): ("gemma-2-2b", 26),
    (3584, False, False, True): ("gemma-2-9b", 42),
    (3840, True, False, True): ("gemma-3-12b", 48),
    (2560, True, False, True): ("gemma-3-4b", 34),
    (1152, True, False, True): ("gemma-3-1b", 26),
    (640, True, False, True): ("gemma-3-270m", 18),
    (1024, True, False, False): ("qwen3-0.6b", 28),
    (2048, True, False, False): ("qwen3-1.7b", 28),
    (2560, True, False, False): ("qwen3-4b", 36),
    (4096, True, False, False): ("qwen3-8b", 36),
    (5120, True, False, False): ("qwen3-14b", 40),
    (896, False, True, False): ("qwen2.5-0.5b", 24),
    (1536, False, True, False): ("qwen2.5-1.5b", 28),
    (2048, False, True, False): ("qwen2.5-3b", 36),
    (3584, False, True, False): ("qwen2.5-7b", 28),
    (4096, False, False, False): ("llama-3.1-8b", 32),
    (5120, False, False, False): ("mistral-small", 40),
    (2048, False, False, False): ("llama-3.2-1b", 16),
    (3072, False, False, False): ("llama-3.2-3b", 28),
}
_LLM_VOCABULARIES: dict[str, tuple[int, ...]] = {
    "llama-3.1-8b": (128256, 128320, 128258),
    "llama-3.2-1b": (128256,),
    "llama-3.2-3b": (128256,),
    "mistral-small": (131072,),
}
_VISION_WIDTHS = {
    1024: "clip-vit-l-14",
    1280: "clip-vit-h-14",
    1664: "clip-vit-bigg-14",
    768: "clip-vit-b",
}


_NO_TOWER = "embed_tokens|qformer|query_tokens|text_decoder|neck|token_embd"
"""A model that sees and speaks, or a depth net over a tower: not a tower by itself."""


def vision(view: View) -> Finding | None:
    """Recognise CLIP, SigLIP and DINO vision towers."""
    if view.has(_NO_TOWER):
        return None
    if view.has("vision_model.encoder.layers.#|vision_model.post_layernorm") or view.has(
        "embeddings.patch_embedding", "encoder.layers.#.self_attn.q_proj"
    ):
        return _clip_tower(view)
    if view.has("visual.transformer.resblocks.#"):
        width = view.takes("visual.transformer.resblocks.#.mlp.c_fc")
        return _found(_VISION, _VISION_WIDTHS.get(width or 0), f"an open_clip tower, {width} wide")
    if view.has("embeddings.mask_token|layer_scale1", "encoder.layer.#|patch_embeddings"):
        return _found(_VISION, "dinov2", "DINOv2's mask token and layer scales")
    if view.has("v.blk.#|v.patch_embd"):
        return _found(_VISION, "mmproj", "llama.cpp's names of a vision projector")
    return None


def _clip_tower(view: View) -> Finding:
    """CLIP or SigLIP; newer versions of transformers leave `vision_model.` away."""
    root = "vision_model.encoder" if view.has("vision_model.encoder.layers.#") else "encoder"
    width = view.takes(f"{root}.layers.#.self_attn.q_proj") or view.takes(
        f"{root}.layers.#.mlp.fc1"
    )
    if view.has("head.probe") or not view.has("class_embedding"):
        return _found(_VISION, _siglip(view, width), f"a SigLIP vision tower, {width} wide")
    name = _VISION_WIDTHS.get(width or 0)
    if name == "clip-vit-l-14" and _rows(view, "position_embedding") == 577:
        name = "clip-vit-l-14-336"
    both = ", with its text model" if view.has("text_model.encoder.layers.#") else ""
    return _found(_VISION, name, f"a CLIP vision tower, {width} wide{both}")


def _siglip(view: View, width: int | None) -> str:
    if width != 1152:
        return "siglip"
    return {729: "siglip-so400m-384", 256: "siglip-so400m-224"}.get(
        _rows(view, "position_embedding") or 0, "siglip-so400m"
    )


def _rows(view: View, path: str) -> int | None:
    return view.gives(path)


def text(view: View, metadata: Mapping[str, str]) -> Finding | None:
    """Recognise CLIP, T5, BERT and the language models that read prompts."""
    return _clip(view) or _t5(view) or _language_model(view, metadata) or _other(view)


def _clip(view: View) -> Finding | None:
    if view.has("text_model.encoder.layers.#") or view.has(
        "embeddings.token_embedding", "encoder.layers.#.self_attn.q_proj"
    ):
        width = view.takes("self_attn.q_proj") or view.takes("encoder.layers.#.mlp.fc1")
        depth = view.depth("layers")
    elif view.has("resblocks.#.attn.in_proj_weight|resblocks.#.attn", "token_embedding|ln_final"):
        width = view.takes("in_proj_weight") or view.takes("resblocks.#.mlp.c_fc")
        depth = view.depth("resblocks")
    else:
        return None
    name, layers = _CLIPS.get(width or 0, (None, 0))
    if name == "clip-l" and _rows(view, "position_embedding|positional_embedding") == 248:
        name = "long-clip-l"
    few = 0 < depth < layers - 2
    return _found(_TEXT, name, f"a CLIP text model, {width} wide and {depth} deep", partial=few)


def _t5(view: View) -> Finding | None:
    if view.has("block.#.layer.#.SelfAttention.q"):
        width = view.takes("SelfAttention.q") or view.gives("layer.#.layer_norm|final_layer_norm")
        biases = view.flat.count("relative_attention_bias")
    elif view.has("enc.blk.#.attn_q"):
        width = view.takes("enc.blk.#.attn_q")
        biases = view.flat.count("attn_rel_b_")
    elif view.has("blocks.#.attn.q", "blocks.#.ffn.gate.0|pos_embedding"):
        width = view.takes("blocks.#.attn.q")
        biases = 99
    else:
        return None
    rows = _rows(view, "shared|token_embd|token_embedding|embed_tokens") or 0
    multilingual = rows > 200_000 or biases > 2
    name = (_UMT5 if multilingual else _T5).get(width or 0)
    return _found(_TEXT, name, f"a T5 encoder, {width} wide, {rows or 'unknown'} words")


_BIASED = (
    "^layers.#.self_attn.q_proj.bias|^layers.#.self_attn.k_proj.bias|attn_q.bias|attn_k.bias"
    "|model.layers.#.self_attn.q_proj.bias|model.layers.#.self_attn.k_proj.bias"
)
"""Biases in the language model itself; a vision tower beside it has its own."""


def _language_model(view: View, metadata: Mapping[str, str]) -> Finding | None:
    hf = view.has("layers.#.self_attn.q_proj|layers.#.self_attn.o_proj")
    if not hf and not view.has("blk.#.attn_q", "token_embd"):
        return None
    if view.has("encoder_attn|decoder.layers.#|^encoder.layers.#"):
        return None
    width = view.gives("post_attention_layernorm|attn_norm|input_layernorm") or view.takes(
        "embed_tokens|token_embd"
    )
    width = width or view.takes("layers.#.self_attn.q_proj|blk.#.attn_q")
    traits = (
        width or 0,
        view.has("q_norm|attn_q_norm"),
        view.has(_BIASED),
        view.has("post_feedforward_layernorm|post_ffw_norm"),
    )
    name, layers = _LLMS.get(traits, (None, 0))
    words = _rows(view, "embed_tokens|token_embd")
    if name in _LLM_VOCABULARIES and words is not None and words not in _LLM_VOCABULARIES[name]:
        name = None
    depth = max(view.depth("model.layers"), view.depth("language_model.layers")) or max(
        view.depth("layers"), view.depth("blk")
    )
    seen = f"a language model, {width} wide and {depth} deep"
    if name is None:
        return Finding(kind=ModelKind.UNKNOWN, confidence=0.0, reasons=(Reason("kind", seen),))
    name = _with_vision(view, name, metadata)
    return _found(_TEXT, name, seen, partial=0 < depth < layers - 1)


def _with_vision(view: View, name: str, metadata: Mapping[str, str]) -> str:
    """Qwen's picture-reading models have a `visual` tower beside the language model."""
    arch = metadata.get("general.architecture", "")
    seeing = view.has("visual|vision_tower") or arch in ("qwen2vl", "qwen3vl")
    if not seeing or not name.startswith("qwen"):
        return name
    family, _, size = name.rpartition("-")
    # The tower counts: over Qwen3 1.7B it makes a model of 2B.
    return f"{family}-vl-{'2b' if size == '1.7b' else size}"


def _other(view: View) -> Finding | None:
    if view.has("embeddings.word_embeddings", "encoder.layer.#.attention.self.query") and not (
        view.has("text_decoder|qformer|vision_model")
    ):
        return _found(_TEXT, "bert", "BERT's word embeddings and attention")
    if view.has("encoder.layers.#.self_attention.query_key_value"):
        return _found(_TEXT, "chatglm3", "ChatGLM's fused attention")
    return None

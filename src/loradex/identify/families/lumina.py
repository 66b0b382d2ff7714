"""Transformers in plain `layers`: Lumina 2, Z-Image, OmniGen2, Ideogram 4, ERNIE-Image."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import (
    Reader,
    Rule,
    Variant,
    agrees,
    either,
    gives,
    has,
    lacks,
    takes,
    wide,
)
from loradex.identify.view import View

Z_IMAGE, LUMINA = BaseModel.Z_IMAGE, BaseModel.LUMINA2
OMNIGEN2, IDEOGRAM4, ERNIE = BaseModel.OMNIGEN2, BaseModel.IDEOGRAM4, BaseModel.ERNIE_IMAGE


def _z_variant(view: View) -> Variant | None:
    if view.has("siglip_embedder"):
        return ("omni", "`siglip_embedder` is there: Z-Image Omni")
    if view.has("dec_net"):
        return ("pixel", "`dec_net` is there: the pixel-space cousin")
    return None


MODELS: tuple[Reader, ...] = (
    Rule(
        OMNIGEN2,
        "OmniGen2 reads reference pictures",
        (has("ref_image_patch_embedder|ref_image_refiner.#|image_index_embedding"),),
        prediction="flow",
        ends="norm_out",
    ),
    Rule(
        Z_IMAGE,
        "Z-Image, 3840 wide on Qwen3 text",
        (
            has("layers.#.attention", "noise_refiner.#|cap_embedder|cap_pad_token"),
            either(
                gives("cap_embedder.1", 3840),
                takes("layers.#.attention.qkv", 3840),
                takes("layers.#.attention.to_q", 3840),
                takes("layers.#.feed_forward.w1", 3840),
                gives("layers.#.ffn_norm1", 3840),
            ),
            agrees("layers.#.attention_norm1|layers.#.ffn_norm1", 3840),
        ),
        variant=_z_variant,
        prediction="flow",
        ends="final_layer|all_final_layer",
    ),
    Rule(
        LUMINA,
        "Lumina 2, 2304 wide on Gemma text",
        (
            has("layers.#", "cap_embedder.1|time_caption_embed.caption_embedder.1"),
            gives("cap_embedder.1|time_caption_embed.caption_embedder.1", 2304),
            agrees("layers.#.attention_norm1|layers.#.ffn_norm1", 2304),
        ),
        prediction="flow",
        ends="final_layer|norm_out",
    ),
    Rule(
        IDEOGRAM4,
        "Ideogram 4 marks which tokens are picture",
        (has("embed_image_indicator", "llm_cond_proj"),),
        prediction="flow",
        ends="final_layer",
    ),
    Rule(
        ERNIE,
        "ERNIE-Image's layers with one shared modulation",
        (has("layers.#.mlp.linear_fc2", "text_proj|adaLN_modulation.1|x_embedder.proj"),),
        prediction="flow",
    ),
)


_LAYERS = "layers.#|noise_refiner.#|context_refiner.#"
_SQUARE = "attention.to_q|attention.out|attention.to_out.0|attn.to_q|attn.to_out.0|attention.o"
_READS = (
    "attention.qkv|attention.to_k|attention.to_v|attn.to_k|attn.to_v|feed_forward.w1"
    "|feed_forward.w3|feed_forward.linear_1|feed_forward.linear_3"
)


def _layers(width: int, base: BaseModel) -> Rule:
    """`layers` with fused or split attention at one width."""
    return Rule(
        base,
        f"`layers` of {base.label}",
        (
            has(_LAYERS),
            either(
                wide(_SQUARE, width),
                takes(_READS, width),
                gives("feed_forward.w2|feed_forward.linear_2", width),
            ),
            lacks("self_attn", "self_attention"),
        ),
    )


BLOCKS: tuple[Reader, ...] = (
    Rule(
        OMNIGEN2,
        "OmniGen2's reference picture refiner",
        (has("ref_image_refiner.#|ref_image_patch_embedder"),),
    ),
    Rule(
        ERNIE,
        "ERNIE-Image's layers",
        (
            has(
                "layers.#.mlp.linear_fc2|layers.#.self_attention.to_q|layers.#.self_attention.to_out"
            ),
        ),
    ),
    _layers(3840, Z_IMAGE),
    _layers(2304, LUMINA),
    _layers(2520, OMNIGEN2),
    _layers(4608, IDEOGRAM4),
)

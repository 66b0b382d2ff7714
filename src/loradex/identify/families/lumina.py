"""Transformers in plain `layers`: Lumina 2, Z-Image, OmniGen2, Ideogram 4, ERNIE-Image."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import Reader, Rule, Variant, either, gives, has, lacks, takes
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
            takes("cap_embedder.1|time_caption_embed.caption_embedder.1", 2304),
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


def _layers(width: int, base: BaseModel, says: str, *more: str) -> Rule:
    """`layers` with fused or split attention at one width."""
    return Rule(
        base,
        says,
        (
            has(
                "layers.#.attention|noise_refiner.#.attention|context_refiner.#.attention"
                "|layers.#.feed_forward|layers.#.attn|noise_refiner.#.attn|context_refiner.#.attn"
                "|layers.#.adaLN_modulation"
            ),
            lacks("self_attn"),
            either(
                takes("attention.qkv", width),
                takes("attention.to_q", width),
                takes("attention.to_k", width),
                takes("attention.to_v", width),
                takes("attention.out", width),
                takes("attention.to_out.0", width),
                takes("attn.to_q", width),
                takes("attn.to_k", width),
                takes("attn.to_out.0", width),
                takes("feed_forward.w1", width),
                takes("feed_forward.linear_1", width),
                *(takes(path, width) for path in more),
            ),
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
        (has("layers.#.mlp.linear_fc2|layers.#.adaLN_sa_ln"),),
    ),
    _layers(3840, Z_IMAGE, "`layers` 3840 wide: Z-Image"),
    _layers(2304, LUMINA, "`layers` 2304 wide: Lumina 2"),
    _layers(2520, OMNIGEN2, "`layers` 2520 wide: OmniGen2"),
    _layers(4608, IDEOGRAM4, "`layers` 4608 wide: Ideogram 4", "attention.o"),
)

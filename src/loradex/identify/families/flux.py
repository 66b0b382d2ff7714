"""FLUX.1 and its kin in double and single blocks: FLUX.2, Chroma, LongCat, Bria, Ovis."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import (
    Check,
    Reader,
    Rule,
    Variant,
    deep,
    either,
    gives,
    has,
    lacks,
    takes,
    wide,
)
from loradex.identify.view import View

FLUX1, FLUX2 = BaseModel.FLUX1, BaseModel.FLUX2
CHROMA, RADIANCE = BaseModel.CHROMA, BaseModel.CHROMA_RADIANCE

_IMG_IN = "img_in|^x_embedder"
_FLUX1_INPUT: dict[int, Variant] = {
    384: ("fill", "the picture input takes 384: latents, masked picture and mask"),
    128: ("control", "the picture input takes 128: latents and a depth or canny picture"),
    196: ("flex.2", "the picture input takes 196: Flex.2's own conditioning"),
}
_FLUX2_WIDTHS = {6144: "dev", 4096: "klein-9b", 3072: "klein-4b"}
_FLUX2_DEPTHS = {48: "dev", 24: "klein-9b", 20: "klein-4b"}
"""Single blocks of a whole model, where a quantisation hides the width."""


def flux1_variant(view: View) -> Variant | None:
    """Tell fill, control and Flex.2 by the input, else dev and schnell by the guidance input."""
    wide = _FLUX1_INPUT.get(view.takes(_IMG_IN) or 0)
    if wide:
        return wide
    if view.has("guidance_in|time_text_embed.guidance_embedder"):
        return ("dev", "a guidance input is there: the dev family")
    if view.has("img_in|vector_in|time_text_embed.timestep_embedder"):
        return ("schnell", "no guidance input: schnell")
    return None


def flux2_variant(view: View) -> Variant | None:
    """Tell dev and the two klein sizes by the width."""
    width = (
        view.gives("img_in|^x_embedder")
        or view.takes("img_attn.qkv|img_attn.proj|single_blocks.#.linear1|img_mlp.0")
        or view.takes("attn.to_q|attn.to_qkv_mlp_proj|ff.linear_in|attn.add_q_proj")
        or view.gives("single_blocks.#.linear2|img_mlp.2|txt_mlp.2")
    )
    name = _FLUX2_WIDTHS.get(width or 0)
    if name is None and view.packed:
        depth = max(view.depth("single_blocks"), view.depth("single_transformer_blocks"))
        name = _FLUX2_DEPTHS.get(depth)
        return (name, f"{depth} single blocks: FLUX.2 {name}") if name else None
    return (name, f"{width} wide: FLUX.2 {name}") if name else None


_NATIVE = "double_blocks.#.img_attn"
_DIFFUSERS = "single_transformer_blocks.#"
_NERF = "nerf_image_embedder|nerf_final_layer_conv|nerf_blocks.#|img_in_patch"

MODELS: tuple[Reader, ...] = (
    Rule(
        RADIANCE,
        "Chroma that works on pixels",
        (has(_NERF, "distilled_guidance_layer|double_blocks.#"),),
        prediction="flow",
    ),
    Rule(
        CHROMA,
        "Chroma's own modulation",
        (has("distilled_guidance_layer"),),
        prediction="flow",
        ends="final_layer.linear|proj_out",
    ),
    Rule(
        FLUX2,
        "FLUX.2 shares one modulation among its blocks",
        (has("double_stream_modulation_img"), lacks("vector_in")),
        variant=flux2_variant,
        prediction="flow",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        BaseModel.OVIS_IMAGE,
        "Ovis-Image's gated FLUX blocks and 2048-wide text",
        (
            either(
                has("double_blocks.#.img_mlp.gate_proj"),
                has("context_embedder_norm", _DIFFUSERS),
                has("txt_in_norm", "double_blocks.#"),
            ),
        ),
        prediction="flow",
    ),
    Rule(
        BaseModel.LONGCAT_IMAGE,
        "FLUX blocks on Qwen2.5-VL text",
        (
            either(
                has(_NATIVE, "single_blocks.#"),
                has(_DIFFUSERS, "^transformer_blocks.#"),
            ),
            takes("txt_in|context_embedder", 3584),
            gives("txt_in|context_embedder", 3072),
            lacks("vector_in", "img_mod.linear", "token_refiner"),
        ),
        prediction="flow",
    ),
    Rule(
        FLUX1,
        "FLUX.1 in its authors' names",
        (
            has(_NATIVE, "single_blocks.#.linear1", "img_in", "txt_in"),
            takes("txt_in", 4096),
            takes("vector_in.in_layer", 768),
            lacks("img_mod.linear", "individual_token_refiner", "latent_in"),
        ),
        variant=flux1_variant,
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        BaseModel.BRIA,
        "Bria's FIBO projects the captions anew in each block",
        (
            has(
                _DIFFUSERS,
                "caption_projection.#|caption_projection.0|caption_projection",
                "time_embed",
            ),
        ),
        variant=lambda _view: ("fibo", "`caption_projection` is there: FIBO"),
        prediction="flow",
    ),
    Rule(
        BaseModel.BRIA,
        "FLUX blocks without pooled text",
        (
            has(_DIFFUSERS, "time_embed.timestep_embedder"),
            takes("context_embedder", 4096),
            lacks("time_text_embed"),
        ),
        prediction="flow",
    ),
    Rule(
        FLUX1,
        "FLUX.1 in diffusers' names",
        (
            has("transformer_blocks.#.attn|transformer_blocks.#.qkv_proj", "context_embedder"),
            takes("context_embedder", 4096),
            gives("context_embedder", 3072),
            takes("time_text_embed.text_embedder.linear_1", 768),
            lacks("token_refiner", "pos_embed.proj"),
        ),
        variant=flux1_variant,
        prediction="flow",
        ends="^proj_out",
    ),
)

_MODULATED = "img_mod.lin|txt_mod.lin|modulation.lin|img_mod|txt_mod|norm1.linear|norm.linear"
FLUX1_KIN = (FLUX1, CHROMA, RADIANCE, BaseModel.LONGCAT_IMAGE, BaseModel.BRIA)


_MODULATED_KIN = (FLUX1, BaseModel.LONGCAT_IMAGE, BaseModel.BRIA)
"""Bases whose modulated blocks have FLUX.1's names and sizes."""


def flux1_block(says: str, *checks: Check, also: tuple[BaseModel, ...] = ()) -> tuple[Reader, ...]:
    """Two rules of one evidence: with modulation layers it is hardly Chroma, without it may be."""
    return (
        Rule(
            FLUX1,
            f"{says} with a modulation in each block",
            (*checks, has(_MODULATED)),
            among=(*_MODULATED_KIN, *also),
            confidence=0.95,
        ),
        Rule(
            FLUX1,
            f"{says}; Chroma has the same modules, so this is FLUX.1 unless metadata says more",
            checks,
            among=(*FLUX1_KIN, *also),
            confidence=0.8,
        ),
    )


_SQUARE = "img_attn.proj|txt_attn.proj|processor.proj_lora"
_READS = "img_attn.qkv|txt_attn.qkv|single_blocks.#.linear1"


def _wide(*widths: int) -> Check:
    """The width of native blocks, from attention or from what single blocks give and take."""
    return either(
        wide(_SQUARE, *widths),
        takes(_READS, *widths),
        gives("single_blocks.#.linear2", *widths),
        gives("img_attn.qkv|txt_attn.qkv", *(3 * width for width in widths)),
    )


_SINGLE_WIDE = either(
    gives("single_blocks.#.linear1", 21504), takes("single_blocks.#.linear2", 15360)
)
_NOT_KIN = lacks("img_mod.linear", "img_mlp.fc1", "txt_mlp.fc1", "modulation.linear", "img_attn_q")

BLOCKS: tuple[Reader, ...] = (
    Rule(RADIANCE, "Chroma that works on pixels", (has(_NERF),)),
    Rule(CHROMA, "Chroma's own modulation", (has("distilled_guidance_layer"),)),
    Rule(
        BaseModel.OVIS_IMAGE,
        "Ovis-Image's gated FLUX blocks",
        (
            either(
                has("double_blocks.#.img_mlp.gate_proj"),
                has("double_blocks.#.img_mlp.up_proj"),
                gives("single_transformer_blocks.#.proj_mlp", 24576),
            ),
        ),
    ),
    Rule(
        FLUX1,
        "the processor LoRA layers of xlabs exist for FLUX.1",
        (has("processor.qkv_lora1|processor.qkv_lora2|processor.proj_lora1|processor.qkv_lora"),),
    ),
    Rule(
        FLUX2,
        "FLUX.2's modules",
        (
            has(
                "double_stream_modulation_img|double_stream_modulation_txt|single_stream_modulation"
                "|attn.to_qkv_mlp_proj"
            ),
        ),
        variant=flux2_variant,
    ),
    Rule(
        FLUX2,
        "FLUX.2's gated feed-forward in diffusers' names",
        (
            has("transformer_blocks.#.ff.linear_in|transformer_blocks.#.ff_context.linear_in"),
            takes("ff.linear_in|ff_context.linear_in", 3072, 4096, 6144),
        ),
        variant=flux2_variant,
    ),
    Rule(
        FLUX2,
        "a gated MLP, 6 times the width: FLUX.2",
        (
            has("double_blocks.#"),
            either(
                gives("img_mlp.0|txt_mlp.0", 18432, 24576, 36864),
                takes("img_mlp.2|txt_mlp.2", 9216),
                gives("img_mlp.2|txt_mlp.2", 4096, 6144),
            ),
            _NOT_KIN,
        ),
        variant=flux2_variant,
    ),
    Rule(
        FLUX2,
        "single blocks 9 times as wide as the model: FLUX.2",
        (
            has("single_blocks.#"),
            either(
                gives("single_blocks.#.linear1", 27648, 36864, 55296),
                takes("single_blocks.#.linear2", 12288, 16384, 24576),
            ),
            _NOT_KIN,
        ),
        variant=flux2_variant,
    ),
    Rule(
        FLUX2,
        "FLUX blocks of a width only FLUX.2 has",
        (has("double_blocks.#|single_blocks.#"), _wide(4096, 6144), _NOT_KIN),
        variant=flux2_variant,
    ),
    *flux1_block(
        "the MLP is 4 times as wide as the model: FLUX.1",
        has("double_blocks.#"),
        either(
            gives("img_mlp.0|txt_mlp.0", 12288),
            takes("img_mlp.2|txt_mlp.2", 12288),
        ),
        _NOT_KIN,
        lacks("latent_in"),
    ),
    *flux1_block(
        "single blocks 7 times as wide as the model: FLUX.1",
        has("single_blocks.#"),
        _SINGLE_WIDE,
        deep("single_blocks", 0, 38),
        _NOT_KIN,
        lacks("double_blocks.#"),
        also=(BaseModel.HUNYUAN_VIDEO,),
    ),
    *flux1_block(
        "single blocks 7 times as wide as the model: FLUX.1",
        has("single_blocks.#"),
        _SINGLE_WIDE,
        deep("single_blocks", 0, 38),
        _NOT_KIN,
    ),
    *flux1_block(
        "more blocks than FLUX.2 klein has at this width: FLUX.1",
        has("double_blocks.#|single_blocks.#"),
        _wide(3072),
        either(deep("double_blocks", 6, 19), deep("single_blocks", 21, 38)),
        _NOT_KIN,
    ),
    Rule(
        FLUX1,
        "FLUX.1's modulation in each block",
        (
            has(
                "double_blocks.#.img_mod.lin|double_blocks.#.txt_mod.lin|single_blocks.#.modulation.lin"
            ),
            takes("img_mod.lin|txt_mod.lin|modulation.lin", 3072),
        ),
    ),
    Rule(
        None,
        "FLUX.1 and FLUX.2 klein-4b share these modules",
        (has("double_blocks.#|single_blocks.#"), _wide(3072), _NOT_KIN),
        among=(FLUX1, FLUX2, CHROMA),
    ),
)

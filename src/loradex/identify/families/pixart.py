"""Cross-attending picture transformers: PixArt, Sana, CogView4, PRX."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import (
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

PIXART, SANA = BaseModel.PIXART, BaseModel.SANA
COGVIEW4, PRX = BaseModel.COGVIEW4, BaseModel.PRX


def _pixart_variant(view: View) -> Variant | None:
    if view.has("csize_embedder|ar_embedder|adaln_single.emb.resolution_embedder"):
        return ("alpha", "size and aspect embeddings are there: PixArt-alpha")
    rows = view.gives("y_embedder.y_embedding|caption_projection.y_embedding")
    name = {120: "alpha", 300: "sigma"}.get(rows or 0)
    if name:
        return (name, f"the empty caption has {rows} rows: PixArt-{name}")
    return ("sigma", "no size embedding: PixArt-sigma") if view.has("adaln_single") else None


def _sana_variant(view: View) -> Variant | None:
    width = view.gives("patch_embed.proj|x_embedder.proj")
    size = {2240: "1600m", 1152: "600m"}.get(width or 0)
    if view.has("guidance_embedder|cfg_embedder"):
        return (f"sprint-{size}", "a guidance input: Sana Sprint") if size else None
    return (size, f"{width} wide: Sana {size}") if size else None


MODELS: tuple[Reader, ...] = (
    Rule(
        SANA,
        "Sana's convolutions in the feed-forward",
        (
            either(
                has("attention_y_norm", "blocks.#.mlp.inverted_conv"),
                has("caption_norm", "ff.conv_inverted", "patch_embed.proj"),
            ),
            lacks("controlnet_blocks.#"),
        ),
        variant=_sana_variant,
        prediction="flow",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        PIXART,
        "PixArt in its authors' names",
        (has("t_block.#", "blocks.#.cross_attn.kv_linear"), takes("t_block.#", 1152)),
        variant=_pixart_variant,
        prediction="epsilon",
        ends="final_layer.linear",
    ),
    Rule(
        PIXART,
        "PixArt in diffusers' names",
        (
            has("adaln_single.linear", "caption_projection", "transformer_blocks.#.attn2"),
            gives("pos_embed.proj", 1152),
        ),
        variant=_pixart_variant,
        prediction="epsilon",
        ends="^proj_out",
    ),
    Rule(
        COGVIEW4,
        "CogView4's text and picture in one patch embedding",
        (
            has("patch_embed.text_proj", "time_condition_embed.condition_embedder"),
            gives("patch_embed.text_proj", 4096),
        ),
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        PRX,
        "PRX projects picture and text apart",
        (has("blocks.#.attention.img_qkv_proj|blocks.#.img_qkv_proj"),),
        prediction="flow",
    ),
)

_BLOCK = "transformer_blocks.#"
_SQUARE = "|".join(
    f"{_BLOCK}.{path}"
    for path in ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q",
                 "attn2.to_out.0", "attn2.to_k", "attn2.to_v")
)  # fmt: skip

BLOCKS: tuple[Reader, ...] = (
    Rule(PRX, "PRX's blocks", (has("img_qkv_proj|txt_kv_proj"),)),
    Rule(SANA, "Sana's attention", (wide(_SQUARE, 2240),)),
    Rule(
        SANA,
        "Sana's convolutions in the feed-forward",
        (has("ff.conv_inverted|ff.conv_point|mlp.inverted_conv|mlp.point_conv"),),
    ),
    Rule(
        SANA,
        "Sana in its authors' names",
        (
            takes(
                "blocks.#.cross_attn.kv_linear|blocks.#.cross_attn.q_linear|blocks.#.attn.qkv", 2240
            ),
        ),
    ),
    Rule(
        PIXART,
        "a plain feed-forward at 1152: PixArt",
        (
            has(_BLOCK, "ff.net.0.proj|ff.net.2"),
            either(wide(_SQUARE, 1152), takes("ff.net.0.proj", 1152), gives("ff.net.2", 1152)),
            lacks("down_blocks.#", "up_blocks.#"),
        ),
    ),
    Rule(
        PIXART,
        "PixArt in its authors' names",
        (
            has("blocks.#.cross_attn.kv_linear|blocks.#.cross_attn.q_linear"),
            wide("cross_attn.q_linear|cross_attn.kv_linear|blocks.#.attn.qkv", 1152),
            has("blocks.#.mlp.fc1|blocks.#.mlp.fc2"),
        ),
    ),
    Rule(
        PIXART,
        "a plain feed-forward at 1152 in its authors' names: PixArt",
        (
            has("^blocks.#.mlp.fc1|^blocks.#.mlp.fc2|^blocks.#.attn.qkv"),
            either(takes("^blocks.#.mlp.fc1", 1152), gives("^blocks.#.mlp.fc2", 1152)),
        ),
    ),
    Rule(
        None,
        "attention that PixArt and Sana 0.6B share in name, size and depth",
        (
            either(
                wide(_SQUARE, 1152),
                wide("blocks.#.cross_attn.q_linear|blocks.#.cross_attn.kv_linear", 1152),
                takes("^blocks.#.attn.qkv", 1152),
            ),
            lacks("down_blocks.#", "up_blocks.#"),
        ),
        among=(PIXART, SANA),
    ),
    Rule(
        None,
        "attention in more blocks than CogView4 has: LTX-Video 13B or LTX-2",
        (wide(_SQUARE, 4096), deep("transformer_blocks", 29), lacks("attn2", "audio_attn1")),
        among=(BaseModel.LTX_VIDEO, BaseModel.LTX2),
    ),
    Rule(
        COGVIEW4,
        "one attention a block, 4096 wide: CogView4",
        (
            either(wide(_SQUARE, 4096), takes(f"{_BLOCK}.norm1.linear", 512)),
            gives(
                f"{_BLOCK}.norm1.linear|{_BLOCK}.attn1.to_q|{_BLOCK}.attn1.to_out.0", 4096, 49152
            ),
            lacks("attn2", "audio_attn1", "single_transformer_blocks.#"),
        ),
        among=(COGVIEW4, BaseModel.LTX_VIDEO, BaseModel.LTX2, BaseModel.COSMOS1),
        confidence=0.8,
    ),
    Rule(
        None,
        "a feed-forward that CogView4 and LTX-Video 13B share in name and size",
        (takes(f"{_BLOCK}.ff.net.0.proj", 4096), lacks("single_transformer_blocks.#", "attn")),
        among=(COGVIEW4, BaseModel.LTX_VIDEO, BaseModel.LTX2, BaseModel.COSMOS1),
    ),
)

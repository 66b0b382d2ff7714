"""Video transformers: Wan, LTX, Mochi, CogVideoX, Cosmos and Anima, Allegro, Kandinsky 5."""

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

LTX, LTX2 = BaseModel.LTX_VIDEO, BaseModel.LTX2
COSMOS1, COSMOS2, ANIMA = BaseModel.COSMOS1, BaseModel.COSMOS_PREDICT2, BaseModel.ANIMA
MOCHI, COGVIDEO, ALLEGRO = BaseModel.MOCHI, BaseModel.COGVIDEOX, BaseModel.ALLEGRO
KANDINSKY5, MINIMAX = BaseModel.KANDINSKY5, BaseModel.MINIMAX_H3


def _ltx_variant(view: View) -> Variant | None:
    width = view.gives("patchify_proj|^proj_in") or view.takes("attn1.to_q")
    name = {2048: "2b", 4096: "13b"}.get(width or 0)
    return (name, f"{width} wide: the {name} model") if name else None


def _ltx2_variant(view: View) -> Variant | None:
    if view.has("keyframes_abs_pos_embedding"):
        return ("2.5", "`keyframes_abs_pos_embedding` is there: LTX-2.5")
    if view.has("prompt_scale_shift_table|prompt_adaln_single"):
        return ("2.3", "`prompt_scale_shift_table` is there: LTX-2.3")
    return None


def _cosmos_variant(view: View) -> Variant | None:
    width = view.gives("x_embedder.proj.1|patch_embed.proj")
    size = {2048: "2b", 5120: "14b", 4096: "7b"}.get(width or 0)
    channels = view.takes("x_embedder.proj.1|patch_embed.proj")
    if size is None or channels is None:
        return None
    use = "t2i" if channels == 68 else "v2w"
    return (f"{size}-{use}", f"{width} wide, the picture input takes {channels}: {size} {use}")


def _cosmos1_variant(view: View) -> Variant | None:
    width = view.gives("x_embedder.proj.1|patch_embed.proj") or 0
    size = {4096: "7b", 5120: "14b"}.get(width)
    return (size, f"{width} wide: the {size} model") if size else None


def _cog_variant(view: View) -> Variant | None:
    width = view.gives("patch_embed.text_proj") or view.takes("attn1.to_q") or 0
    name = {1920: "2b", 3072: "5b"}.get(width)
    if name is None:
        return None
    if view.has("ofs_embedding"):
        return (f"{name}-1.5-i2v", "`ofs_embedding` is there: CogVideoX 1.5 image to video")
    if view.takes("patch_embed.proj") == 32:
        return (f"{name}-i2v", f"{width} wide, 32 input channels: {name} image to video")
    return (name, f"{width} wide: the {name} model")


def _cog_native_variant(view: View) -> Variant | None:
    width = view.gives("mixins.patch_embed.text_proj") or 0
    name = {1920: "2b", 3072: "5b"}.get(width)
    return (name, f"{width} wide: the {name} model") if name else None


def _kandinsky_variant(view: View) -> Variant | None:
    width = view.takes("to_query") or 0
    name = {1792: "video-lite", 2560: "image-lite", 4096: "pro"}.get(width)
    return (name, f"{width} wide: Kandinsky 5 {name}") if name else None


MODELS: tuple[Reader, ...] = (
    Rule(
        LTX2,
        "LTX-2 makes sound beside the picture",
        (
            has(
                "audio_adaln_single|audio_patchify_proj|audio_time_embed"
                "|transformer_blocks.#.audio_to_video_attn"
            ),
            lacks("audio_patch_proj"),
        ),
        variant=_ltx2_variant,
        prediction="flow",
        ends="audio_proj_out|^proj_out",
    ),
    Rule(
        MINIMAX,
        "MiniMax H3's joint video and audio input",
        (
            either(
                has("video_patch_proj", "audio_patch_proj"),
                has("audio_proj_in", "token_refiner|token_refiner.#"),
            ),
        ),
    ),
    Rule(
        LTX,
        "LTX-Video in its authors' names",
        (
            has("patchify_proj", "adaln_single", "transformer_blocks.#.attn2"),
            takes("patchify_proj", 128),
        ),
        variant=_ltx_variant,
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        LTX,
        "LTX-Video in diffusers' names",
        (
            has("time_embed.emb", "transformer_blocks.#.attn1.norm_q", "caption_projection"),
            takes("^proj_in", 128),
        ),
        variant=_ltx_variant,
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        MOCHI,
        "Mochi's asymmetric joint attention",
        (
            has("t5_yproj|blocks.#.attn.qkv_x|pos_frequencies"),
            has("t5_y_embedder|time_embed.pooler"),
        ),
        prediction="flow",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        COGVIDEO,
        "CogVideoX's text and picture in one patch embedding",
        (
            has("patch_embed.text_proj", "time_embedding.linear_1"),
            takes("patch_embed.text_proj", 4096),
            lacks("time_condition_embed"),
        ),
        variant=_cog_variant,
        prediction="v_prediction",
        ends="^proj_out",
    ),
    Rule(
        COGVIDEO,
        "CogVideoX in its authors' names",
        (
            has("mixins.patch_embed.text_proj", "transformer.layers.#|layers.#"),
            takes("mixins.patch_embed.text_proj", 4096),
        ),
        variant=_cog_native_variant,
        prediction="v_prediction",
    ),
    Rule(
        ANIMA,
        "Cosmos blocks with a language model adapter: Anima",
        (has("llm_adapter", "blocks.#.adaln_modulation_self_attn|blocks.#.self_attn"),),
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        COSMOS1,
        "Cosmos 1's nested blocks",
        (
            either(
                has("blocks.block0.blocks.#", "extra_pos_embedder|x_embedder.proj.1"),
                has("learnable_pos_embed", "patch_embed.proj", "transformer_blocks.#"),
                has("extra_pos_embedder.pos_emb_h"),
            ),
        ),
        variant=_cosmos1_variant,
        prediction="edm",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        COSMOS2,
        "Cosmos-Predict2 in its authors' names",
        (has("blocks.#.adaln_modulation_self_attn", "x_embedder.proj.1", "blocks.#.mlp.layer1"),),
        variant=_cosmos_variant,
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        COSMOS2,
        "Cosmos-Predict2 in diffusers' names",
        (
            has("time_embed.t_embedder", "patch_embed.proj", "transformer_blocks.#.norm1.linear_1"),
            gives("patch_embed.proj", 2048, 5120),
            lacks("learnable_pos_embed"),
        ),
        variant=_cosmos_variant,
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        ALLEGRO,
        "PixArt-like blocks 2304 wide: Allegro",
        (has("adaln_single", "transformer_blocks.#.attn2"), gives("pos_embed.proj", 2304)),
        ends="^proj_out",
    ),
    Rule(
        KANDINSKY5,
        "Kandinsky 5's separate text and visual blocks",
        (has("visual_transformer_blocks.#", "text_transformer_blocks.#"),),
        variant=_kandinsky_variant,
        prediction="flow",
        ends="out_layer.out_layer",
    ),
)

_COSMOS_NATIVE = (
    "blocks.#.self_attn.q_proj|blocks.#.self_attn.k_proj|blocks.#.self_attn.output_proj"
    "|blocks.#.cross_attn.q_proj|blocks.#.cross_attn.k_proj|blocks.#.cross_attn.output_proj"
    "|blocks.#.mlp.layer1|blocks.#.mlp.layer2|blocks.#.adaln_modulation_self_attn"
)
_BLOCK = "transformer_blocks.#"
_SELF = "|".join(
    f"{_BLOCK}.{path}" for path in ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0")
)
_CROSS = "|".join(f"{_BLOCK}.{path}" for path in ("attn2.to_q", "attn2.to_out.0"))
_SELF_CROSS = f"{_SELF}|{_CROSS}"
_READS = f"{_BLOCK}.attn2.to_k|{_BLOCK}.attn2.to_v"
_FEED = f"{_BLOCK}.ff.net.0.proj"
_NO_UNET = lacks(
    "down_blocks.#", "up_blocks.#", "mid_block", "input_blocks.#", "output_blocks.#",
    "middle_block", "motion_modules.#",
)  # fmt: skip

BLOCKS: tuple[Reader, ...] = (
    Rule(
        LTX2,
        "LTX-2's audio attention",
        (has("audio_attn1|audio_attn2|audio_to_video_attn|video_to_audio_attn|audio_ff"),),
    ),
    Rule(LTX2, "LTX-2's audio input", (has("audio_patchify_proj|audio_adaln_single"),)),
    Rule(
        MOCHI,
        "Mochi's joint attention",
        (has("attn.qkv_x|attn.qkv_y|attn.proj_x|attn.proj_y|mlp_x.w1|mlp_y.w1"),),
    ),
    Rule(
        MOCHI,
        "Mochi's joint attention in diffusers' names",
        (has(f"{_BLOCK}.attn1.add_q_proj|{_BLOCK}.attn1.to_add_out"),),
    ),
    Rule(
        MOCHI,
        "a feed-forward of 3072 for the picture and 1536 for the text: Mochi",
        (takes(f"{_BLOCK}.ff_context.net.0.proj", 1536), takes(_FEED, 3072)),
    ),
    Rule(
        KANDINSKY5,
        "Kandinsky 5's blocks",
        (has("visual_transformer_blocks.#|text_transformer_blocks.#"),),
        variant=_kandinsky_variant,
    ),
    Rule(
        MINIMAX,
        "attention 5376 wide: MiniMax H3",
        (takes("transformer_blocks.#.attn.to_q|transformer_blocks.#.ff.net.0.proj", 5376),),
    ),
    Rule(MINIMAX, "MiniMax H3's inputs", (has("video_patch_proj|audio_patch_proj"),)),
    Rule(ANIMA, "Cosmos blocks with a language model adapter: Anima", (has("llm_adapter"),)),
    Rule(
        COSMOS2,
        "Cosmos blocks 5120 wide: Cosmos-Predict2 14B",
        (
            has(_COSMOS_NATIVE),
            wide("self_attn.q_proj|self_attn.k_proj|self_attn.output_proj|mlp.layer1", 5120),
        ),
        variant=lambda _view: ("14b", "5120 wide: the 14b model"),
    ),
    Rule(
        None,
        "blocks that Cosmos-Predict2 2B and Anima share",
        (has(_COSMOS_NATIVE), lacks("embed_tokens")),
        among=(ANIMA, COSMOS2),
    ),
    Rule(
        COSMOS1,
        "Cosmos 1's nested blocks",
        (has("blocks.block0.blocks.#|block.attn.to_q.0|block.attn.to_out.0"),),
    ),
    Rule(
        COSMOS2,
        "cross-attention reads 1024-wide text: Cosmos-Predict2 in diffusers' names",
        (takes(_READS, 1024), either(wide(_SELF_CROSS, 2048), gives(_READS, 2048)), _NO_UNET),
        variant=_cosmos_variant,
    ),
    Rule(
        COSMOS1,
        "cross-attention reads 1024-wide text at 4096: Cosmos 1 in diffusers' names",
        (takes(_READS, 1024), either(wide(_SELF_CROSS, 4096), gives(_READS, 4096)), _NO_UNET),
    ),
    Rule(
        None,
        "modules that the 14B models of Cosmos 1 and Cosmos-Predict2 share",
        (takes(_READS, 1024), either(wide(_SELF_CROSS, 5120), gives(_READS, 5120)), _NO_UNET),
        among=(COSMOS2, COSMOS1),
    ),
    Rule(
        LTX,
        "self and cross attention of one width, 2048: LTX-Video 2B",
        (takes(_READS, 2048), wide(f"{_SELF_CROSS}|{_READS}", 2048), _NO_UNET),
        variant=_ltx_variant,
    ),
    Rule(
        LTX,
        "cross attention 4096 wide: LTX-Video 13B, or the picture half of LTX-2",
        (
            either(
                takes(_READS, 4096),
                deep("transformer_blocks", 29, 48),
            ),
            has(f"{_BLOCK}.attn2"),
            wide(f"{_SELF_CROSS}|{_READS}", 4096),
            _NO_UNET,
        ),
        among=(LTX, LTX2),
        variant=_ltx_variant,
        confidence=0.8,
    ),
    Rule(
        None,
        "cross attention that LTX-Video 13B, LTX-2 and Cosmos 1 share in name and size",
        (has(f"{_BLOCK}.attn2"), wide(_SELF_CROSS, 4096), _NO_UNET),
        among=(LTX, LTX2, COSMOS1),
    ),
    Rule(
        None,
        "modules that LTX-Video 2B and Cosmos-Predict2 2B share in name and size",
        (either(wide(_SELF_CROSS, 2048), takes(_FEED, 2048)), lacks("ff_context"), _NO_UNET),
        among=(LTX, COSMOS2),
    ),
    Rule(
        ALLEGRO,
        "PixArt-like blocks 2304 wide: Allegro",
        (either(wide(_SELF_CROSS, 2304), takes(_FEED, 2304)), _NO_UNET),
    ),
    Rule(
        COGVIDEO,
        "one attention a block at CogVideoX's width",
        (
            either(wide(_SELF, 1920, 3072), takes(_FEED, 1920)),
            lacks("attn2"),
            deep("transformer_blocks", 1, 42),
            _NO_UNET,
        ),
        among=(COGVIDEO, MOCHI),
        variant=_cog_variant,
        confidence=0.9,
    ),
)

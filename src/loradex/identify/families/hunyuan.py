"""Tencent's Hunyuan family: DiT, Image 2.1, Video, Video 1.5 and 3D."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import (
    Reader,
    Rule,
    Variant,
    deep,
    either,
    has,
    lacks,
    takes,
    wide,
    written,
)
from loradex.identify.view import View

VIDEO, VIDEO15 = BaseModel.HUNYUAN_VIDEO, BaseModel.HUNYUAN_VIDEO_1_5
IMAGE, DIT, MESH = BaseModel.HUNYUAN_IMAGE_2_1, BaseModel.HUNYUAN_DIT, BaseModel.HUNYUAN3D


def _video_variant(view: View) -> Variant | None:
    if view.has("clean_x_embedder|clean_x_embedder.proj_2x"):
        return ("framepack", "`clean_x_embedder` is there: FramePack")
    channels = view.takes("img_in.proj|x_embedder.proj")
    if channels == 33:
        return ("i2v", "the picture input takes 33 channels: image to video")
    if channels == 32:
        return ("skyreels-i2v", "the picture input takes 32 channels: SkyReels image to video")
    return ("t2v", "the picture input takes 16 channels: text to video") if channels == 16 else None


def _image_variant(view: View) -> Variant | None:
    if view.has("time_r_in|timestep_embedder_r|time_guidance_embed.timestep_embedder_r"):
        return ("distilled", "a second time input: the mean-flow distilled model")
    if view.takes("img_in.proj|x_embedder.proj") == 128:
        return ("refiner", "the picture input takes 128 channels: the refiner")
    return None


MODELS: tuple[Reader, ...] = (
    Rule(
        VIDEO15,
        "HunyuanVideo 1.5 marks the kind of each condition",
        (has("cond_type_embedding|cond_type_embed"),),
        prediction="flow",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        IMAGE,
        "HunyuanImage 2.1, 3584 wide (its refiner 3328) with a token refiner",
        (
            has("individual_token_refiner|token_refiner"),
            either(
                takes("double_blocks.#.img_attn_proj", 3584, 3328),
                takes("transformer_blocks.#.attn.to_q", 3584, 3328),
                has("byt5_in|context_embedder_2"),
            ),
            takes("img_in.proj|^x_embedder.proj", 64, 128),
            lacks("cond_type_embedding"),
        ),
        variant=_image_variant,
        prediction="flow",
        ends="final_layer.linear|^proj_out",
    ),
    Rule(
        VIDEO,
        "HunyuanVideo in its authors' names",
        (
            has("double_blocks.#.img_attn_qkv", "individual_token_refiner"),
            either(takes("vector_in.in_layer", 768), takes("img_in.proj", 16, 32, 33)),
        ),
        variant=_video_variant,
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        VIDEO,
        "HunyuanVideo in diffusers' names",
        (
            has("context_embedder.token_refiner", "transformer_blocks.#"),
            takes("context_embedder.proj_in", 4096),
        ),
        variant=_video_variant,
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        MESH,
        "Hunyuan3D's shape latents",
        (has("latent_in", "cond_in"),),
    ),
    Rule(
        MESH,
        "Hunyuan3D 2.1's blocks with experts",
        (has("blocks.#.moe", "x_embedder|t_embedder"), lacks("img_in")),
    ),
    Rule(
        DIT,
        "HunyuanDiT adds a T5 beside its CLIP",
        (
            either(
                has("mlp_t5.0|mlp_t5"),
                has("time_extra_emb", "text_embedding_padding"),
            ),
        ),
        prediction="v_prediction",
        ends="final_layer.linear|^proj_out",
    ),
)

_OWN = "img_mlp.fc1|txt_mlp.fc1|img_mlp.fc2|txt_mlp.fc2|img_mod.linear|txt_mod.linear"
_SQUARE = "img_attn_proj|txt_attn_proj|img_attn_q|img_attn_k|img_attn_v|txt_attn_q|txt_attn_v"
_READS = (
    "img_attn_qkv|txt_attn_qkv|img_mlp.fc1|txt_mlp.fc1|img_mod.linear|txt_mod.linear"
    "|single_blocks.#.linear1|single_blocks.#.modulation.linear"
)
_JOINT = (
    "transformer_blocks.#.attn.to_q|transformer_blocks.#.attn.to_v|attn.add_q_proj|attn.to_add_out"
)


def _native(width: int, base: BaseModel) -> Rule:
    """The blocks in the authors' names; only at 3072 wide are they as FLUX.1's are."""
    own = (has(f"{_OWN}|modulation.linear"),) if width == 3072 else ()
    return Rule(
        base,
        f"Hunyuan's blocks: {base.label}",
        (
            has("double_blocks.#|single_blocks.#"),
            *own,
            either(wide(_SQUARE, width), takes(_READS, width)),
        ),
    )


BLOCKS: tuple[Reader, ...] = (
    _native(2048, VIDEO15),
    _native(3584, IMAGE),
    _native(3072, VIDEO),
    Rule(
        VIDEO,
        "one block more than FLUX.1 has: HunyuanVideo",
        (
            either(deep("single_blocks", 39, 40), deep("double_blocks", 20, 20)),
            either(wide(_SQUARE, 3072), takes(_READS, 3072)),
        ),
    ),
    Rule(
        VIDEO,
        "HunyuanVideo's own name for its fused attention",
        (takes("img_attn_qkv", 3072), written(".img_attn_qkv")),
    ),
    Rule(
        VIDEO15,
        "joint attention 2048 wide: HunyuanVideo 1.5 in diffusers' names",
        (
            either(wide(_JOINT, 2048), takes("transformer_blocks.#.ff_context.net.0.proj", 2048)),
            has("attn.add_q_proj|attn.to_add_out|ff_context"),
        ),
    ),
    Rule(
        IMAGE,
        "attention 3584 wide: HunyuanImage 2.1 in diffusers' names",
        (either(wide(_JOINT, 3584), takes("transformer_blocks.#.ff.net.0.proj", 3584)),),
    ),
    Rule(
        DIT,
        "HunyuanDiT's attention, 1408 wide",
        (
            wide(
                "attn1.to_q|attn1.to_v|attn2.to_q|attn2.q_proj|attn1.out_proj|attn2.out_proj", 1408
            ),
        ),
    ),
    Rule(
        DIT,
        "HunyuanDiT's blocks, 1408 wide",
        (takes("attn1.Wqkv|blocks.#.mlp.fc1|blocks.#.ff.net.0.proj", 1408),),
    ),
    Rule(MESH, "Hunyuan3D's blocks, 1024 wide", (takes("double_blocks.#.img_attn.qkv", 1024),)),
)

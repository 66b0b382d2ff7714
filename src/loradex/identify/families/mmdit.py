"""Joint text-and-picture transformers in `joint_blocks` and `transformer_blocks`.

SD 3, Qwen-Image, AuraFlow, Krea 2, HiDream, and the LoRA view of FLUX.1 and HunyuanVideo in
diffusers' names, which share theirs.
"""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.families.flux import FLUX1_KIN, flux1_block, flux2_variant
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

SD3, QWEN, QWEN21 = BaseModel.SD3, BaseModel.QWEN_IMAGE, BaseModel.QWEN_IMAGE_2_1
FLUX1, HUNYUAN, AURA = BaseModel.FLUX1, BaseModel.HUNYUAN_VIDEO, BaseModel.AURAFLOW


def sd3_variant(view: View) -> Variant | None:
    """Tell medium, 3.5-medium and 3.5-large by width, QK norm and the second attention."""
    width = view.gives("x_embedder.proj|pos_embed.proj|^context_embedder")
    width = width or view.takes("x_block.attn.qkv|transformer_blocks.#.attn.to_q|attn.add_q_proj")
    if width == 2432:
        return ("3.5-large", "2432 wide and 38 deep: SD 3.5 Large")
    if width != 1536:
        return None
    if view.has("attn2"):
        return ("3.5-medium", "a second attention `attn2`: SD 3.5 Medium")
    if view.has("ln_q|norm_q"):
        return None
    return ("medium", "1536 wide without query norms: SD 3 Medium")


def _sd3_block_variant(view: View) -> Variant | None:
    """Blocks alone tell medium from 3.5-medium only where the second attention is trained."""
    found = sd3_variant(view)
    return None if found and found[0] == "medium" else found


def _qwen_variant(view: View) -> Variant | None:
    if view.has("__index_timestep_zero__"):
        return ("edit-2511", "the marker `__index_timestep_zero__` is there: Edit-2511")
    if view.has("addition_t_embedding"):
        return ("layered", "`addition_t_embedding` is there: Qwen-Image-Layered")
    return None


MODELS: tuple[Reader, ...] = (
    Rule(
        SD3,
        "SD 3 in its authors' names",
        (
            has("joint_blocks.#.context_block.attn.qkv|joint_blocks.#.x_block.attn.qkv"),
            has("x_embedder.proj"),
            takes("context_embedder", 4096),
        ),
        variant=sd3_variant,
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        SD3,
        "SD 3 in diffusers' names",
        (
            has("transformer_blocks.#.attn.add_q_proj", "pos_embed.proj"),
            takes("time_text_embed.text_embedder.linear_1", 2048),
            lacks("single_transformer_blocks.#"),
        ),
        variant=sd3_variant,
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        QWEN21,
        "Qwen-Image 2.1's single stream",
        (
            has("img_mlp.gate_layer|txt_in.text_norm"),
            either(has("modulation.1"), takes("img_mlp.gate_layer", 4096)),
        ),
        prediction="flow",
    ),
    Rule(
        QWEN,
        "Qwen-Image reads Qwen2.5-VL text through `txt_norm`",
        (
            has("transformer_blocks.#.img_mod", "txt_norm", "img_in"),
            takes("txt_in", 3584),
        ),
        variant=_qwen_variant,
        prediction="flow",
        ends="^proj_out|norm_out",
    ),
    Rule(
        AURA,
        "AuraFlow in its authors' names",
        (has("double_layers.#.attn.w1q", "register_tokens"),),
        prediction="flow",
        ends="final_linear|modF",
    ),
    Rule(
        AURA,
        "AuraFlow in diffusers' names",
        (has("joint_transformer_blocks.#", "register_tokens"),),
        prediction="flow",
        ends="^proj_out",
    ),
    Rule(
        BaseModel.HIDREAM,
        "HiDream's double stream with experts",
        (has("double_stream_blocks.#.block.attn1", "caption_projection.#|caption_projection.0"),),
        prediction="flow",
        ends="final_layer.linear",
    ),
    Rule(
        BaseModel.KREA2,
        "Krea 2 fuses the layers of its text encoder",
        (has("txtfusion|text_fusion"),),
        prediction="flow",
        ends="last.linear|final_layer|proj_out|norm_out",
    ),
)

_BLOCK = "transformer_blocks.#"
_PICTURE = f"{_BLOCK}.attn.to_q|{_BLOCK}.attn.to_k|{_BLOCK}.attn.to_v|{_BLOCK}.attn.to_out.0"
_TEXT = f"{_BLOCK}.attn.add_q_proj|{_BLOCK}.attn.add_k_proj|{_BLOCK}.attn.to_add_out"
_ATTENTION = f"{_PICTURE}|{_TEXT}|{_BLOCK}.attn.add_v_proj"
_JOINT = "attn.add_q_proj|attn.add_k_proj|attn.add_v_proj|attn.to_add_out|ff_context"
_FEED = "ff_context|ff.net.0.proj|ff.net.2|norm1.linear|norm1_context.linear"
_SINGLE = "single_transformer_blocks.#"
_SINGLES = f"{_SINGLE}.attn.to_q|{_SINGLE}.attn.to_k|{_SINGLE}.attn.to_v"
_SINGLE_WIDE = either(
    wide(f"{_ATTENTION}|{_SINGLES}", 3072),
    takes(f"{_SINGLE}.proj_mlp|{_SINGLE}.norm.linear|{_BLOCK}.norm1.linear", 3072),
    takes(f"{_SINGLE}.qkv_proj|{_SINGLE}.mlp_fc1|{_BLOCK}.qkv_proj", 3072),
    takes(f"{_SINGLE}.proj_out", 15360),
    gives(f"{_SINGLE}.proj_out", 3072),
    takes(f"{_BLOCK}.ff.net.0.proj|{_BLOCK}.ff_context.net.0.proj", 3072),
)
_KREA_OWN = (
    "blocks.#.attn.wq|blocks.#.attn.wo|blocks.#.attn.gate|blocks.#.mlp.up"
    "|attn.to_gate|ff.gate|ff.up"
)
_QWEN_OWN = "img_mlp|txt_mlp|img_mod|txt_mod"

BLOCKS: tuple[Reader, ...] = (
    Rule(SD3, "SD 3's joint blocks", (has("joint_blocks.#"),), variant=_sd3_block_variant),
    Rule(
        AURA,
        "AuraFlow's blocks",
        (has("joint_transformer_blocks.#|double_layers.#.attn.w1q|double_layers.#.modX"),),
    ),
    Rule(
        AURA,
        "AuraFlow's blocks",
        (
            has(
                "double_layers.#|single_layers.#|single_transformer_blocks.#",
                "modX|modC|modCX|mlpX|mlpC|attn.w1q|attn.w1o|mlp.c_fc1"
                "|single_transformer_blocks.#.norm1.linear|single_transformer_blocks.#.ff.linear_1"
                "|single_transformer_blocks.#.ff.out_projection"
                "|single_transformer_blocks.#.attn.to_out.0",
            ),
        ),
    ),
    Rule(
        BaseModel.HIDREAM,
        "HiDream's stream blocks",
        (has("double_stream_blocks.#.block|single_stream_blocks.#.block"),),
    ),
    Rule(BaseModel.KREA2, "Krea 2's text fusion", (has("txtfusion|txtmlp|text_fusion"),)),
    Rule(
        BaseModel.KREA2,
        "Krea 2's gated blocks",
        (has(_KREA_OWN), wide(_KREA_OWN, 6144)),
    ),
    Rule(
        BaseModel.KREA2,
        "grouped attention, 6144 to 1536: Krea 2",
        (takes(_PICTURE, 6144), gives(f"{_BLOCK}.attn.to_k|{_BLOCK}.attn.to_v", 1536)),
    ),
    Rule(
        BaseModel.KREA2,
        "attention 6144 wide in more blocks than FLUX.2 has: Krea 2",
        (wide(_PICTURE, 6144), deep("transformer_blocks", 9, 28), lacks(_JOINT, _SINGLE)),
    ),
    Rule(
        QWEN21,
        "Qwen-Image 2.1's gated blocks",
        (
            has(f"img_mlp.gate_layer|{_BLOCK}.img_mlp.out|{_BLOCK}.img_mlp.proj"),
            lacks("double_blocks.#"),
        ),
    ),
    Rule(
        QWEN21,
        "attention 4096 wide in more blocks than FLUX.2 has: Qwen-Image 2.1",
        (wide(_PICTURE, 4096), deep("transformer_blocks", 9, 32), lacks(_JOINT, _SINGLE)),
    ),
    Rule(
        QWEN,
        "Qwen-Image's blocks with one MLP and modulation a stream",
        (has("|".join(f"{_BLOCK}.{own}" for own in _QWEN_OWN.split("|"))),),
        variant=_qwen_variant,
    ),
    Rule(
        SD3,
        "joint attention at SD 3's width",
        (
            either(
                wide(_ATTENTION, 1536, 2432),
                takes(f"{_BLOCK}.ff_context.net.0.proj", 1536, 2432),
                takes(f"{_BLOCK}.ff.net.0.proj", 2432),
                takes(f"{_BLOCK}.norm1_context.linear|{_BLOCK}.norm1.linear", 1536, 2432),
            ),
            lacks(_SINGLE, "attn1"),
        ),
        variant=_sd3_block_variant,
    ),
    Rule(
        HUNYUAN,
        "HunyuanVideo's token refiner in diffusers' names",
        (has("context_embedder.token_refiner|token_refiner.refiner_blocks.#"), _SINGLE_WIDE),
    ),
    Rule(
        HUNYUAN,
        "one block more than FLUX.1 has: HunyuanVideo",
        (
            has(_SINGLE),
            either(deep("single_transformer_blocks", 39, 40), deep("^transformer_blocks", 20, 20)),
            _SINGLE_WIDE,
        ),
    ),
    *flux1_block(
        "FLUX.1's blocks in diffusers' names",
        has(_SINGLE),
        either(deep("single_transformer_blocks", 38, 38), deep("^transformer_blocks", 19, 19)),
        _SINGLE_WIDE,
    ),
    *flux1_block(
        "FLUX.1's blocks in diffusers' names, though not to the last one",
        has(_SINGLE),
        either(deep("single_transformer_blocks", 28, 37), deep("^transformer_blocks", 11, 18)),
        _SINGLE_WIDE,
        also=(HUNYUAN,),
    ),
    Rule(
        FLUX1,
        "FLUX.1's feed-forward beside its attention, 4 times the width",
        (
            has(_SINGLE),
            gives(f"{_SINGLE}.proj_mlp", 12288),
            takes(f"{_SINGLE}.norm.linear|{_BLOCK}.norm1.linear", 3072),
            deep("single_transformer_blocks", 21, 38),
        ),
        among=(*FLUX1_KIN, HUNYUAN),
        confidence=0.8,
    ),
    Rule(
        None,
        "a few blocks that FLUX.1 and HunyuanVideo share in name and size",
        (has(_SINGLE), _SINGLE_WIDE),
        among=(*FLUX1_KIN, HUNYUAN, BaseModel.FLUX2, BaseModel.OVIS_IMAGE),
    ),
    Rule(
        None,
        "double blocks that FLUX.1 and HunyuanVideo share in name and size",
        (has(_BLOCK, _FEED), has(_JOINT), _SINGLE_WIDE, lacks("attn1")),
        among=(*FLUX1_KIN, HUNYUAN),
    ),
    Rule(
        None,
        "a feed-forward that FLUX.1, HunyuanVideo and CogVideoX share in name and size",
        (
            takes(f"{_BLOCK}.ff.net.0.proj", 3072),
            lacks("attn1", "attn", "single_transformer_blocks.#"),
        ),
        among=(*FLUX1_KIN, HUNYUAN, BaseModel.COGVIDEOX),
    ),
    Rule(
        QWEN,
        "attention in more than 20 blocks: Qwen-Image",
        (
            wide(_ATTENTION, 3072),
            deep("transformer_blocks", 21, 60),
            lacks("ff.net", "ff_context", "attn2", "norm1.linear"),
        ),
    ),
    Rule(
        None,
        "attention that FLUX.1, HunyuanVideo and Qwen-Image share in name and size",
        (wide(_ATTENTION, 3072), lacks("attn1", "attn2")),
        among=(QWEN, *FLUX1_KIN, HUNYUAN, BaseModel.FLUX2),
    ),
    Rule(
        BaseModel.FLUX2,
        "joint attention of a width only FLUX.2 has",
        (wide(_ATTENTION, 4096, 6144), has(_JOINT)),
        variant=flux2_variant,
    ),
    Rule(
        None,
        "attention that FLUX.2 dev and Krea 2 share in name and size",
        (wide(_PICTURE, 6144), lacks("attn1")),
        among=(BaseModel.FLUX2, BaseModel.KREA2),
    ),
    Rule(
        None,
        "attention that FLUX.2 klein-9b and Qwen-Image 2.1 share in name and size",
        (wide(_PICTURE, 4096), lacks("attn1", "attn2")),
        among=(BaseModel.FLUX2, QWEN21),
    ),
)

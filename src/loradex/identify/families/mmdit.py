"""Joint text-and-picture transformers in `joint_blocks` and `transformer_blocks`.

SD 3, Qwen-Image, AuraFlow, Krea 2, HiDream, and the LoRA view of FLUX.1 and HunyuanVideo in
diffusers' names, which share theirs.
"""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.families.flux import FLUX1_KIN, flux1_block
from loradex.identify.rules import Reader, Rule, Variant, deep, either, has, lacks, takes
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

_ATTENTION = (
    takes("transformer_blocks.#.attn.to_q", 3072),
    takes("transformer_blocks.#.attn.to_k", 3072),
    takes("transformer_blocks.#.attn.to_v", 3072),
    takes("transformer_blocks.#.attn.to_out.0", 3072),
    takes("transformer_blocks.#.attn.add_q_proj", 3072),
    takes("transformer_blocks.#.attn.add_k_proj", 3072),
    takes("transformer_blocks.#.attn.to_add_out", 3072),
)
_SD3_ATTENTION = (
    takes("transformer_blocks.#.attn.to_q", 1536, 2432),
    takes("transformer_blocks.#.attn.add_q_proj", 1536, 2432),
    takes("transformer_blocks.#.attn.to_out.0", 1536, 2432),
    takes("transformer_blocks.#.ff_context.net.0.proj", 1536, 2432),
    takes("transformer_blocks.#.norm1_context.linear", 1536, 2432),
)
_JOINT = "attn.add_q_proj|attn.add_k_proj|attn.add_v_proj|attn.to_add_out|ff_context"
_FLUX_ONLY = "ff_context|ff.net.0.proj|ff.net.2|norm1.linear|norm1_context.linear"

BLOCKS: tuple[Reader, ...] = (
    Rule(SD3, "SD 3's joint blocks", (has("joint_blocks.#"),), variant=sd3_variant),
    Rule(AURA, "AuraFlow's blocks", (has("joint_transformer_blocks.#|double_layers.#.attn.w1q"),)),
    Rule(
        AURA, "AuraFlow's blocks", (has("double_layers.#|single_layers.#", "modX|attn.w1q|mlpX"),)
    ),
    Rule(
        BaseModel.HIDREAM,
        "HiDream's stream blocks",
        (has("double_stream_blocks.#.block|single_stream_blocks.#.block"),),
    ),
    Rule(BaseModel.KREA2, "Krea 2's text fusion", (has("txtfusion|txtmlp|text_fusion"),)),
    Rule(
        BaseModel.KREA2,
        "Krea 2's gated attention, 6144 wide",
        (
            has("blocks.#.attn.wq|blocks.#.attn.gate|attn.to_gate|blocks.#.mlp.up|ff.gate"),
            either(
                takes("blocks.#.attn.wq", 6144),
                takes("blocks.#.attn.gate", 6144),
                takes("blocks.#.mlp.up", 6144),
                takes("blocks.#.attn.to_gate", 6144),
                takes("blocks.#.ff.gate", 6144),
            ),
        ),
    ),
    Rule(
        QWEN21,
        "Qwen-Image 2.1's gated blocks",
        (has("img_mlp.gate_layer"), lacks("double_blocks.#")),
    ),
    Rule(
        QWEN,
        "Qwen-Image's blocks with one MLP and modulation a stream",
        (
            has(
                "transformer_blocks.#.img_mlp|transformer_blocks.#.txt_mlp|transformer_blocks.#.img_mod"
                "|transformer_blocks.#.txt_mod"
            ),
        ),
        variant=_qwen_variant,
    ),
    Rule(
        SD3,
        "joint attention at SD 3's width",
        (
            has("transformer_blocks.#.attn", _JOINT),
            either(*_SD3_ATTENTION),
            lacks("single_transformer_blocks.#"),
        ),
        variant=sd3_variant,
    ),
    Rule(
        HUNYUAN,
        "HunyuanVideo's token refiner in diffusers' names",
        (
            has("context_embedder.token_refiner|token_refiner.refiner_blocks.#"),
            either(*_ATTENTION, takes("single_transformer_blocks.#.attn.to_q", 3072)),
        ),
    ),
    Rule(
        HUNYUAN,
        "one block more than FLUX.1 has: HunyuanVideo",
        (
            has("single_transformer_blocks.#"),
            either(
                deep("single_transformer_blocks", 39, 40),
                deep("^transformer_blocks", 20, 20),
            ),
            either(*_ATTENTION, takes("single_transformer_blocks.#.attn.to_q", 3072)),
            lacks("pos_embed.proj"),
        ),
    ),
    *flux1_block(
        "FLUX.1's blocks in diffusers' names, 3072 wide",
        has("single_transformer_blocks.#"),
        either(
            deep("single_transformer_blocks", 21, 38),
            deep("^transformer_blocks", 9, 19),
        ),
        either(
            *_ATTENTION,
            takes("single_transformer_blocks.#.attn.to_q", 3072),
            takes("single_transformer_blocks.#.proj_mlp", 3072),
            takes("single_transformer_blocks.#.norm.linear", 3072),
            takes("single_transformer_blocks.#.proj_out", 15360),
            takes("transformer_blocks.#.norm1.linear", 3072),
        ),
    ),
    Rule(
        None,
        "a few blocks that FLUX.1 and HunyuanVideo share in name and size",
        (
            has("single_transformer_blocks.#"),
            either(
                *_ATTENTION,
                takes("single_transformer_blocks.#.attn.to_q", 3072),
                takes("single_transformer_blocks.#.proj_mlp", 3072),
                takes("single_transformer_blocks.#.proj_out", 15360),
            ),
        ),
        among=(*FLUX1_KIN, HUNYUAN, BaseModel.FLUX2),
    ),
    Rule(
        None,
        "double blocks that FLUX.1 and HunyuanVideo share in name and size",
        (has("transformer_blocks.#", _FLUX_ONLY), has(_JOINT), either(*_ATTENTION)),
        among=(*FLUX1_KIN, HUNYUAN),
    ),
    Rule(
        QWEN,
        "attention at 3072 in more than 20 blocks: Qwen-Image",
        (
            has("transformer_blocks.#.attn"),
            either(*_ATTENTION),
            deep("transformer_blocks", 21, 60),
            lacks("ff.net", "ff_context", "attn2", "norm1.linear"),
        ),
    ),
    Rule(
        None,
        "attention that FLUX.1, HunyuanVideo and Qwen-Image share in name and size",
        (
            has("transformer_blocks.#.attn"),
            either(*_ATTENTION),
            lacks("attn1", "attn2"),
        ),
        among=(QWEN, *FLUX1_KIN, HUNYUAN),
    ),
)

"""Stable Cascade, sound and shape models, and newer kin that must not pass for a neighbour."""

from __future__ import annotations

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify.rules import (
    Check,
    Finding,
    Reader,
    Rule,
    Variant,
    gives,
    has,
    lacks,
    takes,
    wide,
)
from loradex.identify.view import View

CASCADE = BaseModel.CASCADE


def _cascade_variant(view: View) -> Variant | None:
    if view.has("clip_txt_mapper|clip_img_mapper"):
        lite = view.gives("clip_txt_mapper") == 1536
        return ("stage-c-lite" if lite else "stage-c", "`clip_txt_mapper` is there: stage C")
    if view.has("effnet_mapper|pixels_mapper"):
        lite = any(576 in size for size in view.sizes("channelwise.4"))
        return ("stage-b-lite" if lite else "stage-b", "`effnet_mapper` is there: stage B")
    return None


MODELS: tuple[Reader, ...] = (
    Rule(
        CASCADE,
        "Stable Cascade's mappers",
        (has("clip_txt_mapper|effnet_mapper|clip_mapper"), has("down_blocks.#", "up_blocks.#")),
        variant=_cascade_variant,
    ),
    Rule(
        BaseModel.ACE_STEP,
        "ACE-Step sings lyrics",
        (has("lyric_encoder|lyric_embs"), has("genre_embedder|speaker_embedder|decoder.layers.#")),
    ),
    Rule(
        BaseModel.ACE_STEP,
        "ACE-Step 1.5 in diffusers' names",
        (has("proj_in_conv", "time_embed_r", "layers.#.cross_attn"),),
        variant=lambda _view: ("1.5", "a second time embedding: ACE-Step 1.5"),
    ),
    Rule(
        BaseModel.STABLE_AUDIO,
        "Stable Audio's rotary transformer",
        (has("transformer.rotary_pos_emb|rotary_pos_emb", "to_timestep_embed"),),
    ),
    Rule(
        BaseModel.STABLE_AUDIO,
        "Stable Audio in diffusers' names",
        (has("preprocess_conv", "cross_attention_proj", "timestep_proj|global_proj"),),
    ),
)

_UNET_BLOCKS = "down_blocks.#|up_blocks.#"


def motion_lora(view: View) -> Finding | None:
    """AnimateDiff's MotionLoRA changes motion modules only; SD 1 has four levels of them."""
    if not view.has("motion_modules.#"):
        return None
    levels = max(view.depth("down_blocks"), view.depth("up_blocks"))
    base = BaseModel.SD1 if levels == 4 else BaseModel.SDXL if levels == 3 else None
    text = f"motion modules on {levels} levels: AnimateDiff's MotionLoRA"
    among = () if base else (BaseModel.SD1, BaseModel.SDXL)
    reasons = (Reason("base", text),)
    return Finding(base=base, candidates=among, variant="motion", reasons=reasons)


BLOCKS: tuple[Reader, ...] = (
    motion_lora,
    Rule(
        CASCADE,
        "Stable Cascade's attention blocks",
        (
            has(_UNET_BLOCKS),
            has(
                "kv_mapper|channelwise|attention.attn|attention.to_q|attention.to_v|attention.to_out"
                "|mapper_sca|mapper_crp"
            ),
            lacks("attentions.#"),
        ),
    ),
    Rule(
        BaseModel.ACE_STEP,
        "ACE-Step's singing inputs",
        (has("lyric_encoder|genre_embedder|speaker_embedder"),),
    ),
    Rule(
        BaseModel.ACE_STEP,
        "ACE-Step's cross attention",
        (
            has("transformer_blocks.#.cross_attn"),
            wide("transformer_blocks.#.cross_attn.to_q|transformer_blocks.#.cross_attn.to_v", 2560),
        ),
    ),
    Rule(
        BaseModel.ACE_STEP,
        "ACE-Step 1.5's layers, 2048 wide",
        (
            has("layers.#.cross_attn.to_q|layers.#.cross_attn.q_proj|layers.#.cross_attn.to_out"),
            wide("layers.#.cross_attn.to_q|layers.#.cross_attn.q_proj|cross_attn.to_out.0", 2048),
        ),
    ),
    Rule(
        BaseModel.STABLE_AUDIO,
        "Stable Audio's blocks",
        (
            has("layers.#.to_local_embed|layers.#.cross_attn.to_kv|to_timestep_embed"),
            lacks("noise_refiner"),
        ),
    ),
    Rule(
        BaseModel.STABLE_AUDIO,
        "attention 1536 wide that reads 768: Stable Audio in diffusers' names",
        (
            wide("transformer_blocks.#.attn1.to_q|transformer_blocks.#.attn2.to_q", 1536),
            takes("transformer_blocks.#.attn2.to_k|transformer_blocks.#.attn2.to_v", 768),
            lacks("down_blocks.#", "up_blocks.#", "input_blocks.#", "output_blocks.#"),
        ),
    ),
)


def _neighbour(says: str, *checks: Check, near: BaseModel | None = None) -> Rule:
    """A denoiser that has no base here, and the one it must not be taken for."""
    return Rule(
        None,
        says,
        checks,
        among=(near,) if near else (),
        kind=ModelKind.DIFFUSION_MODEL,
        confidence=0.5,
    )


NEIGHBOURS: tuple[Reader, ...] = (
    _neighbour("Boogu's blocks, not known here", has("double_stream_layers.#")),
    _neighbour(
        "Mage-Flow borrows Qwen-Image's names",
        has("transformer_blocks.#.img_mod", "txt_norm"),
        takes("txt_in", 2560),
        near=BaseModel.QWEN_IMAGE,
    ),
    _neighbour("Lens borrows Qwen-Image's names", has("img_mlp.w1"), near=BaseModel.QWEN_IMAGE),
    _neighbour(
        "CogView3 is CogView4's forerunner",
        has("patch_embed.text_proj", "time_condition_embed"),
        gives("patch_embed.text_proj", 2560),
        near=BaseModel.COGVIEW4,
    ),
    _neighbour("SeedVR2's blocks, not known here", has("blocks.#.mlp.all|blocks.#.mlp.vid")),
    _neighbour("PiD's low-quality input, not known here", has("lq_proj.latent_proj")),
    _neighbour(
        "HiDream-O1 is another model than HiDream-I1: pixels over a language model",
        has("t_embedder1.mlp", "x_embedder.proj1"),
        near=BaseModel.HIDREAM,
    ),
    _neighbour(
        "Lumina-Next is Lumina 2's forerunner",
        has("layers.#.attn2", "layers.#.gate"),
        near=BaseModel.LUMINA2,
    ),
    _neighbour(
        "Latte adds temporal blocks to PixArt's",
        has("temporal_transformer_blocks.#", "adaln_single.linear", "pos_embed.proj"),
        near=BaseModel.PIXART,
    ),
    _neighbour(
        "Sana's video models convolve over time",
        has("ff.conv_temp|mlp.t_conv", "patch_embedding|x_embedder.proj"),
        near=BaseModel.SANA,
    ),
    _neighbour(
        "Kandinsky 6 makes sound beside the picture",
        has("visual_transformer_blocks.#.video_dec_block|video_text_transformer_blocks.#"),
        near=BaseModel.KANDINSKY5,
    ),
)

"""The Stable Diffusion U-Nets: SD 1, SD 2, SDXL, its refiner, SVD and Kolors."""

from __future__ import annotations

from dataclasses import replace

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel
from loradex.identify.rules import Finding, Reader, Variant
from loradex.identify.view import View

SD1, SD2, SDXL = BaseModel.SD1, BaseModel.SD2, BaseModel.SDXL
REFINER, SVD, KOLORS = BaseModel.SDXL_REFINER, BaseModel.SVD, BaseModel.KOLORS

TEXT_WIDTHS: dict[int, BaseModel] = {768: SD1, 1024: SD2, 2048: SDXL, 1280: REFINER}
"""Width of the text that cross-attention reads -> base."""

_CONTEXT = "attn2.to_k|attn2.to_v"
_FIRST_CONV = "input_blocks.#.0|conv_in"
_VECTOR = "label_emb.#.0|label_emb.0.0|add_embedding.linear_1"

# What the first convolution takes -> variant.
_CHANNELS: dict[tuple[BaseModel, int], Variant] = {
    **{
        (base, 9): ("inpaint", "the first convolution takes 9 channels: picture, masked, mask")
        for base in (SD1, SD2, SDXL)
    },
    **{
        (base, 8): ("edit", "the first convolution takes 8 channels: picture and source picture")
        for base in (SD1, SDXL)
    },
    (SD2, 5): ("depth", "the first convolution takes 5 channels: picture and depth"),
    (SD2, 7): ("x4-upscaler", "the first convolution takes 7 channels: picture and small picture"),
}


def model(view: View) -> Finding | None:
    """Recognise a whole U-Net by the width of its text and its vector embedding."""
    ldm = view.has("^input_blocks.#", "output_blocks.#|middle_block")
    if not ldm and not view.has("^down_blocks.#", "^up_blocks.#|^mid_block", "^conv_in"):
        return None
    if view.has("time_stack|temporal_transformer_blocks"):
        return _found(SVD, "has temporal layers in its attention: Stable Video Diffusion")
    if view.has("temp_convs|temp_attentions|temopral_conv|motion_modules"):
        return None
    context, vector = view.takes(_CONTEXT), view.takes(_VECTOR)
    if vector == 5632 or view.takes("encoder_hid_proj") == 4096:
        return _found(KOLORS, "reads ChatGLM's 4096-wide text: Kolors")
    base = TEXT_WIDTHS.get(context or 0)
    if base is REFINER and view.gives(_FIRST_CONV) != 384:
        return None
    if base is None:
        if vector != 2816:
            return None
        return _found(SDXL, "the vector embedding takes 2816: SDXL")
    found = _found(base, f"`attn2.to_k` takes {context}: the text width of {base.label}")
    variant = _variant(view, base, ldm)
    return replace(found, variant=variant[0]).because("variant", variant[1]) if variant else found


def _found(base: BaseModel, text: str) -> Finding:
    return Finding(base=base, reasons=(Reason("base", text),))


def _variant(view: View, base: BaseModel, ldm: bool) -> Variant | None:
    channels = view.takes(_FIRST_CONV)
    if base is SD1 and channels == 8 and view.written("cc_projection"):
        return ("zero123", "`cc_projection` is there: a camera-conditioned model")
    if channels is not None and (base, channels) in _CHANNELS:
        return _CHANNELS[base, channels]
    if base is SD2 and view.takes("label_emb.#.0|label_emb.0.0|class_embedding.linear_1") == 4:
        return ("lotus", "the class embedding takes 4: the Lotus depth model")
    if base is SD2 and view.has("label_emb.#.0|label_emb.0.0|class_embedding.linear_1"):
        return ("unclip", "a picture embedding is added to the time step: unCLIP")
    if view.has("time_embedding.cond_proj"):
        return ("lcm", "`time_embedding.cond_proj` is there: a distilled LCM U-Net")
    return _small_sdxl(view, ldm) if base is SDXL else None


def _small_sdxl(view: View, ldm: bool) -> Variant | None:
    """Distilled SDXL cousins are told by their depth and by the middle block."""
    if ldm:
        deep = _depth_of(view, ("input_blocks_7_1_", "input_blocks_8_1_", "input_blocks_5_1_"))
        middle = view.has("middle_block.1|middle_block.1.transformer_blocks.#")
    else:
        deep = _depth_of(view, ("down_blocks_2_attentions_",))
        middle = view.has("mid_block.attentions.#")
    names = {(4, False): "ssd-1b", (2, True): "vega", (2, False): "vega"}
    names |= {(6, False): "koala-1b", (5, False): "koala-700m"}
    name = names.get((deep, middle))
    return (name, f"attention is {deep} deep where SDXL's is 10: {name}") if name else None


def _depth_of(view: View, starts: tuple[str, ...]) -> int:
    numbers = {
        int(tail.partition("_")[0])
        for line in view.flat.split("\n")
        if any(start in line for start in starts)
        for tail in line.split("transformer_blocks_")[1:]
        if tail.partition("_")[0].isdigit()
    }
    return max(numbers, default=-1) + 1


def blocks(view: View) -> Finding | None:
    """Recognise the U-Net that a LoRA's modules belong to, as far as they tell."""
    if not view.has(
        "down_blocks.#|up_blocks.#|mid_block|input_blocks.#|output_blocks.#|middle_block"
    ):
        return None
    if view.has("temporal_transformer_blocks|time_mixer|time_stack"):
        return _found(SVD, "has temporal layers in its attention: Stable Video Diffusion")
    context = view.takes("attn2.to_k") or view.takes("attn2.to_v")
    base = TEXT_WIDTHS.get(context or 0)
    if base is not None:
        return _found(base, f"`attn2.to_k` takes {context}: the text width of {base.label}")
    return _by_names(view)


def _by_names(view: View) -> Finding | None:
    depth = view.depth("transformer_blocks")
    if depth > 4:
        return _found(SDXL, f"attention is {depth} deep: only SDXL is deeper than 4")
    if _refiner_widths(view):
        return _found(REFINER, "widths are multiples of 384: the SDXL refiner")
    if depth > 1:
        return _found(SDXL, f"attention is {depth} deep: SD 1 and SD 2 have one layer a block")
    if view.takes("add_embedding.linear_1|label_emb.0.0") == 2816:
        return _found(SDXL, "the vector embedding takes 2816: SDXL")
    if view.has("input_blocks.#|output_blocks.#|middle_block"):
        found = _found(SDXL, "modules have LDM block names, which trainers use for SDXL only")
        return replace(found, confidence=0.9)
    if view.written("up_blocks_0_attentions"):
        return _found(SDXL, "attention in `up_blocks.0`, where only SDXL has it")
    old = ("down_blocks_0_attentions", "up_blocks_3_", "down_blocks_3_")
    mark = next((name for name in old if view.written(name)), None)
    if mark is None:
        text = "only modules that SD 1, SD 2 and SDXL share in name and size"
        return Finding(candidates=(SDXL, SD1, SD2), reasons=(Reason("base", text),))
    text = f"`{mark.strip('_')}` is there, which SDXL has not"
    return Finding(candidates=(SD1, SD2), reasons=(Reason("base", text),))


def _refiner_widths(view: View) -> bool:
    widths = {size[0] for size in view.sizes("attn1.to_q") + view.sizes("proj_in")}
    widths.discard(None)
    return bool(widths) and all(width in (384, 768, 1536) for width in widths)


MODELS: tuple[Reader, ...] = (model,)
BLOCKS: tuple[Reader, ...] = (blocks,)

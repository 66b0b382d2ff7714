"""The Stable Diffusion U-Nets: SD 1, SD 2, SDXL, its refiner, SVD and Kolors."""

from __future__ import annotations

import re
from dataclasses import replace

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel
from loradex.identify.rules import Finding, Reader, Variant
from loradex.identify.view import View

SD1, SD2, SDXL = BaseModel.SD1, BaseModel.SD2, BaseModel.SDXL
REFINER, SVD, KOLORS = BaseModel.SDXL_REFINER, BaseModel.SVD, BaseModel.KOLORS
BASES = (SD1, SD2, SDXL, REFINER, SVD, KOLORS)

TEXT_WIDTHS: dict[int, BaseModel] = {768: SD1, 1024: SD2, 2048: SDXL, 1280: REFINER}
"""Width of the text that cross-attention reads -> base."""

_CONTEXT = "attn2.to_k|attn2.to_v"
_FIRST_CONV = "input_blocks.#.0|conv_in"
_VECTOR = "label_emb.0.0|add_embedding.linear_1"

_CLASS = "label_emb.0.0|class_embedding.linear_1"
_STRANGE = "temp_convs|temp_attentions|temopral_conv|resnets.#.conv1.depthwise"
"""Modules of U-Nets that read the same text as one of these and are another model."""
_MARKED: tuple[tuple[str, Variant], ...] = (
    ("motion_modules.#", ("animatediff", "motion modules are built in")),
    ("time_embedding.cond_proj", ("lcm", "`cond_proj` is there: a distilled LCM U-Net")),
)

# What the first convolution takes -> variant.
_CHANNELS: dict[tuple[BaseModel, int], Variant] = {
    **{
        (base, 9): ("inpaint", "the first convolution takes 9 channels: picture, masked, mask")
        for base in (SD1, SD2, SDXL, KOLORS)
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
    if view.has(_STRANGE):
        return None
    base, text = _whole_base(view)
    if base is None:
        return None
    variant = _variant(view, base, ldm)
    found = _found(base, text)
    return replace(found, variant=variant[0]).because("variant", variant[1]) if variant else found


def _whole_base(view: View) -> tuple[BaseModel | None, str]:
    context, vector = view.takes(_CONTEXT), view.takes(_VECTOR)
    if vector == 5632 or (context == 2048 and view.takes("encoder_hid_proj") == 4096):
        return KOLORS, "reads ChatGLM's 4096-wide text: Kolors"
    base = TEXT_WIDTHS.get(context or 0)
    if base is REFINER and view.gives(_FIRST_CONV) != 384:
        return None, ""
    if base is None and vector == 2816:
        return SDXL, "the vector embedding takes 2816: SDXL"
    return base, f"`attn2.to_k` takes {context}: the text width of {base.label if base else ''}"


def _found(base: BaseModel, text: str) -> Finding:
    return Finding(base=base, reasons=(Reason("base", text),))


def _variant(view: View, base: BaseModel, ldm: bool) -> Variant | None:
    channels = view.takes(_FIRST_CONV)
    if base is SD1 and channels == 8 and view.written("cc_projection"):
        return ("zero123", "`cc_projection` is there: a camera-conditioned model")
    if channels is not None and (base, channels) in _CHANNELS:
        return _CHANNELS[base, channels]
    if base is SD2 and view.has(_CLASS):
        if view.takes(_CLASS) == 4:
            return ("lotus", "the class embedding takes 4: the Lotus depth model")
        return ("unclip", "a picture embedding is added to the time step: unCLIP")
    marked = next((variant for path, variant in _MARKED if view.has(path)), None)
    return marked or (_small_sdxl(view, ldm) if base is SDXL else None)


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
        int(number)
        for start in starts
        for number in re.findall(rf"{start}\w*?transformer_blocks_(\d+)", view.flat)
    }
    return max(numbers, default=-1) + 1


# Places of blocks that SD 1 and SD 2 have and SDXL has not: four levels, attention on the first.
_OLD_PLACES = (
    "down_blocks_0_attentions",
    "up_blocks_3_",
    "down_blocks_3_",
    "input_blocks_1_1_",
    "input_blocks_2_1_",
    "input_blocks_9_",
    "input_blocks_10_",
    "input_blocks_11_",
    "output_blocks_9_",
    "output_blocks_10_",
    "output_blocks_11_",
)


def blocks(view: View) -> Finding | None:
    """Recognise the U-Net that a LoRA's modules belong to, as far as they tell."""
    if not view.has(
        "down_blocks.#|up_blocks.#|mid_block|input_blocks.#|output_blocks.#|middle_block"
    ):
        return None
    if view.has(_STRANGE):
        return None
    if view.has("temporal_transformer_blocks|time_mixer|time_stack"):
        return _found(SVD, "has temporal layers in its attention: Stable Video Diffusion")
    context = view.takes("attn2.to_k") or view.takes("attn2.to_v")
    base = TEXT_WIDTHS.get(context or 0)
    if base is SDXL and (view.takes(_VECTOR) == 5632 or view.has("encoder_hid_proj")):
        return _found(KOLORS, "changes what reads ChatGLM's text: Kolors")
    if base is not None:
        found = _found(base, f"`attn2.to_k` takes {context}: the text width of {base.label}")
        return _or_kolors(found, view) if base is SDXL else found
    found = _by_names(view)
    return _or_kolors(found, view) if found.base is SDXL else found


def _or_kolors(found: Finding, view: View) -> Finding:
    """Kolors has SDXL's modules, though only in diffusers' names."""
    if view.has("input_blocks.#|output_blocks.#|middle_block|add_embedding"):
        return found
    found = replace(found, candidates=(SDXL, KOLORS), confidence=min(found.confidence, 0.95))
    return found.because("base", "Kolors has the same modules, and is much rarer")


def _by_names(view: View) -> Finding:
    found = _by_depth(view) or _by_place(view)
    if found is None:
        text = "only modules that SD 1, SD 2 and SDXL share in name and size"
        found = Finding(candidates=(SDXL, SD1, SD2), reasons=(Reason("base", text),))
    return found


def _by_depth(view: View) -> Finding | None:
    depth = view.depth("transformer_blocks")
    if depth > 4:
        return _found(SDXL, f"attention is {depth} deep: only SDXL is deeper than 4")
    if _refiner_widths(view):
        return _found(REFINER, "widths are multiples of 384: the SDXL refiner")
    if depth > 1:
        return _found(SDXL, f"attention is {depth} deep: SD 1 and SD 2 have one layer a block")
    if view.takes("add_embedding.linear_1|label_emb.0.0") == 2816:
        return _found(SDXL, "the vector embedding takes 2816: SDXL")
    return None


def _by_place(view: View) -> Finding | None:
    old = next((name for name in _OLD_PLACES if view.written(name)), None)
    if old is not None:
        return _old_unet(view, f"`{old.strip('_')}` is there, which SDXL has not")
    if view.has("input_blocks.#|output_blocks.#|middle_block"):
        found = _found(SDXL, "modules have LDM block names, which trainers use for SDXL only")
        return replace(found, confidence=0.9, candidates=(SDXL, SD1, SD2, REFINER))
    if view.written("up_blocks_0_attentions"):
        return _found(SDXL, "attention in `up_blocks.0`, where only SDXL has it")
    return None


def _old_unet(view: View, text: str) -> Finding:
    """SD 1 projects with a convolution where SD 2 has a linear layer."""
    dims = view.dims("proj_in") or view.dims("proj_out")
    if dims == 4:
        return _found(SD1, f"{text}; `proj_in` is a convolution: SD 1")
    if dims == 2:
        return _found(SD2, f"{text}; `proj_in` is linear: SD 2")
    return Finding(candidates=(SD1, SD2), reasons=(Reason("base", text),))


_GIVE_WIDTH = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q",
               "attn2.to_k", "attn2.to_v", "proj_in", "proj_out", "ff.net.2")  # fmt: skip
_TAKE_WIDTH = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "ff.net.0.proj", "proj_in", "proj_out")


def _refiner_widths(view: View) -> bool:
    widths = {size[0] for path in _GIVE_WIDTH for size in view.sizes(path)}
    widths |= {size[1] for path in _TAKE_WIDTH for size in view.sizes(path)}
    widths -= {None}
    return bool(widths) and widths <= {384, 768, 1536}


MODELS: tuple[Reader, ...] = (model,)
BLOCKS: tuple[Reader, ...] = (blocks,)

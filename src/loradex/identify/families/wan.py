"""Wan 2.1 and 2.2 in all their variants."""

from __future__ import annotations

from loradex.domain.kinds import BaseModel
from loradex.identify.rules import Reader, Rule, Variant, either, gives, has, lacks, takes, wide
from loradex.identify.view import View

WAN = BaseModel.WAN

_SIZES = {1536: "1.3b", 5120: "14b", 3072: "5b"}
# A module that only one variant has -> its name.
_SPECIAL: tuple[tuple[str, str], ...] = (
    ("vace_blocks.#|vace_patch_embedding", "vace"),
    ("face_adapter|motion_encoder|pose_patch_embedding", "animate"),
    ("casual_audio_encoder|audio_injector|trainable_cond_mask", "s2v"),
    ("audio_proj", "humo"),
    ("control_adapter", "camera"),
    ("ref_conv", "fun-ref"),
)


def _variant(view: View) -> Variant | None:
    width = view.gives("patch_embedding") or view.takes("self_attn.q|attn1.to_q") or 0
    size = _SIZES.get(width, "")
    for path, name in _SPECIAL:
        if view.has(path):
            full = f"{name}-{size}" if size and name == "vace" else name
            return (full, f"`{path.split('|')[0]}` is there: Wan {full}")
    return _by_channels(view, width, size) if size else None


def _by_channels(view: View, width: int, size: str) -> Variant | None:
    channels = view.takes("patch_embedding")
    pictures = view.has("img_emb|image_embedder|k_img|add_k_proj")
    names = {
        16: f"t2v-{size}",
        36: f"i2v-{size}" if pictures else f"2.2-i2v-a{size}",
        48: "ti2v-5b" if width == 3072 else f"fun-control-{size}",
    }
    name = names.get(channels or 0)
    if channels == 36 and view.has("img_emb.emb_pos|image_embedder.pos_embed"):
        name = f"flf2v-{size}"
    if name is None:
        return None
    tower = " and there is a picture encoder" if pictures else ""
    return (name, f"{width} wide, the patch embedding takes {channels} channels{tower}")


def _lora_variant(view: View) -> Variant | None:
    seen = (view.size(path) for path in (*_NATIVE_PATHS, *_DIFFUSERS_PATHS))
    widths = (size[1] or size[0] for size in seen if size)
    width = next((width for width in widths if width in _SIZES), None)
    if width is None:
        return None
    size = _SIZES[width]
    if view.has("k_img|v_img|img_emb|add_k_proj|image_embedder"):
        return (f"i2v-{size}", f"{width} wide with picture attention: 2.1 image to video")
    return (size, f"{width} wide: the {size} models")


_NATIVE_PATHS = (
    "blocks.#.self_attn.q",
    "blocks.#.self_attn.k",
    "blocks.#.self_attn.v",
    "blocks.#.self_attn.o",
    "blocks.#.cross_attn.q",
    "blocks.#.cross_attn.k",
    "blocks.#.cross_attn.v",
    "blocks.#.cross_attn.o",
    "blocks.#.cross_attn.k_img",
    "blocks.#.ffn.0",
)
_DIFFUSERS_PATHS = (
    "blocks.#.attn1.to_q",
    "blocks.#.attn1.to_k",
    "blocks.#.attn1.to_v",
    "blocks.#.attn1.to_out.0",
    "blocks.#.attn2.to_q",
    "blocks.#.attn2.to_out.0",
    "blocks.#.ffn.net.0.proj",
)

MODELS: tuple[Reader, ...] = (
    Rule(
        WAN,
        "Wan in its authors' names",
        (
            has("blocks.#.self_attn.q", "blocks.#.cross_attn", "patch_embedding|head.modulation"),
            either(takes("text_embedding.0", 4096), has("blocks.#.modulation")),
        ),
        variant=_variant,
        prediction="flow",
        ends="head.head|head.modulation",
    ),
    Rule(
        WAN,
        "Wan in diffusers' names",
        (
            has("condition_embedder", "blocks.#.attn1.to_q", "patch_embedding|scale_shift_table"),
            either(takes("condition_embedder.text_embedder.linear_1", 4096), has("blocks.#.ffn")),
        ),
        variant=_variant,
        prediction="flow",
        ends="^proj_out",
    ),
)

_WIDTHS = tuple(_SIZES)

BLOCKS: tuple[Reader, ...] = (
    Rule(
        WAN,
        "Wan's self and cross attention",
        (
            has("blocks.#.self_attn|blocks.#.cross_attn|blocks.#.ffn.0|blocks.#.ffn.2"),
            either(wide("|".join(_NATIVE_PATHS), *_WIDTHS), gives("blocks.#.ffn.2", *_WIDTHS)),
            lacks("^transformer_blocks.#", "^single_blocks.#"),
        ),
        variant=_lora_variant,
    ),
    Rule(
        WAN,
        "Wan's blocks in diffusers' names",
        (
            has("^blocks.#.attn1|^blocks.#.attn2|^blocks.#.ffn.net"),
            either(
                wide("|".join(_DIFFUSERS_PATHS), *_WIDTHS), gives("^blocks.#.ffn.net.2", *_WIDTHS)
            ),
        ),
        variant=_lora_variant,
    ),
)

"""What a LoRA may belong to when no rule holds: bases whose modules have such names.

Some algorithms keep no sizes, or only one side of them, and newer models borrow names: then the
names alone leave these bases open. The first line that holds counts.
"""

from __future__ import annotations

from loradex.domain.kinds import BaseModel as B
from loradex.identify.rules import Reader, Rule, has

_PLAIN_FEED = (
    B.FLUX1, B.SD3, B.LTX_VIDEO, B.LTX2, B.COGVIDEOX, B.COSMOS_PREDICT2, B.COSMOS1, B.PIXART,
    B.MOCHI, B.ALLEGRO, B.HUNYUAN_VIDEO, B.STABLE_AUDIO, B.MINIMAX_H3, B.HUNYUAN_VIDEO_1_5,
    B.LONGCAT_IMAGE, B.COGVIEW4,
)  # fmt: skip
_FLUX_LIKE = (B.FLUX1, B.FLUX2, B.CHROMA, B.HUNYUAN_VIDEO)

# A module name -> bases that have it, most common first.
_NAMES: tuple[tuple[str, tuple[B, ...]], ...] = (
    ("double_blocks.#.img_attn.qkv", (*_FLUX_LIKE, B.LONGCAT_IMAGE, B.HUNYUAN3D)),
    ("double_blocks.#.img_attn_q|double_blocks.#.txt_attn_q", (B.HUNYUAN_VIDEO_1_5,)),
    ("double_blocks.#|single_blocks.#", (*_FLUX_LIKE, B.HUNYUAN_IMAGE_2_1)),
    ("individual_token_refiner", (B.HUNYUAN_VIDEO, B.HUNYUAN_VIDEO_1_5, B.HUNYUAN_IMAGE_2_1)),
    ("token_refiner|refiner_blocks.#", (B.HUNYUAN_VIDEO, B.HUNYUAN_IMAGE_2_1, B.MINIMAX_H3)),
    ("single_transformer_blocks.#", (*_FLUX_LIKE, B.AURAFLOW, B.BRIA, B.OVIS_IMAGE)),
    (
        "transformer_blocks.#.attn.add_q_proj|transformer_blocks.#.attn.add_v_proj"
        "|transformer_blocks.#.attn.to_add_out|transformer_blocks.#.ff_context",
        (B.FLUX1, B.QWEN_IMAGE, B.SD3, B.HUNYUAN_VIDEO, B.HUNYUAN_VIDEO_1_5, B.FLUX2),
    ),
    (
        "transformer_blocks.#.attn",
        (B.QWEN_IMAGE, B.FLUX1, B.SD3, B.KREA2, B.QWEN_IMAGE_2_1, B.MINIMAX_H3),
    ),
    (
        "transformer_blocks.#.attn2",
        (B.LTX_VIDEO, B.LTX2, B.COSMOS_PREDICT2, B.PIXART, B.SANA, B.ALLEGRO, B.STABLE_AUDIO),
    ),
    (
        "transformer_blocks.#.attn1",
        (B.LTX_VIDEO, B.COGVIDEOX, B.COGVIEW4, B.COSMOS_PREDICT2, B.PIXART, B.SANA, B.STABLE_AUDIO),
    ),
    (
        "transformer_blocks.#.ff",
        _PLAIN_FEED,
    ),
    ("^blocks.#.self_attn|^blocks.#.cross_attn|^blocks.#.ffn", (B.WAN, B.COSMOS_PREDICT2, B.ANIMA)),
    ("^blocks.#.attn1|^blocks.#.attn2", (B.WAN, B.HUNYUAN_DIT)),
    ("^blocks.#.attn|^blocks.#.mlp", (B.KREA2, B.PIXART, B.SANA, B.PRX)),
    ("layers.#.attention|layers.#.feed_forward", (B.Z_IMAGE, B.LUMINA2, B.IDEOGRAM4, B.OMNIGEN2)),
    ("layers.#.cross_attn", (B.ACE_STEP, B.STABLE_AUDIO)),
)

NEAREST: tuple[Reader, ...] = tuple(
    Rule(None, "the names fit several bases, and no size tells them apart", (has(path),), among)
    for path, among in _NAMES
)

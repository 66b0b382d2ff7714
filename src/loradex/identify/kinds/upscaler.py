"""Upscalers: which network, and its factor."""

from __future__ import annotations

from math import isqrt

from loradex.domain.identity import Reason
from loradex.domain.kinds import ModelKind
from loradex.identify.rules import Finding
from loradex.identify.view import View

# First that is there wins; a name -> architecture.
_NETWORKS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("relative_position_index_OCA|conv_block.cab",), "hat"),
    (("before_RG", "layers.#.blocks.#.gamma"), "rgt"),
    (("before_RG",), "dat"),
    (("residual_group.td|wqkv", "layers.#.residual_group"), "atd"),
    (("layers.#.swin1|adjust1", "layers.#"), "drct"),
    (("layers.#.residual_group.srwa_blocks",), "craft"),
    (("layers.#.residual_group.blocks.#.attn.logit_scale",), "swin2sr"),
    (("layers.#.residual_group.blocks.#.attn.relative_position_bias_table",), "swinir"),
    (("layers.#.residual_group.blocks.#.attn",), "swinir"),
    (("stripe_attn", "conv_first"), "grl"),
    (("block_#.c1_r|c1_r.eval_conv|block.#.c1_r",), "span"),
    (
        ("residual_layer.#.residual_layer.#|residual_layer.0.residual_layer.0|residual_layer",),
        "omnisr",
    ),
    (("feats.#.channe_mixer",), "plksr"),
    (("feats.#.channel_mixer|feats.#.lk",), "realplksr"),
    (("safm.mfr", "to_feat|to_feat.0"), "safmn"),
    (("m_head.#|m_head.0|m_head", "trans_block", "m_body|m_body.0|m_down1"), "scunet"),
    (("m_head", "m_down1", "m_body"), "drunet"),
    (("gblocks.#.fc1", "upsampler.0|upsampler.#|upsampler"), "mosr"),
    (("groups.#.blocks.#.inter.sg", "upsampler"), "fdat"),
    (("in_to_dim", "blocks.#.msg.gated"), "moesr"),
    (("unet1.conv_bottom", "unet2.conv_bottom"), "real-cugan"),
    (("sub_mean", "add_mean", "body.0.body.0.body|body.#.body", "tail.0|tail.0.0"), "rcan"),
    (("de_net", "rdb1.conv1"), "mm-realsr"),
    (("conv_first", "rdb1.conv1"), "esrgan"),
    (("model.1.sub.0.RDB1.conv1.0|sub.0.RDB1|RDB1.conv1",), "esrgan"),
)


def upscaler(view: View) -> Finding | None:
    """Recognise the published super-resolution networks by their own module names."""
    name = next((name for paths, name in _NETWORKS if view.has(*paths)), None)
    if name is None:
        return _compact(view)
    return _found(view, name, _scale(view))


def _found(view: View, name: str, scale: int | None) -> Finding:
    del view
    found = Finding(
        kind=ModelKind.UPSCALER,
        variant=name,
        scale=scale,
        reasons=(Reason("kind", f"module names of {name}, an upscaling network"),),
    )
    return found.because("scale", f"the last layers enlarge {scale} times") if scale else found


def _scale(view: View) -> int | None:
    """Count the up-convolutions, or take the pixel shuffle's channels; undo an unshuffled input."""
    first = view.takes("conv_first|conv_1.eval_conv|^0|model.0|conv_1.sk|^body.0")
    unshuffle = {12: 2, 48: 4}.get(first or 3, 1)
    ups = len(view.indices("conv_up")) or sum(
        view.has(name) for name in ("conv_up1", "conv_up2", "conv_up3", "upconv1", "upconv2")
    )
    if ups:
        return max((1 << ups) // unshuffle, 1)
    if view.has("sub.0.RDB1|RDB1.conv1"):
        return max((1 << _old_esrgan_ups(view)) // unshuffle, 1)
    if view.has("feats.#"):
        last = f".{view.depth('feats') - 1}.weight"
        return _shuffle(next((size[0] for size in view.sizes_at((f"feats{last}",))), None))
    return _steps(view) or _shuffle(view.gives(_SHUFFLES))


_SHUFFLES = "upsampler.0|^upsample.0|upsampler.1|to_img.0|up.0"


def _steps(view: View) -> int | None:
    """Multiply the pixel shuffles of `upsample`: each gives its channels times a square."""
    scale = 1
    for index in (0, 2, 4):
        out, width = view.size(f"^upsample.{index}|tail.0.{index}") or (None, None)
        factor = isqrt(out // width) if out and width else 1
        if factor > 1 and out == factor * factor * (width or 0):
            scale *= factor
    return scale if 1 < scale <= 16 else None


def _old_esrgan_ups(view: View) -> int:
    """Old ESRGAN is one sequence: body, up-convolutions, two last layers."""
    last = [view.has(f"^{index}|model.{index}") for index in (3, 6, 9)]
    return sum(last)


def _shuffle(channels: int | None) -> int | None:
    if not channels or channels % 3:
        return None
    side = isqrt(channels // 3)
    return side if side * side * 3 == channels and 1 <= side <= 8 else None


def _compact(view: View) -> Finding | None:
    """Compact (SRVGG): nothing but a `body` of convolutions and PReLU vectors."""
    convolutions = [
        index for index in view.indices("body") if (view.takes(f"body.{index}") or 0) > 0
    ]
    if len(convolutions) < 4 or not all(name.startswith("body_") for name in view.templates):
        return None
    vectors = len(view.indices("body")) - len(convolutions)
    if vectors < 2:
        return None
    return _found(view, "compact", _shuffle(view.gives(f"body.{max(convolutions)}")))

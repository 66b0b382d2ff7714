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
    (("before_RG",), "dat"),
    (("residual_group.td|wqkv", "layers.#.residual_group"), "atd"),
    (("layers.#.swin1|adjust1", "layers.#"), "drct"),
    (("layers.#.residual_group.blocks.#.attn.relative_position_bias_table",), "swinir"),
    (("layers.#.residual_group.blocks.#.attn",), "swinir"),
    (("block_#.c1_r|c1_r.eval_conv|block.#.c1_r",), "span"),
    (
        ("residual_layer.#.residual_layer.#|residual_layer.0.residual_layer.0|residual_layer",),
        "omnisr",
    ),
    (("feats.#.channel_mixer|feats.#.lk",), "realplksr"),
    (("m_head.#|m_head.0|m_head", "m_body|m_body.0|m_down1"), "scunet"),
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
    old = _old_esrgan_ups(view)
    if old:
        return max((1 << old) // unshuffle, 1)
    steps = [view.size(f"upsample.{index}") for index in (0, 2, 4)]
    doubled = [size for size in steps if size and size[1] and size[0] == 4 * size[1]]
    if doubled:
        return 1 << len(doubled)
    return _shuffle(view.gives("upsampler.0|upsample.0|upsampler.1|to_img.0|up.0"))


def _old_esrgan_ups(view: View) -> int:
    """Old ESRGAN is one sequence: body, up-convolutions, two last layers."""
    if not view.has("sub.0.RDB1|RDB1.conv1"):
        return 0
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

"""Stable Diffusion's U-Nets: SD 1.5, SD 2.1 and SDXL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from loradex.demo.sample_tensors import Tensors, layer


@dataclass(frozen=True, slots=True)
class UNet:
    """What tells one Stable Diffusion U-Net from another."""

    levels: tuple[int, ...]
    """Width of each resolution."""
    depths: tuple[int, ...]
    """Transformer blocks of each attention at that resolution; 0 for none."""
    middle: int
    context: int
    linear_projection: bool
    vector: int = 0
    """Size of the pooled text and size conditioning; 0 for none."""


SD1 = UNet((320, 640, 1280, 1280), (1, 1, 1, 0), 1, 768, linear_projection=False)
SD2 = UNet((320, 640, 1280, 1280), (1, 1, 1, 0), 1, 1024, linear_projection=True)
SDXL = UNet((320, 640, 1280), (0, 2, 10), 10, 2048, linear_projection=True, vector=2816)
SDXL_SHALLOW = UNet((320, 640, 1280), (0, 1, 2), 2, 2048, linear_projection=True, vector=2816)
"""SDXL's widths with the transformer depths of its smallest distilled cousin."""


@dataclass(frozen=True, slots=True)
class Site:
    """One attention of a U-Net, in both spellings."""

    ldm: str
    diffusers: str
    width: int
    depth: int


def attention_sites(net: UNet) -> Iterator[Site]:
    """Every attention from the input to the output."""
    last = len(net.levels) - 1
    for level, (width, depth) in enumerate(zip(net.levels, net.depths, strict=True)):
        for step in range(2 if depth else 0):
            ldm = f"input_blocks.{3 * level + step + 1}.1"
            yield Site(ldm, f"down_blocks.{level}.attentions.{step}", width, depth)
    yield Site("middle_block.1", "mid_block.attentions.0", net.levels[last], net.middle)
    for block in range(last + 1):
        width, depth = net.levels[last - block], net.depths[last - block]
        for step in range(3 if depth else 0):
            ldm = f"output_blocks.{3 * block + step}.1"
            yield Site(ldm, f"up_blocks.{block}.attentions.{step}", width, depth)


def transformer_linears(width: int, context: int) -> Iterator[tuple[str, int, int]]:
    """(name, out, in) of the linear layers of one transformer block."""
    for attention, source in (("attn1", width), ("attn2", context)):
        yield f"{attention}.to_q", width, width
        yield f"{attention}.to_k", width, source
        yield f"{attention}.to_v", width, source
        yield f"{attention}.to_out.0", width, width
    yield "ff.net.0.proj", 8 * width, width
    yield "ff.net.2", width, 4 * width


def unet(net: UNet) -> Tensors:
    """A whole U-Net in the original (LDM) spelling."""
    first, embedded = net.levels[0], 4 * net.levels[0]
    yield from layer("time_embed.0", embedded, first)
    yield from layer("time_embed.2", embedded, embedded)
    if net.vector:
        yield from layer("label_emb.0.0", embedded, net.vector)
        yield from layer("label_emb.0.2", embedded, embedded)
    yield from layer("input_blocks.0.0", first, 4, 3, 3)
    yield from _residuals(net, embedded)
    for site in attention_sites(net):
        yield from _attention(net, site)
    yield from layer("out.0", first)
    yield from layer("out.2", 4, first, 3, 3)


def _residuals(net: UNet, embedded: int) -> Tensors:
    width, skips, index = net.levels[0], [net.levels[0]], 1
    for level, out in enumerate(net.levels):
        for _ in range(2):
            yield from _residual(f"input_blocks.{index}.0", width, out, embedded)
            width, index = out, index + 1
            skips.append(width)
        if level < len(net.levels) - 1:
            yield from layer(f"input_blocks.{index}.0.op", width, width, 3, 3)
            skips.append(width)
            index += 1
    yield from _residual("middle_block.0", width, width, embedded)
    yield from _residual("middle_block.2", width, width, embedded)
    for index in range(3 * len(net.levels)):
        level = len(net.levels) - 1 - index // 3
        out = net.levels[level]
        yield from _residual(f"output_blocks.{index}.0", width + skips.pop(), out, embedded)
        width = out
        if level and index % 3 == 2:
            part = 2 if net.depths[level] else 1
            yield from layer(f"output_blocks.{index}.{part}.conv", width, width, 3, 3)


def _residual(name: str, wide_in: int, out: int, embedded: int) -> Tensors:
    yield from layer(f"{name}.in_layers.0", wide_in)
    yield from layer(f"{name}.in_layers.2", out, wide_in, 3, 3)
    yield from layer(f"{name}.emb_layers.1", out, embedded)
    yield from layer(f"{name}.out_layers.0", out)
    yield from layer(f"{name}.out_layers.3", out, out, 3, 3)
    if wide_in != out:
        yield from layer(f"{name}.skip_connection", out, wide_in, 1, 1)


def _attention(net: UNet, site: Site) -> Tensors:
    kernel = () if net.linear_projection else (1, 1)
    yield from layer(f"{site.ldm}.norm", site.width)
    yield from layer(f"{site.ldm}.proj_in", site.width, site.width, *kernel)
    yield from layer(f"{site.ldm}.proj_out", site.width, site.width, *kernel)
    for block in range(site.depth):
        stem = f"{site.ldm}.transformer_blocks.{block}"
        for norm in (1, 2, 3):
            yield from layer(f"{stem}.norm{norm}", site.width)
        for name, out, wide_in in transformer_linears(site.width, net.context):
            yield f"{stem}.{name}.weight", (out, wide_in)
            if name.startswith("ff") or name.endswith("to_out.0"):
                yield f"{stem}.{name}.bias", (out,)

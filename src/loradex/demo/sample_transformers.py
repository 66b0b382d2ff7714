"""Transformers that denoise: FLUX.1 and SD 3.5."""

from __future__ import annotations

from collections.abc import Iterator

from loradex.demo.sample_tensors import Tensors, layer

FLUX_WIDTH = 3072


def flux_linears(double: int, single: int) -> Iterator[tuple[str, int, int]]:
    """(name, out, in) of the linear layers in FLUX.1's blocks, native spelling."""
    width = FLUX_WIDTH
    for block in range(double):
        for side in ("img", "txt"):
            stem = f"double_blocks.{block}.{side}"
            yield f"{stem}_attn.qkv", 3 * width, width
            yield f"{stem}_attn.proj", width, width
            yield f"{stem}_mlp.0", 4 * width, width
            yield f"{stem}_mlp.2", width, 4 * width
            yield f"{stem}_mod.lin", 6 * width, width
    for block in range(single):
        yield f"single_blocks.{block}.linear1", 7 * width, width
        yield f"single_blocks.{block}.linear2", width, 5 * width
        yield f"single_blocks.{block}.modulation.lin", 3 * width, width


def flux(double: int, single: int, *, guidance: bool) -> Tensors:
    """FLUX.1 in its authors' spelling; `guidance` is the dev family, without it schnell."""
    width = FLUX_WIDTH
    yield from layer("img_in", width, 64)
    yield from layer("txt_in", width, 4096)
    for name, wide_in in (("time_in", 256), ("vector_in", 768), ("guidance_in", 256)):
        if guidance or name != "guidance_in":
            yield from layer(f"{name}.in_layer", width, wide_in)
            yield from layer(f"{name}.out_layer", width, width)
    for name, out, wide_in in flux_linears(double, single):
        yield from layer(name, out, wide_in)
    for block in range(double):
        for part in ("img_attn", "txt_attn"):
            yield f"double_blocks.{block}.{part}.norm.key_norm.scale", (128,)
            yield f"double_blocks.{block}.{part}.norm.query_norm.scale", (128,)
    for block in range(single):
        yield f"single_blocks.{block}.norm.key_norm.scale", (128,)
        yield f"single_blocks.{block}.norm.query_norm.scale", (128,)
    yield from layer("final_layer.adaLN_modulation.1", 2 * width, width)
    yield from layer("final_layer.linear", 64, width)


SD3_MEDIUM_WIDTH = 1536


def sd3_medium(blocks: int) -> Tensors:
    """SD 3.5 medium in its authors' spelling, without the table of positions."""
    width = SD3_MEDIUM_WIDTH
    yield from layer("x_embedder.proj", width, 16, 2, 2)
    yield from layer("context_embedder", width, 4096)
    for name, wide_in in (("t_embedder", 256), ("y_embedder", 2048)):
        yield from layer(f"{name}.mlp.0", width, wide_in)
        yield from layer(f"{name}.mlp.2", width, width)
    for block in range(blocks):
        for side in ("x_block", "context_block"):
            stem = f"joint_blocks.{block}.{side}"
            attentions = ("attn", "attn2") if side == "x_block" else ("attn",)
            for attention in attentions:
                yield from layer(f"{stem}.{attention}.qkv", 3 * width, width)
                yield from layer(f"{stem}.{attention}.proj", width, width)
                yield f"{stem}.{attention}.ln_q.weight", (64,)
                yield f"{stem}.{attention}.ln_k.weight", (64,)
            yield from layer(f"{stem}.mlp.fc1", 4 * width, width)
            yield from layer(f"{stem}.mlp.fc2", width, 4 * width)
            modulations = 9 if side == "x_block" else 6
            yield from layer(f"{stem}.adaLN_modulation.1", modulations * width, width)
    yield from layer("final_layer.adaLN_modulation.1", 2 * width, width)
    yield from layer("final_layer.linear", 64, width)

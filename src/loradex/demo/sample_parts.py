"""What stands beside a denoiser: VAE, text encoder, ControlNet, T2I-Adapter, upscaler."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from loradex.demo.sample_tensors import Tensors, layer


def vae(channels: int, *, quant: bool) -> Tensors:
    """The picture VAE that all of these share but for its latent channels, LDM spelling."""
    levels = (128, 256, 512, 512)
    yield from layer("encoder.conv_in", 128, 3, 3, 3)
    width = 128
    for level, out in enumerate(levels):
        for block in range(2):
            yield from _vae_residual(f"encoder.down.{level}.block.{block}", width, out)
            width = out
        if level < 3:
            yield from layer(f"encoder.down.{level}.downsample.conv", out, out, 3, 3)
    yield from _vae_middle("encoder")
    yield from layer("encoder.norm_out", 512)
    yield from layer("encoder.conv_out", 2 * channels, 512, 3, 3)
    yield from layer("decoder.conv_in", 512, channels, 3, 3)
    yield from _vae_middle("decoder")
    for level in (3, 2, 1, 0):
        for block in range(3):
            yield from _vae_residual(f"decoder.up.{level}.block.{block}", width, levels[level])
            width = levels[level]
        if level:
            yield from layer(f"decoder.up.{level}.upsample.conv", width, width, 3, 3)
    yield from layer("decoder.norm_out", 128)
    yield from layer("decoder.conv_out", 3, 128, 3, 3)
    if quant:
        yield from layer("quant_conv", 2 * channels, 2 * channels, 1, 1)
        yield from layer("post_quant_conv", channels, channels, 1, 1)


def _vae_middle(side: str) -> Tensors:
    yield from _vae_residual(f"{side}.mid.block_1", 512, 512)
    yield from layer(f"{side}.mid.attn_1.norm", 512)
    for part in ("q", "k", "v", "proj_out"):
        yield from layer(f"{side}.mid.attn_1.{part}", 512, 512, 1, 1)
    yield from _vae_residual(f"{side}.mid.block_2", 512, 512)


def _vae_residual(name: str, wide_in: int, out: int) -> Tensors:
    yield from layer(f"{name}.norm1", wide_in)
    yield from layer(f"{name}.conv1", out, wide_in, 3, 3)
    yield from layer(f"{name}.norm2", out)
    yield from layer(f"{name}.conv2", out, out, 3, 3)
    if wide_in != out:
        yield from layer(f"{name}.nin_shortcut", out, wide_in, 1, 1)


def clip_linears(layers: int, width: int) -> Iterator[tuple[str, int, int]]:
    """(name, out, in) of the linear layers of a CLIP text encoder."""
    for index in range(layers):
        stem = f"text_model.encoder.layers.{index}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield f"{stem}.self_attn.{part}", width, width
        yield f"{stem}.mlp.fc1", 4 * width, width
        yield f"{stem}.mlp.fc2", width, 4 * width


def clip_l() -> Tensors:
    """CLIP ViT-L's text encoder, as SD 1.5 has it."""
    yield "text_model.embeddings.token_embedding.weight", (49408, 768)
    yield "text_model.embeddings.position_embedding.weight", (77, 768)
    for name, out, wide_in in clip_linears(12, 768):
        yield from layer(name, out, wide_in)
    for index in range(12):
        yield from layer(f"text_model.encoder.layers.{index}.layer_norm1", 768)
        yield from layer(f"text_model.encoder.layers.{index}.layer_norm2", 768)
    yield from layer("text_model.final_layer_norm", 768)


def controlnet_xl_small() -> Tensors:
    """A small SDXL ControlNet, diffusers spelling: the encoder half without its attentions."""
    levels, embedded = (320, 640, 1280), 1280
    yield from layer("conv_in", 320, 4, 3, 3)
    yield from layer("time_embedding.linear_1", embedded, 320)
    yield from layer("time_embedding.linear_2", embedded, embedded)
    yield from layer("add_embedding.linear_1", embedded, 2816)
    yield from layer("add_embedding.linear_2", embedded, embedded)
    steps = (16, 16, 32, 32, 96, 96, 256)
    yield from layer("controlnet_cond_embedding.conv_in", 16, 3, 3, 3)
    for index, (wide_in, out) in enumerate(itertools.pairwise(steps)):
        yield from layer(f"controlnet_cond_embedding.blocks.{index}", out, wide_in, 3, 3)
    yield from layer("controlnet_cond_embedding.conv_out", 320, 256, 3, 3)
    width, taps = 320, [320]
    for level, out in enumerate(levels):
        for step in range(2):
            stem = f"down_blocks.{level}.resnets.{step}"
            yield from _diffusers_residual(stem, width, out, embedded)
            width = out
            taps.append(out)
        if level < 2:
            yield from layer(f"down_blocks.{level}.downsamplers.0.conv", out, out, 3, 3)
            taps.append(out)
    for step in range(2):
        yield from _diffusers_residual(f"mid_block.resnets.{step}", 1280, 1280, embedded)
    for index, tap in enumerate(taps):
        yield from layer(f"controlnet_down_blocks.{index}", tap, tap, 1, 1)
    yield from layer("controlnet_mid_block", 1280, 1280, 1, 1)


def _diffusers_residual(name: str, wide_in: int, out: int, embedded: int) -> Tensors:
    yield from layer(f"{name}.norm1", wide_in)
    yield from layer(f"{name}.conv1", out, wide_in, 3, 3)
    yield from layer(f"{name}.time_emb_proj", out, embedded)
    yield from layer(f"{name}.norm2", out)
    yield from layer(f"{name}.conv2", out, out, 3, 3)
    if wide_in != out:
        yield from layer(f"{name}.conv_shortcut", out, wide_in, 1, 1)


def t2i_adapter() -> Tensors:
    """A T2I-Adapter for SD 1.5, its authors' spelling."""
    yield from layer("conv_in", 320, 192, 3, 3)
    width = 320
    for index, out in enumerate((320, 320, 640, 640, 1280, 1280, 1280, 1280)):
        if out != width:
            yield from layer(f"body.{index}.in_conv", out, width, 1, 1)
        yield from layer(f"body.{index}.block1", out, out, 3, 3)
        yield from layer(f"body.{index}.block2", out, out, 1, 1)
        width = out


def esrgan(blocks: int) -> Tensors:
    """A four-times ESRGAN upscaler."""
    yield from layer("conv_first", 64, 3, 3, 3)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for step in range(5):
                out = 64 if step == 4 else 32
                yield from layer(
                    f"body.{block}.rdb{dense}.conv{step + 1}", out, 64 + 32 * step, 3, 3
                )
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        yield from layer(name, 64, 64, 3, 3)
    yield from layer("conv_last", 3, 64, 3, 3)

"""Tensor names and shapes of the sample LoRAs: who adapts what, in whose spelling.

A module is a layer that an adapter changes. Trainers differ in how they spell its path, in the
suffix of the tensors that change it, and in the algorithm, which decides their shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from loradex.demo.sample_parts import clip_linears
from loradex.demo.sample_tensors import Tensors
from loradex.demo.sample_transformers import FLUX_WIDTH, SD3_MEDIUM_WIDTH, flux_linears
from loradex.demo.sample_unets import UNet, attention_sites, transformer_linears


@dataclass(frozen=True, slots=True)
class Module:
    """A layer to adapt, by its full name in the file; `kernel` is 0 for a linear layer."""

    name: str
    out: int
    wide_in: int
    kernel: int = 0


# Which modules


def kohya_unet(net: UNet, *, ldm: bool) -> Iterator[Module]:
    """The attentions of a U-Net as sd-scripts names them: diffusers' way, but LDM's for SDXL."""
    kernel = 0 if net.linear_projection else 1
    for site in attention_sites(net):
        stem = "lora_unet_" + (site.ldm if ldm else site.diffusers).replace(".", "_")
        yield Module(f"{stem}_proj_in", site.width, site.width, kernel)
        for block in range(site.depth):
            for name, out, wide_in in transformer_linears(site.width, net.context):
                part = name.replace(".", "_")
                yield Module(f"{stem}_transformer_blocks_{block}_{part}", out, wide_in)
        yield Module(f"{stem}_proj_out", site.width, site.width, kernel)


def kohya_convolutions(net: UNet) -> Iterator[Module]:
    """The 3×3 convolutions that LoCon adds, in the down blocks."""
    width = net.levels[0]
    for level, out in enumerate(net.levels):
        for step in range(2):
            stem = f"lora_unet_down_blocks_{level}_resnets_{step}"
            yield Module(f"{stem}_conv1", out, width, 3)
            yield Module(f"{stem}_conv2", out, out, 3)
            width = out


def kohya_text(root: str, layers: int, width: int) -> Iterator[Module]:
    """A CLIP text encoder as sd-scripts names it."""
    for name, out, wide_in in clip_linears(layers, width):
        yield Module(f"{root}_{name.replace('.', '_')}", out, wide_in)


def diffusers_unet(net: UNet) -> Iterator[Module]:
    """The attention layers of a U-Net in diffusers' spelling, as its scripts train them."""
    for site in attention_sites(net):
        for block in range(site.depth):
            for name, out, wide_in in transformer_linears(site.width, net.context):
                if name.startswith("attn"):
                    path = f"unet.{site.diffusers}.transformer_blocks.{block}.{name}"
                    yield Module(path, out, wide_in)


def kohya_flux() -> Iterator[Module]:
    """FLUX.1 as sd-scripts names it."""
    for name, out, wide_in in flux_linears(19, 38):
        yield Module("lora_unet_" + name.replace(".", "_"), out, wide_in)


def diffusers_flux(*, feed_forward: bool) -> Iterator[Module]:
    """FLUX.1 in diffusers' spelling, as diffusers and ai-toolkit write it."""
    width = FLUX_WIDTH
    double = ["attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0"]
    double += ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj", "attn.to_add_out"]
    for block in range(19):
        stem = f"transformer.transformer_blocks.{block}"
        yield from (Module(f"{stem}.{part}", width, width) for part in double)
        for part in ("ff", "ff_context") if feed_forward else ():
            yield Module(f"{stem}.{part}.net.0.proj", 4 * width, width)
            yield Module(f"{stem}.{part}.net.2", width, 4 * width)
    for block in range(38):
        stem = f"transformer.single_transformer_blocks.{block}"
        yield from (
            Module(f"{stem}.attn.{part}", width, width) for part in ("to_q", "to_k", "to_v")
        )
        if feed_forward:
            yield Module(f"{stem}.norm.linear", 3 * width, width)
            yield Module(f"{stem}.proj_mlp", 4 * width, width)
            yield Module(f"{stem}.proj_out", width, 5 * width)


def diffusers_sd3() -> Iterator[Module]:
    """SD 3.5 medium's attentions in diffusers' spelling."""
    width = SD3_MEDIUM_WIDTH
    parts = ["to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj"]
    for block in range(24):
        stem = f"transformer.transformer_blocks.{block}"
        yield from (Module(f"{stem}.attn.{part}", width, width) for part in parts)
        if block < 13:
            yield from (Module(f"{stem}.attn2.{part}", width, width) for part in parts[:4])


# Which tensors


def lora(modules: Iterable[Module], rank: int, *, alpha: bool = True) -> Tensors:
    """The LoRA of kohya; with 3×3 convolutions among the modules, LoCon."""
    for module in modules:
        kernel = (module.kernel, module.kernel) if module.kernel else ()
        one = (1, 1) if module.kernel else ()
        if alpha:
            yield f"{module.name}.alpha", ()
        yield f"{module.name}.lora_down.weight", (rank, module.wide_in, *kernel)
        yield f"{module.name}.lora_up.weight", (module.out, rank, *one)


def peft(modules: Iterable[Module], rank: int) -> Tensors:
    """PEFT's LoRA, as diffusers and ai-toolkit save it."""
    for module in modules:
        yield f"{module.name}.lora_A.weight", (rank, module.wide_in)
        yield f"{module.name}.lora_B.weight", (module.out, rank)


def dora(modules: Iterable[Module], rank: int) -> Tensors:
    """LoRA with decomposed weights: a magnitude for each output."""
    for module in modules:
        yield from lora([module], rank)
        yield f"{module.name}.dora_scale", (module.out, 1, *((1, 1) if module.kernel else ()))


def loha(modules: Iterable[Module], rank: int) -> Tensors:
    """LyCORIS' Hadamard product of two low-rank pairs."""
    for module in modules:
        wide_in = module.wide_in * max(1, module.kernel) ** 2
        yield f"{module.name}.alpha", ()
        for pair in ("w1", "w2"):
            yield f"{module.name}.hada_{pair}_a", (module.out, rank)
            yield f"{module.name}.hada_{pair}_b", (rank, wide_in)


def lokr(modules: Iterable[Module], rank: int, factor: int = 8) -> Tensors:
    """LyCORIS' Kronecker product: a small full matrix times a low-rank pair."""
    for module in modules:
        yield f"{module.name}.alpha", ()
        yield f"{module.name}.lokr_w1", (factor, factor)
        yield f"{module.name}.lokr_w2_a", (module.out // factor, rank)
        yield f"{module.name}.lokr_w2_b", (rank, module.wide_in // factor)

"""Case C3: how long a LoRA takes from the file to ready, beside diffusers in the same run.

    python bench/lora_load.py [--rank 32] [--runs 5]

A LoRA in kohya's naming over all 722 attention and feed-forward layers of SDXL's U-Net (random
weights of real size; the U-Net's own memory is never touched), read from the page cache. Ready
means: names matched, shapes checked, factors read, in the network's precision, and attached for
unmerged drawing. CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel
from safetensors.torch import save_file

from loradex.render.lora.file import match_lora
from loradex.render.lora.merge import Merger
from loradex.render.lora.modules import modules_from
from loradex.render.lora.per_sample import PerSample
from loradex.render.lora.use import LoraAt
from loradex.render.naming import unet_ldm_name

SDXL = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "attention_head_dim": (5, 10, 20),
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "ff.net.0.proj", "ff.net.2", "proj_in", "proj_out")


def sdxl_unet() -> torch.nn.Module:
    """Return SDXL's U-Net in bfloat16 with memory that was asked for but never written."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**SDXL).to(torch.bfloat16)
    return unet.to_empty(device="cpu").requires_grad_(False)


def write_lora(path: Path, unet: torch.nn.Module, rank: int) -> int:
    """Write the file; return how many layers it covers."""
    generator = torch.Generator().manual_seed(0)
    tensors: dict[str, torch.Tensor] = {}
    count = 0
    for name, module in unet.named_modules():
        if ".attentions." not in name or not name.endswith(TARGETS):
            continue
        count += 1
        ldm = unet_ldm_name(name, layers=2, attention_levels=frozenset({0, 1}))
        key = "lora_unet_" + ldm.replace(".", "_")
        down = torch.randn(rank, module.in_features, generator=generator)
        up = torch.randn(module.out_features, rank, generator=generator)
        tensors[f"{key}.lora_down.weight"] = down.half()
        tensors[f"{key}.lora_up.weight"] = (up / 100).half()
        tensors[f"{key}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, path)
    return count


def measured(action: Callable[[], Callable[[], None]], runs: int) -> tuple[float, float, float]:
    """Return median, least and most CPU seconds of `action`; what it returns cleans up, untimed."""
    times = []
    for _ in range(runs + 1):
        start = time.process_time()
        clean = action()
        times.append(time.process_time() - start)
        clean()
    times = times[1:]
    return statistics.median(times), min(times), max(times)


def main() -> None:
    """Print one line per case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--merge", action="store_true", help="also merge (takes 10 GB of memory)")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    unet = sdxl_unet()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lora.safetensors"
        layers = write_lora(path, unet, options.rank)
        print(f"{layers} layers, rank {options.rank}, {path.stat().st_size / 1e6:.0f} MB; ", end="")
        print(f"torch {torch.__version__}, {platform.processor() or platform.machine()}")
        modules = modules_from({"unet": unet})

        def match() -> Callable[[], None]:
            match_lora(path, modules, name="it", base=None)
            return lambda: None

        def ready() -> Callable[[], None]:
            lora = match_lora(path, modules, name="it", base=None)
            beside = PerSample([lora])
            beside.set([[LoraAt(lora, 0.8)]] * 2)
            return beside.remove

        def theirs() -> Callable[[], None]:
            state, alphas = StableDiffusionXLPipeline.lora_state_dict(
                str(path), unet_config=unet.config
            )
            StableDiffusionXLPipeline.load_lora_into_unet(
                state, alphas, unet, adapter_name="a", low_cpu_mem_usage=True
            )
            return lambda: unet.delete_adapters("a") or unet.unload_lora()

        def merge() -> Callable[[], None]:
            lora = match_lora(path, modules, name="it", base=None)
            merger = Merger()
            merger.apply([LoraAt(lora, 0.8)])
            return merger.restore

        cases = {"match only": match, "C3 ready": ready}
        if options.merge:
            cases["merged"] = merge
        cases["diffusers load_lora_into_unet"] = theirs
        for name, action in cases.items():
            median, least, most = measured(action, options.runs)
            print(f"{name:32} {median:7.3f} s   ({least:.3f} to {most:.3f})")


if __name__ == "__main__":
    main()

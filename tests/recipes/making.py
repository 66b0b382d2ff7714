"""Pictures with metadata as each tool writes it, and files of models to be found by them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

EXIF_FOLDER, USER_COMMENT, MAKE, MODEL, DATE = 0x8769, 0x9286, 0x010F, 0x0110, 0x0132

A1111 = """masterpiece, neon city, <lora:neon_knight:0.8>, <lora:rain:0.5:0.7>
a second line
Negative prompt: blurry, easynegative
a second line of it
Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 123, Size: 512x768, \
Model hash: 879db523c3, Model: dreamshaper_8, VAE hash: 735e4c3a44, VAE: vae-ft-mse.safetensors, \
Clip skip: 2, ControlNet 0: "Module: canny, Model: control_canny [d14c016b], Weight: 0.6", \
Hires upscaler: 4x-UltraSharp, Lora hashes: "neon_knight: 0123456789ab, rain: ba9876543210", \
TI hashes: "easynegative: c74b4e810b03", Version: v1.9.3"""

CIVITAI = """a cat
Negative prompt: a dog
Steps: 30, Sampler: DPM++ 2M, CFG scale: 4, Seed: 5, Size: 832x1216, Clip skip: 2, \
Created Date: 2024-11-12T11:31:22.2Z, Civitai resources: [{"type":"checkpoint",\
"modelVersionId":128713,"modelName":"DreamShaper","modelVersionName":"8"},{"type":"lora",\
"weight":0.75,"modelVersionId":62833,"modelName":"Add, Detail","modelVersionName":"v1"}], \
Civitai metadata: {"remixOfId":12}"""

GRAPH: dict[str, dict[str, object]] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42, "steps": 25, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras",
            "denoise": 1, "model": ["11", 0], "positive": ["6", 0], "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "xl\\base.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 768}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["20", 0], "clip": ["11", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["11", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
    "10": {
        "class_type": "LoraLoader",
        "inputs": {
            "lora_name": "style/neon.safetensors", "strength_model": 0.8, "strength_clip": 0.6,
            "model": ["4", 0], "clip": ["4", 1],
        },
    },
    "11": {
        "class_type": "Power Lora Loader (rgthree)",
        "inputs": {
            "PowerLoraLoaderHeaderWidget": {"type": "PowerLoraLoaderHeaderWidget"},
            "lora_1": {"on": True, "lora": "rain.safetensors", "strength": 0.5},
            "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
            "➕ Add Lora": "", "model": ["10", 0], "clip": ["10", 1],
        },
    },
    "12": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "unused.safetensors", "strength_model": 1, "model": ["4", 0]},
    },
    "20": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a city, embedding:glow"}},
}  # fmt: skip

FLUX: dict[str, dict[str, object]] = {
    "1": {"class_type": "RandomNoise", "inputs": {"noise_seed": 77}},
    "2": {"class_type": "BasicGuider", "inputs": {"model": ["9", 0], "conditioning": ["3", 0]}},
    "3": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["4", 0]}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["5", 0]}},
    "5": {"class_type": "DualCLIPLoader", "inputs": {"clip_name1": "t5.safetensors",
                                                     "clip_name2": "clip_l.safetensors"}},
    "6": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
    "7": {"class_type": "BasicScheduler", "inputs": {"scheduler": "simple", "steps": 20,
                                                     "denoise": 1.0, "model": ["9", 0]}},
    "8": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
    "9": {
        "class_type": "Lora Loader (LoraManager)",
        "inputs": {
            "text": "<lora:foxes:0.9>",
            "loras": {"__value__": [
                {"name": "foxes", "strength": "0.9", "clipStrength": "0.9", "active": True},
                {"name": "asleep", "strength": 1, "active": False},
            ]},
            "model": ["8", 0],
        },
    },
    "10": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {"noise": ["1", 0], "guider": ["2", 0], "sampler": ["6", 0], "sigmas": ["7", 0],
                   "latent_image": ["11", 0]},
    },
    "11": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": 1024}},
    "12": {"class_type": "VAEDecode", "inputs": {"samples": ["10", 0], "vae": ["13", 0]}},
    "13": {"class_type": "VAELoader", "inputs": {"vae_name": "ae.safetensors"}},
    "14": {"class_type": "SaveImage", "inputs": {"images": ["12", 0]}},
}  # fmt: skip

EDITOR: dict[str, object] = {
    "nodes": [
        {"id": 4, "type": "CheckpointLoaderSimple", "mode": 0, "widgets_values": ["base.ckpt"]},
        {"id": 10, "type": "LoraLoader", "mode": 0, "widgets_values": ["neon.safetensors", 0.7, 1],
         "inputs": [{"name": "model", "link": 1}, {"name": "clip", "link": 2}]},
        {"id": 11, "type": "LoraLoader", "mode": 4, "widgets_values": ["asleep.safetensors", 1, 1],
         "inputs": [{"name": "model", "link": 3}]},
        {"id": 6, "type": "CLIPTextEncode", "mode": 0, "widgets_values": ["a boat"],
         "inputs": [{"name": "clip", "link": 4},
                    {"name": "text", "link": None, "widget": {"name": "text"}}]},
        {"id": 7, "type": "CLIPTextEncode", "mode": 0, "widgets_values": ["fog"],
         "inputs": [{"name": "clip", "link": 4}]},
        {"id": 5, "type": "EmptyLatentImage", "mode": 0, "widgets_values": [640, 480, 1]},
        {"id": 3, "type": "KSampler", "mode": 0,
         "widgets_values": [99, "randomize", 12, 5.5, "euler", "normal", 1],
         "inputs": [{"name": "model", "link": 5}, {"name": "positive", "link": 6},
                    {"name": "negative", "link": 7}, {"name": "latent_image", "link": 8}]},
        {"id": 9, "type": "SaveImage", "mode": 0, "widgets_values": ["x"],
         "inputs": [{"name": "images", "link": 9}]},
    ],
    "links": [
        [1, 4, 0, 10, 0, "MODEL"], [2, 4, 1, 10, 1, "CLIP"], [3, 4, 0, 11, 0, "MODEL"],
        [4, 10, 1, 6, 0, "CLIP"], [5, 10, 0, 3, 0, "MODEL"], [6, 6, 0, 3, 1, "CONDITIONING"],
        [7, 7, 0, 3, 2, "CONDITIONING"], [8, 5, 0, 3, 3, "LATENT"], [9, 3, 0, 9, 0, "IMAGE"],
    ],
}  # fmt: skip

INVOKEAI: dict[str, object] = {
    "app_version": "5.4.2", "generation_mode": "sdxl_txt2img", "positive_prompt": "a fox",
    "negative_prompt": "rain", "width": 1024, "height": 1024, "seed": 99, "cfg_scale": 7.5,
    "steps": 30, "scheduler": "euler",
    "model": {"key": "k", "hash": "blake3:" + "ef" * 32, "name": "juggernaut", "type": "main"},
    "loras": [{"model": {"key": "z", "hash": "random:0123456789abcdef", "name": "neon"},
               "weight": 0.65}],
    "vae": None,
}  # fmt: skip

OLD_INVOKEAI: dict[str, object] = {
    "model": "stable diffusion", "model_weights": "sd-1.5", "model_hash": "cc6cb27103",
    "app_version": "2.3.0",
    "image": {"prompt": [{"prompt": "a cat [a dog]", "weight": 1}], "steps": 50, "cfg_scale": 7.5,
              "seed": 42, "sampler": "k_lms", "width": 512, "height": 640},
}  # fmt: skip

DREAM = '"a cat [a dog]" -s 50 -S 42 -W 512 -H 640 -C 7.5 -A k_lms'

SWARMUI: dict[str, object] = {
    "sui_image_params": {
        "prompt": "a robot", "negativeprompt": "rust", "model": "Official/sd_xl_base_1.0",
        "seed": 5, "steps": 20, "cfgscale": 7.5, "width": 1024, "height": 1024, "sampler": "euler",
        "scheduler": "normal", "loras": ["Neon", "rain"], "loraweights": ["0.8", "1"],
        "swarm_version": "0.9.2.0",
    },
    "sui_extra_data": {"date": "2024-05-01", "generation_time": "3 sec"},
    "sui_models": [
        {"name": "Official/sd_xl_base_1.0.safetensors", "param": "model", "hash": "0x" + "ab" * 32},
        {"name": "Neon.safetensors", "param": "loras", "hash": "0x" + "cd" * 32},
    ],
}  # fmt: skip

FOOOCUS: dict[str, object] = {
    "base_model": "juggernautXL_v8", "base_model_hash": "aeb7e9e689", "guidance_scale": 4,
    "loras": [["sd_xl_offset.safetensors", 0.1, "4852686128"]], "metadata_scheme": "fooocus",
    "negative_prompt": "", "performance": "Speed", "prompt": "a horse", "refiner_model": "None",
    "resolution": "(1152, 896)", "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "seed": "12", "steps": 30, "version": "Fooocus v2.3.1",
}  # fmt: skip

SDNEXT = """a lake <lora:neon:0.8> <lora:rain:1.0>
Negative prompt: fog
Steps: 20, Size: 1024x1024, Sampler: UniPC, Seed: 7, CFG scale: 6, App: SD.Next, Version: 7725d1e, \
Pipeline: StableDiffusionXLPipeline, Model: juggernaut, Model hash: 33e58e8668, \
LoRA networks: "neon, rain", LoRA hashes: "0123456789, 9876543210"
"""

FORGE = """a bridge <lora:neon:0.9>
Steps: 20, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 3, \
Size: 896x1152, Model hash: c161224931, Model: flux1-dev-bnb-nf4-v2, \
Lora hashes: "neon: 0123456789ab", Version: f2.0.1v1.10.1-previous-608-gd6042180, Module 1: ae, \
Module 2: clip_l, Module 3: t5xxl_fp8_e4m3fn"""

HUB: dict[str, object] = {
    "items": [
        {
            "id": 1, "url": "https://image.example/1.jpeg",
            "meta": {"id": 1, "meta": {
                "prompt": "a hill <lora:neon:0.7>", "negativePrompt": "sun", "cfgScale": 7,
                "seed": 8, "steps": 28, "sampler": "Euler a", "Size": "512x768",
                "Model": "dreamshaper_8", "Model hash": "879DB523C3",
                "hashes": {"model": "879DB523C3", "lora:neon": "0123456789AB"},
                "resources": [{"name": "neon", "type": "lora", "weight": 0.7}],
            }},
        },
        {
            "id": 2,
            "meta": {"prompt": "a sea", "cfgScale": 5, "civitaiResources": [
                {"type": "checkpoint", "modelVersionId": 11},
                {"type": "lora", "weight": 1.2, "air": "urn:air:sdxl:lora:civitai:20@22"}]},
        },
        {"id": 3, "meta": None},
    ],
}  # fmt: skip


def png(path: Path, texts: Mapping[str, str], size: tuple[int, int] = (64, 32)) -> Path:
    """Write a PNG with these texts, as Pillow does: Latin-1 as tEXt, all else as iTXt."""
    info = PngInfo()
    for key, text in texts.items():
        if text.isascii():
            info.add_text(key, text)
        else:
            info.add_itxt(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size).save(path, pnginfo=info)
    return path


def with_exif(path: Path, tags: Mapping[int, bytes | str]) -> Path:
    """Write a JPEG or WebP with these EXIF tags."""
    picture = Image.new("RGB", (64, 32))
    exif = picture.getexif()
    for tag, value in tags.items():
        if tag == USER_COMMENT:
            exif.get_ifd(EXIF_FOLDER)[tag] = value
        else:
            exif[tag] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, exif=exif)
    return path


def comment(text: str, charset: str = "utf-16-be") -> bytes:
    """Return a text as a UserComment has it."""
    code = b"UNICODE\0" if charset.startswith("utf-16") else b"ASCII\0\0\0"
    return code + text.encode(charset)


def write_json(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), encoding="utf-8")
    return path

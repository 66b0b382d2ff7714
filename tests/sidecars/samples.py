"""One sidecar of each dialect as its tool writes it, all keys that the tool is known to write."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

Document = dict[str, object]


@dataclass(frozen=True)
class Bytes:
    """Which file a sidecar is about."""

    path: str
    name: str
    size: int
    sha256: str
    blake3: str
    crc32: str
    autov3: str


def version(file: Bytes) -> Document:
    """The hub's record of a version, as by-hash gives it."""
    return {
        "id": 910102,
        "modelId": 900101,
        "name": "v2.0",
        "createdAt": "2026-02-10T09:00:00.000Z",
        "updatedAt": "2026-02-11T09:30:00.000Z",
        "trainedWords": ["ppr lntrn", "glowing lantern, warm light"],
        "baseModel": "Illustrious",
        "description": "<p>Trained on 58 photographs.</p>",
        "nsfwLevel": 1,
        "air": "urn:air:sdxl:lora:civitai:900101@910102",
        "model": {
            "name": "Paper Lantern",
            "type": "LORA",
            "nsfw": False,
            "poi": False,
            "description": "<h2>About</h2><p>Soft <b>light</b>.</p>",
            "tags": ["style", "lantern"],
        },
        "files": [
            {
                "id": 5,
                "name": file.name,
                "sizeKB": file.size / 1024,
                "type": "Model",
                "primary": True,
                "metadata": {"format": "SafeTensor", "fp": "fp16"},
                "hashes": {
                    "AutoV2": file.sha256[:10].upper(),
                    "AutoV3": file.autov3.upper(),
                    "SHA256": file.sha256.upper(),
                    "CRC32": file.crc32.upper(),
                    "BLAKE3": file.blake3.upper(),
                },
                "downloadUrl": "https://civitai.com/api/download/models/910102",
            }
        ],
        "images": [
            {
                "url": "https://image.civitai.com/x/original=true/1.jpeg",
                "nsfwLevel": 1,
                "width": 832,
                "height": 1216,
                "type": "image",
                "meta": {"prompt": "a lantern", "seed": 7},
            }
        ],
        "downloadUrl": "https://civitai.com/api/download/models/910102",
    }


def lora_manager(file: Bytes) -> Document:
    return {
        "file_name": file.name.rpartition(".")[0],
        "model_name": "Paper Lantern",
        "file_path": file.path,
        "size": file.size,
        "modified": 1700000000.25,
        "sha256": file.sha256,
        "base_model": "Illustrious",
        "preview_url": "",
        "preview_nsfw_level": 1,
        "notes": "Only at night.",
        "from_civitai": True,
        "civitai": {
            **version(file),
            "creator": {"username": "maker", "image": None},
            "customImages": [{"id": "a1", "url": "", "nsfwLevel": 0}],
        },
        "tags": ["style", "lantern"],
        "modelDescription": "<h2>About</h2><p>Soft <b>light</b>.</p>",
        "civitai_deleted": False,
        "favorite": True,
        "exclude": False,
        "db_checked": False,
        "skip_metadata_refresh": False,
        "metadata_source": "civitai_api",
        "last_checked_at": 1700000001.5,
        "hash_status": "completed",
        "sub_type": "lora",
        "autov3": file.autov3,
        "usage_tips": json.dumps(
            {
                "strength": 0.7, "strength_min": 0.4, "strength_max": 0.9, "clip_strength": 0.6,
                "clip_skip": 2, "my_tip": "x",
            }
        ),
        "unheard_of": {"kept": [1, 2.5, None, "é"]},
    }  # fmt: skip


def stability_matrix(file: Bytes) -> Document:
    return {
        "ModelId": 900101,
        "ModelName": "Paper Lantern",
        "ModelDescription": "<h2>About</h2><p>Soft <b>light</b>.</p>",
        "Nsfw": False,
        "Tags": ["style", "lantern"],
        "ModelType": "LORA",
        "VersionId": 910102,
        "VersionName": "v2.0",
        "VersionDescription": "<p>Trained on 58 photographs.</p>",
        "AuthorUsername": "maker",
        "BaseModel": "Illustrious",
        "RemoteFileName": file.name,
        "RemoteFileId": 5,
        "FileMetadata": {"fp": "fp16", "size": None, "format": "SafeTensor"},
        "ImportedAt": "2025-01-02T03:04:05.6789012+00:00",
        "Hashes": {
            "SHA256": file.sha256.upper(),
            "CRC32": file.crc32.upper(),
            "BLAKE3": file.blake3.upper(),
        },
        "TrainedWords": ["ppr lntrn", "glowing lantern, warm light"],
        "Stats": {"downloadCount": 3, "ratingCount": 0, "rating": 0, "favoriteCount": 0},
        "UserTitle": None,
        "ThumbnailImageUrl": "https://image.civitai.com/x/original=true/1.jpeg",
        "InferenceDefaults": {
            "Sampler": "euler", "Scheduler": "karras", "Steps": 28, "CfgScale": 5.5,
            "Width": 832, "Height": 1216,
        },
        "Source": 0,
        "SourceUrl": None,
        "UnheardOf": True,
    }  # fmt: skip


def a1111(_file: Bytes) -> Document:
    return {
        "description": "Soft light.",
        "sd version": "SDXL",
        "activation text": "ppr lntrn, (soft, warm:1.2)",
        "preferred weight": 0.65,
        "negative text": "lowres",
        "notes": "Only at night.",
        "vae": "kept",
    }


def civitai_browser(file: Bytes) -> Document:
    return {
        **a1111(file),
        "modelId": 900101,
        "modelVersionId": 910102,
        "modelPageURL": "https://civitai.com/models/900101?modelVersionId=910102",
        "sha256": file.sha256.upper(),
    }


def sdnext(file: Bytes) -> Document:
    other = {**version(file), "id": 1, "name": "v1", "files": [], "trainedWords": ["old"]}
    return {
        "id": 900101,
        "name": "Paper Lantern",
        "type": "LORA",
        "nsfw": False,
        "poi": False,
        "nsfwLevel": 1,
        "tags": ["style", "lantern"],
        "description": "<h2>About</h2><p>Soft <b>light</b>.</p>",
        "creator": {"username": "maker", "image": None},
        "allowNoCredit": True,
        "modelVersions": [other, version(file)],
        "stats": {"downloadCount": 3},
        "unheard_of": 5,
    }


def swarm(file: Bytes) -> Document:
    spec: Document = {
        "name": f"styles/{file.name}",
        "title": "Paper Lantern",
        "author": "maker",
        "description": "Soft light.",
        "preview_image": "data:image/jpeg;base64,AAAA",
        "architecture": "stable-diffusion-xl-v1-base/lora",
        "class": "Stable Diffusion XL 1.0-Base LoRA",
        "compat_class": "stable-diffusion-xl-v1",
        "resolution": "1024x1024",
        "standard_width": 1024,
        "standard_height": 1024,
        "license": "CC",
        "date": "2026-01-01",
        "prediction_type": "epsilon",
        "usage_hint": "Only at night.",
        "trigger_phrase": "ppr lntrn, warm",
        "merged_from": None,
        "tags": ["style", "lantern"],
        "is_negative_embedding": False,
        "lora_default_weight": "0.8",
        "lora_default_confinement": None,
        "time_created": 1700000000000,
        "time_modified": 1700000000000,
        "hash_sha256": f"0x{file.autov3}" + "0" * 52,
        "special_format": "",
    }
    return {f"modelspec.{key}": value for key, value in spec.items()}


def rgthree(file: Bytes) -> Document:
    return {
        "file": file.name,
        "path": file.path,
        "name": "Paper Lantern - v2.0",
        "type": "LORA",
        "baseModel": "Illustrious",
        "sha256": file.sha256.upper(),
        "links": ["https://civitai.com/models/900101?modelVersionId=910102"],
        "images": [],
        "trainedWords": [
            {"word": "ppr lntrn", "civitai": True, "count": 50, "metadata": True},
            {"word": "1girl", "count": 9, "metadata": True},
            {"word": "mine", "user": True},
        ],
        "baseModelFile": "sd_xl_base_1.0",
        "raw": {"civitai": version(file), "metadata": {}},
    }


def model_manager(file: Bytes) -> str:
    return f"""---
website: Civitai
modelPage: https://civitai.com/models/900101?modelVersionId=910102
author: maker
baseModel: Illustrious
hashes:
  SHA256: {file.sha256.upper()}
metadata: {{}}
preview:
  - https://image.civitai.com/x/original=true/1.jpeg
---

# Trigger Words

`ppr lntrn`, `warm`

# About this version

Trained on 58 photographs.
"""


SAMPLES: dict[str, tuple[str, Callable[[Bytes], object]]] = {
    "civitai-helper": (".civitai.info", version),
    "lora-manager": (".metadata.json", lora_manager),
    "rgthree": (".safetensors.rgthree-info.json", rgthree),
    "stability-matrix": (".cm-info.json", stability_matrix),
    "civitai-browser": (".json", civitai_browser),
    "civitai-browser-info": (".api_info.json", sdnext),
    "sdnext": (".json", sdnext),
    "swarm": (".swarm.json", swarm),
    "a1111": (".json", a1111),
    "model-manager": (".md", model_manager),
    "description": (".description.txt", lambda _file: "Soft light.\n"),
    "text": (".txt", lambda _file: "Soft light.\n"),
}
"""Dialect to what follows the stem, and the file's content."""

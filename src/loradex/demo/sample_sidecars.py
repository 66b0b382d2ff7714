"""The files that other tools leave beside models: hub documents, notes, previews."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from loradex.demo.sample_entries import Sample
from loradex.demo.sample_pictures import scene
from loradex.formats.hashing import hash_file
from loradex.formats.model_files import model_stem


def write_sidecars(sample: Sample, model: Path) -> None:
    """Write the sidecars of a model that is there already; keep those that exist."""
    for suffix in dict.fromkeys((*sample.sidecars, *_beside(sample))):
        sidecar = model.with_name(model_stem(model.name) + suffix)
        if not sidecar.exists():
            _WRITERS[suffix](sample, model, sidecar)


def _beside(sample: Sample) -> tuple[str, ...]:
    """What managers leave beside whatever they know: a preview."""
    return (".preview.png",) if sample.hub is not None else ()


def _civitai_info(sample: Sample, model: Path, sidecar: Path) -> None:
    """What CivitAI helpers save: the hub's version document, as found by hash."""
    hub = sample.hub
    if hub is None:
        return
    file = {
        "name": model.name,
        "sizeKB": model.stat().st_size / 1024,
        "type": "Model",
        "primary": True,
        "hashes": {"SHA256": hash_file(model).sha256.upper()},
    }
    document = {
        "id": hub.version_id,
        "modelId": hub.model_id,
        "name": hub.version_name,
        "baseModel": hub.base_model,
        "trainedWords": list(hub.trained_words),
        "description": hub.description,
        "model": {"name": hub.model_name, "type": hub.type, "nsfw": False, "poi": False},
        "files": [file],
        "images": [],
    }
    sidecar.write_text(json.dumps(document, indent=4, ensure_ascii=False), encoding="utf-8")


def _a1111(sample: Sample, model: Path, sidecar: Path) -> None:
    """What A1111 and Forge save from their card editor."""
    words = sample.hub.trained_words if sample.hub else ()
    document = {
        "description": "",
        "sd version": "SD1" if "/sd15/" in sample.path else "SDXL",
        "activation text": ", ".join(words),
        "preferred weight": 0.7,
        "negative text": "",
        "notes": "works best with short prompts",
    }
    sidecar.write_text(json.dumps(document, indent=4), encoding="utf-8")


def _description(sample: Sample, model: Path, sidecar: Path) -> None:
    sidecar.write_text(f"Got this one from a friend. {model.stem}\n", encoding="utf-8")


def _preview(sample: Sample, model: Path, sidecar: Path) -> None:
    hub = sample.hub
    words = f"{hub.model_name} {hub.type} {' '.join(hub.tags)}" if hub else ""
    scene(sample.path, f"{sample.path} {words}".casefold()).save(sidecar)


_WRITERS: dict[str, Callable[[Sample, Path, Path], None]] = {
    ".civitai.info": _civitai_info,
    ".json": _a1111,
    ".txt": _description,
    ".preview.png": _preview,
}

"""Folder trees of image tools, small."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path


def tree(top: Path, *names: str, **files: str) -> Path:
    """Make folders (names ending in `/`) and empty files below `top`; return it."""
    for name in names:
        path = top / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    for name, text in files.items():
        write(top / name, text)
    top.mkdir(parents=True, exist_ok=True)
    return top


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path


def comfyui(top: Path) -> Path:
    return tree(
        top, "folder_paths.py", "main.py", "models/checkpoints/", "models/loras/", "models/vae/",
        "output/", "custom_nodes/", "venv/",
    )  # fmt: skip


def web_ui(top: Path) -> Path:
    return tree(
        top, "webui.py", "launch.py", "models/Stable-diffusion/", "models/Lora/", "embeddings/",
        "outputs/", "venv/lib/", "extensions/other/", ".git/", "my-environment/",
    )  # fmt: skip


def sdnext(top: Path) -> Path:
    return tree(
        top, "installer.py", "launch.py", "webui.py", "models/Stable-diffusion/",
        "models/Lora/", "models/Diffusers/", "outputs/",
    )  # fmt: skip


def swarmui(top: Path) -> Path:
    return tree(
        top, "src/SwarmUI.csproj", "Models/Stable-Diffusion/", "Models/Lora/", "Output/",
        "dlbackend/ComfyUI/models/checkpoints/",
    )  # fmt: skip


def stability_matrix(top: Path) -> Path:
    tree(top, "Models/StableDiffusion/", "Models/Lora/", "Packages/", "StabilityMatrix.db")
    write(top / "settings.json", "\ufeff{}")
    return top


def invokeai(top: Path, models: Sequence[Mapping[str, object] | str] = ()) -> Path:
    tree(top, "invokeai.yaml", "models/", "databases/", "outputs/")
    with sqlite3.connect(top / "databases/invokeai.db") as connection:
        connection.execute("CREATE TABLE models (id TEXT PRIMARY KEY, config TEXT NOT NULL)")
        connection.executemany(
            "INSERT INTO models VALUES (?, ?)",
            [
                (str(number), row if isinstance(row, str) else json.dumps(row))
                for number, row in enumerate(models)
            ],
        )
    connection.close()
    return top


def hugging_face(cache: Path, repository: str, revision: str, files: Mapping[str, bytes]) -> Path:
    """Add a snapshot to a cache; files with the same bytes share their blob. Return the cache."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    for name, content in files.items():
        blob = folder / "blobs" / f"{hash(content) & 0xFFFFFFFF:08x}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        if not blob.exists():
            blob.write_bytes(content)
        link = folder / "snapshots" / revision / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    write(folder / "refs" / "main", revision)
    return cache

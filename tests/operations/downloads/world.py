"""A hub with real files to download, for tests of every part of that."""

from __future__ import annotations

import hashlib
from pathlib import Path

from files_kit import lora, write_safetensors
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.operations.libraries import add_library

KEY = "key-of-mosskettle-0123456789"

LANTERN, OLD_LANTERN, EARLY_LANTERN = 102, 101, 103
HARBOUR, SITE_ONLY, UNSCANNED, HOSTILE, WEBPAGE, MISLABELLED = 201, 301, 401, 501, 601, 701
BIG = 801

HOSTILE_NAMES = (
    "../../../escaped.safetensors",
    "CON.safetensors",
    "line\u2028break\u202egnp.safetensors",
    "x" * 300 + ".safetensors",
    "CON.safetensors",
    "same.SAFETENSORS",
    "SAME.safetensors",
)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def served(number: int, path: Path, **more: object) -> WorldFile:
    """Return the record of a file that is really there."""
    values: dict[str, object] = {
        "name": path.name,
        "size_bytes": path.stat().st_size,
        "hashes": {"SHA256": sha256(path)},
        "path": str(path),
    }
    return WorldFile(id=number, **(values | more))  # type: ignore[arg-type]


def big_lora(path: Path, nbytes: int, seed: int = 0) -> Path:
    """Write a LoRA of SDXL that is about so large."""
    rank = max(nbytes // (2 * (2048 + 640)), 1)
    return lora(path, rank=rank, seed=seed)


def make_world(shelf: Path) -> World:
    """Return a world whose files lie in `shelf`."""
    lantern = lora(shelf / "lantern.safetensors", seed=1)
    old = lora(shelf / "lantern_old.safetensors", seed=2, text_width=768)
    early = lora(shelf / "lantern_early.safetensors", seed=3)
    vae = write_safetensors(
        shelf / "harbour.vae.safetensors",
        {
            "decoder.conv_in.weight": (512, 4, 3, 3),
            "encoder.conv_out.weight": (8, 512, 3, 3),
            "decoder.mid.block_1.conv1.weight": (4, 4, 3, 3),
            "quant_conv.weight": (8, 8, 1, 1),
            "post_quant_conv.weight": (4, 4, 1, 1),
        },
        seed=4,
    )
    full = lora(shelf / "harbour_full.safetensors", seed=5)
    pruned = lora(shelf / "harbour_pruned.safetensors", seed=6)
    config = shelf / "harbour.yaml"
    config.write_text("model: harbour\n")
    plain = lora(shelf / "plain.safetensors", seed=7)
    page = shelf / "page.safetensors"
    page.write_text("<!DOCTYPE html><html><title>Sign in</title></html>" + " " * 4000)
    odd = [lora(shelf / f"odd{n}.safetensors", seed=20 + n) for n in range(len(HOSTILE_NAMES))]
    big = big_lora(shelf / "big.safetensors", 3_000_000, seed=9)
    return World(
        accounts={KEY: "mosskettle"},
        models=(
            WorldModel(
                id=100,
                name="Paper Lantern 紙灯り",
                tags=("style", "lantern"),
                creator="mosskettle",
                versions=(
                    _version(
                        EARLY_LANTERN,
                        served(1005, early),
                        published_at="2026-03-01T00:00:00.000Z",
                        early_access_until="2999-01-01T00:00:00.000Z",
                    ),
                    _version(
                        LANTERN,
                        served(1002, lantern),
                        served(1003, config, type="Training Data", format="Other"),
                        published_at="2026-02-11T09:30:00.000Z",
                        trained_words=("ppr lntrn", "<lora:lantern:0.8>"),
                    ),
                    _version(
                        OLD_LANTERN,
                        served(1001, old),
                        base_model="SD 1.5",
                        ecosystem="sd1",
                        published_at="2023-06-19T21:00:00.000Z",
                    ),
                ),
            ),
            WorldModel(
                id=200,
                name="Harbour Fog",
                type="Checkpoint",
                creator="paperlantern",
                versions=(
                    _version(
                        HARBOUR,
                        served(2001, full, name="harbourFog_v3.safetensors", size="full"),
                        served(2002, pruned, name="harbourFog_v3.safetensors", size="pruned"),
                        served(2003, vae, name="harbourFog.vae.safetensors", type="VAE"),
                        served(
                            2004, config, name="harbourFog_v3.yaml", type="Config", format="Other"
                        ),
                    ),
                ),
            ),
            _model(300, _version(SITE_ONLY, served(3001, plain), usage_control="Generation")),
            _model(400, _version(UNSCANNED, served(4001, plain, hashes={}))),
            _model(
                500,
                _version(
                    HOSTILE,
                    *(served(5000 + n, odd[n], name=name) for n, name in enumerate(HOSTILE_NAMES)),
                ),
            ),
            _model(600, _version(WEBPAGE, served(6001, page))),
            WorldModel(
                id=700,
                name="Not What It Says",
                type="VAE",
                versions=(_version(MISLABELLED, served(7001, plain, name="mislabelled.pt")),),
            ),
            _model(800, _version(BIG, served(8001, big))),
        ),
    )


def make_library(catalog: Catalog, root: Path, name: str = "models") -> Path:
    """Make a library with the folders that ComfyUI has; return its root."""
    for folder in ("loras", "checkpoints", "vae", "embeddings"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    add_library(catalog, root, name=name)
    return root


def files_below(root: Path) -> list[str]:
    """Return all files below a folder, by their paths in it."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def _model(number: int, *versions: WorldVersion) -> WorldModel:
    return WorldModel(id=number, name=f"Model {number}", versions=versions)


def _version(number: int, *files: WorldFile, **more: object) -> WorldVersion:
    values: dict[str, object] = {
        "name": f"v{number}",
        "base_model": "SDXL 1.0",
        "ecosystem": "sdxl",
        "files": files,
    }
    return WorldVersion(id=number, **(values | more))  # type: ignore[arg-type]

"""A messy library for tests of plans: LoRAs, a matched one, copies, sidecars, all in a heap."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from catalog_kit import model, version
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.plans import Conflict, MovePlan
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.hash_pass import hash_pass
from loradex.operations.matching import found
from loradex.operations.moves.applying import MoveReport, carry_out
from moves_kit import rescan

HEAP = ("a.safetensors", "b.safetensors", "new/b (1).safetensors", "new/c.safetensors")


def fill_heap(root: Path) -> None:
    """Write two SDXL LoRAs, a copy of one of them, an SD 1.5 LoRA, and sidecars of two."""
    lora(root / "a.safetensors", seed=1)
    (root / "a.png").write_bytes(b"picture")
    lora(root / "b.safetensors", seed=2)
    (root / "new").mkdir()
    shutil.copy2(root / "b.safetensors", root / "new" / "b (1).safetensors")
    lora(root / "new" / "c.safetensors", text_width=768, seed=3)
    (root / "new" / "c.civitai.info").write_text("{}")


def match(
    catalog: Catalog,
    path: Path,
    *,
    number: int = 7,
    name: str = "v2",
    published: str = "2026-01-01",
) -> int:
    """Let the hub know a file as a version of its model 70; return its content's id."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    known = replace(
        version(number, name=name, sha256=digest), published_at=f"{published}T00:00:00Z"
    )
    (content,) = (id_ for id_ in catalog.ids("") if catalog.rows([id_])[0].sha256 == digest)
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [known])
    catalog.hub.record_matches("civitai", [found(content, known, model(), "sha256")])
    return content


def goes(plan: MovePlan) -> dict[str, str]:
    """Return what a plan moves, relative to the libraries: from, and to."""
    return {
        step.source.relative.decode(): step.target.relative.decode()
        for step in plan.moves
        if step.source is not None
    }


def stays(conflicts: Sequence[Conflict]) -> dict[str, str]:
    """Return what stays, and why."""
    return {conflict.source.relative.decode(): conflict.reason for conflict in conflicts}


def do(catalog: Catalog, plan: MovePlan) -> MoveReport:
    """Do a plan, whatever it leaves."""
    return carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


def look_again(catalog: Catalog) -> None:
    """Scan all libraries, and read what is new in full."""
    rescan(catalog)
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())

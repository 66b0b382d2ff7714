"""InvokeAI: its models folder, and the models it uses where they lie.

Sources: `config_default.py` (`invokeai.yaml` names `models_dir` and `db_dir`, relative to its
folder; before 4.0 they stood under `InvokeAI: Paths:`), `model_records_sql.py`. A managed model
lies in `models/<key>/`, which says nothing of what it is; the database does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loradex.domain.kinds import ModelKind
from loradex.domain.library import Layout
from loradex.operations.layouts.detected import Detected, Root
from loradex.operations.layouts.hints import Hint, existing_folder, further_roots, real_folder
from loradex.operations.layouts.invokeai_database import installed_models
from loradex.operations.layouts.names import has_all
from loradex.operations.layouts.reading import read_yaml

_DATABASE = "invokeai.db"

KINDS: Mapping[str, ModelKind] = {
    "lora": ModelKind.LORA,
    "controlnet": ModelKind.CONTROLNET,
    "embedding": ModelKind.EMBEDDING,
    "ip_adapter": ModelKind.IP_ADAPTER,
    "t2i_adapter": ModelKind.T2I_ADAPTER,
    "vae": ModelKind.VAE,
    "clip_vision": ModelKind.CLIP_VISION,
    "siglip": ModelKind.CLIP_VISION,
    "clip_embed": ModelKind.TEXT_ENCODER,
    "t5_encoder": ModelKind.TEXT_ENCODER,
    "qwen3_encoder": ModelKind.TEXT_ENCODER,
    "spandrel_image_to_image": ModelKind.UPSCALER,
    "flux_redux": ModelKind.STYLE_MODEL,
}
"""InvokeAI's model types that are one kind here; `main` may be a checkpoint or a denoiser."""


@dataclass(frozen=True, slots=True)
class Install:
    """Where one InvokeAI keeps its things; `models` may be missing."""

    top: Path
    models: Path | None
    database: Path


def installation(folder: Path, notes: list[str]) -> Install | None:
    """Return the InvokeAI whose root folder this is, None when it is none."""
    if not has_all(folder, ("invokeai.yaml",)) and not has_all(folder, (f"databases/{_DATABASE}",)):
        return None
    settings = _settings(folder, notes)
    models = existing_folder(settings.get("models_dir", "models"), folder)
    databases = existing_folder(settings.get("db_dir", "databases"), folder)
    return Install(folder, models, (databases or folder / "databases") / _DATABASE)


def detect(folder: Path) -> Detected | None:
    """Tell whether this is InvokeAI's root folder, or its models folder."""
    notes: list[str] = []
    found = installation(folder, notes)
    if found is None:
        found = installation(folder.parent, notes)
        if found is None or found.models is None or found.models != real_folder(folder):
            return None
    hints = _in_place(found, notes)
    if found.models is None:
        return Detected(
            Layout.INVOKEAI, "InvokeAI", tuple(further_roots(hints, None)), tuple(notes)
        )
    own = Root(found.models, layout=Layout.INVOKEAI)
    return Detected(
        Layout.INVOKEAI, "InvokeAI", (own, *further_roots(hints, found.models)), tuple(notes)
    )


def _settings(folder: Path, notes: list[str]) -> Mapping[str, object]:
    settings = read_yaml(folder / "invokeai.yaml", notes) or {}
    older = settings.get("InvokeAI")
    paths = older.get("Paths") if isinstance(older, Mapping) else None
    return paths if isinstance(paths, dict) else settings


def _in_place(found: Install, notes: list[str]) -> list[Hint]:
    """Return the folders of models that InvokeAI uses outside its own folder."""
    folders: dict[Path, ModelKind] = {}
    for model in installed_models(found.database, notes):
        if not Path(model.path).is_absolute():
            continue
        folder = real_folder(Path(model.path).parent)
        if folder is None:
            continue
        kind = KINDS.get(model.type, ModelKind.UNKNOWN)
        folders[folder] = kind if folders.get(folder, kind) is kind else ModelKind.UNKNOWN
    return [Hint(path, kind, _DATABASE) for path, kind in folders.items()]

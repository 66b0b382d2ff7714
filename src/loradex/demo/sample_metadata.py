"""What trainers and authors write into headers, for the sample library's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_STARTED = 1_717_236_000
"""All samples were "trained" from here on, so that every run writes the same bytes."""

_MODULES = {"sd3": "networks.lora_sd3", "flux1": "networks.lora_flux"}


@dataclass(frozen=True, slots=True)
class Training:
    """One training run."""

    trigger: str
    tags: Sequence[str]
    images: int
    base_file: str
    """File name of the checkpoint it was trained on."""


def kohya(
    version: str, rank: int, name: str, run: Training, *, algorithm: str | None = None
) -> dict[str, str]:
    """sd-scripts' metadata; `version` is its `ss_base_model_version`."""
    side = 512 if version == "sd_v1" else 768 if version.startswith("sd_v2") else 1024
    metadata = {
        "ss_base_model_version": version,
        "ss_network_module": _MODULES.get(version, "networks.lora"),
        "ss_network_dim": str(rank),
        "ss_network_alpha": str(rank / 2),
        "ss_output_name": name,
        "ss_sd_model_name": run.base_file,
        "ss_resolution": f"({side}, {side})",
        "ss_num_train_images": str(run.images),
        "ss_num_epochs": "10",
        "ss_steps": str(run.images * 50),
        "ss_learning_rate": "0.0001",
        "ss_clip_skip": "2" if side == 512 else "None",
        "ss_training_started_at": f"{_STARTED + run.images}.25",
        "ss_training_finished_at": f"{_STARTED + run.images * 120}.5",
        "ss_dataset_dirs": json.dumps({f"10_{run.trigger}": {"img_count": run.images}}),
        "ss_tag_frequency": json.dumps({f"10_{run.trigger}": tag_counts(run)}),
    }
    if version.startswith("sd_v2"):
        metadata["ss_v2"] = "True"
    if algorithm:
        metadata["ss_network_module"] = "lycoris.kohya"
        metadata["ss_network_args"] = json.dumps({"algo": algorithm, "preset": "attn-mlp"})
    return metadata


def tag_counts(run: Training) -> dict[str, int]:
    """The trigger in every caption, the other tags ever more rarely."""
    counts = {run.trigger: run.images}
    for place, tag in enumerate(run.tags, start=2):
        counts[tag] = max(1, run.images * 2 // (place + 1))
    return counts


def ai_toolkit(version: str, name: str, trigger: str) -> dict[str, str]:
    """ai-toolkit's metadata: the trigger word disguised as a tag table."""
    return {
        "format": "pt",
        "software": json.dumps({"name": "ai-toolkit"}),
        "training_info": json.dumps({"step": 2000, "epoch": 25}),
        "name": name,
        "ss_base_model_version": version,
        "ss_output_name": name,
        "ss_tag_frequency": json.dumps({f"1_{trigger}": {trigger: 1}}),
    }


def peft(component: str, rank: int) -> dict[str, str]:
    """Diffusers' metadata: the PEFT configuration of each component."""
    config = {f"{component}.r": rank, f"{component}.lora_alpha": rank, f"{component}.bias": "none"}
    return {"format": "pt", "lora_adapter_metadata": json.dumps(config)}


def modelspec(architecture: str, title: str, **more: str) -> dict[str, str]:
    """Stability's model specification; `more` without the `modelspec.` in front."""
    fields: Mapping[str, str] = {
        "sai_model_spec": "1.0.0",
        "architecture": architecture,
        "title": title,
        "date": "2024-06-01T10:00:00",
        **more,
    }
    return {f"modelspec.{key}": value for key, value in fields.items()}

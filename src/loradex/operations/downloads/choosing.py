"""Which version of a model, and which files of a version, a person means. Pure: nobody is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from loradex.domain.addresses import shown_address
from loradex.domain.hub import HubFile, HubModel, HubVersion
from loradex.domain.hub_names import kind_from_hub
from loradex.domain.kinds import ModelKind
from loradex.domain.text import display_text
from loradex.formats.shards import shard_name

EVERY_FILE = "all"
TRAINING_DATA = "training data"

_WEIGHTS = ("model", "pruned model", "diffusion model", "unet")
"""The file types that the hub itself takes for a version's weights (docs/civitai.md)."""

_FORMATS = {"safetensor": "safetensors", "pickletensor": "pickle"}
"""The hub's names for formats, where a person says something else."""

_KIND_OF_FILE = {
    "vae": ModelKind.VAE,
    "text encoder": ModelKind.TEXT_ENCODER,
    "vision encoder": ModelKind.CLIP_VISION,
    "clipvision": ModelKind.CLIP_VISION,
    "unet": ModelKind.DIFFUSION_MODEL,
    "diffusion model": ModelKind.DIFFUSION_MODEL,
    "negative": ModelKind.EMBEDDING,
    "controlnet": ModelKind.CONTROLNET,
    "upscaler": ModelKind.UPSCALER,
    "enhancement lora": ModelKind.LORA,
}
"""File types that are not what their model is."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which files of a version are wanted. `names` are ids, names, or `all`; none for the best."""

    names: tuple[str, ...] = ()
    format: str | None = None
    precision: str | None = None


class NotToBeHad(Exception):
    """There is nothing to download; the message is a sentence that says why."""


def newest_version(model: HubModel, now: datetime) -> tuple[HubVersion, str | None]:
    """Return the version published last of those that anybody may download.

    The text says which newer one was passed over and why, None when there is none. Raises
    `NotToBeHad` when there is no version to download.
    """
    if not model.versions:
        raise NotToBeHad(_archived(model) or f"{_quoted(model.name)} has no versions.")
    passed: list[str] = []
    for version in sorted(model.versions, key=_published, reverse=True):
        reason = withheld(version, now) or ("it has no files" if not version.files else None)
        if reason is None:
            return version, passed[0] if passed else None
        passed.append(f"version {_quoted(version.name)} was passed over: {reason}.")
    raise NotToBeHad(_archived(model) or f"No version can be downloaded: {passed[0]}")


def withheld(version: HubVersion, now: datetime) -> str | None:
    """Return why not everybody may download a version, None when everybody may."""
    if version.open_here:
        return None
    if version.usage_control not in (None, "Download"):
        return "its creator lets it be used on the site only"
    if version.paid:
        return "it is only for those who paid"
    until = _moment(version.early_access_until)
    if until is not None and until > now:
        return f"early access until {until:%Y-%m-%d %H:%M} UTC"
    return None


def chosen_files(version: HubVersion, wishes: Wishes) -> list[HubFile]:
    """Return the files of a version that are wanted, at least one; raise `NotToBeHad`.

    Without wishes it is the primary file, or a safe one in the place of a pickle. Training data is
    never among them unless it is named.
    """
    if not version.files:
        raise NotToBeHad("The hub lists no files for it: it may be archived.")
    if wishes.names:
        return _asked_for(version, wishes)
    rest = [file for file in version.files if file.type.casefold() != TRAINING_DATA]
    fitting = [file for file in rest if _wanted(file, wishes)]
    weights = [file for file in fitting if file.type.casefold() in _WEIGHTS]
    if not fitting:
        raise NotToBeHad(_nothing_fits(version))
    best = max(weights or fitting, key=_preference)
    return [best, *_other_shards(version, best)]


def kind_of(model: HubModel, file: HubFile) -> ModelKind | None:
    """Return what a file is for, as far as the hub tells; None when it does not."""
    return _KIND_OF_FILE.get(file.type.casefold()) or kind_from_hub(model.type)


def dangerous(file: HubFile) -> bool:
    """Tell whether the hub's own scans call a file dangerous."""
    return "danger" in {(scan or "").casefold() for scan in (file.pickle_scan, file.virus_scan)}


def described(file: HubFile) -> str:
    """Return a file's id, name and what sets it apart, for a list to choose from."""
    parts = [file.type, file.format, file.size_type, file.precision, file.quantisation]
    name = f"{file.id} {file.name}" if file.id is not None else file.name
    return display_text(f"{name} ({', '.join(part for part in parts if part)})")


def _asked_for(version: HubVersion, wishes: Wishes) -> list[HubFile]:
    asked = [_named(version, name) for name in wishes.names if name != EVERY_FILE]
    if EVERY_FILE in wishes.names:
        asked += [file for file in version.files if file.type.casefold() != TRAINING_DATA]
    found = {(file.id, file.name): file for file in asked if _wanted(file, wishes)}
    if not found:
        raise NotToBeHad(_nothing_fits(version))
    return list(found.values())


def _other_shards(version: HubVersion, file: HubFile) -> list[HubFile]:
    """Return the other parts of a model that lies in several files: one alone is of no use."""
    folder, _, name = file.name.rpartition("/")
    shard = shard_name(name)
    if shard is None:
        return []
    siblings = {shard.sibling(number) for number in range(1, shard.of + 1)} - {name}
    names = {f"{folder}/{each}" if folder else each for each in siblings}
    return [other for other in version.files if other.name in names]


def _named(version: HubVersion, name: str) -> HubFile:
    fitting = [
        file
        for file in version.files
        if name == str(file.id) or file.name.casefold() == name.casefold()
    ]
    if len(fitting) > 1:
        raise NotToBeHad(
            f"Several files are called {_quoted(name)}: name one by its number."
            f" There are {_listed(fitting)}."
        )
    if not fitting:
        raise NotToBeHad(
            f"It has no file {_quoted(shown_address(name))}. There are {_listed(version.files)}."
        )
    return fitting[0]


def _wanted(file: HubFile, wishes: Wishes) -> bool:
    format_name = (file.format or "").casefold()
    formats = (None, format_name, _FORMATS.get(format_name, format_name))
    precisions = (None, (file.precision or "").casefold(), (file.quantisation or "").casefold())
    return _folded(wishes.format) in formats and _folded(wishes.precision) in precisions


def _preference(file: HubFile) -> tuple[bool, bool, bool, bool]:
    """Return what makes one of several files the one to take: the larger, the better.

    A file that could run code goes last whatever the hub calls primary; beyond that the hub's own
    order stands in for a primary that is missing (docs/civitai.md).
    """
    folded = (file.format or "").casefold()
    return (
        folded != "pickletensor",
        file.primary,
        folded == "safetensor",
        file.size_type == "pruned",
    )


def _nothing_fits(version: HubVersion) -> str:
    return f"None of its files is what you ask for. There are {_listed(version.files)}."


def _listed(files: Sequence[HubFile]) -> str:
    shown = "; ".join(described(file) for file in files[:12])
    return shown if len(files) <= 12 else f"{shown}; and {len(files) - 12} more"


def _archived(model: HubModel) -> str | None:
    return {
        "archived": f"{_quoted(model.name)} is archived: the hub gives it to nobody.",
        "takendown": f"{_quoted(model.name)} was taken down: the hub gives it to nobody.",
    }.get((model.mode or "").casefold())


def _published(version: HubVersion) -> tuple[str, int]:
    return (version.published_at or "", version.id)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _quoted(text: str) -> str:
    return f"“{display_text(text, 80)}”"

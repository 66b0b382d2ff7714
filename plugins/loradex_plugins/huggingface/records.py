"""What the library tells of a repository, in loradex's own records."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loradex.domain.content_level import PG, XXX, R, X
from loradex.domain.hub import HubFile, HubImage, HubModel, HubVersion, number_for
from loradex_plugins.huggingface import files
from loradex_plugins.huggingface.bases import base_name
from loradex_plugins.huggingface.names import file_address, version_slug

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo
    from huggingface_hub.hf_api import RepoSibling

MOST_FILES = 2_000
MOST_IMAGES = 50
MOST_TAGS = 100
_RAW_LIMIT = 512 * 1024
_LONGEST_WORDS = 2_000

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MATURE_TAG = "not-for-all-audiences"
_PICTURES = {"png": "image", "jpg": "image", "jpeg": "image", "webp": "image", "gif": "image"}
_MEDIA = _PICTURES | {"mp4": "video", "webm": "video"}
# Tags that say how a model is loaded, not what it is of.
_TECHNICAL = frozenset(
    {
        "autotrain_compatible",
        "dduf",
        "diffusers",
        "diffusers-training",
        "dora",
        "endpoints_compatible",
        "flux",
        "gguf",
        "lora",
        "lycoris",
        "peft",
        "pytorch",
        "safetensors",
        "stable-diffusion",
        "stable-diffusion-xl",
        "text-to-image",
    }
)
_TYPES = (
    ("LORA", {"lora", "dora", "lycoris", "template:sd-lora", "template:diffusion-lora"}),
    ("TextualInversion", {"textual_inversion", "textual-inversion"}),
    ("Controlnet", {"controlnet", "control-net"}),
    ("MotionModule", {"animatediff", "motion-module"}),
    ("VAE", {"vae", "autoencoder", "diffusers:AutoencoderKL"}),
)
"""CivitAI's names for types, and the tags that mean them."""
_GENERATES = frozenset(
    {
        "image-text-to-image",
        "image-to-image",
        "image-to-video",
        "text-to-image",
        "text-to-video",
        "unconditional-image-generation",
    }
)


def model_type(info: ModelInfo) -> str:
    """Return what a repository holds, in CivitAI's word: `LORA`, `Checkpoint` …, or `Other`."""
    tags = {tag.casefold() for tag in info.tags or ()}
    for name, words in _TYPES:
        if not words.isdisjoint(tags):
            return name
    if any(tag.startswith("base_model:adapter:") for tag in tags):
        return "LORA"
    return "Checkpoint" if info.pipeline_tag in _GENERATES else "Other"


def model_from(info: ModelInfo, endpoint: str, wanted: Collection[str] = ()) -> HubModel:
    """Return a repository as a model, with the state that was looked at as its only version.

    `wanted` are paths of files that count as models whatever they are called.
    """
    facts = _facts(info)
    raw = _as_text(facts)
    card = facts["cardData"]
    model = HubModel(
        id=number_for(info.id),
        name=info.id.rpartition("/")[2],
        type=model_type(info),
        description=None,
        tags=_tags(info),
        creator=info.author or info.id.rpartition("/")[0] or None,
        content_level=_level(info),
        mode="TakenDown" if info.disabled else None,
        licence=_licence(info, card),
        versions=(),
        raw=raw,
        slug=info.id,
        downloads=_count(info.downloads),
        likes=_count(info.likes),
    )
    version = _version(info, card, model, endpoint, wanted)
    return model if version is None else replace(model, versions=(version,))


def _version(
    info: ModelInfo,
    card: Mapping[str, object],
    model: HubModel,
    endpoint: str,
    wanted: Collection[str],
) -> HubVersion | None:
    """Return the state of a repository; None when the Hub did not say which it is."""
    if not info.sha:
        return None
    slug = version_slug(info.id, info.sha)
    return HubVersion(
        id=number_for(slug),
        model_id=model.id,
        name=info.sha[:8],
        base_model=base_name(_bases(info, card)),
        trained_words=_trained_words(card),
        content_level=model.content_level,
        description=None,
        published_at=_utc(info.last_modified),
        air=None,
        usage_control=None,
        files=_files(info, slug, endpoint, wanted),
        images=_images(info, card, endpoint),
        model_name=model.name,
        model_type=model.type,
        raw=model.raw,
        slug=slug,
        position=0,
    )


def _files(
    info: ModelInfo, slug: str, endpoint: str, wanted: Collection[str]
) -> tuple[HubFile, ...]:
    siblings = [
        sibling
        for sibling in info.siblings or ()
        if files.is_model(sibling.rfilename)
        or (sibling.rfilename in wanted and files.is_weights(sibling.rfilename))
    ][:MOST_FILES]
    primary = files.primary_path([sibling.rfilename for sibling in siblings])
    return tuple(
        _file(sibling, slug, endpoint, primary=sibling.rfilename == primary) for sibling in siblings
    )


def _file(sibling: RepoSibling, slug: str, endpoint: str, *, primary: bool) -> HubFile:
    path = sibling.rfilename
    # Git's own hash of a small file is not one of its bytes; only large ones have a SHA-256.
    digest = sibling.lfs.sha256.lower() if sibling.lfs is not None else ""
    size = sibling.lfs.size if sibling.lfs is not None else sibling.size
    sha256 = digest if _SHA256.fullmatch(digest) else None
    repository, _, commit = slug.rpartition("@")
    return HubFile(
        id=number_for(f"{slug}/{path}"),
        name=path,
        type=files.file_type(path),
        size_bytes=_count(size),
        sha256=sha256,
        autov3=None,
        primary=primary,
        format=files.file_format(path),
        precision=files.precision(path),
        download_url=file_address(endpoint, repository, commit, path),
        hashes={} if sha256 is None else {"SHA256": sha256},
        quantisation=files.quantisation(path),
    )


def _bases(info: ModelInfo, card: Mapping[str, object]) -> list[str]:
    """Return the repositories a model was made from, most likely one first."""
    named = card.get("base_model")
    texts = named if isinstance(named, list) else [named]
    bases = [text for text in texts if isinstance(text, str)]
    tagged = [tag.split(":") for tag in info.tags or () if tag.startswith("base_model:")]
    return bases + [parts[-1] for parts in tagged if "/" in parts[-1]]


def _trained_words(card: Mapping[str, object]) -> tuple[str, ...]:
    """Return the prompt a model was trained on, whole: often it is a sentence."""
    named = card.get("instance_prompt")
    texts = named if isinstance(named, list) else [named]
    words = (text.strip()[:_LONGEST_WORDS] for text in texts if isinstance(text, str))
    return tuple(word for word in words if word and word.casefold() not in {"none", "null"})


def _images(info: ModelInfo, card: Mapping[str, object], endpoint: str) -> tuple[HubImage, ...]:
    found: dict[str, HubImage] = {}
    for link in _widget_links(card.get("widget") or info.widget_data):
        url = link if "://" in link else file_address(endpoint, info.id, info.sha or "main", link)
        kind = _MEDIA.get(urlsplit(url).path.rpartition(".")[2].lower())
        if kind is None or not url.startswith(("https://", f"{endpoint}/")):
            continue
        image = HubImage(number_for(url), url, kind, _level(info), None, None, None)
        found.setdefault(url, image)
        if len(found) == MOST_IMAGES:
            break
    return tuple(found.values())


def _widget_links(widget: object) -> Iterator[str]:
    for entry in widget if isinstance(widget, list) else ():
        if not isinstance(entry, dict):
            continue
        output = entry.get("output")
        link = output.get("url") if isinstance(output, dict) else entry.get("src")
        if isinstance(link, str) and 0 < len(link) <= 2_000:
            yield link.removeprefix("./")


def _tags(info: ModelInfo) -> tuple[str, ...]:
    kept = (tag for tag in info.tags or () if ":" not in tag and tag.casefold() not in _TECHNICAL)
    return tuple(dict.fromkeys(kept))[:MOST_TAGS]


def _level(info: ModelInfo) -> int:
    """Return the content level: the Hub asks owners to mark what is not for all, not how much."""
    mature = any(tag.casefold() == _MATURE_TAG for tag in info.tags or ())
    return R | X | XXX if mature else PG


def _licence(info: ModelInfo, card: Mapping[str, object]) -> dict[str, str]:
    names = ("license", "license_name", "license_link")
    licence = {name: text for name in names if isinstance(text := card.get(name), str)}
    tagged = [tag.removeprefix("license:") for tag in info.tags or () if tag.startswith("license:")]
    if "license" not in licence and tagged:
        licence["license"] = tagged[0]
    if info.gated:
        licence["gated"] = str(info.gated)
    return licence


def _facts(info: ModelInfo) -> dict[str, dict[str, object]]:
    """Return what a repository's record says, under the Hub's own names."""
    from huggingface_hub import CardData  # noqa: PLC0415

    card = info.card_data
    return {
        "cardData": dict(vars(card)) if isinstance(card, CardData) else {},
        "model": {
            "id": info.id,
            "author": info.author,
            "sha": info.sha,
            "lastModified": _utc(info.last_modified),
            "createdAt": _utc(info.created_at),
            "private": info.private,
            "gated": info.gated,
            "disabled": info.disabled,
            "downloads": info.downloads,
            "likes": info.likes,
            "library_name": info.library_name,
            "pipeline_tag": info.pipeline_tag,
            "tags": info.tags,
            "usedStorage": info.used_storage,
        },
        "siblings": {
            sibling.rfilename: {
                "size": sibling.size,
                "sha256": sibling.lfs.sha256 if sibling.lfs is not None else None,
            }
            for sibling in (info.siblings or ())[:MOST_FILES]
        },
    }


def _as_text(facts: Mapping[str, Mapping[str, object]]) -> str:
    for left_out in ((), ("siblings",), ("siblings", "cardData")):
        rest = {name: table for name, table in facts.items() if name not in left_out}
        text = json.dumps(rest, ensure_ascii=False, default=str, separators=(",", ":"))
        if len(text) <= _RAW_LIMIT:
            return text.encode("utf-8", "backslashreplace").decode("utf-8")
    return "{}"


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**63 else None


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""The fields of a parameter text that name models: digests, weights, and hubs' versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from loradex.domain.generation import ModelRole, NamedModel, clean_hash, name_key
from loradex.formats.generation.air import read_air
from loradex.formats.generation.gathering import Gathered
from loradex.formats.generation.parameter_line import read_pairs
from loradex.formats.generation.values import (
    first_text,
    mapping,
    mappings,
    number_of,
    text_of,
    whole_of,
)

_WITH_HASH = re.compile(r"(.*?)\s*[\[(]([0-9a-fA-F]{8,64})[\])]\s*", re.DOTALL)
_HASH_ROLES = {
    "lora": ModelRole.LORA,
    "lyco": ModelRole.LORA,
    "embed": ModelRole.EMBEDDING,
    "embedding": ModelRole.EMBEDDING,
    "ti": ModelRole.EMBEDDING,
    "hypernet": ModelRole.HYPERNETWORK,
}
_RESOURCES = {
    "checkpoint": ModelRole.CHECKPOINT,
    "model": ModelRole.CHECKPOINT,
    "lora": ModelRole.LORA,
    "locon": ModelRole.LORA,
    "lycoris": ModelRole.LORA,
    "dora": ModelRole.LORA,
    "embed": ModelRole.EMBEDDING,
    "embedding": ModelRole.EMBEDDING,
    "textualinversion": ModelRole.EMBEDDING,
    "vae": ModelRole.VAE,
    "controlnet": ModelRole.CONTROLNET,
    "upscaler": ModelRole.UPSCALER,
    "hypernet": ModelRole.HYPERNETWORK,
    "hypernetwork": ModelRole.HYPERNETWORK,
}
_PARTS = re.compile(r"(?:Hires )?Module \d{1,2}")
_CONTROL = re.compile(r"ControlNet \d{1,2}")
_ADDED = re.compile(r"AddNet Model (\d)")
_PLAIN_UPSCALERS = ("latent", "lanczos", "nearest", "bilinear", "bicubic")


def gather_models(pairs: Mapping[str, object], found: Gathered) -> None:
    """Gather every model that the pairs name; LoRAs of prompts are there already."""
    hashes = mapping(pairs.get("Hashes"))
    found.model(
        ModelRole.CHECKPOINT,
        pairs.get("Model"),
        digest=pairs.get("Model hash") or hashes.get("model"),
    )
    _loras(pairs, found)
    gather_hashes(hashes, found)
    for name, digest in _named(pairs.get("TI hashes")):
        found.model(ModelRole.EMBEDDING, name, digest=digest)
    vae = pairs.get("VAE hash") or hashes.get("vae")
    found.model(ModelRole.VAE, pairs.get("VAE"), digest=vae)
    for field in ("Refiner", "Hires checkpoint"):
        name, digest = _split(pairs.get(field))
        found.model(ModelRole.CHECKPOINT, name, digest=digest)
    found.model(ModelRole.HYPERNETWORK, pairs.get("Hypernet"))
    upscaler = text_of(pairs.get("Hires upscaler"))
    if not upscaler.lower().startswith(_PLAIN_UPSCALERS):
        found.model(ModelRole.UPSCALER, upscaler)
    _numbered(pairs, found)
    gather_resources(pairs.get("Civitai resources"), found)


def gather_hashes(hashes: Mapping[str, object], found: Gathered) -> None:
    """Gather a table such as `{"model": …, "lora:neon": …, "embed:bad": …}`."""
    for key, digest in list(hashes.items())[:200]:
        kind, colon, name = key.partition(":")
        role = _HASH_ROLES.get(kind.strip().lower())
        if colon and role is not None:
            found.model(role, name, digest=digest)


def gather_resources(value: object, found: Gathered) -> None:
    """Gather CivitAI's list of resources, as its pictures and its API have it."""
    for entry in mappings(value):
        air = read_air(first_text(entry, "air", "urn", "name"))
        kind = first_text(entry, "type", "modelType").replace(" ", "").lower()
        role = _RESOURCES.get(kind or air.kind)
        if role is None:
            continue
        version = whole_of(entry.get("modelVersionId")) or air.version_id
        name = "" if air.version_id else first_text(entry, "modelName", "name")
        hub_name = first_text(entry, "modelVersionName")
        new = NamedModel(
            role,
            f"{name} {hub_name}".strip() if version else name,
            clean_hash(entry.get("hash")),
            version,
            whole_of(entry.get("modelId")) or air.model_id,
            _strength(entry, role),
        )
        _add_resource(new, found)


def _add_resource(new: NamedModel, found: Gathered) -> None:
    """Let the only checkpoint that is named learn its version; keep anything else as it comes."""
    if new.role is ModelRole.CHECKPOINT:
        for place, old in enumerate(found.models):
            if old.role is new.role and not old.version_id and not _differ(old, new):
                name, digest = old.name or new.name, old.hash or new.hash
                known = NamedModel(old.role, name, digest, new.version_id, new.model_id)
                found.put_at(place, known)
                return
    found.add(new)


def _differ(old: NamedModel, new: NamedModel) -> bool:
    return bool(old.hash and new.hash) and not (
        old.hash.startswith(new.hash) or new.hash.startswith(old.hash)
    )


def _strength(entry: Mapping[str, object], role: ModelRole) -> float | None:
    if role not in (ModelRole.LORA, ModelRole.EMBEDDING, ModelRole.CONTROLNET):
        return None
    weight = number_of(entry.get("weight"))
    return weight if weight is not None else number_of(entry.get("strength"))


def _loras(pairs: Mapping[str, object], found: Gathered) -> None:
    for field in ("Lora hashes", "LoRA hashes"):
        for name, digest in _named(pairs.get(field)):
            found.model(ModelRole.LORA, name, digest=digest)
    weights = {name_key(name): number_of(text) for name, text in _named(pairs.get("Lora weights"))}
    for name, weight in weights.items():
        found.model(ModelRole.LORA, name, strength=weight)
    # SD.Next lists names and digests apart, in one order; a network without a digest has none.
    names = [part.strip() for part in text_of(pairs.get("LoRA networks")).split(",")[:50]]
    digests = [part.strip() for part in text_of(pairs.get("LoRA hashes")).split(",")[:50]]
    if len(digests) != len(names):
        digests = [""] * len(names)
    for name, digest in zip(names, digests, strict=True):
        found.model(ModelRole.LORA, name, digest=digest)


def _numbered(pairs: Mapping[str, object], found: Gathered) -> None:
    for field, value in pairs.items():
        if _CONTROL.fullmatch(field):
            unit = read_pairs(text_of(value))
            name, digest = _split(unit.get("Model"))
            found.model(
                ModelRole.CONTROLNET, name, digest=digest, strength=number_of(unit.get("Weight"))
            )
        elif _PARTS.fullmatch(field):
            name = text_of(value)
            vae = "vae" in name.lower() or name_key(name) == "ae"
            found.model(ModelRole.VAE if vae else ModelRole.TEXT_ENCODER, name)
        elif (added := _ADDED.fullmatch(field)) and "LoRA" in text_of(
            pairs.get(f"AddNet Module {added.group(1)}", "LoRA")
        ):
            name, digest = _split(value)
            weight = number_of(pairs.get(f"AddNet Weight A {added.group(1)}"))
            found.model(ModelRole.LORA, name, digest=digest, strength=weight)


def _named(value: object) -> Iterator[tuple[str, str]]:
    """Yield name and value of a list such as `neon: 0123456789ab, rain: …`."""
    for part in text_of(value).split(",")[:200]:
        name, colon, rest = part.rpartition(":")
        if colon and name.strip():
            yield name.strip(), rest.strip()


def _split(value: object) -> tuple[str, str]:
    """Return name and digest of `name [0123456789]` or `name(0123456789)`."""
    text = text_of(value)
    found = _WITH_HASH.fullmatch(text[:600])
    return (found.group(1), found.group(2)) if found else (text, "")

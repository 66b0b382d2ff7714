"""`STEM.swarm.json` of SwarmUI: a flat object whose keys begin with `modelspec.`.

SwarmUI writes it where it cannot, or is not to, edit a safetensors header.
"""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.sidecar_values import (
    digest,
    line,
    lines,
    more_tags,
    number,
    phrases,
    table,
    text,
    whole,
)
from loradex.domain.text import trained_words
from loradex.plugin_api import (
    KeyRule,
    Preferences,
    SidecarClaims,
    SidecarDocument,
    SidecarKey,
    SidecarModel,
    hookimpl,
)

LORADEX_API = "1.2"

_ARCHITECTURES = (
    ("stable-diffusion-v1", "SD 1.5"),
    ("stable-diffusion-v2", "SD 2.1"),
    ("stable-diffusion-xl", "SDXL 1.0"),
    ("stable-diffusion-3", "SD 3"),
    ("flux-1-schnell", "Flux.1 S"),
    ("flux-1", "Flux.1 D"),
    ("chroma", "Chroma"),
    ("lumina-2", "Lumina"),
    ("anima", "Anima"),
)
"""How an architecture's id begins, and the hub's name of the base."""
_PICTURE = "data:image/"
_LONGEST_PICTURE = 8 * 1024 * 1024
_HEAVIEST = 10.0
_LARGEST_SIDE = 16_384


class Swarm:
    """The dialect of SwarmUI."""

    name = "swarm"
    label = "SwarmUI"
    suffix = ".swarm.json"
    after_full_name = False
    rank = 70
    tools = ("swarm",)
    indent = 2
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what a person or an import wrote into SwarmUI's editor."""
        document_ = table(document.value)

        def get(key: str) -> object:
            return document_.get(f"modelspec.{key}")

        tensor_hash = digest(get("hash_sha256"), 12) or digest(get("hash"), 12)
        architecture = line(get("architecture"))
        picture = text(get("preview_image"), _LONGEST_PICTURE)
        return SidecarClaims(
            tensor_hash=(tensor_hash,) if tensor_hash else (),
            title=line(get("title")),
            model_type=_type(architecture),
            base_model=_base(architecture),
            creator=line(get("author")),
            description=text(get("description")),
            words=phrases(get("trigger_phrase")),
            tags=lines(get("tags")) or phrases(get("tags")),
            note=text(get("usage_hint")),
            preferences=Preferences(
                strength=number(get("lora_default_weight"), -_HEAVIEST, _HEAVIEST),
                width=whole(get("standard_width"), 64, _LARGEST_SIDE),
                height=whole(get("standard_height"), 64, _LARGEST_SIDE),
            ),
            preview=picture if picture.startswith(_PICTURE) else "",
        )

    def keys(self, model: SidecarModel, existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return what SwarmUI shows of a model; what it works out itself is left to it."""
        hub, person = model.hub, KeyRule.PERSON
        strength = model.preferences.usual_strength
        there = existing.get("modelspec.lora_default_weight")
        same = number(there, -_HEAVIEST, _HEAVIEST) == strength
        phrase = text(existing.get("modelspec.trigger_phrase"))
        if not phrase or trained_words(phrases(phrase)) != model.words:
            phrase = ", ".join(model.words)
        tags = more_tags(existing.get("modelspec.tags"), model.tags, model.removed_tags)
        found = [
            SidecarKey("modelspec.name", model.file_name, KeyRule.ONCE),
            SidecarKey("modelspec.title", model.name, person),
            SidecarKey("modelspec.author", model.creator, person),
            SidecarKey("modelspec.description", model.description, KeyRule.ONCE),
            SidecarKey("modelspec.usage_hint", model.note, person, own="note"),
            SidecarKey("modelspec.trigger_phrase", phrase, person, own="words"),
            SidecarKey("modelspec.tags", tags, person),
            SidecarKey("modelspec.date", hub.published_at if hub else "", KeyRule.ONCE),
            SidecarKey("modelspec.prediction_type", model.prediction, KeyRule.ONCE),
            SidecarKey("modelspec.is_negative_embedding", value=False, rule=KeyRule.ONCE),
        ]
        if strength is not None:
            weight = there if same else f"{strength:g}"
            found.append(
                SidecarKey("modelspec.lora_default_weight", weight, person, own="preferences")
            )
        if model.tensor_sha256:
            found.append(
                SidecarKey("modelspec.hash_sha256", f"0x{model.tensor_sha256}", KeyRule.FILE)
            )
        return found


@hookimpl
def sidecar_dialect() -> list[Swarm]:
    """Return the dialect."""
    return [Swarm()]


def _type(architecture: str) -> str:
    for end, word in (("/lora", "LORA"), ("/textual-inversion", "TextualInversion")):
        if architecture.endswith(end):
            return word
    return ""


def _base(architecture: str) -> str:
    names = (name for begin, name in _ARCHITECTURES if architecture.startswith(begin))
    return next(names, "")

"""Models and settings gathered from several places of one picture, each named once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from loradex.domain.generation import Generation, ModelRole, NamedModel, clean_hash, name_key
from loradex.domain.text import storable
from loradex.formats.generation.values import MOST_MODELS, MOST_SETTINGS, MOST_TEXT, text_of

_MOST_NAME = 500
_MOST_SETTING = 4_000
"""Characters kept of a setting; notes of extensions can be long."""
_MOST_TAGS = 2 * MOST_MODELS
_NOTHING = frozenset({"", "none", "null", "automatic", "undefined", "use same checkpoint"})
_TAG = re.compile(r"<(lora|lyco|hypernet):([^<>:]{1,400})((?::[^<>:]{0,100}){0,8})>", re.IGNORECASE)
_EMBEDDING = re.compile(r"embedding:\s*([^\s,()\[\]{}:<>\"]{1,300})", re.IGNORECASE)
_ORDER = {role: place for place, role in enumerate(ModelRole)}
"""Models of one role keep the order in which they were told."""
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


@dataclass(slots=True)
class Gathered:
    """A generation in the making."""

    models: list[NamedModel] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    _named: dict[tuple[ModelRole, str], int] = field(default_factory=dict)
    """Where models stand, by their names."""

    def set(self, name: str, value: object) -> None:
        """Keep a setting that says something, unless it is known already."""
        text = text_of(value)
        if text and name not in self.settings and len(self.settings) < MOST_SETTINGS:
            self.settings[storable(name, 100)] = text[:_MOST_SETTING]

    def model(
        self,
        role: ModelRole,
        name: object = "",
        *,
        digest: object = "",
        version_id: int = 0,
        model_id: int = 0,
        strength: float | None = None,
        strength_clip: float | None = None,
    ) -> None:
        """Keep a model; one of that role and name that is there already learns what is new."""
        known = text_of(name)[:_MOST_NAME].strip()
        if known.casefold() in _NOTHING:
            known = ""
        if strength_clip == strength:
            strength_clip = None
        self.add(
            NamedModel(
                role, known, clean_hash(digest), version_id, model_id, strength, strength_clip
            )
        )

    def add(self, new: NamedModel) -> None:
        """Keep a model, as `model` does."""
        if not (new.name or new.hash or new.version_id):
            return
        place = self._place_of(new)
        if place is not None:
            self.put_at(place, _joined(self.models[place], new))
        elif len(self.models) < MOST_MODELS:
            self.models.append(new)
            self.put_at(len(self.models) - 1, new)

    def _place_of(self, new: NamedModel) -> int | None:
        """Return where a model stands already: by its name, else by its digest or version."""
        if new.name:
            place = self._named.get((new.role, name_key(new.name)))
            if place is not None:
                return place
        for place, old in enumerate(self.models):
            if old.role is new.role and not (old.name and new.name) and _same_file(old, new):
                return place
        return None

    def put_at(self, place: int, model: NamedModel) -> None:
        """Put a model where another of its role stands."""
        self.models[place] = model
        if model.name:
            self._named[model.role, name_key(model.name)] = place

    def tags(self, prompt: str) -> None:
        """Keep the models that a prompt calls by `<lora:…>`, `<lyco:…>` and `<hypernet:…>`."""
        for tag in islice(_TAG.finditer(prompt), _MOST_TAGS):
            kind, name, rest = tag.groups()
            role = ModelRole.HYPERNETWORK if kind.lower() == "hypernet" else ModelRole.LORA
            strength, clip = _strengths(rest)
            self.model(role, name, strength=strength, strength_clip=clip)

    def embeddings(self, prompt: str) -> None:
        """Keep the embeddings that a prompt calls by `embedding:NAME`, as ComfyUI does."""
        for name in islice(_EMBEDDING.finditer(prompt), _MOST_TAGS):
            self.model(ModelRole.EMBEDDING, name.group(1).rstrip(".;"))

    def finished(
        self,
        tool: str,
        prompt: str,
        negative_prompt: str,
        *,
        made_at: float | None = None,
        own: bool = False,
    ) -> Generation:
        """Return what was gathered."""
        return Generation(
            tool=tool,
            prompt=storable(prompt, MOST_TEXT).strip(),
            negative_prompt=storable(negative_prompt, MOST_TEXT).strip(),
            settings=self.settings,
            models=tuple(sorted(self.models, key=lambda model: _ORDER[model.role])),
            made_at=made_at,
            own=own,
        )


def merged(first: Generation, second: Generation) -> Generation:
    """Return one generation of two that tell of one picture; where they differ, `first` counts."""
    both = Gathered(settings=dict(first.settings))
    for model in (*first.models, *second.models):
        both.add(model)
    for name, value in second.settings.items():
        both.set(name, value)
    made = first.made_at if first.made_at is not None else second.made_at
    return replace(
        both.finished(first.tool, first.prompt, first.negative_prompt, made_at=made, own=first.own),
        notes=(*first.notes, *second.notes),
    )


def renamed(data: Mapping[str, object], names: Mapping[str, str]) -> Iterable[tuple[str, object]]:
    """Yield the entries that `names` knows, under the names it gives them."""
    for theirs, ours in names.items():
        if theirs in data:
            yield ours, data[theirs]


def _same_file(old: NamedModel, new: NamedModel) -> bool:
    if old.hash and new.hash:
        return old.hash.startswith(new.hash) or new.hash.startswith(old.hash)
    return bool(old.version_id) and old.version_id == new.version_id


def _joined(old: NamedModel, new: NamedModel) -> NamedModel:
    return NamedModel(
        role=old.role,
        name=old.name or new.name,
        hash=old.hash if len(old.hash) >= len(new.hash) else new.hash,
        version_id=old.version_id or new.version_id,
        model_id=old.model_id or new.model_id,
        strength=new.strength if old.strength is None else old.strength,
        strength_clip=new.strength_clip if old.strength is None else old.strength_clip,
    )


def _strengths(rest: str) -> tuple[float | None, float | None]:
    """Return a tag's strengths: A1111's order is text encoder, U-Net; one number is for both.

    Named numbers (`te=`, `unet=`) count as well; without any number the strength is 1.
    """
    plain: list[float] = []
    named: dict[str, float] = {}
    for part in rest.split(":")[1:]:
        name, equals, value = part.partition("=")
        number = _NUMBER.fullmatch((value if equals else name).strip())
        if number is None:
            continue
        if equals:
            named[name.strip().lower()] = float(number.group())
        else:
            plain.append(float(number.group()))
    text = named.get("te", plain[0] if plain else 1.0)
    unet = named.get("unet", plain[1] if len(plain) > 1 else text)
    return unet, None if text == unet else text

"""Recipes as JSON: the stable shapes of `recipe … --json` and of `used --json`."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.domain.generation import Generation
from loradex.domain.picture_recipes import (
    HubPlace,
    MissingModel,
    RecipeRecord,
    UsedModel,
    Uses,
)


def generation_json(
    path: str, told: Generation | None, models: Sequence[UsedModel], problem: str | None
) -> dict[str, object]:
    """Return what one picture tells; nulls where it tells nothing."""
    return {
        "path": path,
        "tool": told.tool if told else None,
        "made_at": told.made_at if told else None,
        "own": bool(told and told.own),
        "prompt": told.prompt if told else None,
        "negative_prompt": told.negative_prompt if told else None,
        "settings": dict(told.settings) if told else {},
        "models": [used_json(model) for model in models],
        "problem": problem,
    }


def recipe_json(recipe: RecipeRecord) -> dict[str, object]:
    """Return a recipe."""
    return {
        "id": recipe.id,
        "path": recipe.path,
        "tool": recipe.tool,
        "made_at": recipe.made_at,
        "own": recipe.own,
        "prompt": recipe.prompt,
        "negative_prompt": recipe.negative_prompt,
        "settings": dict(recipe.settings),
        "models": [used_json(model) for model in recipe.models],
        "problem": recipe.problem,
    }


def used_json(model: UsedModel) -> dict[str, object]:
    """Return a model of a recipe: what the picture says, and what it is here."""
    return {
        "role": model.role.value,
        "name": model.name or None,
        "hash": model.hash or None,
        "version_id": model.version_id or None,
        "strength": model.strength,
        "strength_clip": model.strength_clip,
        "id": model.content_id,
        "model": model.content_name,
        "matched_by": model.matched_by,
        "confidence": model.confidence,
        "candidates": list(model.candidates),
    }


def missing_json(missing: MissingModel) -> dict[str, object]:
    """Return a model that is missing."""
    return {
        "role": missing.role.value,
        "name": missing.name or None,
        "hash": missing.hash or None,
        "version_id": missing.version_id or None,
        "why": missing.why,
        "candidates": list(missing.candidates),
        "pictures": missing.pictures,
        "last_used": missing.last,
        "strengths": _strengths(missing.strength_low, missing.strength_high),
        "sources": [_place_json(place) for place in missing.sources],
    }


def uses_json(uses: Uses | None) -> dict[str, object]:
    """Return how often a model was used; a count of 0 where it was not."""
    return {
        "pictures": uses.pictures if uses else 0,
        "first_used": uses.first if uses else None,
        "last_used": uses.last if uses else None,
        "strengths": _strengths(uses.strength_low, uses.strength_high) if uses else None,
    }


def _strengths(low: float | None, high: float | None) -> list[float] | None:
    return None if low is None or high is None else [low, high]


def _place_json(place: HubPlace) -> dict[str, object]:
    return {
        "hub": place.hub,
        "model_id": place.model_id,
        "version_id": place.version_id,
        "model": place.model_name,
        "version": place.version_name,
        "air": place.air,
        "known_by": place.known_by,
        "gone": place.gone,
    }

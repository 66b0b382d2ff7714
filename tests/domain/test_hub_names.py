"""Names of the hub, here and there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loradex.domain.hub_names import base_from_hub, hub_bases, hub_types, kind_from_hub
from loradex.domain.kinds import BaseModel, ModelKind

SAMPLES = Path(__file__).parents[1] / "hub" / "samples" / "support"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "sdxl",
            (
                "SDXL 0.9", "SDXL 1.0", "SDXL 1.0 LCM", "SDXL Lightning", "SDXL Hyper",
                "SDXL Turbo", "SDXL Distilled", "Pony", "Illustrious", "NoobAI", "Playground v2",
            ),
        ),
        ("pony", ("Pony",)),
        (" Illustrious ", ("Illustrious",)),
        ("noobai", ("NoobAI",)),
        ("auraflow", ("Pony V7", "AuraFlow")),
        ("sdxl 1.0", ("SDXL 1.0",)),
        ("FLUX.1 D", ("Flux.1 D",)),
        ("kolors", ("Kolors",)),
        ("Nano Banana", ("Nano Banana",)),
        ("cosmos1", ("cosmos1",)),
    ],
)  # fmt: skip
def test_the_hubs_names_for_a_base(text: str, names: tuple[str, ...]) -> None:
    assert hub_bases(text) == names


@pytest.mark.parametrize("base", BaseModel)
def test_what_is_searched_for_as_a_base_is_that_base(base: BaseModel) -> None:
    for name in hub_bases(base.value):
        found = base_from_hub(name)
        assert found is None or found[0] is base


def test_names_are_spelled_as_the_hub_spells_them() -> None:
    table = json.loads((SAMPLES / "base-models.json").read_text())
    known = {row["name"] for row in table}
    searched = {name for base in BaseModel for name in hub_bases(base.value) if base_from_hub(name)}

    assert searched <= known
    assert {name for name in known if base_from_hub(name)} == searched


@pytest.mark.parametrize("kind", ModelKind)
def test_what_is_searched_for_as_a_kind_is_that_kind(kind: ModelKind) -> None:
    kinds = [kind_from_hub(name) for name in hub_types(kind)]

    assert kinds == [] or kinds[0] is kind
    # Denoisers alone come as checkpoints, too.
    assert set(kinds) <= {kind, ModelKind.CHECKPOINT}


def test_all_of_the_hubs_types_for_loras_are_searched() -> None:
    assert hub_types(ModelKind.LORA) == ("LORA", "LoCon", "DoRA")

"""AIR names are built as the hub builds them."""

from __future__ import annotations

import pytest

from loradex.domain.air import civitai_air


@pytest.mark.parametrize(
    ("base", "kind", "primary", "air"),
    [
        ("SDXL 1.0", "LORA", "Model", "urn:air:sdxl:lora:civitai:1@2"),
        ("Pony", "LoCon", "Model", "urn:air:sdxl:lycoris:civitai:1@2"),
        ("Pony V7", "DoRA", "", "urn:air:auraflow:dora:civitai:1@2"),
        ("SD 1.5", "TextualInversion", "Negative", "urn:air:sd1:embedding:civitai:1@2"),
        ("Flux.1 D", "Checkpoint", "Diffusion Model", "urn:air:flux1:diffusionmodel:civitai:1@2"),
        ("Flux.1 D", "Checkpoint", "UNet", "urn:air:flux1:unet:civitai:1@2"),
        ("Qwen", "Checkpoint", "Model", "urn:air:qwen:checkpoint:civitai:1@2"),
        ("Upscaler", "Upscaler", "Model", "urn:air:other:upscaler:civitai:1@2"),
        ("Brand New 9", "LORA", "Model", None),
        ("SDXL 1.0", "Workflows", "Archive", None),
        ("", "", "", None),
    ],
)
def test_the_name_of_a_version(base: str, kind: str, primary: str, air: str | None) -> None:
    assert civitai_air(base, kind, primary, 1, 2) == air

"""What may be secret in an address is never shown."""

from __future__ import annotations

import pytest

from loradex.domain.addresses import shown_address

KEPT = [
    "",
    "nonsense",
    "what is this?",
    "why#not",
    "civitai:3@20004",
    "urn:air:sdxl:lora:civitai:1@2",
    "hf:owner/name/a.safetensors@main",
    "https://civitai.com/models/1@2",
    "https://civitai.com/models/1?modelVersionId=2",
    "https://civitai.com/api/download/models/2?type=Model&format=SafeTensor&size=full&fp=fp16",
    "http://[::1]:8080/models/1",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_harmless_stays(text: str) -> None:
    assert shown_address(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://x.io/a?token=SECRET", "https://x.io/a?token=…"),
        ("x.io/a?token=SECRET", "x.io/a?token=…"),
        ("a?token=SECRET", "a?token=…"),
        (
            "https://x.io/?type=Model&token=SECRET&fp=fp16",
            "https://x.io/?type=Model&token=…&fp=fp16",
        ),
        ("https://x.io/a?%74oken=SECRET", "https://x.io/a?%74oken=…"),
        ("https://x.io/a?token=SECRET?b=SECRET", "https://x.io/a?token=…?b=…"),
        ("https://x.io/a?token=SEC=RET", "https://x.io/a?token=…"),
        ("https://x.io/a?a=;X-Amz-Signature=SECRET", "https://x.io/a?a=;X-Amz-Signature=…"),
        ("https://x.io/a#access_token=SECRET", "https://x.io/a#access_token=…"),
        ("https://x.io/a?SECRET", "https://x.io/a?…"),
        ("https://me:SECRET@x.io/a", "https://…@x.io/a"),
        ("https://SECRET@x.io", "https://…@x.io"),
        ("https://me:SEC/RET@x.io/a", "https://…@x.io/a"),
        ("https://me:S?CRET@x.io/a?k=SECRET", "https://…@x.io/a?k=…"),
        ("//me:SECRET@x.io/a", "//…@x.io/a"),
    ],
)
def test_what_may_be_secret_is_hidden(text: str, shown: str) -> None:
    assert shown_address(text) == shown

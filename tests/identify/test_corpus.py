"""The recorded headers beside the repository, each with its right answer (skipped when absent)."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from loradex.domain.header import FileFormat, Header, Tensor
from loradex.domain.identity import Identity
from loradex.identify import identify

CORPUS = Path(__file__).parents[3] / "shared" / "identify" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no recorded headers at {CORPUS}")

NAMES = sorted(path.name.removesuffix(".json.gz") for path in CORPUS.glob("*.json.gz"))
FLOOR = 0.98
"""Share of the answers beside kind and base that must be right."""


@cache
def entry(name: str) -> tuple[Header, dict[str, object]]:
    with gzip.open(CORPUS / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        found = json.load(file)
    form = FileFormat(found["format"])
    turn = -1 if form is FileFormat.GGUF else 1
    tensors = {
        key: Tensor(dtype, tuple(shape[::turn])) for key, (dtype, shape) in found["tensors"].items()
    }
    metadata = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in (found["metadata"] or {}).items()
    }
    return Header(form, tensors, metadata), found["expect"]


def answers(identity: Identity) -> dict[str, object]:
    return {
        "kind": identity.kind.value,
        "base": identity.base.value if identity.base else None,
        "variant": identity.variant,
        "algo": identity.algorithm,
        "rank": identity.rank,
        "dora": identity.dora,
        "prediction": identity.prediction,
        "dtype": identity.dtype,
        "quant": identity.quantisation,
        "derivative": identity.derivative,
        "tokens": identity.tokens,
        "scale": identity.scale,
        "ema": "ema" in identity.parts,
        "ztsnr": identity.zero_terminal_snr,
        "partial": identity.partial,
        "broken": identity.broken,
    }


def right(expected: object, answer: object) -> bool:
    return answer in expected if isinstance(expected, list) else answer == expected


@pytest.mark.parametrize("name", NAMES)
def test_kind_and_base(name: str) -> None:
    header, expected = entry(name)
    identity = identify(header)
    found = answers(identity)
    assert right(expected["kind"], found["kind"]), identity.reasons
    assert right(expected["base"], found["base"]), identity.reasons
    assert not identity.partial or expected.get("partial"), identity.reasons
    assert identity.reasons


def test_other_fields() -> None:
    right_ones: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    wrong = []
    for name in NAMES:
        header, expected = entry(name)
        found = answers(identify(header))
        for field, answer in expected.items():
            asked[field] += 1
            good = right(answer, found[field])
            right_ones[field] += good
            if not good:
                wrong.append((name, field, answer, found[field]))
    for field, count in asked.items():
        assert right_ones[field] >= FLOOR * count, wrong


def test_file_names_change_neither_kind_nor_base() -> None:
    for name in NAMES[::7]:
        header, _ = entry(name)
        plain = identify(header)
        named = identify(header, file_name="ponyDiffusion_flux_vae_lora.safetensors")
        assert (named.kind, named.base, named.rank) == (plain.kind, plain.base, plain.rank)
        assert named.confidence == plain.confidence

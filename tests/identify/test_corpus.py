"""The recorded headers beside the repository, each with its right answer (skipped when absent)."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import replace
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


LIES = (
    {"ss_base_model_version": "sd_1.5"},
    {"ss_base_model_version": "sdxl_base_v1-0", "ss_network_dim": "1"},
    {"modelspec.architecture": "stable-diffusion-v1", "ss_base_model_version": "flux1"},
)
UNDECIDED_WITHOUT_METADATA = {"lora-anima-kohya-full"}


def test_metadata_does_not_beat_tensors() -> None:
    for name in NAMES[::3]:
        header, expected = entry(name)
        if name in UNDECIDED_WITHOUT_METADATA or header.format is not FileFormat.SAFETENSORS:
            continue
        for lie in LIES:
            identity = identify(replace(header, metadata={**header.metadata, **lie}))
            assert right(expected["kind"], identity.kind.value), name
            assert right(expected["base"], answers(identity)["base"]), name


def test_the_order_of_tensors_says_nothing() -> None:
    for name in NAMES[::2]:
        header, _ = entry(name)
        plain = answers(identify(header))
        turned = dict(reversed(list(header.tensors.items())))
        assert answers(identify(replace(header, tensors=turned))) == plain, name


def test_any_piece_of_a_file_is_of_its_base_or_of_none() -> None:
    """Shards and cut files: what is left may tell less, and does not tell another base."""
    random_ = random.Random(4)
    for name in NAMES[::2]:
        header, expected = entry(name)
        keys = sorted(header.tensors)
        if not keys:
            continue
        start = random_.randrange(len(keys))
        piece = {key: header.tensors[key] for key in keys[start : start + 200]}
        identity = identify(replace(header, tensors=piece))
        told = answers(identity)["base"]
        near = {base.value for base in identity.candidates}
        known = {base for base in as_list(expected["base"]) if isinstance(base, str)}
        assert told is None or told in known or known & near, (name, start, identity.reasons)


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]

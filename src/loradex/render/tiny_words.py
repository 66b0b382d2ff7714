"""A small CLIP tokenizer made on the spot: every byte, and the pieces of a few common words.

Given a list of words, it has each of them as one token instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

_START, _END, _PAD = "<|startoftext|>", "<|endoftext|>", "!"
_SAMPLE = """
a an the of in on at by with and under over near old small big red green blue golden silver dark
bright light house lighthouse boat harbour sea river lake mountain forest tree flower garden city
street night day dusk dawn sunset sunrise winter summer storm rain snow fog cloud sky star moon
portrait photo painting sketch style watercolor detailed woman man girl boy child cat dog fox owl
bird fish horse dragon robot knight castle tower bridge road window lamp glass stone wood metal
paper ink neon colorful soft warm cold quiet wide close up view masterpiece best quality
"""


def write_tokenizer(folder: Path, *, pad_with_end: bool, whole: Iterable[str] = ()) -> int:
    """Write a tokenizer into `folder`; return how many tokens it has.

    `pad_with_end` as SD 1.x pads; otherwise with `!`, as the second encoder of SDXL does. `whole`
    holds the words (lower case) that are one token each, in place of the common ones.
    """
    vocabulary, merges = _tables(tuple(whole))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), "utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", "utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": 77,
        "bos_token": _START,
        "eos_token": _END,
        "unk_token": _END,
        "pad_token": _END if pad_with_end else _PAD,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), "utf-8")
    return len(vocabulary)


def token_count(whole: Iterable[str] = ()) -> int:
    """Return how many tokens the tokenizer has."""
    return len(_tables(tuple(whole))[0])


def _tables(whole: tuple[str, ...]) -> tuple[dict[str, int], list[str]]:
    letters = _byte_letters()
    words = [[*word[:-1], f"{word[-1]}</w>"] for word in whole or _SAMPLE.split()]
    # Every round joins at least two pieces for good, so as many rounds as letters join all words.
    merges = _merges(words, rounds=sum(map(len, words)) if whole else 220)
    # The padding mark comes first and the end mark last, as in CLIP's own table.
    tokens = [_PAD, *(letter for letter in letters if letter != _PAD)]
    tokens += [f"{letter}</w>" for letter in letters]
    tokens += [first + second for first, second in merges]
    tokens += [_START, _END]
    return {token: row for row, token in enumerate(tokens)}, [" ".join(pair) for pair in merges]


def _byte_letters() -> list[str]:
    """Return one printable letter per byte, as byte-level BPE assigns them."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + index) for index in range(len(others))]


def _merges(words: list[list[str]], *, rounds: int) -> list[tuple[str, str]]:
    """Join the most frequent neighbours, again and again (byte-pair encoding)."""
    merges: list[tuple[str, str]] = []
    for _ in range(rounds):
        counts: dict[tuple[str, str], int] = {}
        for word in words:
            for pair in pairwise(word):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        words = [_joined(word, best) for word in words]
    return merges


def _joined(word: list[str], pair: tuple[str, str]) -> list[str]:
    out: list[str] = []
    for piece in word:
        if out and (out[-1], piece) == pair:
            out[-1] += piece
        else:
            out.append(piece)
    return out

"""Tokenizers as their authors published them: which small files, at which commit, of which bytes.

Every CLIP of a Stable Diffusion checkpoint uses OpenAI's, every T5 the one of the first T5, and
every Qwen can use Qwen3's, which has all words of the older ones and some more. Sizes and SHA-256
are those of the files on Hugging Face at that commit; all are tables, and nothing in them runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TokenizerKind = Literal["clip", "t5", "qwen"]


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file of a repository; `sha256` is in lower-case hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PublishedTokenizer:
    """A tokenizer's files in a repository of Hugging Face, at the commit `revision`."""

    kind: TokenizerKind
    words: str
    repository: str
    revision: str
    files: tuple[PublishedFile, ...]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.size for file in self.files)


PUBLISHED: Mapping[TokenizerKind, PublishedTokenizer] = {
    "clip": PublishedTokenizer(
        "clip",
        "CLIP's tokenizer",
        "openai/clip-vit-large-patch14",
        "32bd64288804d66eefd0ccbe215aa642df71cc41",
        (
            PublishedFile(
                "vocab.json",
                961_143,
                "3f0c4f7d2086b61b38487075278ea9ed04edb53a03cbb045b86c27190fa8fb69",
            ),
            PublishedFile(
                "merges.txt",
                524_619,
                "9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a",
            ),
        ),
    ),
    "t5": PublishedTokenizer(
        "t5",
        "T5's tokenizer",
        "google-t5/t5-small",
        "df1b051c49625cf57a3d0d8d3863ed4d13564fe4",
        (
            PublishedFile(
                "tokenizer.json",
                1_389_353,
                "d2acde0d8d71dd30a711834b07781b9c89feaac33fd332f60507699282740066",
            ),
        ),
    ),
    "qwen": PublishedTokenizer(
        "qwen",
        "Qwen's tokenizer",
        "Qwen/Qwen3-4B",
        "1cfa9a7208912126459214e8b04321603b3df60c",
        (
            PublishedFile(
                "tokenizer.json",
                11_422_654,
                "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4",
            ),
        ),
    ),
}

"""Whether a file is what its suffix says."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.header import FileFormat
from loradex.formats.model_file import ModelFile
from loradex.formats.sniffing import tell_format

_SUFFIXES = {
    ".safetensors": FileFormat.SAFETENSORS,
    ".sft": FileFormat.SAFETENSORS,
    ".gguf": FileFormat.GGUF,
    ".ckpt": FileFormat.PICKLE,
    ".pt": FileFormat.PICKLE,
    ".pth": FileFormat.PICKLE,
    ".pkl": FileFormat.PICKLE,
}
"""Suffixes that promise a format. `.bin` and `.pt2` promise none."""

_WORDS = {
    FileFormat.SAFETENSORS: "a safetensors file",
    FileFormat.GGUF: "a GGUF file",
    FileFormat.PICKLE: "a pickle",
}


def misnaming(path: Path) -> tuple[str, str] | None:
    """Return what is wrong with a name and what to do, None when the suffix is true.

    Raises FormatError for a file that is no model at all, or cannot be read.
    """
    promised = _SUFFIXES.get(path.suffix.lower())
    with ModelFile(path) as file:
        real = tell_format(file)
        archive = file.read_at(0, 2) == b"PK"
    if promised is None or real is promised:
        return None
    what = "a zip archive, as torch saves pickles," if archive else _WORDS[real]
    hint = f"Give it the suffix {_suffix_of(real)}, or get {_WORDS[promised]} from where it came."
    if real is FileFormat.PICKLE:
        hint = "Loading it may run code: do not, unless you trust whoever made it. " + hint
    return f"It is {what} although its name says {path.suffix.lower()}.", hint


def _suffix_of(real: FileFormat) -> str:
    return next(suffix for suffix, format_ in _SUFFIXES.items() if format_ is real)

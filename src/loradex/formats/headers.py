"""Read what a model says about itself without its weights; the name of the file plays no part."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.header import FileFormat, Header
from loradex.formats.diffusers_folder import read_folder
from loradex.formats.gguf_header import read_gguf
from loradex.formats.model_file import ModelFile, is_folder
from loradex.formats.pickle_header import read_pickle
from loradex.formats.safetensors_header import read_safetensors
from loradex.formats.shards import with_siblings
from loradex.formats.sniffing import LONGEST_SIGN, tell_format

_READERS = {
    FileFormat.SAFETENSORS: read_safetensors,
    FileFormat.GGUF: read_gguf,
    FileFormat.PICKLE: read_pickle,
}


def read_header(path: Path) -> Header:
    """Return the header of a model file, or of a folder with a model in diffusers' manner.

    The first shard of a model in several files is given with the tensors of all of them, any
    other shard with the first one's. Raises FormatError for anything that is no healthy model:
    its message says what the file really is. A reader of many files saves a third of its time
    with the garbage collector off: headers make many small objects, and no cycles.
    """
    if is_folder(path):
        return read_folder(path, read_alone)
    return with_siblings(read_alone(path), path, read_alone)


def read_alone(path: Path) -> Header:
    """Return the header of one file, a shard's too as if it had no siblings; raise FormatError."""
    with ModelFile(path) as file:
        return read_open(file)


def read_open(file: ModelFile) -> Header:
    """Return the header of an open file, a shard's alone; raise as `read_header` does."""
    file.hold(LONGEST_SIGN)  # a safetensors file's length is in it: the next read is exact
    return _READERS[tell_format(file)](file)

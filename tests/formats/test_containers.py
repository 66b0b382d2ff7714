"""What a file really is, whatever it is called."""

from __future__ import annotations

import os
import socket
import stat
import zipfile
from pathlib import Path

import pytest

from loradex.domain.header import FileFormat
from loradex.errors import FormatError
from loradex.formats.headers import read_header

from .making import Tensor, gguf, gguf_tensor, small_lora, torch_pickle, torch_zip

HTML = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"abc\x00\x01", "only 5 bytes"),
        (bytes(4096), "nothing but zeros"),
        (HTML, "is an HTML page"),
        (b"\xef\xbb\xbf<html lang='de'>" + b"x" * 2000, "is an HTML page"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is an XML document"),
        (b'{"error": "Unauthorized", "message": "log in"}', "is a JSON text"),
        (b'[{"error": 1}]' * 100, "is a JSON text"),
        (b"Invalid username or password.", "is a text file, not"),
        ("не найдено ".encode() * 60, "is a text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
        (b"\x1f\x8b\x08" + bytes(range(200)), "gzip archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(range(100)), "7z archive"),
        (b"a.pkl".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "tar archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG picture"),
        (b"\x93NUMPY\x01\x00" + bytes(100), "NumPy array"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5"),
        (b"PK\x05\x06" + bytes(18), "empty zip archive"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "a program"),
        (bytes(range(256)) * 4, "not a model file that loradex knows"),
    ],
)
@pytest.mark.parametrize("name", ["model.safetensors", "model.gguf", "MODEL.CKPT"])
def test_what_is_no_model_is_named(tmp_path: Path, content: bytes, says: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        read_header(path)
    assert says in caught.value.message
    assert caught.value.message.startswith(f"{path} ")
    assert caught.value.message.endswith(".")
    assert caught.value.hint
    assert caught.value.path == str(path)


def test_zip_without_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(FormatError, match="zip archive without a PyTorch pickle"):
        read_header(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weight.npy", b"\x93NUMPY")
    with pytest.raises(FormatError, match="NumPy archive"):
        read_header(path)


def test_the_suffix_plays_no_part(tmp_path: Path) -> None:
    pickle = torch_zip(tmp_path / "a.safetensors", torch_pickle({"w": Tensor("HalfStorage", (2,))}))
    assert read_header(pickle).format is FileFormat.PICKLE
    lora = tmp_path / "b.pt.SAFETENSORS.ckpt"
    lora.write_bytes(small_lora())
    assert read_header(lora).format is FileFormat.SAFETENSORS
    other = tmp_path / "c.bin"
    other.write_bytes(gguf([], [gguf_tensor("w", [4], 0, 0)], 16))
    assert read_header(other).format is FileFormat.GGUF


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.safetensors"
    os.mkfifo(fifo)  # opened without care, this waits for a writer for ever
    with pytest.raises(FormatError, match="not a regular file"):
        read_header(fifo)
    with pytest.raises(FormatError, match="not a regular file"):
        read_header(Path("/dev/zero"))
    place = tmp_path / "socket.safetensors"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        with pytest.raises(FormatError):
            read_header(place)


def test_links_are_followed_to_regular_files_only(tmp_path: Path) -> None:
    target = tmp_path / "blob"
    target.write_bytes(small_lora())
    link = tmp_path / "model.safetensors"
    link.symlink_to(target)
    assert len(read_header(link).tensors) == 3
    loop = tmp_path / "loop.safetensors"
    loop.symlink_to(loop)
    with pytest.raises(FormatError, match="cannot be read"):
        read_header(loop)


def test_what_the_system_refuses(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is not there") as caught:
        read_header(tmp_path / "gone.safetensors")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    (tmp_path / "link.safetensors").symlink_to("gone.safetensors")
    with pytest.raises(FormatError, match="a link that leads nowhere"):
        read_header(tmp_path / "link.safetensors")
    with pytest.raises(FormatError, match="cannot be read"):
        read_header(tmp_path / ("n" * 300))
    path = tmp_path / "secret.safetensors"
    path.write_bytes(small_lora())
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(FormatError, match="cannot be read: permission denied"):
        read_header(path)
    path.chmod(stat.S_IRUSR)


def test_an_ordinary_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"folder without model_index\.json"):
        read_header(tmp_path)

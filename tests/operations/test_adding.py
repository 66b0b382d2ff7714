"""What a person means by something typed or pasted."""

from __future__ import annotations

from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, LibraryError, UsageError
from loradex.operations.adding import names_downloads, read_wish, see_folder
from loradex.operations.downloads.by_hash import hash_in
from loradex.operations.libraries import add_proposed
from loradex.operations.opening_page import check_page
from loradex.paths import Home

SHA = "ab12" * 16


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("/mnt/models", "/mnt/models"),
        ("  /mnt/models \n", "/mnt/models"),
        ("'/mnt/my models'", "/mnt/my models"),
        (r"/mnt/my\ models", "/mnt/my models"),
        ("file:///mnt/my%20models", "/mnt/my models"),
        ("./models", "models"),
        ("..", ".."),
        ("models", "{here}/models"),
        ('"/mnt/it is being typed', '"/mnt/it is being typed'),
    ],
)
def test_a_path_however_it_is_written_is_a_folder(
    text: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    wish = read_wish(text)
    if wish.folder is None:
        assert wish.references == (folder,)
    else:
        assert str(wish.folder) == folder.format(here=tmp_path)
        assert wish.references == ()


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("", ()),
        ("# a comment\n\n", ()),
        ("https://civitai.com/models/5", ("https://civitai.com/models/5",)),
        ("version:5\nmodel:6 # the second\nversion:5", ("version:5", "model:6")),
        (SHA, (SHA,)),
        ("no folder of that name", ("no folder of that name",)),
        ("/mnt/a\n/mnt/b", ("/mnt/a", "/mnt/b")),
    ],
)
def test_all_else_are_references(text: str, references: tuple[str, ...]) -> None:
    wish = read_wish(text)
    assert (wish.folder, wish.references) == (None, references)


def test_what_is_too_long_to_be_meant_is_refused() -> None:
    with pytest.raises(UsageError):
        read_wish("x" * 5_000)


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("https://civitai.com/models/5/neon?modelVersionId=7", True),
        ("urn:air:sdxl:lora:civitai:5@7", True),
        ("version:5\nmodel:6\n", True),
        ("hf:owner/name", True),
        (SHA, True),
        ("", False),
        ("neon knight", False),
        ("kind:lora", False),
        ("https://civitai.com/models/5 is nice", False),
        ("deadbeef00", False),
    ],
)
def test_only_what_surely_names_a_download_is_taken_from_a_paste(text: str, sure: bool) -> None:
    assert names_downloads(text) is sure


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (SHA, SHA.upper()),
        (f"sha256:{SHA}", SHA.upper()),
        ("A1B2C3D4E5", "A1B2C3D4E5"),
        ("1234567890", None),
        ("a" * 63, None),
        ("neon", None),
        ("1" * 64, "1" * 64),
    ],
)
def test_a_hash_is_told_from_a_number(text: str, digest: str | None) -> None:
    assert hash_in(text) == digest


def test_a_folder_is_counted_before_it_is_added(home: Home, tmp_path: Path) -> None:
    tool = tmp_path / "ComfyUI"
    for name in ("main.py", "nodes.py", "folder_paths.py"):
        (tool / "comfy").mkdir(parents=True, exist_ok=True)
        (tool / name).touch()
    for number in range(3):
        lora(tool / "models" / "loras" / f"neon{number}.safetensors")
    with Catalog.open(home) as catalog:
        seen = see_folder(catalog, tool, cancel=CancelToken())
        assert (seen.models, seen.more) == (3, False)
        assert seen.nbytes == sum(path.stat().st_size for path in tool.rglob("*.safetensors"))
        assert seen.proposal.detected.title == "ComfyUI"
        hurried = see_folder(catalog, tool, cancel=CancelToken(), seconds=-1.0)
        assert (hurried.more, hurried.nbytes) == (True, 0)
        stopped = CancelToken()
        stopped.cancel()
        with pytest.raises(Cancelled):
            see_folder(catalog, tool, cancel=stopped)
        add_proposed(catalog, seen.proposal)
        with pytest.raises(LibraryError, match="is a library already"):
            see_folder(catalog, tool / "models", cancel=CancelToken())


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://civitai.com/models/5", True),
        ("https://www.civitai.com/models/5", True),
        ("http://127.0.0.1:8765/models/5", True),
        ("http://127.0.0.1:1/models/5", False),
        ("https://civitai.com.evil.example/models/5", False),
        ("https://civitai.com@evil.example/", False),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("--version", False),
        ("https://civitai.com/a b", False),
        ("https://civitai.com/\x1b[31m", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_only_pages_of_hubs_are_opened(address: str, good: bool) -> None:
    if good:
        check_page(address, ["http://127.0.0.1:8765"])
        return
    with pytest.raises(UsageError, match="is no page of a hub"):
        check_page(address, ["http://127.0.0.1:8765"])

"""What hubs call files, and what the disk gets to see of it."""

from __future__ import annotations

import pytest

from loradex.formats.model_files import is_model_file
from loradex.operations.downloads.file_names import free_name, safe_file_name, taken_keys


@pytest.mark.parametrize(
    ("hub_name", "format_name", "wanted"),
    [
        ("neon.safetensors", "SafeTensor", "neon.safetensors"),
        ("Neon.SafeTensors", None, "Neon.SafeTensors"),
        ("../../../etc/neon.safetensors", None, "neon.safetensors"),
        ("..\\..\\neon.ckpt", None, "neon.ckpt"),
        ("C:\\neon.pt", None, "neon.pt"),
        ("unet/diffusion.safetensors", None, "diffusion.safetensors"),
        ("..", "SafeTensor", "unknown.safetensors"),
        (".hidden.safetensors", None, "hidden.safetensors"),
        (".safetensors", "SafeTensor", "unknown.safetensors"),
        ("", "GGUF", "unknown.gguf"),
        ("CON.safetensors", None, "_CON.safetensors"),
        ("nul.tar.safetensors", None, "_nul.tar.safetensors"),
        ("a\nb.safetensors", None, "a_b.safetensors"),
        ("a\x1b[31mb\u202e.safetensors", None, "a_[31mb_.safetensors"),
        ("a:stream.safetensors", None, "a_stream.safetensors"),
        ("name. .safetensors", None, "name.safetensors"),
        ("紙灯り.safetensors", None, "紙灯り.safetensors"),
        ("紙灯り.safetensors".encode().decode("latin-1"), None, "紙灯り.safetensors"),
        ("caf\xe9.safetensors", None, "café.safetensors"),
        ("lone\udc80.safetensors", None, "lone_.safetensors"),
        ("x.safetensors.part", "SafeTensor", "x.safetensors.part.safetensors"),
        ("model v1.5", "SafeTensor", "model v1.5.safetensors"),
        ("model", "PickleTensor", "model.ckpt"),
        ("set.zip", "Other", "set.zip"),
        ("run.exe", "Other", None),
        ("run.exe", "SafeTensor", "run.exe.safetensors"),
        ("start.sh", None, None),
        ("no ending", None, None),
    ],
)
def test_a_hubs_name_becomes_one_safe_name(
    hub_name: str, format_name: str | None, wanted: str | None
) -> None:
    assert safe_file_name(hub_name, format_name) == wanted


def test_a_long_name_keeps_its_ending_and_room_for_what_goes_beside_it() -> None:
    name = safe_file_name("紙" * 300 + ".safetensors", None)
    assert name is not None
    assert name.endswith(".safetensors")
    assert is_model_file(name)
    assert len((name + ".part.json").encode()) < 200


@pytest.mark.parametrize(
    ("there", "wanted"),
    [
        ([], "neon.safetensors"),
        (["other.safetensors"], "neon.safetensors"),
        (["NEON.safetensors"], "neon-5.safetensors"),
        (["neon.ckpt"], "neon-5.safetensors"),  # one stem, and so one set of sidecars
        (["neon.yaml"], "neon.safetensors"),
        (["neon.safetensors", "neon-5.safetensors"], "neon-5-7.safetensors"),
        (
            ["neon.safetensors", "neon-5.safetensors", "neon-5-7.pt"],
            "neon-5-7-2.safetensors",
        ),
    ],
)
def test_a_name_that_is_taken_gets_ids(there: list[str], wanted: str) -> None:
    taken = {key for name in there for key in taken_keys(name)}
    assert free_name("neon.safetensors", taken, 5, 7) == wanted


def test_without_a_file_id_the_version_tells_files_apart() -> None:
    assert free_name("neon.gguf", taken_keys("neon.gguf"), None, 7) == "neon-7.gguf"

"""`loradex hub serve` as it is called: a program of its own, and others that ask it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from loradex.catalog.catalog import Catalog
from loradex.hub.client import CivitaiHub
from loradex.paths import Home
from loradex.serving.numbers import FIRST
from serving_kit import Studio


def loradex(*arguments: str, home: Path | None = None, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "loradex", *(("--home", str(home)) if home else ()), *arguments],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(*arguments: str, home: Path | None = None, **environ: str) -> tuple[int, str, str]:
    process = loradex(*arguments, home=home, **environ)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@contextmanager
def serving(home: Home, *arguments: str) -> Iterator[tuple[str, list[str]]]:
    """Give the address of a server in a process of its own, and the lines it began with."""
    process = loradex("hub", "serve", "--port", "0", *arguments, home=home.root)
    lines: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("Stop it"):
                break
        assert lines, process.communicate(timeout=60)[1]
        yield lines[0].rpartition(" ")[2], lines
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert err.endswith("Stopped.\n")
        assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_it_says_where_it_is_and_stops_on_demand(studio: Studio) -> None:
    with serving(studio.catalog.home) as (url, lines):
        assert httpx.get(f"{url}/api/v1/models", trust_env=False).status_code == 200
    assert lines[0].startswith("Serving 3 models at http://127.0.0.1:")
    assert "1 model above the content limit (safe)" in lines[1]
    assert any(f"LORADEX_HUB_URL={url}" in line for line in lines)


def test_keys_are_added_listed_and_removed(home: Home) -> None:
    code, out, err = ended("hub", "serve", "keys", "add", "laptop")
    assert code == 0
    assert out.startswith("ldx_")
    assert "not shown again" in err
    listed = json.loads(ended("hub", "serve", "keys", "list", "--json")[1])
    assert [(key["name"], key["used_at"]) for key in listed] == [("laptop", None)]
    assert "laptop" in ended("hub", "serve", "keys", "list")[1]
    assert ended("hub", "serve", "keys", "remove", "laptop")[:2] == (0, "Removed laptop.\n")
    assert ended("hub", "serve", "keys", "remove", "laptop")[0] == 2
    assert ended("hub", "serve", "keys", "list")[1] == ""


def test_off_loopback_it_does_not_start_without_a_key(home: Home) -> None:
    code, _, err = ended("hub", "serve", "--host", "0.0.0.0")  # noqa: S104 - refused
    assert code == 2
    assert "keys add" in err


def test_another_loradex_reaches_it_with_a_certificate_of_our_own(
    studio: Studio, certificate: tuple[Path, Path], mirror: Path
) -> None:
    home = studio.catalog.home.root
    key = ended("hub", "serve", "keys", "add", "desk", home=home)[1].strip()
    cert, its_key = map(str, certificate)
    with serving(
        studio.catalog.home, "--require-key", "--certfile", cert, "--keyfile", its_key
    ) as (url, _):
        there = {"LORADEX_HUB_URL": url, "LORADEX_HUB_TOKEN": key}
        code, out, err = ended("hub", "whoami", SSL_CERT_FILE=cert, **there)
        assert (code, "desk" in out) == (0, True), err
        assert ended("hub", "whoami", **there)[0] == 1  # not trusted
        there["LORADEX_HUB_CA"] = cert
        code, out, err = ended("hub", "whoami", **there)
        assert (code, "desk" in out) == (0, True), err
        code, _, err = ended("hub", "get", "version:102", home=mirror / "home", **there)
        assert code == 0, err
    (fetched,) = (mirror / "models").rglob("*.safetensors")
    assert fetched.read_bytes() == studio.lantern.read_bytes()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """A folder with a home and an empty library."""
    root = tmp_path / "mirror"
    (root / "models").mkdir(parents=True)
    assert ended("library", "add", str(root / "models"), home=root / "home")[0] == 0
    return root


def test_one_loradex_matches_with_another(studio: Studio, mirror: Path) -> None:
    for path in (studio.lantern, studio.own):
        (mirror / "models" / path.name).write_bytes(path.read_bytes())
    assert ended("scan", home=mirror / "home")[0] == 0
    with serving(studio.catalog.home) as (url, _):
        there = {"home": mirror / "home", "LORADEX_HUB_URL": url}
        code, out, err = ended("hub", "match", "--json", **there)
    assert code == 0, err
    told = {hub["hub"]: (hub["asked"], hub["matched"]) for hub in json.loads(out)["hubs"]}
    own = url.removeprefix("http://")
    # What it has under CivitAI's number is not asked for again.
    assert (told["civitai"], told[own]) == ((2, 1), (1, 1))
    assert _hubs_of(mirror) == {studio.lantern.name: "civitai", studio.own.name: own}
    rows = json.loads(ended("list", "--json", home=mirror / "home")[1])
    assert {row["name"] for row in rows} == {"Model 100 v2", "my_style"}


@pytest.mark.skipif(not hasattr(CivitaiHub, "look_up"), reason="the client knows no references")
def test_one_loradex_mirrors_a_part_of_another(studio: Studio, mirror: Path) -> None:
    """What the hub knows and what it does not: fetched, verified, and in the catalog at once."""
    with serving(studio.catalog.home) as (url, _):
        digest = studio.sha256(studio.own)
        own = httpx.get(f"{url}/api/v1/model-versions/by-hash/{digest}", trust_env=False).json()
        code, _, err = ended(
            *("hub", "get", "version:102", f"version:{own['id']}"),
            home=mirror / "home",
            LORADEX_HUB_URL=url,
        )
    assert code == 0, err
    rows = json.loads(ended("list", "--json", home=mirror / "home")[1])
    assert {row["sha256"] for row in rows} == {digest, studio.sha256(studio.lantern)}
    assert {Path(row["path"]).read_bytes() for row in rows} == {
        studio.own.read_bytes(),
        studio.lantern.read_bytes(),
    }
    assert all(row["matched"] for row in rows)
    assert sorted(_hubs_of(mirror).values()) == sorted(["civitai", url.removeprefix("http://")])


def _hubs_of(mirror: Path) -> dict[str, str]:
    """Return by file name whose numbers a model is kept under."""
    with Catalog.open(Home(mirror / "home")) as catalog:
        found = {}
        for row in catalog.rows(catalog.ids("")):
            match = catalog.details(row.id).match
            assert match is not None
            assert (match.version_id >= FIRST) == (match.hub != "civitai")
            found[row.file_name] = match.hub
        return found


def test_what_is_the_servers_own_is_found_under_its_name(studio: Studio, mirror: Path) -> None:
    with serving(studio.catalog.home) as (url, _):
        there = {"home": mirror / "home", "LORADEX_HUB_URL": url}
        whole = ended("hub", "search", "--json", **there)
        own = ended("hub", "search", "--hub", url.removeprefix("http://"), "--json", **there)
    assert (whole[0], own[0]) == (0, 0), whole[2] + own[2]
    assert "my_style" not in whole[1]
    assert "Model 100" in whole[1]
    assert "my_style" in own[1]
    assert "Model 100" not in own[1]

"""Work in a child process: events, cancelling, and no key in its environment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.operations.child_job import ChildJob, JobStatus
from loradex.operations.grid_job import start_grid_job
from loradex.operations.grid_request import usual_request
from loradex.operations.libraries import add_library
from loradex.operations.scan_job import start_scan_job
from loradex.paths import Home


def ended(job: ChildJob) -> JobStatus:
    deadline = time.monotonic() + 60
    while job.poll().state == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    job.close()
    return job.poll()


def test_a_scan_tells_how_it_goes_and_ends(home: Home, tmp_path: Path) -> None:
    lora(tmp_path / "models" / "neon.safetensors")
    (tmp_path / "models" / "bad.safetensors").write_text("<html>")
    with Catalog.open(home) as catalog:
        add_library(catalog, tmp_path / "models")
    status = ended(start_scan_job(home))
    assert status.state == "done"
    assert "2 model files" in (status.message or "")
    assert [Path(problem.item).name for problem in status.problems] == ["bad.safetensors"]
    with Catalog.open(home) as catalog:
        assert catalog.search("is:hashed").total == 1


def test_a_failure_arrives_in_words(home: Home) -> None:
    status = ended(start_scan_job(home))
    assert status.state == "failed"
    assert "no library" in (status.message or "")


def test_keys_stay_in_this_process(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORADEX_HUB_TOKEN", "s3cret")
    job = ChildJob(home, ["config"])
    environment = Path(f"/proc/{job._process.pid}/environ")
    if environment.exists():
        assert b"s3cret" not in environment.read_bytes()
    ended(job)


def test_a_grid_of_any_length_reaches_the_process_that_draws_it(home: Home) -> None:
    prompts = [f"--a prompt {number}, " + "long " * 50 for number in range(1000)]
    status = ended(start_grid_job(home, usual_request([77], None, prompts=prompts)))
    assert (status.state, status.message) == ("failed", "'77' names no model in the catalog.")

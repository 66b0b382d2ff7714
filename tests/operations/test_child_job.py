"""Work in a child process: events, cancelling, and no key in its environment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.operations.child_job import PROBLEMS_KEPT, ChildJob, JobStatus
from loradex.operations.grid_job import start_grid_job
from loradex.operations.grid_request import usual_request
from loradex.operations.job_kinds import SCAN, start_job
from loradex.operations.job_log import KEPT, last_lines, new_log
from loradex.operations.libraries import add_library
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
    status = ended(start_job(home, SCAN))
    assert status.state == "done"
    assert "2 model files" in (status.message or "")
    assert [Path(problem.item).name for problem in status.problems] == ["bad.safetensors"]
    with Catalog.open(home) as catalog:
        assert catalog.search("is:hashed").total == 1


def test_a_failure_arrives_in_words(home: Home) -> None:
    status = ended(start_job(home, SCAN))
    assert status.state == "failed"
    assert "no library" in (status.message or "")


def test_keys_stay_in_this_process(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORADEX_HUB_TOKEN", "s3cret")
    here = os.getpriority(os.PRIO_PROCESS, 0)
    job = ChildJob(home, ["config"])
    assert os.getpriority(os.PRIO_PROCESS, job.pid) == max(here, 10), "it gives way"
    environment = Path(f"/proc/{job._process.pid}/environ")
    if environment.exists():
        assert b"s3cret" not in environment.read_bytes()
    ended(job)


def test_a_grid_of_any_length_reaches_the_process_that_draws_it(home: Home) -> None:
    prompts = [f"--a prompt {number}, " + "long " * 50 for number in range(1000)]
    status = ended(start_grid_job(home, usual_request([77], None, prompts=prompts)))
    assert (status.state, status.message) == ("failed", "'77' names no model in the catalog.")


NOISE = """
import json, sys
out = sys.stdout.buffer
out.write(b"\\xff\\xfe\\x00 no text\\n[1, 2]\\n" + b"[" * 200_000 + b"\\n")
out.write(b'{"event": "progress", "done": "many", "total": [], "stage": 7}\\n')
for number in range(3_000):
    event = {"event": "problem", "item": f"f{number}", "message": "bad"}
    out.write(json.dumps(event).encode() + b"\\n")
print("last words", file=sys.stderr)
"""


@pytest.fixture
def child(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ChildJob]:
    """Start a program of these lines where a job starts `loradex`."""

    def start(program: str) -> ChildJob:
        package = tmp_path / "other" / "loradex"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(program)
        monkeypatch.chdir(package.parent)
        return ChildJob(home, ["noise", "two words"])

    return start


def test_whatever_a_child_prints_only_its_end_ends_it(child: Callable[[str], ChildJob]) -> None:
    job = child(NOISE)
    status = ended(job)
    assert status.state == "failed"
    assert status.message == "The work ended without a word (exit code 0)."
    assert (status.done, status.total, status.stage) == (0, None, "7")
    assert status.problem_count == 3_000
    assert len(status.problems) == PROBLEMS_KEPT
    assert last_lines(job.log, 5) == ["last words"]
    assert job.command == "loradex noise 'two words'"


def test_a_child_that_is_killed_has_failed_though_its_output_is_held_open(
    child: Callable[[str], ChildJob],
) -> None:
    held = "import subprocess, os, signal\n"
    held += "subprocess.Popen(['sleep', '20'])\nos.kill(os.getpid(), signal.SIGKILL)\n"
    status = ended(child(held))
    assert (status.state, status.message) == (
        "failed",
        "The work ended without a word (killed by signal 9).",
    )


def test_what_follows_the_last_word_is_not_cut_off(
    child: Callable[[str], ChildJob], tmp_path: Path
) -> None:
    after = tmp_path / "after"
    program = 'import pathlib, time\nprint(\'{"event": "done", "message": "All."}\', flush=True)\n'
    program += f"time.sleep(0.5)\npathlib.Path({str(after)!r}).touch()\n"
    status = ended(child(program))
    assert (status.state, status.message) == ("done", "All.")
    assert after.exists()


def test_old_logs_go(home: Home) -> None:
    logs = [new_log(home) for _ in range(KEPT + 3)]
    assert [log.exists() for log in logs].count(True) == KEPT
    assert logs[-1].exists()

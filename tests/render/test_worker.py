"""The process that draws: no network, no keys, no cell lost when it or its owner is killed."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.errors import Cancelled, NotRenderable, RenderError
from loradex.operations import drawing, drawing_process
from loradex.operations.drawing import draw_cells

from .conftest import Stock, draw_all, spec_for

pytestmark = pytest.mark.render


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in this process: the number of threads decides over the last bits."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def planned(stock: dict[str, Stock], **more: object) -> GridPlan:
    from loradex.render.engine import engine_of
    from loradex.render.plan import plan_grid

    files = stock["sd1"]
    options = {"strengths": (0, 1), "seeds": (1,), **more}
    return plan_grid(
        spec_for(files.folder, [files.kohya], **options),  # type: ignore[arg-type]
        engine=engine_of,
    )


def drawn(
    plan: GridPlan,
    folder: Path,
    *,
    sink: SilentSink | None = None,
    cancel: CancelToken | None = None,
) -> list[RenderedCell | FailedCell]:
    keys = [cell.key for cell in plan.cells]
    return list(
        draw_cells(
            plan,
            keys,
            folder,
            log=folder / "log",
            sink=sink or SilentSink(),
            cancel=cancel or CancelToken(),
        )
    )


def test_pictures_are_those_of_this_process(stock: dict[str, Stock], tmp_path: Path) -> None:
    plan = planned(stock)
    seen: list[Progress] = []

    class Sink(SilentSink):
        def progress(self, event: Progress) -> None:
            seen.append(event)

    cells = drawn(plan, tmp_path / "a", sink=Sink())
    _, here = draw_all(plan.spec, tmp_path / "b")
    assert len(cells) == 2
    for cell in cells:
        other = here[cell.key]
        assert isinstance(cell, RenderedCell)
        assert isinstance(other, RenderedCell)
        assert Path(cell.path).read_bytes() == Path(other.path).read_bytes()
        assert cell.infotext == other.infotext
    assert seen[-1].done == seen[-1].total


def test_devices_share_the_cells(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loradex.render import devices

    monkeypatch.setattr(devices, "devices_for", lambda _settings: ["cpu", "cpu"])
    plan = planned(stock, seeds=(1, 2))
    cells = drawn(plan, tmp_path / "a")
    assert sorted(cell.key for cell in cells) == sorted(cell.key for cell in plan.cells)
    _, here = draw_all(plan.spec, tmp_path / "b")
    for cell in cells:
        other = here[cell.key]
        assert isinstance(cell, RenderedCell)
        assert isinstance(other, RenderedCell)
        assert Path(cell.path).read_bytes() == Path(other.path).read_bytes()


def test_cancelling_ends_the_process_within_a_step(stock: dict[str, Stock], tmp_path: Path) -> None:
    cancel = CancelToken()

    class Stopper(SilentSink):
        def progress(self, event: Progress) -> None:
            if event.stage == "Drawing":
                cancel.cancel()

    plan = planned(stock, num_inference_steps=500)
    started = time.monotonic()
    with pytest.raises(Cancelled):
        drawn(plan, tmp_path, sink=Stopper(), cancel=cancel)
    assert time.monotonic() - started < drawing_process._PATIENCE + 60
    assert list(tmp_path.rglob("*.tmp")) == []


def test_an_error_comes_as_what_it_was(stock: dict[str, Stock], tmp_path: Path) -> None:
    files = stock["sd1"]
    from loradex.render.engine import engine_of
    from loradex.render.plan import plan_grid

    spec = spec_for(tmp_path / "gone.safetensors", [files.kohya])
    with pytest.raises(NotRenderable, match="is not there"):
        drawn(plan_grid(spec, engine=engine_of), tmp_path)


def test_a_killed_process_is_told_and_loses_nothing_finished(
    stock: dict[str, Stock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(stock, seeds=tuple(range(9)), num_inference_steps=30)
    begun: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def started(*args: object, **rest: object) -> subprocess.Popen[bytes]:
        process = real(*args, **rest)  # type: ignore[call-overload]
        begun.append(process)
        return process  # type: ignore[no-any-return]

    monkeypatch.setattr(drawing_process.subprocess, "Popen", started)
    finished = []
    keys = [cell.key for cell in plan.cells]
    work = draw_cells(
        plan, keys, tmp_path, log=tmp_path / "log", sink=SilentSink(), cancel=CancelToken()
    )
    with pytest.raises(RenderError, match="ended from outside \\(signal 9\\)"):
        for cell in work:
            finished.append(cell)
            begun[0].send_signal(signal.SIGKILL)
    assert finished
    for cell in finished:
        assert isinstance(cell, RenderedCell)
        assert Path(cell.path).exists()


def test_it_has_no_key_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVITAI_API_KEY", "secret")
    monkeypatch.setenv("HF_TOKEN", "secret")
    environment = drawing_process._environment()
    assert "secret" not in json.dumps(environment)
    code = (
        "import sys, socket\n"
        "from loradex.render import worker\n"
        "sys.addaudithook(worker._refuse_network)\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), timeout=1)\n"
        "except worker.NetworkRefused:\n    print('refused')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=60,
    )
    assert ended.stdout == "refused\n", ended.stderr


def test_it_ends_when_its_owner_is_killed(stock: dict[str, Stock], tmp_path: Path) -> None:
    """The owner holds the process's stdin: with it goes the work."""
    plan = planned(stock, num_inference_steps=900)
    job = drawing._job(plan, [cell.key for cell in plan.cells], tmp_path, "cpu")
    process = subprocess.Popen(
        [sys.executable, "-m", "loradex.render.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=drawing_process._environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for line in ({"tokenizers": []}, {"id": 1, "do": "grid", **job}):
            process.stdin.write(json.dumps(line).encode() + b"\n")
        process.stdin.flush()
        for event in process.stdout:
            if json.loads(event).get("stage") == "Drawing":
                break
        process.stdin.close()
        process.stdout.close()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait(60)
    assert os.listdir(tmp_path) == []

"""What a grid or probes would take, asked of a process of its own: torch takes long to start.

One process answers all questions until it is closed, each in a few hundredths of a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from loradex.domain.probing import Depth
from loradex.errors import RenderError
from loradex.operations.child_job import environment_without_keys
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_toml import write_toml
from loradex.operations.probe_forecast import ProbeForecast
from loradex.paths import Home

_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class GridForecast:
    """What drawing takes here. `seconds` is None where nothing like it was drawn before.

    `exist` of the pictures need not be drawn. `downloads` are tokenizers that are missing, with
    their sizes in bytes. `devices` are what would draw: `cpu`, `cuda:0` …
    """

    pictures: int
    exist: int
    seconds: float | None
    memory_bytes: int
    downloads: tuple[tuple[str, int], ...]
    devices: tuple[str, ...]


class Forecaster:
    """Answers what grids would take. Every method but `close` waits, so call it in a thread."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False

    def forecast(self, request: GridRequest) -> GridForecast:
        """Return what a request would take; models that were never hashed count as new.

        Raises `RenderError` with what drawing would say, and when the process is gone.
        """
        answer = self._answer({"do": "grid", "spec": write_toml(request)})
        return GridForecast(
            pictures=_number(answer["pictures"]),
            exist=_number(answer["exist"]),
            seconds=_seconds(answer["seconds"]),
            memory_bytes=_number(answer["memory_bytes"]),
            downloads=tuple((str(name), int(size)) for name, size in _list(answer["downloads"])),
            devices=tuple(str(one) for one in _list(answer["devices"])),
        )

    def probes(
        self, models: Sequence[int], checkpoints: Sequence[int], depth: Depth, *, again: bool
    ) -> ProbeForecast:
        """Return what probes of these LoRAs on these checkpoints would take; raises likewise."""
        answer = self._answer(
            {
                "do": "probe",
                "models": list(models),
                "checkpoints": list(checkpoints),
                "depth": depth.value,
                "again": again,
            }
        )
        return ProbeForecast(
            first=_number(answer["first"]),
            most=_number(answer["most"]),
            exist=_number(answer["exist"]),
            seconds=_seconds(answer["seconds"]),
            todo=_number(answer["todo"]),
            known=_number(answer["known"]),
            faults=tuple(str(one) for one in _list(answer["faults"])),
        )

    def close(self) -> None:
        """End the process; who waits for an answer gets an error."""
        self._closed = True
        process = self._process
        if process is None:
            return
        process.kill()
        process.wait(_PATIENCE)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _answer(self, asked: Mapping[str, object]) -> dict[str, object]:
        with self._lock:
            answer = self._asked(asked)
        if "error" in answer:
            raise RenderError(str(answer["error"]), hint=_text(answer.get("hint")))
        return answer

    def _asked(self, asked: Mapping[str, object]) -> dict[str, object]:
        process = self._running()
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline() or "null")
        except (OSError, ValueError) as error:
            raise _gone() from error
        if not isinstance(answer, dict):
            raise _gone()
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._closed:
            raise _gone()
        if self._process is None or self._process.poll() is not None:
            log = self._home.root / "logs" / "child.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as errors:
                self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                    [
                        sys.executable,
                        "-m",
                        "loradex.operations.forecast_worker",
                        str(self._home.root),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    text=True,
                    encoding="utf-8",
                    env=environment_without_keys(),
                    start_new_session=True,
                )
        return self._process


def _gone() -> RenderError:
    return RenderError(
        "How long this takes is not known: the process that reckons it has ended.",
        hint="`loradex grid --dry-run` tells it, too.",
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int:
    return int(str(value))


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _list(value: object) -> list[tuple[str, int]]:
    return value if isinstance(value, list) else []

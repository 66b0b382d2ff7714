"""Ask the doctor in a process of its own: it looks at every file, and nobody is to wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from loradex.domain.progress import CancelToken
from loradex.errors import LoradexError
from loradex.operations.child_job import environment_without_keys
from loradex.paths import Home

_LOOK_EVERY = 0.1
_WELL, _ILL = 0, 3


@dataclass(frozen=True, slots=True)
class Told:
    """One finding as the doctor tells it. Texts may hold untrusted names."""

    check: str
    level: str
    """`serious`, `fault` or `advice`."""
    what: str
    why: str
    path: str | None = None
    mend: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class CheckUp:
    """What a check-up found, the most serious first."""

    healthy: bool
    files: int
    libraries: int
    findings: tuple[Told, ...]

    @property
    def by_check(self) -> dict[str, list[Told]]:
        """The findings of each check, in their order."""
        found: dict[str, list[Told]] = {}
        for one in self.findings:
            found.setdefault(one.check, []).append(one)
        return found


def check_up(home: Home, *, cancel: CancelToken) -> CheckUp:
    """Return what the doctor finds in this home; raise `Cancelled`, or what it fails with."""
    answer = _asked(home, ["doctor", "--all", "--json"], cancel)
    findings = tuple(
        Told(
            str(one["check"]),
            str(one["level"]),
            str(one["what"]),
            str(one["why"]),
            one["path"],
            one["mend"],
            int(one["count"]),
        )
        for one in answer["findings"]  # type: ignore[attr-defined]
    )
    return CheckUp(
        bool(answer["healthy"]),
        int(str(answer["files"])),
        int(str(answer["libraries"])),
        findings,
    )


def mending_plan(home: Home, check: str, *, cancel: CancelToken) -> int | None:
    """Keep a plan that mends what a check finds, and return its number; None when none can."""
    answer = _asked(home, ["doctor", check, "--fix", "--json"], cancel)
    plans = answer["plans"]
    numbers = [one["plan"] for one in plans if one["plan"] is not None]  # type: ignore[attr-defined]
    return int(numbers[0]) if numbers else None


def _asked(home: Home, arguments: list[str], cancel: CancelToken) -> dict[str, object]:
    """Return the JSON object that a command prints."""
    environment = {**environment_without_keys(), "LORADEX_HOME": str(home.root)}
    with subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "loradex", *arguments, "--progress", "none"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    ) as process:
        while True:
            try:
                out, err = process.communicate(timeout=_LOOK_EVERY)
                break
            except subprocess.TimeoutExpired:
                if cancel.cancelled:
                    process.kill()
                    cancel.check()
    if process.returncode not in (_WELL, _ILL):
        words = os.fsdecode(err).strip().splitlines()
        raise LoradexError(words[0] if words else "The check-up ended without a word.")
    answer: dict[str, object] = json.loads(out)
    return answer

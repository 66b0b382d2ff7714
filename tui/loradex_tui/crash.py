"""What is kept of a crash: a report that a person can hand on, without their secrets and name.

Versions, the error, and where it came from, line by line. Values of variables are not in it: among
them may be keys, and what the person's files are called.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from textual.worker import WorkerFailed

from loradex.domain.text import display_text
from loradex.paths import Home

KEPT = 10
"""Reports that are kept; older ones go."""

_PACKAGES = ("loradex", "textual", "rich", "pillow", "httpx", "sqlalchemy")
_SECRET_NAMES = re.compile(r"TOKEN|KEY|SECRET|PASS|AUTH|CREDENTIAL", re.IGNORECASE)
_SECRET_WORDS = re.compile(
    r"(?i)\b(authorization|bearer|token|api[-_]?key|password|passwd|secret|key)"
    r"(\s*[=:]\s*|\s+)(?:bearer\s+)?([^\s'\"&,;)]+)"
)
_LONG_WORDS = re.compile(r"[A-Za-z0-9_\-+=]{32,}")
_USER_IN_URL = re.compile(r"(?<=://)[^/\s@]+@")
_ROOTS = re.compile(
    r"^.*[/\\](?:site-packages|dist-packages|src|tui|plugins|lib[/\\]python[\d.]+)[/\\]"
)
_ENDS = r"(?=[/\\\s'\":]|$)"
_MOST_LINES = 400


def keep_report(home: Home, error: BaseException) -> Path | None:
    """Write a report into the logs of `home`; return its place, None when it cannot be written."""
    folder = home.root / "logs"
    path = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt", time.gmtime())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(report(error), encoding="utf-8")
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def sentence(error: BaseException, path: Path | None) -> str:
    """Return what a person is told: what happened, where the report is, what to do with it."""
    what = display_text(f"{type(_cause(error)).__name__}: {_clean(str(_cause(error)))}", 200)
    if path is None:
        return f"The terminal UI failed ({what}), and no report could be written."
    return (
        f"The terminal UI failed ({what}); your catalog is safe."
        f" Read {display_text(str(path))}, and attach it when you report this."
    )


def report(error: BaseException) -> str:
    """Return the report's text."""
    lines = [
        "loradex crash report",
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "",
        *(f"{name} {_version(name)}" for name in _PACKAGES),
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        f"{platform.system()} {platform.release()} {platform.machine()}",
        *_terminal(),
        "",
        *_story(_cause(error)),
    ]
    return "\n".join(display_text(_clean(line), 1_000) for line in lines[:_MOST_LINES]) + "\n"


def _cause(error: BaseException) -> BaseException:
    """Return what went wrong in a thread, where Textual tells only that a worker failed."""
    return error.error if isinstance(error, WorkerFailed) else error


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "is not installed"


def _terminal() -> Iterator[str]:
    names = ("TERM", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "LANG", "LC_ALL")
    yield " ".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)
    multiplexer = "tmux" if "TMUX" in os.environ else "screen" if "STY" in os.environ else ""
    if multiplexer:
        yield f"inside {multiplexer}"
    with suppress(OSError):
        size = os.get_terminal_size(sys.__stderr__.fileno() if sys.__stderr__ else 2)
        yield f"{size.columns}x{size.lines}"


def _story(error: BaseException) -> Iterator[str]:
    """Tell the error and those behind it, the first one first."""
    behind = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if behind is not None and behind is not error:
        yield from _story(behind)
        yield ""
        yield "then:"
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"  {_ROOTS.sub('', frame.filename)}:{frame.lineno} in {frame.name}"
        if frame.line:
            yield f"    {frame.line}"
    yield f"{type(error).__module__}.{type(error).__qualname__}: {error}"


def _clean(text: str) -> str:
    """Take out keys, what looks like one, and the person's name and folder."""
    for name, value in os.environ.items():
        if len(value) >= 6 and _SECRET_NAMES.search(name):
            text = text.replace(value, "[secret]")
    text = _SECRET_WORDS.sub(r"\1\2[secret]", text)
    text = _USER_IN_URL.sub("", text)
    text = _LONG_WORDS.sub("[long]", text)
    with suppress(RuntimeError):
        text = re.sub(rf"(?<![\w/\\]){re.escape(str(Path.home()))}{_ENDS}", "~", text)
    with suppress(OSError, KeyError, ImportError):
        text = re.sub(rf"(?<=[/\\]){re.escape(getpass.getuser())}{_ENDS}", "USER", text)
    return text

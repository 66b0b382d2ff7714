"""Where image tools and their models usually lie on a person's machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from loradex.operations.layouts.detected import Detected
from loradex.operations.layouts.detecting import detect_tool
from loradex.operations.layouts.names import entries
from loradex.paths import expanded

SECONDS = 5.0
_MAX_FOLDERS = 300
"""Sub-folders looked into in one place."""

_MOUNTS = {"/mnt": False, "/media": True, "/run/media": True}
"""Where drives are mounted, and whether users may have a folder of their own in between."""

_BY_NAME = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "INVOKEAI_ROOT", "COMFYUI_PATH")
_IN_HOME = (
    "ComfyUI", "stable-diffusion-webui", "stable-diffusion-webui-forge", "StabilityMatrix",
    "SwarmUI", "sdnext", "automatic", "invokeai", ".cache/huggingface",
    ".local/share/StabilityMatrix", ".config/StabilityMatrix",
)  # fmt: skip
_LOOKED_INTO = ("~", "~/Documents", "~/ai", "~/AI", "~/src", "~/git", "/opt", "/srv", "/workspace")


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found in the usual places, and the places that did not answer in time."""

    found: tuple[tuple[Path, Detected], ...]
    silent: tuple[Path, ...]


def drives() -> list[Path]:
    """Return the folders where drives are mounted: `/mnt/x`, `/media/x` and `/media/user/x`."""
    found = []
    for mount, has_users in _MOUNTS.items():
        for name in sorted(entries(Path(mount)))[:_MAX_FOLDERS]:
            drive = Path(mount, name)
            found.append(drive)
            if has_users:
                found += [drive / inner for inner in sorted(entries(drive))[:_MAX_FOLDERS]]
    return found


def survey(*, seconds: float = SECONDS) -> Survey:
    """Look for tools in the usual places: the home folder, `/opt`, drives and what they hold.

    Every place is looked at by a thread of its own, since a dead network drive answers nothing;
    what has not answered after `seconds` is named.
    """
    told: SimpleQueue[tuple[Path, list[tuple[Path, Detected]]]] = SimpleQueue()
    waiting = dict(_places())
    for place, holds_others in waiting.items():
        threading.Thread(target=_look, args=(place, holds_others, told), daemon=True).start()
    found: dict[Path, tuple[Path, Detected]] = {}
    end = time.monotonic() + seconds
    while waiting:
        try:
            place, tools = told.get(timeout=max(end - time.monotonic(), 0.001))
        except Empty:
            break
        waiting.pop(place)
        for folder, tool in tools:
            known = found.get(tool.roots[0].path)
            if known is None or folder < known[0]:
                found[tool.roots[0].path] = (folder, tool)
    return Survey(tuple(sorted(found.values(), key=lambda item: item[0])), tuple(waiting))


def _places() -> Iterator[tuple[Path, bool]]:
    """Yield each place, and whether the folders in it are to be looked at as well."""
    for variable in _BY_NAME:
        if os.environ.get(variable):
            yield expanded(os.environ[variable]), False
    for name in _IN_HOME:
        yield expanded("~") / name, False
    for name in _LOOKED_INTO:
        yield expanded(name), True
    for drive in drives():
        yield drive, True


def _look(
    place: Path, holds_others: bool, told: SimpleQueue[tuple[Path, list[tuple[Path, Detected]]]]
) -> None:
    folders = [place]
    if holds_others:
        names = sorted(name for name in entries(place) if not name.startswith("."))
        folders += [place / name for name in names[:_MAX_FOLDERS]]
    tools = []
    for folder in folders:
        tool = detect_tool(folder)
        if tool is not None and tool.roots:
            tools.append((folder, tool))
    told.put((place, tools))

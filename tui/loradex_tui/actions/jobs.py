"""What can be done with jobs and downloads."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class JobsSituation(Situation):
    """What is under the cursor."""

    download: str = ""
    """State of the download under the cursor; empty when there is none."""


@where(JobsSituation)
def _needs_download(situation: JobsSituation) -> str | None:
    return None if situation.download else "There is no download here."


@where(JobsSituation)
def _needs_open_download(situation: JobsSituation) -> str | None:
    if situation.download in ("done", "cancelled"):
        return "This download has ended."
    return _needs_download(situation)


@where(JobsSituation)
def _needs_failed(situation: JobsSituation) -> str | None:
    if situation.download in ("failed", "aside", "cancelled"):
        return None
    return _needs_download(situation) or "Only what failed can be tried again."


ACTIONS: tuple[Action, ...] = (
    Action("pause", "queue", "p,space", "Pause this download, or go on", "Pause",
           cli="loradex hub downloads pause ID", why_not=_needs_open_download),
    Action("retry", "queue", "r", "Try this download again", "Retry",
           cli="loradex hub downloads retry ID", why_not=_needs_failed),
    Action("drop", "queue", "x", "Cancel this download", "Cancel",
           cli="loradex hub downloads cancel ID", why_not=_needs_open_download),
    Action("tidy", "queue", "c", "Take what has ended from the list", "Tidy",
           cli="loradex hub downloads clear", why_not=_needs_download),
    Action("run", "queue", "s", "Go on with the downloads", "Go on",
           cli="loradex hub downloads run"),
    Action("back", "queue", "escape,h,left", "Back to the library", "Back"),
)  # fmt: skip

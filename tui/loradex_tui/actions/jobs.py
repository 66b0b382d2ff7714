"""What can be done with jobs and downloads."""

from __future__ import annotations

from dataclasses import dataclass

from loradex_tui.actions.action import Action, Situation, where


@dataclass(frozen=True, slots=True)
class JobsSituation(Situation):
    """What is under the cursor."""

    download: str = ""
    """State of the download under the cursor; empty when there is none."""
    job: str = ""
    """State of the job under the cursor, `elsewhere` for another process's; empty for none."""
    repeatable: bool = False
    """It is known how that job is started again."""
    ended: bool = False
    """Something on the list has ended."""


@where(JobsSituation)
def _needs_line(situation: JobsSituation) -> str | None:
    return None if situation.download or situation.job else "There is nothing here: n starts work."


@where(JobsSituation)
def _needs_open_download(situation: JobsSituation) -> str | None:
    if situation.job:
        return "Only downloads pause: x stops a job, r starts it again, and it goes on from there."
    if situation.download in ("done", "cancelled"):
        return "This download has ended."
    return None if situation.download else "There is no download here."


@where(JobsSituation)
def _needs_what_runs(situation: JobsSituation) -> str | None:
    if situation.job == "elsewhere":
        return "Another loradex does that: stop it where it was started."
    if situation.job and situation.job != "running":
        return "This job has ended."
    if situation.download in ("done", "cancelled"):
        return "This download has ended."
    return _needs_line(situation)


@where(JobsSituation)
def _needs_again(situation: JobsSituation) -> str | None:
    if situation.job == "running":
        return "It is running."
    if situation.job:
        return None if situation.repeatable else "It is not known here how that was started."
    if situation.download in ("failed", "aside", "cancelled"):
        return None
    return _needs_line(situation) or "Only what failed or was cancelled can be tried again."


@where(JobsSituation)
def _needs_ended(situation: JobsSituation) -> str | None:
    return None if situation.ended else "Nothing on the list has ended."


ACTIONS: tuple[Action, ...] = (
    Action("start", "queue", "n", "Start a scan, a match, an update check …", "Start"),
    Action("show", "queue", "enter,l,right", "Show its problems, and what it wrote", "Details",
           why_not=_needs_line),
    Action("stop", "queue", "x,d", "Stop this job, or cancel this download", "Stop",
           cli="loradex hub downloads cancel ID", why_not=_needs_what_runs),
    Action("pause", "queue", "p,space", "Pause this download, or go on", "Pause",
           cli="loradex hub downloads pause ID", why_not=_needs_open_download),
    Action("retry", "queue", "r", "Start it again, or try this download again", "Again",
           cli="loradex hub downloads retry ID", why_not=_needs_again),
    Action("tidy", "queue", "c", "Take what has ended from the list", "Tidy",
           cli="loradex hub downloads clear", why_not=_needs_ended),
    Action("run", "queue", "s", "Go on with the downloads, or stop them for now", "Go on",
           cli="loradex hub downloads run"),
    Action("back", "queue", "escape,h,left", "Back to the library", "Back"),
)  # fmt: skip

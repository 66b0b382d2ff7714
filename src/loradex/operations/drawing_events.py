"""What the process that draws says, as the types that the rest of loradex knows."""

from __future__ import annotations

from loradex import errors
from loradex.domain.grid import FailedCell, RenderedCell
from loradex.domain.progress import Problem, Progress
from loradex.errors import LoradexError, RenderError
from loradex.operations.drawing_process import Event


def progress_of(event: Event) -> Progress:
    """Return what a `progress` event says."""
    total = event.get("total")
    return Progress(
        stage=str(event.get("stage", "")),
        done=int(str(event.get("done", 0))),
        total=total if isinstance(total, int) else None,
        unit=str(event.get("unit", "")),
        item=str(event.get("item", "")),
    )


def problem_of(event: Event) -> Problem:
    """Return what a `problem` event says."""
    hint = event.get("hint")
    return Problem(
        str(event.get("item", "")), str(event.get("message", "")), str(hint) if hint else None
    )


def rendered_of(event: Event) -> RenderedCell:
    """Return the cell of a `cell` event."""
    return RenderedCell(
        key=str(event["key"]),
        path=str(event["path"]),
        width=int(str(event["width"])),
        height=int(str(event["height"])),
        seconds=float(str(event["seconds"])),
        infotext=str(event["infotext"]),
        latent_std=_number(event.get("latent_std")),
        latent_max=_number(event.get("latent_max")),
    )


def failed_of(event: Event) -> FailedCell:
    """Return the cell of a `failed` event."""
    return FailedCell(str(event["key"]), str(event["message"]), str(event.get("reason", "")))


def error_of(event: Event) -> LoradexError:
    """Return the error of an `error` event, as the type it was."""
    kind = getattr(errors, str(event.get("kind")), RenderError)
    chosen = kind if isinstance(kind, type) and issubclass(kind, LoradexError) else RenderError
    hint = event.get("hint")
    return chosen(str(event.get("message", "")), hint=str(hint) if hint else None)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

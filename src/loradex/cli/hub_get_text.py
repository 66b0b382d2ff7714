"""Downloads as words and as JSON: what would be fetched, what came, and what is in the queue."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.words import count_text, duration_text, size_text
from loradex.domain.downloads import Download, DownloadState
from loradex.domain.text import display_text
from loradex.operations.downloads.plan import DiskRoom, DownloadPlan, PlannedFile, Verdict
from loradex.operations.downloads.queue import fetches
from loradex.operations.downloads.run import FileProgress, RunReport

_WORDS = {
    Verdict.GET: "get",
    Verdict.OWNED: "owned",
    Verdict.QUEUED: "queued",
    Verdict.REFUSED: "not",
}


def place_text(path: bytes) -> str:
    """Return a path of the disk as a person may see it."""
    return display_text(os.fsdecode(path))


def show_plan(plan: DownloadPlan) -> None:
    """Print what a plan would do, file by file, and the room there is for it."""
    if plan.files:
        print_table(
            [
                Column("What"),
                Column("Model", shrink=True),
                Column("Size", right=True),
                Column("Where to, or why not", shrink=True),
            ],
            [
                (
                    _WORDS[file.verdict],
                    f"{file.model.name} {file.version.name}",
                    _size(file.file.size_bytes),
                    _where_or_why(file),
                )
                for file in plan.files
            ],
        )
    for room in plan.rooms:
        click.echo(_room(room), err=True)
    click.echo(f"Would fetch {plan_sentence(plan)}", err=True)


def plan_sentence(plan: DownloadPlan) -> str:
    """Return how much a plan is to fetch."""
    return f"{count_text(len(plan.of(Verdict.GET)), 'file')} ({size_text(plan.nbytes)})."


def show_refusals(plan: DownloadPlan, *, refused_too: bool) -> None:
    """Print on stderr what a plan leaves out and why; its notes as well."""
    for note in plan.notes:
        click.echo(display_text(note), err=True)
    for problem in plan.problems:
        _show_problem(problem.item, problem.message, problem.hint)
    for file in plan.of(Verdict.REFUSED) if refused_too else ():
        _show_problem(file.file.name, file.reason, file.hint)


def show_results(downloads: Iterable[Download], owned: Iterable[PlannedFile]) -> None:
    """Print where each file is that was asked for, and how to see more of it."""
    for file in owned:
        click.echo(f"{display_text(file.reason)}{_see(file.content_id)}")
    for download in downloads:
        if download.state is DownloadState.DONE:
            click.echo(f"{place_text(download.path)}{_see(download.content_id)}")
            if download.error:
                click.echo(f"  {display_text(download.error)}")


def show_run(report: RunReport | None, number: int) -> None:
    """Print what a run did and left; None where `number` files were only queued."""
    if report is None or report.elsewhere is not None:
        if number:
            click.echo(f"{count_text(number, 'file')} in the queue.")
            click.echo((report and report.elsewhere) or "Fetch it with: loradex hub downloads run")
        return
    if report.landed or report.failed:
        click.echo(run_sentence(report))
    for sentence in report.waiting:
        click.echo(display_text(sentence), err=True)


def run_sentence(report: RunReport) -> str:
    """Return what a run did, in a sentence; or that another process does it."""
    number = len(report.landed)
    if report.elsewhere is not None and not number:
        return report.elsewhere
    text = f"{count_text(number, 'file')} downloaded"
    if number:
        text += f" ({size_text(report.nbytes)}) in {duration_text(report.seconds)}"
    if report.failed:
        text += f", {len(report.failed):,} failed"
    return text + "."


def files_text(files: Sequence[FileProgress]) -> str:
    """Return where each file is that comes at the moment, with its rate and the time it takes."""
    return ", ".join(_file_text(file) for file in files)


def planned_json(file: PlannedFile) -> dict[str, object]:
    """Return a planned file."""
    return {
        "verdict": file.verdict.value,
        "hub": file.hub,
        "model_id": file.model.id,
        "version_id": file.version.id,
        "file_id": file.file.id,
        "model": file.model.name,
        "version": file.version.name,
        "name": file.file.name,
        "size": file.file.size_bytes,
        "sha256": file.file.sha256,
        "kind": None if file.kind is None else file.kind.value,
        "path": None if file.new is None else place_text(file.new.path),
        "reason": file.reason or None,
        "hint": file.hint,
        "id": file.content_id,
        "download": file.download_id,
    }


def plan_json(plan: DownloadPlan) -> dict[str, object]:
    """Return a plan as `--dry-run --json` shows it."""
    return {
        "files": [planned_json(file) for file in plan.files],
        "problems": [
            {"reference": problem.item, "message": problem.message, "hint": problem.hint}
            for problem in plan.problems
        ],
        "notes": list(plan.notes),
        "disks": [
            {
                "folder": room.shown,
                "needed": room.needed,
                "waiting": room.waiting,
                "free": room.free,
                "lacking": room.lacking,
            }
            for room in plan.rooms
        ],
        "bytes": plan.nbytes,
    }


def download_json(download: Download) -> dict[str, object]:
    """Return a download as the queue has it."""
    return {
        "download": download.id,
        "state": download.state.value,
        "hub": download.hub,
        "model_id": download.model_id,
        "version_id": download.version_id,
        "file_id": download.file_id,
        "name": download.name,
        "size": download.size_bytes,
        "done": download.done_bytes,
        "sha256": download.sha256,
        "path": place_text(download.path),
        "tries": download.tries,
        "not_before": download.not_before or None,
        "message": download.error,
        "hint": download.hint,
        "id": download.content_id,
        "created_at": download.created_at,
        "finished_at": download.finished_at,
    }


def run_json(report: RunReport) -> dict[str, object]:
    """Return how a run went."""
    return {
        "landed": len(report.landed),
        "failed": len(report.failed),
        "waiting": report.waiting,
        "elsewhere": report.elsewhere,
        "bytes": report.nbytes,
        "seconds": round(report.seconds, 3),
    }


def result_json(
    plan: DownloadPlan, downloads: Sequence[Download], report: RunReport | None
) -> dict[str, object]:
    """Return what came of all that was asked for."""
    files = []
    for file in plan.files:
        mine = (
            download_json(each)
            for each in downloads
            if fetches(each, file.hub, file.version.id, file.file)
        )
        files.append(planned_json(file) | next(mine, {}))
    told = plan_json(plan)
    return told | {"files": files, "run": None if report is None else run_json(report)}


def _see(content_id: int | None) -> str:
    return "" if content_id is None else f"  (loradex show {content_id})"


def _show_problem(item: str, message: str, hint: str | None) -> None:
    click.echo(f"  {display_text(item)}: {display_text(message)}", err=True)
    if hint:
        click.echo(f"    {display_text(hint)}", err=True)


def _where_or_why(file: PlannedFile) -> str:
    return file.reason or (place_text(file.new.path) if file.new else "")


def _size(nbytes: int | None) -> str:
    return "?" if nbytes is None else size_text(nbytes)


def _room(room: DiskRoom) -> str:
    text = f"Disk of {room.shown}: {size_text(room.needed)} needed"
    if room.waiting:
        text += f", {size_text(room.waiting)} more for what is in the queue"
    text += f", {size_text(room.free)} free."
    return text + (f" {size_text(room.lacking)} are missing." if room.lacking else "")


def _file_text(file: FileProgress) -> str:
    parts = [display_text(file.name, 60)]
    if file.total:
        parts.append(f"{100 * file.done / file.total:.0f} %")
    if file.rate:
        parts.append(f"{size_text(file.rate)}/s")
    if file.seconds_left is not None:
        parts.append(duration_text(file.seconds_left))
    return " ".join(parts)

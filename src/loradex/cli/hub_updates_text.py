"""Newer versions of what is owned: as a table, in sentences, and as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence

import click

from loradex.catalog.update_store import WHOLE_MODEL, Ignored
from loradex.cli.columns import Column, cell_width, fit, print_table, table_lines, terminal_width
from loradex.cli.hub_json import model_facts, model_ref, version_facts, version_ref
from loradex.cli.hub_search_text import kind_text
from loradex.cli.output import is_terminal
from loradex.cli.words import count_text, date_text, size_text
from loradex.domain.text import display_text
from loradex.operations.updates import (
    Hidden,
    ModelUpdates,
    NewVersion,
    OwnedCopy,
    UpdateReport,
)

_COLUMNS = [
    Column(""),
    Column("Version", shrink=True),
    Column("Base", shrink=True),
    Column("Out"),
    Column("Size", right=True, drop=True),
    Column("loradex …"),
    Column("Notes", shrink=True, drop=True),
]
_WHY_HIDDEN = {
    Hidden.OTHER_BASE: ("for another base model", "--any-base"),
    Hidden.EARLY_ACCESS: ("in early access", "--early-access"),
    Hidden.NOT_DOWNLOADABLE: ("that nobody may download", "--all-versions"),
    Hidden.IGNORED: ("ignored", "--ignored"),
}


def show_updates(report: UpdateReport) -> None:
    """Print what is new below what is owned, model by model; a pipe gets the model in each line."""
    if not report.models:
        return
    rows = [(each, row) for each in report.models for row in _rows(each)]
    if not is_terminal(sys.stdout):
        print_table([Column("Model"), *_COLUMNS], [(each.model.name, *row) for each, row in rows])
        return
    title, *lines = table_lines(_COLUMNS, [row for _, row in rows])
    click.echo(title)
    before: ModelUpdates | None = None
    for (each, _), line in zip(rows, lines, strict=True):
        if each is not before:
            click.echo(_heading(each))
        before = each
        click.echo(line)


def _heading(updates: ModelUpdates) -> str:
    """Return the line above a model's versions: with the page's address where it fits whole."""
    model, room = updates.model, terminal_width()
    by = f" by {model.creator}" if model.creator else ""
    text = display_text(f"{model.name}  {kind_text(model.type)}{by}")
    page = f"  {display_text(updates.page_url)}"
    whole = text + page if cell_width(text + page) <= room else text
    return click.style(fit(whole.rstrip(), room), fg="cyan")


def explain_updates(report: UpdateReport) -> None:
    """Say on stderr what was looked for, what is not shown and why, and what to do next."""
    for line in _sentences(report):
        click.echo(display_text(line), err=True)
    for problem in report.problems:
        click.echo(f"  {display_text(problem.item)}: {display_text(problem.message)}", err=True)
        if problem.hint:
            click.echo(f"    {display_text(problem.hint)}", err=True)


def show_ignored(ignored: Sequence[Ignored]) -> None:
    """Print what is ignored, and how to take that back."""
    if ignored:
        click.echo("Ignored; take it back with: loradex hub updates --unignore REF")
    for each in ignored:
        name = each.model_name or "unknown here"
        if each.version_name is not None:
            name += f" {each.version_name}"
        click.echo(f"  {_ignored_ref(each):<18} {display_text(name)} ({each.hub})")


def updates_sentence(report: UpdateReport) -> str:
    """Return how much is new of how much that was compared."""
    number = sum(new.newer for each in report.models for new in each.new)
    checked = count_text(report.checked, "model")
    if not report.checked:
        return "Nothing to compare: none of these models is matched. Try: loradex hub match"
    if not number:
        return f"Nothing newer; {checked} compared."
    models = count_text(len(report.models), "model")
    return f"{count_text(number, 'newer version')} of {models}; {checked} compared."


def report_json(report: UpdateReport, ignored: Sequence[Ignored]) -> dict[str, object]:
    """Return the report, and what is ignored."""
    return {
        "models": [_model_json(each) for each in report.models],
        "gone": [_model_json(each) for each in report.gone],
        "checked": report.checked,
        "kept": report.kept,
        "hidden": {reason.value: report.hidden.get(reason, 0) for reason in Hidden},
        "ignored": [
            {
                "hub": each.hub,
                "model_id": each.model_id,
                "version_id": each.version_id or None,
                "ref": _ignored_ref(each),
                "model": each.model_name,
                "version": each.version_name,
                "since": each.since,
            }
            for each in ignored
        ],
        "problems": [
            {"item": problem.item, "message": problem.message, "hint": problem.hint}
            for problem in report.problems
        ],
        "seconds": round(report.seconds, 3),
    }


def newest_refs(report: UpdateReport) -> list[str]:
    """Return what `hub get` is to fetch: the newest of each model and base that may be had."""
    refs: dict[tuple[str, int, str], str] = {}
    for each in report.models:
        for new in each.new:
            key = (each.hub, each.model.id, new.version.base_model)
            if new.newer and new.withheld is None and key not in refs:
                refs[key] = version_ref(each.hub, new.version)
    return list(refs.values())


def _rows(updates: ModelUpdates) -> Iterator[tuple[str, ...]]:
    for copy in updates.have:
        version = copy.version
        yield (
            "have",
            version.name,
            version.base_model,
            _date(version.published_at),
            "",
            f"show {copy.content_id}",
            "the same file, under another name" if copy.elsewhere else "",
        )
    for new in updates.new:
        version = new.version
        yield (
            "new" if new.newer else "older",
            version.name,
            version.base_model,
            _date(version.published_at),
            "" if new.size is None else size_text(new.size),
            f"hub get {version_ref(updates.hub, version)}",
            _note(new),
        )


def _note(new: NewVersion) -> str:
    notes = [
        new.withheld or "",
        "" if new.same_base else "another base",
        "ignored" if new.ignored else "",
    ]
    return "; ".join(note for note in notes if note)


def _sentences(report: UpdateReport) -> Iterator[str]:
    yield updates_sentence(report)
    if report.kept:
        yield f"Not asked for: {count_text(report.kept, 'model')}, compared as told before."
    for reason, (words, option) in _WHY_HIDDEN.items():
        if report.hidden.get(reason):
            yield f"{report.hidden[reason]:,} {words}: {option} shows them."
    for each in report.gone:
        since = date_text(each.gone_at or 0)
        yield (
            f"{each.model.name} ({model_ref(each.hub, each.model)}) is gone from {each.hub}"
            f" since {since}; keep what you have."
        )
    refs = newest_refs(report)
    if refs:
        yield f"Get one: loradex hub get {refs[0]}. The newest of each: loradex hub updates --get"


def _model_json(updates: ModelUpdates) -> Mapping[str, object]:
    return {
        **model_facts(updates.hub, updates.model, updates.page_url),
        "gone_at": updates.gone_at,
        "fetched_at": updates.fetched_at,
        "have": [_copy_json(updates.hub, copy) for copy in updates.have],
        "new": [
            {
                **version_facts(updates.hub, new.version),
                "newer": new.newer,
                "same_base": new.same_base,
                "withheld": new.withheld,
                "ignored": new.ignored,
                "size": new.size,
            }
            for new in updates.new
        ],
    }


def _copy_json(hub: str, copy: OwnedCopy) -> dict[str, object]:
    return {
        **version_facts(hub, copy.version),
        "id": copy.content_id,
        "elsewhere": copy.elsewhere,
    }


def _date(published_at: str | None) -> str:
    return (published_at or "?")[:10]


def _ignored_ref(ignored: Ignored) -> str:
    if ignored.version_id == WHOLE_MODEL:
        return f"model:{ignored.model_id}"
    return f"version:{ignored.version_id}"

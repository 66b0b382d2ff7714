"""What is done with files that arrive: tags put on, and moves to where they belong."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from loradex.catalog.catalog import Catalog
from loradex.catalog.plan_store import KnownPlace
from loradex.domain.arrivals import ArrivalRule, Newcomer
from loradex.domain.evidence import Source
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.library import FileState, Library
from loradex.domain.models import ModelRow
from loradex.domain.plans import Conflict, MovePlan, Place
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import UsageError
from loradex.operations.folder_template import FolderTemplate, read_template
from loradex.operations.libraries import folder_for
from loradex.operations.moves.applying import MoveReport, carry_out
from loradex.operations.moves.names import leads_elsewhere, spelled_as_there
from loradex.operations.moves.planning import Wanted, plan_moves
from loradex.operations.tagging.arriving import accept, propose
from loradex.operations.tagging.planning import Proposal
from loradex.plugin_manager import Plugins

FIELDS = ("kind", "base", "derivative", "name")
"""What a template may name: all of it is known from the file itself."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What a rule means for some files. Nothing of it was done yet."""

    library: Library
    rule: ArrivalRule
    rows: tuple[ModelRow, ...]
    """The models, in the order in which the files came."""
    paths: Mapping[int, str]
    """Where the file lies that brought each model, by the model's id."""
    proposals: tuple[Proposal, ...]
    plan: MovePlan
    """The moves; its conflicts say which files stay, and why."""


@dataclass(slots=True)
class ArrivalReport:
    """What was done with files that had arrived."""

    intent: Intent
    moves: MoveReport = field(default_factory=MoveReport)


def check_rule(catalog: Catalog, library: Library, rule: ArrivalRule) -> None:
    """Raise `UsageError` for a rule that cannot be meant."""
    read_template(rule.template, FIELDS)
    if rule.template and rule.place_in is None:
        raise UsageError(
            "A template says where files go below a library's folders, but none is named.",
            hint="Name it with --place-in LIBRARY.",
        )
    target = _library(catalog, rule.place_in)
    if rule.place_in is not None and target is None:
        raise UsageError("The library that files are to go to is not there any more.")
    if target is not None and folder_for(catalog, target, ModelKind.LORA) is None:
        raise UsageError(
            f"The tool that keeps the library {target.name!r} has an order of its own:"
            " it would not see files that are put there.",
            hint="Name another library with --place-in.",
        )


def consider(
    catalog: Catalog,
    library: Library,
    rule: ArrivalRule,
    newcomers: Sequence[Newcomer],
    plugins: Callable[[], Plugins],
) -> Intent:
    """Return what a rule means for files; nothing is written.

    `plugins` is called only when the rule asks for their tags.
    """
    contents = [newcomer.content_id for newcomer in newcomers if newcomer.content_id is not None]
    rows = {row.id: row for row in catalog.rows(contents)}
    ids = list(dict.fromkeys(id_ for id_ in contents if id_ in rows))
    proposals = propose(catalog, plugins(), ids) if rule.auto_tag and ids else []
    plan = MovePlan("arrivals", "", ())
    if rule.place_in is not None:
        plan = _placing(catalog, library, rule, newcomers, rows)
    of_file = {newcomer.file_id: newcomer.content_id or 0 for newcomer in newcomers}
    paths = {
        of_file[known.file_id]: os.fsdecode(known.place.path)
        for known in catalog.plans.places(of_file)
    }
    models = tuple(rows[id_] for id_ in ids)
    return Intent(library, rule, models, paths, tuple(proposals), plan)


def deal_with(
    catalog: Catalog,
    library: Library,
    plugins: Callable[[], Plugins],
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> ArrivalReport | None:
    """Do to the files that arrived in a library what its rule says; None with nothing to do.

    Files that cannot be read yet wait. Tags have the source `rule`, and a person's removal beats
    them; files move by a journaled plan, and one that cannot stays where it is. Each file is dealt
    with once, whatever came of it.
    """
    rule = catalog.arrivals.rule(library.id)
    if rule is None:
        return None
    newcomers = catalog.arrivals.newcomers(library.id)
    ready = [
        newcomer
        for newcomer in newcomers
        if newcomer.state == FileState.PRESENT and newcomer.content_id is not None
    ]
    if not ready:
        return None
    report = ArrivalReport(consider(catalog, library, rule, ready, plugins))
    ids = [row.id for row in report.intent.rows]
    if rule.tags:
        detail = f"arrivals of {library.name}"
        catalog.person.add_tags(ids, rule.tags, Source.RULE, detail)
    accept(catalog, report.intent.proposals)
    moving = [step.file_id for step in report.intent.plan.moves if step.file_id is not None]
    if rule.place_in is not None and moving:
        catalog.arrivals.leave_alone(rule.place_in, moving)
        report.moves = carry_out(catalog, report.intent.plan, sink=sink, cancel=cancel)
    done = {newcomer.file_id for newcomer in ready}
    waiting = [each.file_id for each in newcomers if each.file_id not in done]
    catalog.arrivals.dealt_with(library.id, newcomers, waiting)
    return report


def _placing(
    catalog: Catalog,
    library: Library,
    rule: ArrivalRule,
    newcomers: Sequence[Newcomer],
    rows: dict[int, ModelRow],
) -> MovePlan:
    """Return the moves of files to the library where they belong."""
    target = _library(catalog, rule.place_in)
    template = read_template(rule.template, FIELDS)
    wanted: list[Wanted] = []
    stays: list[Conflict] = []
    of_file = {each.file_id: rows.get(each.content_id or 0) for each in newcomers}
    for known in catalog.plans.places(of_file):
        row = of_file[known.file_id]
        if row is None:
            continue
        if target is None:
            place: Place | str = "The library it should go to is not there any more."
        else:
            place = _destination(catalog, target, template, row, known)
        if isinstance(place, str):
            stays.append(Conflict(known.place, place, file_id=known.file_id))
        else:
            wanted.append(Wanted(known, place))
    goal = target.name if target else "?"
    plan = plan_moves("arrivals", f"Arrivals of {library.name}, placed in {goal}", wanted)
    return replace(plan, conflicts=(*stays, *plan.conflicts))


def _destination(
    catalog: Catalog, target: Library, template: FolderTemplate, row: ModelRow, known: KnownPlace
) -> Place | str:
    """Return where a file belongs, or a sentence that says why nobody knows."""
    kind = ModelKind(row.kind)
    if kind is ModelKind.UNKNOWN:
        return "It is not known what it is."
    folder = folder_for(catalog, target, kind)
    if folder is None:
        return f"{target.name} has no folder for a {kind.label}."
    root = os.fsencode(target.root)
    base = b"/".join(part for part in (root, os.fsencode(folder)) if part)
    below = spelled_as_there(base, template.fill(_values(row)))
    if leads_elsewhere(base, below):
        return "A folder on the way to its place is a link that leads elsewhere."
    relative = [part for part in (os.fsencode(folder), *below, known.place.name) if part]
    return Place(target.id, root, b"/".join(relative))


def _values(row: ModelRow) -> dict[str, str | None]:
    kind = ModelKind(row.kind)
    return {
        "kind": "" if kind is ModelKind.UNKNOWN else kind.label,
        "base": BaseModel(row.base).label if row.base in set(BaseModel) else row.base,
        "derivative": row.derivative,
        "name": row.name or PurePosixPath(row.file_name).stem,
    }


def _library(catalog: Catalog, library_id: int | None) -> Library | None:
    return next((each for each in catalog.files.libraries() if each.id == library_id), None)

"""All checks, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.domain.progress import Progress
from loradex.errors import Cancelled, LoradexError, UsageError
from loradex.operations.doctor.absent import MISSING, OFFLINE
from loradex.operations.doctor.database import BACKUPS, CATALOG
from loradex.operations.doctor.findings import Answer, Check, Finding, Level
from loradex.operations.doctor.folders import FOLDERS
from loradex.operations.doctor.links import LINKS
from loradex.operations.doctor.names import NAMES
from loradex.operations.doctor.orphans import DOWNLOADS, MODELS, SIDECARS
from loradex.operations.doctor.own_state import HOME, PLANS, PLUGINS, SETTINGS, WORK
from loradex.operations.doctor.pickles import PICKLES
from loradex.operations.doctor.room import PERMISSIONS, ROOM
from loradex.operations.doctor.subject import Subject
from loradex.operations.doctor.suffixes import SUFFIXES
from loradex.operations.doctor.unread import DUPLICATES, UNHASHED, UNVERIFIED
from loradex.operations.doctor.unreadable import CHANGED, UNREADABLE

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        CATALOG, BACKUPS, HOME, SETTINGS, PLUGINS, PLANS, WORK, PICKLES, SUFFIXES, UNREADABLE,
        CHANGED, FOLDERS, NAMES, LINKS, SIDECARS, DOWNLOADS, PERMISSIONS, ROOM, OFFLINE, MISSING,
        MODELS, UNHASHED, UNVERIFIED, DUPLICATES,
    )
}  # fmt: skip


def chosen(names: Sequence[str]) -> list[Check]:
    """Return these checks, all of them for no name; raise `UsageError` for an unknown one."""
    for name in names:
        if name not in CHECKS:
            from difflib import get_close_matches  # noqa: PLC0415 - for mistakes only

            near = get_close_matches(name, CHECKS, 1)
            raise UsageError(
                f"There is no check {name!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"There are: {', '.join(CHECKS)}.",
            )
    return [CHECKS[name] for name in dict.fromkeys(names or CHECKS)]


def examine(subject: Subject, checks: Sequence[Check]) -> list[Answer]:
    """Ask each check; return those that found something, the most serious first.

    A check that cannot be done is a finding itself, and keeps no other from being done. Raises
    `Cancelled`.
    """
    answers = []
    for number, check in enumerate(checks):
        subject.cancel.check()
        subject.sink.progress(Progress("Checking", number, len(checks), "checks", check.title))
        if not check.without_catalog and not subject.has_catalog:
            continue
        findings = sorted(_asked(subject, check), key=lambda one: (one.level, one.path or ""))
        if findings:
            answers.append(Answer(check, tuple(findings)))
    return sorted(answers, key=lambda answer: answer.level)


def _asked(subject: Subject, check: Check) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings += check.look(subject)
    except Cancelled:
        raise
    except LoradexError as error:
        findings.append(
            Finding(Level.FAULT, f"This could not be checked: {error.message}", mend=error.hint)
        )
    return findings

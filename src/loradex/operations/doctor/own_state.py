"""loradex's own folder, settings, keys and plugins, and plans that were cut off."""

from __future__ import annotations

import os
import shlex
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from loradex.domain.plans import PlanState
from loradex.errors import LoradexError
from loradex.operations.cut_off import cut_off
from loradex.operations.doctor.findings import Check, Finding, Level
from loradex.operations.doctor.subject import Subject

_LEFT_OVER = (".restoring-*", "backups/.*.partial")
_DAY = 86_400.0


def _home(subject: Subject) -> Iterator[Finding]:
    root = subject.home.root
    if not root.is_dir():
        return
    if not os.access(root, os.W_OK | os.X_OK):
        yield Finding(
            Level.SERIOUS,
            "loradex cannot write to its own folder: nothing is remembered.",
            path=str(root),
            mend=f"chmod u+rwx {shlex.quote(str(root))}",
        )
    for path in (root, subject.home.plugins):
        if _open_to(path, stat.S_IWOTH):
            yield Finding(
                Level.SERIOUS,
                "Anybody on this machine can write to it, plugins included.",
                path=str(path),
                mend=f"chmod o-w {shlex.quote(str(path))}",
            )
    if _open_to(subject.home.keys, stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            Level.SERIOUS,
            "Others on this machine can read your keys of hubs.",
            path=str(subject.home.keys),
            mend=f"chmod 600 {shlex.quote(str(subject.home.keys))}",
        )
    for pattern in _LEFT_OVER:
        for path in root.glob(pattern):
            if _age(path) > _DAY:
                yield Finding(
                    Level.ADVICE,
                    "A backup or restore was cut off and left it.",
                    path=str(path),
                    mend=f"rm -- {shlex.quote(str(path))}",
                )


def _settings(subject: Subject) -> Iterator[Finding]:
    from loradex.settings import load_settings  # noqa: PLC0415

    try:
        load_settings(subject.home)
    except LoradexError as error:
        yield Finding(Level.FAULT, error.message, path=str(subject.home.settings), mend=error.hint)
    from loradex.operations.tagging.rule_file import load_rules  # noqa: PLC0415

    try:
        load_rules(subject.home)
    except LoradexError as error:
        # Downloads and new files get no tags meanwhile, and nothing else says so.
        yield Finding(Level.FAULT, error.message, path=str(subject.home.tagging), mend=error.hint)


def _plugins(subject: Subject) -> Iterator[Finding]:
    from loradex.plugin_manager import load_plugins  # noqa: PLC0415 - loads every plugin

    disabled = subject.settings.disabled_plugins if subject.settings else ()
    for problem in load_plugins(subject.home, disabled).problems:
        yield Finding(
            Level.FAULT, f"The plugin {problem.plugin} cannot {problem.task}: {problem.message}"
        )


def _plans(subject: Subject) -> Iterator[Finding]:
    for plan in subject.catalog.plans.plans():
        if plan.state in (PlanState.APPLYING, PlanState.STOPPED):
            yield Finding(
                Level.FAULT,
                f"Plan {plan.id} ({plan.note or plan.kind}) was cut off: {plan.planned:,} files are"
                " still to be moved.",
                mend=f"Go on: loradex apply {plan.id}. Or take it back: loradex undo {plan.id}",
            )


def _work(subject: Subject) -> Iterator[Finding]:
    for one in cut_off(subject.catalog):
        if one.plan_id is None:  # plans have a check of their own
            yield Finding(
                Level.ADVICE,
                f"It was cut off: {one.told}.",
                mend=f"Go on: {one.command}" if one.command else None,
            )


def _open_to(path: Path, bits: int) -> bool:
    try:
        return bool(path.stat().st_mode & bits)
    except OSError:
        return False


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


HOME = Check(
    "home",
    "loradex's own folder",
    "It holds the catalog, your keys and your plugins.",
    _home,
    without_catalog=True,
)
SETTINGS = Check(
    "settings",
    "Settings that cannot be used",
    "No command that needs them works until they are right.",
    _settings,
    without_catalog=True,
)
PLUGINS = Check(
    "plugins",
    "Plugins with problems",
    "What they would do is left out.",
    _plugins,
    mend="See them all: loradex plugins",
    without_catalog=True,
)
PLANS = Check(
    "plans",
    "Plans that were cut off",
    "Some of their files are at the new places and some at the old ones.",
    _plans,
)
WORK = Check(
    "work",
    "Work that was cut off",
    "loradex was killed, or the machine lost its power, before it was done.",
    _work,
)

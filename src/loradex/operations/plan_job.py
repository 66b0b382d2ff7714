"""Draw plans up, apply them and take them back, in processes of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from loradex.operations.child_job import ChildJob
from loradex.paths import Home

PlanKind = Literal["organise", "rename", "consolidate", "dedupe", "trash"]


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a plan is to be drawn up of, as the commands of `loradex plan` take it."""

    kind: PlanKind
    query: str = ""
    models: frozenset[int] | None = None
    """Of what the query finds, only these; None: all of it."""
    template: str = ""
    """Empty for the usual one; not for `dedupe` and `trash`."""
    into: str = ""
    """A library's name; empty: each file stays in its library."""
    same_name: Literal["suffix", "stay"] = "suffix"
    keep: str = ""
    """`dedupe`: the rules that say which copy stays; empty for those of the report."""
    leave: Literal["nothing", "hardlink", "symlink"] = "nothing"
    near: bool = False

    @property
    def arguments(self) -> list[str]:
        """The command's arguments; the models themselves go through standard input."""
        options: list[str] = []
        if self.kind == "dedupe":
            options += [f"--leave={self.leave}"]
            options += [f"--keep={self.keep}"] if self.keep else []
            options += ["--near"] if self.near else []
        elif self.kind == "trash":
            options += ["--exactly", "--anyway"]
        else:
            options += [f"--template={self.template}"] if self.template else []
            options += [f"--same-name={self.same_name}"]
            options += [f"--into={self.into}"] if self.into else []
        options += ["--models=-"] if self.models is not None else []
        # A space before a minus: a term of the query then, and no option.
        query = f" {self.query}" if self.query.startswith("-") else self.query
        return ["plan", self.kind, *([query] if query.strip() else []), *options]

    @property
    def command(self) -> str:
        """How the same is asked for on a command line, but for the models' numbers."""
        import shlex  # noqa: PLC0415

        return shlex.join(["loradex", *self.arguments])


def start_plan_job(home: Home, request: PlanRequest) -> ChildJob:
    """Start drawing a plan up; `poll().plan_id` is its number at the end, None for no plan."""
    given = _lines(request.models) if request.models is not None else ""
    return _job(home, request.arguments, given)


def start_apply_job(home: Home, number: int) -> ChildJob:
    """Start doing what a plan says, or go on with it."""
    return _job(home, ["apply", str(number)])


def start_undo_job(home: Home, number: int) -> ChildJob:
    """Start bringing back what a plan has moved."""
    return _job(home, ["undo", str(number)])


def start_restore_job(home: Home, models: Collection[int]) -> ChildJob:
    """Start bringing models back from the trash."""
    return _job(home, ["trash", "restore", *map(str, sorted(models))])


def start_empty_trash_job(home: Home) -> ChildJob:
    """Start deleting for good what plans have put into the trash."""
    return _job(home, ["trash", "empty", "--yes"])


def _lines(models: Collection[int]) -> str:
    return "\n".join(map(str, sorted(models)))


def _job(home: Home, arguments: list[str], given: str = "") -> ChildJob:
    return ChildJob(home, arguments, given=given)

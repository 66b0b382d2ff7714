"""Look through the library, or take all tags from some confidence on, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.operations.child_job import ChildJob
from loradex.paths import Home


def start_survey_job(home: Home) -> ChildJob:
    """Start to look through all models; `kept_survey` has the result when it is done."""
    return ChildJob(home, ["inbox", "--counts"])


def start_taking_job(home: Home, ids: Sequence[int], at_least: float) -> ChildJob:
    """Start to take all tags of these models that are at least so sure.

    The latest receipt takes it back when it is done.
    """
    percent = f"{at_least * 100:g}"
    return ChildJob(
        home,
        ["inbox", "accept", "--numbers", "--at-least", percent],
        given="\n".join(map(str, ids)),
    )

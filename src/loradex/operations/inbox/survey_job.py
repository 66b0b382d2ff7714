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
    return _deciding(home, ids, ["accept", "--at-least", f"{at_least * 100:g}"])


def start_dismissing_job(home: Home, ids: Sequence[int]) -> ChildJob:
    """Start to dismiss all that is proposed of these models; the latest receipt takes it back."""
    return _deciding(home, ids, ["dismiss"])


def _deciding(home: Home, ids: Sequence[int], command: Sequence[str]) -> ChildJob:
    given = "\n".join(map(str, ids))
    return ChildJob(home, ["inbox", *command, "--numbers"], given=given)

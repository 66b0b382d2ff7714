"""`loradex probe --json`: an object a line, of what was found, skipped, failed or not reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loradex.cli.verdict_json import measured_json
from loradex.domain.verdict_words import findings_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.domain.progress import Problem
    from loradex.domain.verdicts import Verdict
    from loradex.errors import LoradexError
    from loradex.operations.probing.cost import ProbeCost
    from loradex.operations.probing.publishing import Published
    from loradex.operations.probing.tasks import ProbeTask
    from loradex.render.published_tokenizers import PublishedTokenizer

Json = dict[str, object]


def probed_json(
    task: ProbeTask, verdict: Verdict, published: Published | None, *, stopped: bool
) -> Json:
    """Return a verdict with all of its numbers, and where its pictures are."""
    return {
        **_subject(task, "probed"),
        "headline": findings_line(verdict.findings) or None,
        "stopped": stopped,
        **measured_json(verdict),
        "sheet": str(published.sheets[0]) if published else None,
        "page": str(published.page) if published else None,
    }


def known_json(task: ProbeTask, verdict: Verdict) -> Json:
    """Return what an earlier probe found, which is not made again."""
    return {
        **_subject(task, "known"),
        "headline": findings_line(verdict.findings) or None,
        **measured_json(verdict),
    }


def failed_json(task: ProbeTask, error: LoradexError) -> Json:
    """Return why a probe came to nothing."""
    return {**_subject(task, "failed"), **_place(task), "error": error.message, "hint": error.hint}


def not_reached_json(task: ProbeTask, predicted: float) -> Json:
    """Return what the budget had no time for, and how many seconds it would take."""
    return {**_subject(task, "not-reached"), **_place(task), "predicted": round(predicted, 3)}


def left_out_json(problem: Problem) -> Json:
    """Return what cannot be probed, and why."""
    return {
        "state": "left-out",
        "model": None,
        "name": problem.item,
        "error": problem.message,
        "hint": problem.hint,
    }


def cost_json(
    task: ProbeTask, cost: ProbeCost, downloads: Sequence[PublishedTokenizer] = ()
) -> Json:
    """Return what a probe would draw."""
    return {
        **_subject(task, "planned"),
        **_place(task),
        "first": cost.first,
        "most": cost.most,
        "exist": cost.exist,
        "seconds": cost.seconds,
        "words": [
            {"word": one.word, "source": one.source, "placebo": one.placebo or None}
            for one in cost.words
        ],
        "prompts": list(cost.prompts),
        "seeds": list(cost.seeds),
        "width": cost.width,
        "height": cost.height,
        "steps": cost.steps,
        "downloads": [
            {"repository": one.repository, "revision": one.revision, "bytes": one.size}
            for one in downloads
        ],
    }


def _subject(task: ProbeTask, state: str) -> Json:
    return {"state": state, "model": task.subject.id, "name": task.subject.name}


def _place(task: ProbeTask) -> Json:
    return {"checkpoint": task.checkpoint.name, "checkpoint_id": task.checkpoint.id}

"""The last survey on disk: so the counters are there at once, and a process can hand it on."""

from __future__ import annotations

import json
import os
from array import array
from contextlib import suppress

from loradex.operations.inbox.survey import Survey
from loradex.paths import Home

_FORM = 1
_LARGEST = 64 << 20


def keep_survey(home: Home, survey: Survey) -> None:
    """Write a survey; a disk that does not take it costs nothing but the next look."""
    path = home.cache / "inbox.json"
    part = path.with_name(f"inbox.{os.getpid()}.part")
    stored = {
        "form": _FORM,
        "ids": survey.ids.tolist(),
        "groups": list(survey.groups),
        "sure": list(survey.sure),
        "tags": survey.tags.tolist(),
        "likely": survey.likely.tolist(),
        "certain": survey.certain.tolist(),
        "looked": survey.looked,
        "problem": survey.problem,
    }
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(stored), encoding="utf-8")
        part.replace(path)


def kept_survey(home: Home) -> Survey | None:
    """Return the survey that was kept; None when there is none that can be read."""
    path = home.cache / "inbox.json"
    try:
        if path.stat().st_size > _LARGEST:
            return None
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["form"] != _FORM:
            return None
        survey = Survey(
            array("q", stored["ids"]),
            bytearray(stored["groups"]),
            bytearray(stored["sure"]),
            array("H", stored["tags"]),
            array("H", stored["likely"]),
            array("H", stored["certain"]),
            int(stored["looked"]),
            str(stored["problem"]),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    lists = (survey.groups, survey.sure, survey.tags, survey.likely, survey.certain)
    if any(len(each) != len(survey.ids) for each in lists) or any(g > 2 for g in survey.groups):
        return None
    return survey

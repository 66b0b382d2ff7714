"""What the inbox says of confidence and evidence in the few cells of a list."""

from __future__ import annotations

import re

from loradex.operations.inbox.items import Group, certainty
from loradex.operations.inbox.survey import Survey

GROUP_WORDS = {Group.MATCH: "Matches", Group.TAGS: "Tags", Group.NEW: "New"}
GROUP_MARKS = {Group.MATCH: "?", Group.TAGS: "+", Group.NEW: "•"}

_SHORT = (
    (re.compile(r"The hub's tags have (“.*?”)\."), "hub tag "),
    (re.compile(r"The hub's name for it has the word (“.*?”)\."), "hub name "),
    (re.compile(r"The file's name has the word (“.*?”)\."), "name "),
    (re.compile(r"The folder's name has the word (“.*?”)\."), "folder "),
    (re.compile(r"The name of a training folder has the word (“.*?”)\."), "training folder "),
    (re.compile(r"It lies in the folder (“.*?”)"), "folder "),
    (re.compile(r"It was trained on (“.*?”) [0-9,]+ times"), "trained on "),
    (re.compile(r".*, matched by (autov3|sha256|sidecar)$"), "matched by "),
)


def sure_text(sure: float) -> str:
    """Return `likely 70 %`; `open` where nothing is proposed."""
    return f"{certainty(sure)} {sure * 100:.0f} %" if sure > 0 else certainty(sure)


def short_evidence(reason: str) -> str:
    """Return a reason in a few words, for a list; one that is not known as it stands."""
    for pattern, what in _SHORT:
        match = pattern.match(reason)
        if match is not None:
            return f"{what}{match[1]}"
    return reason


def counts_parts(survey: Survey, group: Group | None) -> list[tuple[str, str]]:
    """Return `256 · Matches 7 · Tags 212 · New 37`; the group that is shown stands out."""
    here, other = "bold $foreground", "$quiet"
    parts = [(f"All {len(survey.ids):,}", here if group is None else other)]
    for each, word in GROUP_WORDS.items():
        shown = group is each
        parts.append(("  ", ""))
        parts.append((f"{GROUP_MARKS[each]} ", "$accent" if shown else other))
        parts.append((f"{word} {survey.count(each):,}", here if shown else other))
    return parts

"""Fields about what probes found of a model, and at which strengths it is used.

Only findings that count are asked: a person's verdict stands for all that probes say.
"""

from __future__ import annotations

from loradex.catalog.query.builders import Field, date_in, number_in
from loradex.catalog.query.condition import Condition, among
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.values import number_range
from loradex.catalog.query.words import STATES
from loradex.domain.verdicts import VerdictKind

_FOUND = "SELECT content_id FROM verdict_finding WHERE counts"
_PROBED = "SELECT content_id FROM verdict WHERE source = 'probe'"
_STRENGTH = "SELECT content_id FROM content_strength"
_KINDS = tuple(kind.value for kind in VerdictKind)


def _verdict(scene: Scene, value: Value) -> Condition:
    """Find a kind of finding by its name or the beginning of it, spaces and hyphens alike."""
    asked = value.text.lower().replace("_", "-").replace(" ", "-")
    kinds = [kind for kind in _KINDS if kind == asked] or [
        kind for kind in _KINDS if asked and kind.startswith(asked)
    ]
    if not kinds:
        raise scene.unknown(value, "verdict", _KINDS)
    return among(f"{_FOUND} AND kind IN ({', '.join('?' * len(kinds))})", *kinds)


def _strength(scene: Scene, value: Value) -> Condition:
    """Find models whose range of strengths meets the one asked for."""
    asked = number_range(scene.query, value)
    parts, params = [], []
    if asked.low is not None:
        parts.append(f"high {'>' if asked.low_open else '>='} ?")
        params.append(asked.low)
    if asked.high is not None:
        parts.append(f"low {'<' if asked.high_open else '<='} ?")
        params.append(asked.high)
    return among(f"{_STRENGTH} WHERE {' AND '.join(parts)}", *params)


def _untested(scene: Scene, value: Value) -> Condition:
    raise scene.wrong(value, "untested: stands alone.", "Write untested: with nothing after it.")


def _at(kind: VerdictKind, help_: str) -> Field:
    """Return the field for the strength of one kind of finding."""
    found = f"{_FOUND} AND kind = '{kind.value}' AND"
    return Field(number_in(found, "low"), f"content.id NOT IN ({found} low IS NOT NULL)", help_)


VERDICT_FIELDS = {
    "strength": Field(
        _strength,
        f"content.id NOT IN ({_STRENGTH})",
        "a strength you prefer, else that is measured or told: strength:0.6..0.9",
    ),
    "verdict": Field(
        _verdict,
        f"content.id NOT IN ({_FOUND})",
        f"what a probe found, or you: {', '.join(_KINDS)}; verdict: alone: nothing",
    ),
    "best": _at(VerdictKind.BEST, "the strength measured as best: best:0.5..0.8"),
    "burns": _at(VerdictKind.BURNS, "the strength above which pictures burn: burns:<1"),
    "probed": Field(
        date_in(f"{_PROBED} AND", "created_at"),
        f"content.id NOT IN ({_PROBED})",
        "when it was probed: probed:<30d; probed: alone: never",
    ),
    "untested": Field(
        _untested, STATES["untested"], "with nothing after it: never drawn, never probed"
    ),
}

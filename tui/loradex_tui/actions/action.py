"""What an action is, and what decides whether it is possible now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Around:
    """What is so whichever screen is shown: the jobs that run, and what `u` would take back."""

    jobs: frozenset[str] = frozenset()
    undoable: str = ""
    """What would be undone, as in `tags of 3 models`; empty for nothing."""
    landed: bool = False
    """A download has come in this session: that is not undone."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is shown now. A screen with conditions of its own has a subclass beside its actions."""

    around: Around = field(default_factory=Around)


Condition = Callable[[Situation], str | None]
"""Returns why an action is not possible now, None when it is."""

Shown = TypeVar("Shown", bound=Situation)


def always(_situation: Situation) -> str | None:
    """Nothing stands against it."""
    return None


def where(shown: type[Shown]) -> Callable[[Callable[[Shown], str | None]], Condition]:
    """Make a condition of a function that looks at one screen's situation.

    Elsewhere the action is not possible.
    """

    def condition(why_not: Callable[[Shown], str | None]) -> Condition:
        def asked(situation: Situation) -> str | None:
            return why_not(situation) if isinstance(situation, shown) else "Not possible here."

        return asked

    return condition


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do: `scope` is the screen or widget that has the keys, `cli` its other form."""

    id: str
    scope: str
    keys: str
    title: str
    hint: str = ""
    """One word for the bottom line; empty when it never shows there."""
    cli: str = ""
    why_not: Condition = always

    @property
    def key_names(self) -> list[str]:
        """The keys by the names Textual gives them: `slash` for `/`."""
        return [each.key for each in Binding.make_bindings([Binding(self.keys, "do")])]

"""Which of several copies to keep, by rules that a person names."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loradex.domain.duplicates import Copy
from loradex.errors import UsageError

_Rate = Callable[[Copy], object]

_HINT = (
    "Known: library:NAME (the first named is the best place), folder:GLOB, oldest, newest,"
    " shortest; several with commas between."
)


@dataclass(frozen=True, slots=True)
class KeepRule:
    """One rule; copies for which `rate` gives the least are kept."""

    text: str
    rate: _Rate
    because: str


def read_keep_rules(text: str) -> tuple[KeepRule, ...]:
    """Read rules such as `library:main,folder:*/best/*,oldest`; raise `UsageError`."""
    rules = [_rule(word.strip()) for word in text.split(",") if word.strip()]
    if not rules:
        raise UsageError("No rule says which copy to keep.", hint=_HINT)
    return tuple(rules)


def _rule(word: str) -> KeepRule:
    name, _, value = word.partition(":")
    if name == "library" and value:
        return KeepRule(word, lambda copy: copy.library != value, f"it is in {value}")
    if name == "folder" and value:
        pattern = value if value.startswith(("/", "*")) else f"*/{value}"
        return KeepRule(
            word,
            lambda copy: not fnmatch.fnmatchcase(os.path.dirname(copy.path) + "/", _deep(pattern)),  # noqa: PTH120
            f"it is in a folder like {value}",
        )
    if value or name not in _PLAIN:
        raise UsageError(f"There is no rule {word!r} for which copy to keep.", hint=_HINT)
    rate, because = _PLAIN[name]
    return KeepRule(word, rate, because)


def _deep(pattern: str) -> str:
    """Return a pattern that a folder and all below it match."""
    return pattern.rstrip("/*") + "/*" if not pattern.endswith("*") else pattern


_PLAIN: dict[str, tuple[_Rate, str]] = {
    "oldest": (lambda copy: copy.mtime, "it is the oldest"),
    "newest": (lambda copy: -copy.mtime, "it is the newest"),
    "shortest": (lambda copy: (len(copy.path), copy.path), "its path is the shortest"),
}


def ranked(copies: Sequence[Copy], rules: Sequence[KeepRule]) -> tuple[list[Copy], str]:
    """Return copies, the one to keep first, and why that one: the first rule that tells them apart.

    Copies come in the order that counts where all rules are silent.
    """
    order = sorted(copies, key=lambda copy: [rule.rate(copy) for rule in rules])
    for rule in rules:
        rates = [rule.rate(copy) for copy in order]
        if any(rate != rates[0] for rate in rates[1:]):
            return order, rule.because
    return order, ""

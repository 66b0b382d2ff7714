"""Regular expressions that cannot hang: a small language, short texts, and a limit of time.

Python's own engine runs them, which tries every way to match. So the ways are counted beforehand:
each repetition, optional piece and branch multiplies them, and a pattern with too many is refused;
so are repeated groups that choose or repeat within. Texts are looked at up to `LONGEST` characters.
What remains costs some ten milliseconds a text at worst, and a search that takes longer than
`SECONDS` in all is given up.
"""

from __future__ import annotations

import math
import re
import time
from functools import lru_cache

LONGEST = 256
"""Characters of a text that a pattern sees."""
MAX_PATTERN = 200
MAX_COUNT = 50
"""Times that `{n}` may repeat."""
SECONDS = 2.0
"""Of the processor's time: a busy machine gives no other answers."""
_CHECKED_EVERY = 16

_ENDLESS = math.log2(LONGEST)
_MOST = 3 * _ENDLESS
"""Ways to match, as a power of two. Where to begin is one of the choices, unless `^` says it."""

_COUNTED = re.compile(r"\{([0-9]*)(,?)([0-9]*)\}")


class PatternError(ValueError):
    """A pattern that is wrong or not allowed. `place` counts from its first character."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


def check(pattern: str) -> None:
    """Raise `PatternError` for a pattern that is no pattern, or that could take for ever."""
    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"A pattern has at most {MAX_PATTERN} characters.", MAX_PATTERN)
    _Walk(pattern).run()
    try:
        _compiled(pattern)
    except re.error as error:
        raise PatternError(f"The pattern is wrong: {error.msg}.", error.pos or 0) from error
    except (OverflowError, RecursionError) as error:
        raise PatternError("The pattern is too large.", 0) from error


class _Walk:
    """Goes through a pattern once, and counts the ways it can match."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._ways = 0.0 if pattern.startswith("^") else _ENDLESS
        self._groups: list[bool] = []
        """For each open group, whether anything in it repeats or branches."""

    def run(self) -> None:
        """Raise `PatternError` where there are too many ways."""
        at, ended = 0, False
        while at < len(self._pattern):
            character = self._pattern[at]
            if character == "\\":
                step, ended = self._escape(at), False
            elif character == "[":
                step, ended = set_length(self._pattern, at), False
            elif character == "(":
                step, ended = self._begin(at), False
            elif character == ")":
                step, ended = 1, self._end()
            elif character in "*+?{":
                step, ended = self._repetition(at, ended), False
            else:
                if character == "|":
                    self._choose(1.0, at)
                step, ended = 1, False
            at += step

    def _choose(self, ways: float, at: int) -> None:
        self._ways += ways
        if self._ways > _MOST:
            raise PatternError("The pattern could match in too many ways.", at)
        if self._groups:
            self._groups[-1] = True

    def _escape(self, at: int) -> int:
        if self._pattern[at + 1 : at + 2].isdigit():
            raise PatternError("Patterns cannot refer back to a group.", at)
        return 2

    def _begin(self, at: int) -> int:
        plain = not self._pattern.startswith("(?", at)
        if not plain and not self._pattern.startswith("(?:", at):
            raise PatternError("Of groups that begin with (?, only (?: is known.", at)
        self._groups.append(False)
        return 1 if plain else 3

    def _end(self) -> bool:
        """Leave a group; return whether it chose or repeated."""
        chose = self._groups.pop() if self._groups else False
        if chose and self._groups:
            self._groups[-1] = True
        return chose

    def _repetition(self, at: int, chose: bool) -> int:
        """Count a repetition and return its length; `chose` tells of the group before it."""
        step, low, high = self._bounds(at)
        if low == high == 1:
            return step
        if chose and high != 1:
            raise PatternError("A group that repeats or branches cannot be repeated.", at)
        if high is None:
            self._choose(_ENDLESS, at)
        elif high > low:
            self._choose(math.log2(high - low + 1), at)
        return step

    def _bounds(self, at: int) -> tuple[int, int, int | None]:
        """Return the length of a repetition, and how often it repeats at least and at most."""
        character = self._pattern[at]
        if character != "{":
            return 1, int(character == "+"), 1 if character == "?" else None
        match = _COUNTED.match(self._pattern, at)
        if match is None or not (match[1] or match[3]):
            return 1, 1, 1  # a brace as a letter
        for number in (match[1], match[3]):
            if number and (len(number) > 4 or int(number) > MAX_COUNT):
                raise PatternError(f"A pattern counts to {MAX_COUNT} at most.", at)
        low = int(match[1] or 0)
        high = (int(match[3]) if match[3] else None) if match[2] else low
        return len(match[0]), low, high


def required(pattern: str) -> str:
    """Return letters that every match has in a row, as many as can be told; perhaps none.

    An index finds them, so that the pattern is tried on few texts.
    """
    runs, run, depth, at = [], "", 0, 0
    while at < len(pattern):
        character, step = pattern[at], 1
        if character == "|" and depth == 0:
            return ""
        if character == "[":
            step = set_length(pattern, at)
        elif character == "\\":
            step = 2
        depth += (character == "(") - (character == ")")
        if depth == 0 and character.isalnum() and pattern[at + 1 : at + 2] not in ("*", "?", "{"):
            run += character
        else:
            runs.append(run)
            run = ""
        at += step
    return max([*runs, run], key=len)


def set_length(pattern: str, start: int) -> int:
    """Return the length of a set of characters, `[a-z]`, that begins here."""
    at = start + 1
    at += pattern.startswith("^", at)
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1 - start


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


class Matcher:
    """SQLite's `REGEXP`. `start` it before a search; `expired` then tells that it gave up."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin to count the time."""
        self._until = time.thread_time() + SECONDS
        self._calls = 0
        self.expired = False

    def __call__(self, pattern: str, text: str | None) -> bool:
        """Tell whether the pattern is found in a text; letters of either case are the same."""
        self._calls += 1
        if self._calls % _CHECKED_EVERY == 0 and time.thread_time() > self._until:
            self.expired = True
            raise TimeoutError
        return text is not None and _compiled(pattern).search(text[:LONGEST]) is not None

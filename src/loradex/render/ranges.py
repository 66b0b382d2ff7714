"""The values of an axis as people type them: numbers and ranges, seeds, sizes, texts.

A range is `FIRST..LAST:STEP`, or in A1111's way `FIRST-LAST`, `FIRST-LAST (+STEP)` and
`FIRST-LAST [COUNT]`. Numbers are reckoned as decimals, so that 0.1 three times is exactly 0.3.
Lists, quotes and `SKIP:` are those of `value_list`. Every error points at its character.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from loradex.render.unreadable import UnreadableText
from loradex.render.value_list import Item, drawn, split_values

_MOST = 1000
_LARGEST = Decimal(10) ** 19
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_DOTTED = re.compile(rf"\s*(.*?)\s*\.\.\s*({_NUMBER}\S*?)\s*(?::(.*))?")
_DASHED = re.compile(
    rf"({_NUMBER})\s*-\s*({_NUMBER})\s*(?:\(\s*([^()]*?)\s*\)|\[\s*([^\[\]]*?)\s*\])?"
)
_RANDOM = re.compile(r"random\s*:\s*(\d{1,4})\s*(?:@\s*(\d{1,20}))?", re.IGNORECASE)
_SIZE = re.compile(r"(\d{1,5})\s*(?:[xX×*]\s*(\d{1,5}))?")


def parse_strengths(text: str) -> tuple[float, ...]:
    """Return the strengths in `text`, repeats dropped. A range has to say its step."""
    values = (float(value) for value in _numbers(text, what="strength", step=None))
    return tuple(dict.fromkeys(value + 0.0 for value in values))


def parse_numbers(text: str, *, what: str) -> tuple[float, ...]:
    """Return the numbers in `text`, repeats dropped; `what` names them in errors (`guidance`).

    A range without a step goes by 1.
    """
    values = (float(value) for value in _numbers(text, what=what, step=Decimal(1)))
    return tuple(dict.fromkeys(value + 0.0 for value in values))


def parse_whole_numbers(text: str, *, what: str) -> tuple[int, ...]:
    """Return the whole numbers in `text`, repeats dropped: steps, clip skip."""
    return tuple(dict.fromkeys(_whole(text, what)))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds in `text`, repeats dropped.

    `random:4` is four seeds of 32 bits that look random and are always the same four, so that
    grids share their pictures and a grid can be taken up again; `random:4@7` is another four,
    told apart by that number (SHA-256 of `loradex seed NUMBER PLACE`; without one it is 0).
    """
    found: dict[int, None] = {}
    items = split_values(text)
    for item in drawn(items):
        match = None if item.quoted else _RANDOM.fullmatch(item.text)
        if match is None:
            found |= dict.fromkeys(_whole(text, "seed", items=(item,)))
        elif not 1 <= int(match[1]) <= _MOST:
            raise _unreadable(text, item, f"Between 1 and {_MOST} random seeds can be had")
        else:
            base = int(match[2] or 0)
            found |= dict.fromkeys(_random_seed(base, place) for place in range(int(match[1])))
        _count(len(found), text, item, "seed")
    return tuple(found)


def parse_sizes(text: str) -> tuple[tuple[int, int], ...]:
    """Return the sizes in `text` as (width, height) in pixels: `512x768`, or `512` for both."""
    found: dict[tuple[int, int], None] = {}
    for item in drawn(split_values(text)):
        match = _SIZE.fullmatch(item.text)
        if match is None:
            raise _unreadable(
                text, item, "This is no size", hint="Write it as 512x768, or 512 for both."
            )
        found[int(match[1]), int(match[2] or match[1])] = None
    return tuple(found)


def parse_texts(text: str) -> tuple[str, ...]:
    """Return the texts in `text`, repeats dropped: `"a, b", c` are two."""
    return tuple(dict.fromkeys(item.text for item in drawn(split_values(text))))


def _random_seed(base: int, place: int) -> int:
    digest = hashlib.sha256(f"loradex seed {base} {place}".encode("ascii")).digest()
    return int.from_bytes(digest[:4], "big")


def _whole(text: str, what: str, items: tuple[Item, ...] | None = None) -> Iterator[int]:
    for item in drawn(split_values(text) if items is None else items):
        for value in _values(text, item, what, Decimal(1), whole=True):
            if value != value.to_integral_value():
                raise _unreadable(
                    text, item, f"{value.normalize():f} is not a whole number, so it is no {what}"
                )
            yield int(value)


def _numbers(text: str, *, what: str, step: Decimal | None) -> Iterator[Decimal]:
    """Yield the numbers of `text`; a range without a step uses `step`, None asks for one."""
    count = 0
    for item in drawn(split_values(text)):
        for value in _values(text, item, what, step, whole=False):
            count += 1
            _count(count, text, item, what)
            yield value


def _values(
    text: str, item: Item, what: str, step: Decimal | None, *, whole: bool
) -> Iterator[Decimal]:
    """Yield the numbers of one item: itself, or those of its range."""
    single = _decimal(item.text)
    if single is not None:
        yield single
        return
    dotted = _DOTTED.fullmatch(item.text)
    match = dotted or _DASHED.fullmatch(item.text)
    if match is None:
        raise _not_a_number(text, item, item.text, item.position, what)
    first, last = (_number(text, item, match, group, what) for group in (1, 2))
    if not dotted and match[4] is not None:
        yield from _spread(text, item, match, (first, last), whole=whole)
        return
    if match[3] is not None:
        given = _number(text, item, match, 3, "step")
        # The sign of a step says nothing but in A1111's way, where it has to lead to the end.
        if not dotted and given and (given > 0) != (last >= first) and first != last:
            raise _unreadable(text, item, "This range never comes to its end")
        step = abs(given)
    if step is None:
        raise _unreadable(
            text, item, "This range does not say its step", hint="Write it as 0..1.2:0.2."
        )
    if not step:
        raise _unreadable(text, item, "This range has the step 0")
    if last < first:
        step = -step
    for number in range(_MOST + 1):
        value = first + step * number
        if (value > last) if step > 0 else (value < last):
            return
        yield value
    _count(_MOST + 1, text, item, what)


def _spread(
    text: str, item: Item, match: re.Match[str], ends: tuple[Decimal, Decimal], *, whole: bool
) -> Iterator[Decimal]:
    """Yield so many numbers in even steps; whole ones are cut to whole, as A1111 cuts them."""
    count = _number(text, item, match, 4, "count")
    if count != count.to_integral_value() or not 1 <= count <= _MOST:
        raise _unreadable(text, item, f"The count of a range is between 1 and {_MOST}")
    first, last = (Fraction(end) for end in ends)
    for number in range(int(count)):
        value = first + (last - first) * Fraction(number, max(int(count) - 1, 1))
        yield Decimal(int(value)) if whole else _short(value)


def _short(value: Fraction) -> Decimal:
    """Return a decimal exactly where it has at most 12 places, else rounded to them."""
    return Decimal(round(value * 10**12)).scaleb(-12)


def _number(text: str, item: Item, match: re.Match[str], group: int, what: str) -> Decimal:
    value = _decimal(match[group])
    if value is None:
        raise _not_a_number(text, item, match[group], item.position + match.start(group), what)
    return value


def _decimal(text: str) -> Decimal | None:
    """Return a number; None for what is none, is not finite, or is beyond all use."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) <= _LARGEST else None


def _count(count: int, text: str, item: Item, what: str) -> None:
    if count > _MOST:
        raise _unreadable(text, item, f"More than {_MOST} {what}s are asked for")


def _not_a_number(text: str, item: Item, words: str, position: int, what: str) -> UnreadableText:
    return UnreadableText(
        f"This is no number that a {what} can be",
        text=text,
        position=position + item.quoted,
        length=len(words),
        hint="Lists look like 0,0.5,1 and ranges like 0..1.2:0.2.",
    )


def _unreadable(text: str, item: Item, what: str, *, hint: str | None = None) -> UnreadableText:
    return UnreadableText(what, text=text, position=item.position, length=len(item.text), hint=hint)

"""Read lists and ranges of numbers as people type them: `0,0.5,1` and `0..1.2:0.2`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from loradex.errors import UsageError

_MOST = 1000
_LARGEST = Decimal(10) ** 19


def parse_strengths(text: str) -> tuple[float, ...]:
    """Return the strengths in `text`: numbers and `FIRST..LAST:STEP` ranges between commas.

    Steps are added as decimals, so `0..0.3:0.1` ends with exactly 0.3. LAST belongs to the range
    if a step lands on it. Repeats are dropped. Raises `UsageError`.
    """
    values = (float(value) for value in _numbers(text, what="strength", step=None))
    return tuple(dict.fromkeys(value + 0.0 for value in values))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds in `text`: whole numbers and `FIRST..LAST[:STEP]` ranges between commas."""
    seeds: dict[int, None] = {}
    for value in _numbers(text, what="seed", step=Decimal(1)):
        if value != value.to_integral_value():
            raise UsageError(f"{value} is not a whole number, so it cannot be a seed.")
        seeds[int(value)] = None
    return tuple(seeds)


def _numbers(text: str, *, what: str, step: Decimal | None) -> Iterator[Decimal]:
    """Yield the numbers of `text`; a range without a step uses `step`, None asks for one."""
    count = 0
    for part in text.split(","):
        for value in _part(part.strip(), what, step):
            count += 1
            if count > _MOST:
                raise UsageError(f"More than {_MOST} {what}s were asked for.")
            yield value


def _part(part: str, what: str, step: Decimal | None) -> Iterator[Decimal]:
    if ".." not in part:
        yield _number(part, what)
        return
    first_text, _, rest = part.partition("..")
    last_text, colon, step_text = rest.partition(":")
    first, last = _number(first_text, what), _number(last_text, what)
    if colon:
        step = abs(_number(step_text, "step"))
    if step is None:
        raise UsageError(
            f"The range {part!r} does not say its step.", hint="Write it as 0..1.2:0.2."
        )
    if not step:
        raise UsageError(f"The range {part!r} has the step 0.")
    if last < first:
        step = -step
    value = first
    while (value <= last) if step > 0 else (value >= last):
        yield value
        value += step


def _number(text: str, what: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) > _LARGEST:
        raise UsageError(
            f"{text.strip()!r} is not a number, so it cannot be a {what}.",
            hint="Lists look like 0,0.5,1 and ranges like 0..1.2:0.2.",
        )
    return value

"""A measure of pictures that a plugin brings: foreign code, whose numbers are checked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.plugin_api import MeasuredPicture, PictureMeasure
from loradex.plugin_manager.fence import Fence
from loradex.plugin_manager.loading import LoadedPlugin
from loradex.plugin_manager.record_checks import shown

MEASURE_LIMIT = 60.0
"""Seconds for one batch of pictures."""
PICTURES_AT_ONCE = 16
"""Pictures handed over in one call: a round trip costs little beside measuring them."""
MOST_MEASURES = 50

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_LONGEST = {"title": 60, "unit": 20, "meaning": 300}
_Note = Callable[[PluginError], None]


class FencedMeasure:
    """A measure behind a fence. Once it has failed it says nothing more."""

    def __init__(self, measure: PictureMeasure, plugin: str, fence: Fence, note: _Note) -> None:
        self._measure = measure
        self._fence = fence
        self._note = note
        self._failed = False
        self.plugin = plugin
        self.id = _checked_id(measure.id)
        self.title = _text(measure.title, "title") or self.id
        self.unit = _text(measure.unit, "unit")
        self.meaning = _text(measure.meaning, "meaning")

    def measure(self, pictures: Sequence[MeasuredPicture]) -> list[float | None]:
        """Return the number of each picture, None for one that has none or no finite one.

        After a failure, which is noted, all that is left is None.
        """
        values: list[float | None] = []
        for start in range(0, len(pictures), PICTURES_AT_ONCE):
            values += self._batch(pictures[start : start + PICTURES_AT_ONCE])
        return values

    def _batch(self, pictures: Sequence[MeasuredPicture]) -> list[float | None]:
        if not self._failed:
            try:
                return self._fence.call(partial(self._measure_all, pictures), MEASURE_LIMIT)
            except PluginError as error:
                self._failed = True
                self._note(error)
        return [None] * len(pictures)

    def _measure_all(self, pictures: Sequence[MeasuredPicture]) -> list[float | None]:
        return [_checked_number(self._measure.measure(picture)) for picture in pictures]


def measures_of(plugin: LoadedPlugin, note: _Note) -> list[FencedMeasure]:
    """Return the measures that a plugin brings; one that is none is noted and left out."""
    found = []
    for answer in plugin.hooks.probe_measure():
        for measure in islice(answer, MOST_MEASURES):
            if not isinstance(measure, PictureMeasure):
                note(PluginError(f"It answered {shown(measure)} where a PictureMeasure was due."))
                continue
            try:
                found.append(FencedMeasure(measure, plugin.name, plugin.fence, note))
            except PluginError as error:
                note(error)
    return found


def _checked_id(value: object) -> str:
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise PluginError(f"A measure's id cannot be {shown(value)}.")
    return value


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise PluginError(f"A measure's {what} cannot be {shown(value)}.")
    return display_text(value, _LONGEST[what])


def _checked_number(value: object) -> float | None:
    """Return a finite number, None for none; raise `PluginError` for what is no number."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PluginError(f"A measure answered {shown(value)} where a number was due.")
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None

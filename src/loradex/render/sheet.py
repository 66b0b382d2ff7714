"""A grid as one labelled picture: a column per strength, a row per prompt and seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import FailedCell, GridPlan, RenderedCell
from loradex.domain.text import display_text
from loradex.render.whole_file import whole_file

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont, ImageFont

Cells = Mapping[str, RenderedCell | FailedCell]

_LARGEST = 76_000_000
"""Pixels of a sheet. Larger ones are refused as bombs by Pillow and many viewers."""
_SMALLEST_TILE = 160
_LARGEST_TILE = 512

_PAPER = (250, 249, 246)
_INK = (32, 33, 36)
_SOFT = (112, 114, 120)
_LINE = (224, 222, 216)
_FAILED = (242, 232, 226)
_FAILED_INK = (140, 62, 40)

_MARGIN = 28
_GAP = 6
_GUTTER = 104
_PROMPT_LINES = 3


def write_sheet(
    plan: GridPlan,
    finished: Mapping[str, RenderedCell],
    failed: Mapping[str, FailedCell],
    path: Path,
) -> Path:
    """Write the sheet of `plan` as a PNG to `path`; return `path`.

    `finished` and `failed` are by key; a key in neither is shown as not drawn. Tiles shrink as
    the grid grows, so that the sheet stays under 80 megapixels.
    """
    sheet = _Sheet(plan, {**failed, **finished}).drawn()
    with whole_file(path) as file:
        sheet.save(file, format="PNG", optimize=False)
    return path


@dataclass(frozen=True)
class _Sheet:
    plan: GridPlan
    cells: Cells

    def drawn(self) -> Image:
        """Lay everything out and return the picture."""
        from PIL import Image, ImageDraw  # noqa: PLC0415 - only when a sheet is drawn

        spec = self.plan.spec
        sheet = Image.new("RGB", (self.width, self.height), _PAPER)
        draw = ImageDraw.Draw(sheet)
        top = self._title(draw)
        for number, lora in enumerate(spec.loras):
            top = self._block_head(draw, top, display_text(lora.name, 120))
            for prompt in range(len(spec.prompts)):
                top = self._prompt(draw, top, prompt)
                for seed in range(len(spec.seeds)):
                    self._row(sheet, draw, top, (number, prompt, seed))
                    top += self.tile[1] + _GAP
        return sheet

    @cached_property
    def tile(self) -> tuple[int, int]:
        """Width and height of a tile, as large as the whole sheet allows."""
        settings = self.plan.spec.settings
        wanted = min(max(settings.width, _SMALLEST_TILE), _LARGEST_TILE)
        ratio = settings.height / settings.width
        while wanted > 8:
            tile = (wanted, max(8, round(wanted * ratio)))
            if self._width(tile) * self._height(tile) <= _LARGEST:
                return tile
            wanted = wanted * 9 // 10
        return (8, 8)

    @property
    def width(self) -> int:
        """Pixels across."""
        return self._width(self.tile)

    @property
    def height(self) -> int:
        """Pixels down."""
        return self._height(self.tile)

    def _width(self, tile: tuple[int, int]) -> int:
        columns = len(self.plan.spec.strengths)
        return max(2 * _MARGIN + _GUTTER + columns * (tile[0] + _GAP), 560)

    def _height(self, tile: tuple[int, int]) -> int:
        spec = self.plan.spec
        rows = len(spec.prompts) * len(spec.seeds)
        prompts = sum(self._prompt_height(text, tile) for text in spec.prompts)
        block = self._head_height + prompts + rows * (tile[1] + _GAP)
        return self._title_height + len(spec.loras) * block + _MARGIN

    _title_height = _MARGIN + 76
    _head_height = 66

    def _prompt_height(self, text: str, tile: tuple[int, int]) -> int:
        return 14 + 22 * len(self._wrapped(text, self._width(tile) - 2 * _MARGIN))

    def _wrapped(self, text: str, width: int) -> list[str]:
        shown = display_text(text, 2000) or "(no words)"
        return wrap(shown, _font(16), width, _PROMPT_LINES)

    def _title(self, draw: ImageDraw) -> int:
        spec, settings = self.plan.spec, self.plan.spec.settings
        title = display_text(spec.title, 200) or "Sample grid"
        room = self.width - 2 * _MARGIN
        draw.text((_MARGIN, _MARGIN), wrap(title, _font(28), room, 1)[0], _INK, _font(28))
        facts = (
            f"{display_text(spec.checkpoint.name, 120)}  ·  {settings.sampler}, "
            f"{settings.num_inference_steps} steps, guidance {settings.guidance_scale:g}, "
            f"{settings.width}x{settings.height}"
        )
        draw.text((_MARGIN, _MARGIN + 40), wrap(facts, _font(15), room, 1)[0], _SOFT, _font(15))
        return self._title_height

    def _block_head(self, draw: ImageDraw, top: int, name: str) -> int:
        draw.line((_MARGIN, top, self.width - _MARGIN, top), _LINE, 1)
        room = self.width - 2 * _MARGIN
        draw.text((_MARGIN, top + 10), wrap(name, _font(20), room, 1)[0], _INK, _font(20))
        for column, strength in enumerate(self.plan.spec.strengths):
            label = f"{strength:g}" if strength else "0 (base)" if self.tile[0] > 70 else "0"
            middle = self._left(column) + self.tile[0] // 2
            draw.text((middle, top + 44), label, _SOFT, _font(15), anchor="ma")
        return top + self._head_height

    def _prompt(self, draw: ImageDraw, top: int, prompt: int) -> int:
        text = self.plan.spec.prompts[prompt]
        for number, line in enumerate(self._wrapped(text, self.width - 2 * _MARGIN)):
            draw.text((_MARGIN, top + 6 + 22 * number), line, _INK, _font(16))
        return top + self._prompt_height(text, self.tile)

    def _row(self, sheet: Image, draw: ImageDraw, top: int, place: tuple[int, int, int]) -> None:
        """Draw one row; `place` is the number of its LoRA, prompt and seed."""
        shown = str(self.plan.spec.seeds[place[2]])
        draw.text((_MARGIN, top + 4), "seed", _SOFT, _font(13))
        lines = wrap(shown, _font(15), _GUTTER - 10, 2)
        draw.text((_MARGIN, top + 20), "\n".join(lines), _INK, _font(15))
        for column in range(len(self.plan.spec.strengths)):
            key = self._keys[(*place, column)]
            self._tile(sheet, draw, (self._left(column), top), self.cells.get(key))

    @cached_property
    def _keys(self) -> dict[tuple[int, ...], str]:
        return {
            (place.lora, place.prompt, place.seed, place.strength): place.cell.key
            for place in self.plan.placements
        }

    def _left(self, column: int) -> int:
        return _MARGIN + _GUTTER + column * (self.tile[0] + _GAP)

    def _tile(
        self,
        sheet: Image,
        draw: ImageDraw,
        at: tuple[int, int],
        cell: RenderedCell | FailedCell | None,
    ) -> None:
        if isinstance(cell, RenderedCell):
            picture = _opened(cell.path, self.tile)
            if picture is not None:
                sheet.paste(picture, at)
                return
        message = cell.message if isinstance(cell, FailedCell) else "not drawn"
        if isinstance(cell, RenderedCell):
            message = "its file cannot be read"
        right, bottom = at[0] + self.tile[0] - 1, at[1] + self.tile[1] - 1
        draw.rectangle((*at, right, bottom), _FAILED)
        lines = wrap(display_text(message, 600), _font(13), self.tile[0] - 16, self.tile[1] // 18)
        draw.text((at[0] + 8, at[1] + 8), "\n".join(lines), _FAILED_INK, _font(13))


def _opened(path: str, tile: tuple[int, int]) -> Image | None:
    """Return a cell's picture at tile size, None when its file is not a PNG that can be read."""
    from PIL import Image  # noqa: PLC0415 - only when a sheet is drawn

    try:
        with Image.open(path, formats=["PNG"]) as picture:
            return picture.convert("RGB").resize(tile, Image.Resampling.LANCZOS, reducing_gap=3.0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _font(size: int) -> FreeTypeFont | ImageFont:
    """Return the face that comes with Pillow, so that sheets look the same everywhere."""
    from PIL import ImageFont  # noqa: PLC0415 - only when a sheet is drawn

    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]


_FONTS: dict[int, FreeTypeFont | ImageFont] = {}


def wrap(text: str, font: FreeTypeFont | ImageFont, width: int, most: int) -> list[str]:
    """Break `text` into at most `most` lines no wider than `width`; the last one may end in `…`."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most:
        fits = _fitting(rest, font, width)
        if fits < len(rest) and len(lines) == most - 1:
            cut = _fitting(rest, font, width - int(font.getlength("…")))
            return [*lines, rest[: max(cut, 1)].rstrip() + "…"]
        if fits < len(rest):
            space = rest.rfind(" ", 1, fits + 1)
            fits = space if space > 0 else fits
        lines.append(rest[:fits].rstrip())
        rest = rest[fits:].lstrip()
    return lines or [""]


def _fitting(text: str, font: FreeTypeFont | ImageFont, width: int) -> int:
    """Return how many characters from the start fit into `width` pixels, at least one."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    return low

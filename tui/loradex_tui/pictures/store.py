"""Pictures at the sizes they are shown in: from memory, from the cache on disk, or decoded."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image

from loradex.errors import FormatError
from loradex.operations.previews.shelf import PreviewShelf
from loradex.paths import Home
from loradex_tui.pictures.decode import FORMATS
from loradex_tui.pictures.decoder import PictureDecoder

TILE, PANE, ZOOM = 256, 900, 2048
"""Longest sides in pixels: of a tile, of a picture beside text, and of one on the whole screen."""

_MOST_MEMORY = 24 * 1024**2
_MOST_DISK = 256 * 1024**2
_QUICK_BYTES = 64_000
"""A smaller file is read as quickly as a copy of it."""
_QUALITY = 88

LoadPicture = Callable[[Path, int], Image.Image]
"""Return a picture with a longest side of at most so many pixels; raise `FormatError`."""

_Key = tuple[str, int, int, int]


class PictureStore:
    """Gives pictures to any thread. What was read is known by its path, time and size.

    Sized-down copies lie below the home's cache, at most 256 MB of them; 24 MB are in memory.
    """

    def __init__(self, home: Home, decoder: PictureDecoder | None = None) -> None:
        self._decoder = decoder or PictureDecoder()
        self._shelf = PreviewShelf(home, folder="pictures", most_bytes=_MOST_DISK)
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, Image.Image | str] = OrderedDict()
        self._held = 0

    def load(self, path: Path, longest: int) -> Image.Image:
        """Return a picture as RGB, at most `longest` wide and high; raise `FormatError`."""
        try:
            info = path.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its name cannot be a file's"
            raise FormatError(str(path), f"cannot be shown: {reason}.") from error
        key = (os.fspath(path), info.st_mtime_ns, info.st_size, longest)
        found = self._remembered(key)
        if found is None:
            try:
                found = self._from_disk(key)
            except FormatError as error:
                self._remember(key, error.what)
                raise
            self._remember(key, found)
        if isinstance(found, str):
            raise FormatError(str(path), found)
        return found

    def close(self) -> None:
        """End what decodes."""
        self._decoder.close()

    def _remembered(self, key: _Key) -> Image.Image | str | None:
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
            return self._known.get(key)

    def _remember(self, key: _Key, found: Image.Image | str) -> None:
        with self._lock:
            self._held += _weight(found) - _weight(self._known.get(key))
            self._known[key] = found
            while self._held > _MOST_MEMORY and len(self._known) > 1:
                self._held -= _weight(self._known.popitem(last=False)[1])

    def _from_disk(self, key: _Key) -> Image.Image:
        path, _, size, longest = key
        if size <= _QUICK_BYTES or longest > PANE:
            return self._decoder.load(Path(path), longest)
        name = hashlib.sha256(repr(key).encode("ascii", "backslashreplace")).hexdigest()
        copy = self._shelf.find(name)
        if copy is not None:
            # A copy that was damaged is made again.
            with (
                suppress(OSError, ValueError, SyntaxError),
                Image.open(copy, formats=FORMATS) as kept,
            ):
                return kept.convert("RGB")
        image = self._decoder.load(Path(path), longest)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=_QUALITY)
        # A disk that is full costs time, not the picture.
        with suppress(OSError):
            self._shelf.put(name, ".jpg", file.getvalue())
        return image


def _weight(found: Image.Image | str | None) -> int:
    if isinstance(found, Image.Image):
        return found.width * found.height * 3
    return len(found or "") + 100

"""Read a picture that nobody vouches for: four formats, bounded bytes, bounded pixels."""

from __future__ import annotations

import os
import stat
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps

from loradex.domain.text import display_text
from loradex.errors import FormatError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""The decoders that may run. Others (PSD, EPS, ICNS …) have had holes and are never needed."""
MOST_BYTES = 64_000_000
MOST_PIXELS = 120_000_000
"""A sheet of a large grid; decoded it holds 360 MB for a moment."""

_DECODER_FAULTS = (
    OSError,
    ValueError,
    TypeError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    AttributeError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow's decoders raise on bytes they cannot read."""


def load_picture(path: Path, longest: int) -> Image.Image:
    """Return the picture as RGB, at most `longest` pixels wide and high.

    Only regular files are read. Raises `FormatError` for anything that is no such picture.
    """
    try:
        with _open_regular(path) as file:
            return _decode(file, longest)
    except FormatError:
        raise
    except _DECODER_FAULTS as error:
        reason = display_text(str(error) or type(error).__name__, 200)
        raise FormatError(str(path), f"cannot be shown: {reason}.") from error


def _open_regular(path: Path) -> BinaryIO:
    # Non-blocking, or a FIFO under a picture's name would hold the thread for ever.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    info = os.fstat(handle)
    if not stat.S_ISREG(info.st_mode) or info.st_size > MOST_BYTES:
        os.close(handle)
        raise FormatError(str(path), "is no picture file of a size that is shown.")
    return os.fdopen(handle, "rb")


def _decode(file: BinaryIO, longest: int) -> Image.Image:
    with Image.open(file, formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width} x {image.height} pixels")
        image.draft("RGB", (longest, longest))
        image.thumbnail((longest, longest), Image.Resampling.BILINEAR, reducing_gap=2.0)
        ImageOps.exif_transpose(image, in_place=True)
        if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
            clear = image.convert("RGBA")
            ground = Image.new("RGBA", clear.size, (24, 28, 36, 255))
            return Image.alpha_composite(ground, clear).convert("RGB")
        return image.convert("RGB")

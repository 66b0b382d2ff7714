"""Make a small picture with nothing but pixels in it out of bytes that nobody vouches for."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from typing import TYPE_CHECKING

from loradex.domain.text import display_text
from loradex.errors import FormatError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
"""The decoders that may run. Others (PSD, EPS, ICNS …) have had holes and are never needed."""
MOST_PIXELS = 50_000_000
"""Decoded it holds 200 MB for a moment."""
TALLEST = 4
"""Heights of more than so many widths are sized down further."""
_ORIENTATION = 0x0112
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""EXIF's orientation to what makes the picture upright (CIPA DC-008, 4.6.4.A)."""
_ON_ITS_SIDE = (5, 6, 7, 8)
_QUALITY = 85

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
)
"""What Pillow's decoders raise on bytes they cannot read."""

# One picture at a time: it bounds the memory, and Python's warnings are the process's own.
_alone = threading.Lock()


def shrunk(data: bytes, width: int) -> tuple[bytes, str]:
    """Return the picture at most `width` pixels wide, and its suffix: `.jpg`, `.webp` if clear.

    The first frame of a moving one, turned as its EXIF says, without metadata. Raises
    `FormatError` for what is no such picture, or has too many pixels.
    """
    from PIL import Image  # noqa: PLC0415 - most commands show no picture

    faults = (*_DECODER_FAULTS, Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with _alone, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _written(_small(data, width))
    except faults as error:
        reason = display_text(str(error) or type(error).__name__, 200)
        raise FormatError("The preview", f"cannot be shown: {reason}.") from error


def _small(data: bytes, width: int) -> Image.Image:
    from PIL import Image  # noqa: PLC0415

    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width} x {image.height} pixels")
        orientation = image.getexif().get(_ORIENTATION, 1)
        box = (width, TALLEST * width)
        if orientation in _ON_ITS_SIDE:
            box = box[::-1]
        image.draft("RGB", box)
        small = image.convert("RGBA" if _clear(image) else "RGB")
    small.thumbnail(box, Image.Resampling.LANCZOS, reducing_gap=2.0)
    turn = _TURNS.get(orientation)
    return small if turn is None else small.transpose(Image.Transpose[turn])


def _clear(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info


def _written(image: Image.Image) -> tuple[bytes, str]:
    """Return the pixels alone as a file: no EXIF, text, profile or comment goes along."""
    bare = image.copy()
    bare.info = {}
    file = io.BytesIO()
    if bare.mode == "RGBA" and any(bare.getchannel("A").histogram()[:255]):
        bare.save(file, "WEBP", quality=_QUALITY, exif=b"", icc_profile=b"", xmp=b"")
        return file.getvalue(), ".webp"
    bare.convert("RGB").save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue(), ".jpg"

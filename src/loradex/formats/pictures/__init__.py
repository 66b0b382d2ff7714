"""The texts in pictures: PNG, JPEG and WebP are walked, never decoded."""

from loradex.formats.pictures.reading import read_picture
from loradex.formats.pictures.texts import PictureTexts

__all__ = ["PictureTexts", "read_picture"]

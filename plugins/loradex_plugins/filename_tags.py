"""Tags from the words in file and folder names. The example of a tagger.

Names are all that many files have: `Watercolor_Landscape-v2.1_SDXL.safetensors` has no metadata
and is unknown to the hub, yet anybody can read what it is for. Only words of a small vocabulary
count; most words in file names are names of people, characters and mixes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from loradex.plugin_api import TaggerInput, TagProposal, hookimpl

LORADEX_API = "1.0"

# How often a person would agree. A folder was chosen on purpose, but for all that is in it.
_FROM_NAME = 0.7
_FROM_FOLDER = 0.6

_VOCABULARY: dict[str, str] = {
    # What it is for, in the hub's own words where it has one.
    "style": "style",
    "character": "character",
    "concept": "concept",
    "pose": "pose",
    "clothing": "clothing clothes outfit dress uniform costume kimono armor armour",
    "background": "background backgrounds",
    "slider": "slider",
    "detail": "detail detailer enhancer",
    "lighting": "lighting",
    # How it looks.
    "anime": "anime",
    "manga": "manga",
    "comic": "comic comics",
    "cartoon": "cartoon toon",
    "chibi": "chibi",
    "photorealistic": "photorealistic photorealism photoreal realistic realism hyperrealistic",
    "photography": "photo photograph photography analog polaroid",
    "cinematic": "cinematic",
    "3d": "3d",
    "pixel art": "pixelart pixel+art 8bit 16bit",
    "voxel": "voxel",
    "low poly": "lowpoly low+poly",
    "isometric": "isometric",
    "watercolor": "watercolor watercolour aquarelle",
    "oil painting": "oilpainting oil+painting",
    "painting": "painting painterly impressionism impressionist",
    "ink": "ink sumie",
    "sketch": "sketch pencil charcoal",
    "line art": "lineart line+art",
    "flat color": "flat+color flat+colour flatcolor",
    "pop art": "popart pop+art",
    "art nouveau": "artnouveau art+nouveau",
    "vector": "vector",
    "minimalist": "minimalist minimalism",
    "surreal": "surreal surrealism",
    "papercut": "papercut paper+cut papercraft",
    "clay": "clay claymation",
    "vintage": "vintage retro",
    "noir": "noir",
    "gothic": "gothic",
    "horror": "horror",
    "fantasy": "fantasy",
    "sci-fi": "scifi sci+fi",
    "cyberpunk": "cyberpunk",
    "steampunk": "steampunk",
    "synthwave": "synthwave vaporwave",
    # What it shows.
    "portrait": "portrait headshot",
    "face": "face",
    "eyes": "eye",
    "hands": "hand",
    "hair": "hair hairstyle",
    "landscape": "landscape scenery",
    "architecture": "architecture building",
    "city": "city cityscape",
    "interior": "interior",
    "vehicle": "vehicle car motorcycle",
    "mecha": "mecha mech",
    "animal": "animal cat dog wolf horse",
    "dragon": "dragon",
    "monster": "monster creature",
    "food": "food",
    "flower": "flower",
    "weapon": "weapon sword",
    "logo": "logo",
}
"""Tag to the words that mean it, in the singular; `+` joins words that only count together."""

_TAG_OF = {word: tag for tag, words in _VOCABULARY.items() for word in words.split()}

# An embedding called "bad hands" is put into negative prompts and shows no hands.
_NEGATIVE = frozenset({"bad", "badhand", "badhands", "negative", "neg", "easynegative"})

# Versions, training steps, precisions: they may stand between two words that belong together.
_NOISE = re.compile(r"v|ver|version|r|rank|dim|e|epoch|step|fp|bf|f|q|k|pruned|ema|final|new|\d+")

_WORD = re.compile(
    r"""
    \d+(?:d|bit)(?![a-z])       # 3D, 8bit: a number that belongs to its unit
    | [A-Z]+(?![a-z])           # SDXL, and the XL of XLAnime
    | [A-Z]?[^\W\d_A-Z]+        # Anime, anime, and letters of other scripts
    | \d+
    """,
    re.VERBOSE,
)
_CAPITAL_UNIT = re.compile(r"(?<=\d)(?:D|BIT|Bit)(?![a-z])")


@hookimpl
def propose_tags(model: TaggerInput) -> Iterator[TagProposal]:
    """Yield a tag for every known word in the file's name, then in the names of its folders."""
    stem = model.file_name.rpartition(".")[0] or model.file_name
    seen: set[str] = set()
    for text, confidence, place in (
        (stem, _FROM_NAME, "file's name"),
        (model.folder, _FROM_FOLDER, "folder's name"),
    ):
        for tag, word in _tags(split_words(text)):
            if tag not in seen:
                seen.add(tag)
                yield TagProposal(tag, confidence, f"The {place} has the word “{word}”.")


def split_words(name: str) -> list[str]:
    """Return the words of a name in lower case: `XLAnimeStyle_v2` is `xl anime style v 2`."""
    plain = unicodedata.normalize("NFKC", name)
    plain = _CAPITAL_UNIT.sub(lambda unit: unit.group().lower(), plain)
    return [word.casefold() for word in _WORD.findall(plain)]


def _tags(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield tags with the word or words they come from; a pair goes before its parts."""
    if not _NEGATIVE.isdisjoint(words):
        yield "negative", next(word for word in words if word in _NEGATIVE)
        return
    words = [word for word in words if not _NOISE.fullmatch(word)]
    position = 0
    while position < len(words):
        pair = words[position : position + 2]
        if "+".join(pair) in _TAG_OF:
            yield _TAG_OF["+".join(pair)], " ".join(pair)
            position += 2
            continue
        tag = _TAG_OF.get(pair[0]) or _TAG_OF.get(pair[0].removesuffix("s"))
        if tag is not None:
            yield tag, pair[0]
        position += 1

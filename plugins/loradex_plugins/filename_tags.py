"""Tags from the words in file names. The smallest useful example of a tagger.

Names are all that many files have: `Watercolor_Landscape-v2.1_SDXL.safetensors` has no metadata
and is unknown to the hub, yet anybody can read what it is for. Only words of a small vocabulary
count; most words in file names are names of people, characters and mixes.
"""

from __future__ import annotations

from collections.abc import Iterator

from loradex.domain.name_words import split_words, telling
from loradex.plugin_api import TaggerInput, TagProposal, hookimpl

LORADEX_API = "1.0"

_SURE = 0.7
"""How often a person would agree."""

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


@hookimpl
def propose_tags(model: TaggerInput) -> Iterator[TagProposal]:
    """Yield a tag for every known word in the file's name."""
    stem = model.file_name.rpartition(".")[0] or model.file_name
    for tag, word in dict(_tags(split_words(stem))).items():
        yield TagProposal(tag, _SURE, f"The file's name has the word “{word}”.")


def _tags(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield tags with the word or words they come from; a pair goes before its parts."""
    if not _NEGATIVE.isdisjoint(words):
        yield "negative", next(word for word in words if word in _NEGATIVE)
        return
    words = telling(words)
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

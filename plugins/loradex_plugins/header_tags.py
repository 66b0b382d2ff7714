"""Tags from what a model was trained on: the captions that kohya's trainer counts in the header.

A caption that nearly all pictures had tells what the model is about. Left out are those that all
such models have (`1girl`, `solo`, hair, eyes, where somebody looks), and the trigger word: that is
a name somebody made up. Captions that are sentences come once each and never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loradex.plugin_api import TaggerInput, TagProposal, hookimpl

LORADEX_API = "1.2"

_LEAST_SHARE = 0.6
_LEAST_COUNT = 5
_MOST = 3
_MOST_WORDS = 2

_NOISE = re.compile(
    r"""
    (?: \d+\+? \s? (?:girl|boy|other|person|people|koma)s? | (?:multiple|solo) \b .* | solo
      | looking \b .* | .* \b (?:hair|eyes?|eyed|breasts?|bangs|lips|skin|sleeves?|background
        |shoulders|thighs|mouth|teeth|nose|ears?|tail|hairband|ornament|focus|shot|body)
      | .* \b (?:quality|res|score) \b .* | score .* | masterpiece | smil.* | blush.* | open .*
      | closed .* | (?:from|facing) \b .* | standing | sitting | lying | (?:holding|simple) \b .*
      | (?:in|out)doors | day | night | navel | cleavage | ahoge | braid.* | ponytail | twintails?
      | (?:wo)?m[ae]n | girls? | boys? | person | female | male | jewelry | earrings | ribbon | bow
      | gloves | shirt | skirt | dress | hat | jacket | rating .* | (?:highres|absurdres|commentary
      .* | signature | watermark | artist \b .* | english .* | web \b .* | general | sensitive
      | questionable | explicit | nsfw | sfw | no \b .* | official \b .* | original | realistic)
      | very \b .* | newest | recent | mid | early | oldest | year \b .* | \d+s | no\.\d+
      | portrait | close-?up | blurry | .* pov | pov | depth \b .* )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COLOUR = re.compile(
    r"(?:light|dark)?\s?(?:white|black|gr[ea]y|silver|red|pink|orange|brown|blonde?|yellow|gold(?:en)?"
    r"|green|aqua|teal|blue|purple|violet|multicolored|two-tone|striped|plaid|frilled|torn) .*"
)
"""What somebody wears is of this picture, not of the model."""
_MADE_UP = re.compile(r"(?=.*\d)(?=.*[^\W\d])\S+|[^aeiouy\W]{4,}", re.IGNORECASE)
"""Letters with digits between, as in `n30nkn`, or no vowel."""


@hookimpl
def propose_tags(model: TaggerInput) -> Iterator[TagProposal]:
    """Yield the commonest captions that tell something, three at most."""
    if not model.tag_counts:
        return
    most = model.tag_counts[0][1]
    folders = [_plain(folder) for folder in model.training_folders]
    called = {*folders, *(word for folder in folders for word in folder.split())}
    found = 0
    for caption, count in model.tag_counts:
        share = count / most
        if count < _LEAST_COUNT or share < _LEAST_SHARE or found == _MOST:
            return
        tag = _plain(caption)
        if tag in called or not _tells(tag):
            continue
        found += 1
        reason = f"It was trained on “{caption[:60]}” {count:,} times, at most {most:,}."
        yield TagProposal(tag, 0.32 + 0.3 * share, reason)


def _plain(caption: str) -> str:
    return " ".join(caption[:100].replace("_", " ").replace("\\", "").casefold().split())


def _tells(tag: str) -> bool:
    """Tell whether a caption says something of the model, in few words without commas."""
    words = tag.split()
    return (
        0 < len(words) <= _MOST_WORDS
        and len(tag) >= 3
        and "," not in tag
        and tag.isprintable()
        and not _NOISE.fullmatch(tag)
        and not _COLOUR.fullmatch(tag)
        and not any(_MADE_UP.fullmatch(word) for word in words)
    )

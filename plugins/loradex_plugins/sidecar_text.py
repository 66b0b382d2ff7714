"""Plain text: `STEM.txt`, `STEM.description.txt`, and the `.md` of ComfyUI-Model-Manager.

Its Markdown begins with a block of `key: value` lines, then has the trigger words under a heading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from loradex.domain.sidecar_values import digest, line, phrases, text, whole
from loradex.domain.sidecars import TEXT_KEY
from loradex.plugin_api import (
    KeyRule,
    SidecarClaims,
    SidecarDocument,
    SidecarKey,
    SidecarModel,
    hookimpl,
)

LORADEX_API = "1.2"

_FRONT = re.compile(r"\A---[ \t]*\r?\n(.{0,20000}?)^---[ \t]*$", re.DOTALL | re.MULTILINE)
_PAIR = re.compile(r"^[ \t]*([A-Za-z0-9]{1,40}):[ \t]*(\S.*)$", re.MULTILINE)
_WORDS = re.compile(r"^#{1,3} *Trigger Words *$(.{0,8000}?)(?=^#|\Z)", re.I | re.M | re.DOTALL)
_PAGE = re.compile(r"https://civitai\.\w+/models/(\d{1,10})(?:\?modelVersionId=(\d{1,10}))?")


class Text:
    """The description that A1111 and SD.Next show for a model."""

    name = "text"
    label = "description (.txt)"
    suffix = ".txt"
    after_full_name = False
    rank = 100
    tools = ("text",)
    indent = None
    adds_to: tuple[str, ...] = ()

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return the description; of a note in Markdown what its first lines say, too."""
        return markdown_claims(document.text) or SidecarClaims(description=text(document.text))

    def keys(self, model: SidecarModel, _existing: Mapping[str, object]) -> list[SidecarKey]:
        """Return the description; nothing for a model without one."""
        if not model.description:
            return []
        return [SidecarKey(TEXT_KEY, model.description + "\n", KeyRule.ONCE)]


class LongText:
    """The longer name that some tools give a description."""

    name = "description"
    label = "description (.description.txt)"
    suffix = ".description.txt"
    after_full_name = False
    rank = 95

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return the description."""
        return SidecarClaims(description=text(document.text))


class Markdown:
    """The notes of ComfyUI-Model-Manager."""

    name = "model-manager"
    label = "ComfyUI-Model-Manager"
    suffix = ".md"
    after_full_name = False
    rank = 90

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the first lines and the headings say."""
        return markdown_claims(document.text) or SidecarClaims(description=text(document.text))


@hookimpl
def sidecar_dialect() -> list[Text | LongText | Markdown]:
    """Return all three."""
    return [Text(), LongText(), Markdown()]


def markdown_claims(value: str) -> SidecarClaims | None:
    """Return what a note in Markdown says; None for text without a block of keys."""
    front = _FRONT.match(value)
    if front is None:
        return None
    keys = {pair[1].lower(): pair[2].strip().strip("'\"") for pair in _PAIR.finditer(front[1])}
    page = _PAGE.match(keys.get("modelpage", ""))
    sha256 = digest(keys.get("sha256"), 64)
    words = _WORDS.search(value, front.end())
    listed = re.sub(r"^[-*] +", "", words[1].strip(), flags=re.MULTILINE) if words else ""
    found = (each.strip("` ") for part in listed.splitlines() for each in phrases(part))
    return SidecarClaims(
        sha256=(sha256,) if sha256 else (),
        model_id=whole(page[1], 1, 2**31 - 1) if page else None,
        version_id=whole(page[2], 1, 2**31 - 1) if page else None,
        link="" if page else line(keys.get("modelpage")),
        base_model=line(keys.get("basemodel")),
        creator=line(keys.get("author")),
        words=tuple(dict.fromkeys(filter(None, found))),
        description=text(value[front.end() :]),
    )

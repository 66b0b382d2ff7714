"""Descriptions, which hubs send as HTML, as text that a terminal may show.

Cleaned first (nh3 takes out scripts, styles, pictures and every address that is no web address),
then turned into Markdown or plain text.
"""

from __future__ import annotations

import re

from loradex.domain.text import display_lines

LONGEST = 256 * 1024
"""Characters of HTML that are looked at; what comes after is left out."""

_TAGS = "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strong u ul"
_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")


def safe_markdown(html: str) -> str:
    """Return a description as Markdown without pictures or HTML; its links lead to web pages."""
    from markdownify import markdownify  # noqa: PLC0415 - brings an HTML parser

    text: str = markdownify(_cleaned(html), heading_style="ATX", bullets="-")
    return _tidy(text)


def safe_text(html: str) -> str:
    """Return a description as plain text: paragraphs, and lines that begin with `-` for lists."""
    from markdownify import markdownify  # noqa: PLC0415

    text: str = markdownify(
        _cleaned(html),
        convert=["p", "br", "li", "ul", "ol", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "pre"],
        heading_style="ATX_CLOSED",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    return _tidy(re.sub(r"(?m)^#+ (.*?) #+$", r"\1", text))


def _cleaned(html: str) -> str:
    import nh3  # noqa: PLC0415

    return nh3.clean(
        html[:LONGEST],
        tags=set(_TAGS.split(" ")),
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel=None,
    )


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in display_lines(text).splitlines())
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()

"""Descriptions, which hubs send as HTML, as text that a terminal may show.

Cleaned first (nh3 takes out scripts, styles, pictures and every address that is no web address),
then turned into Markdown or plain text.
"""

from __future__ import annotations

import re

from loradex.domain.text import display_lines

LONGEST = 32 * 1024
"""Characters of HTML that are looked at; what comes after is left out."""

_BLOCKS = "blockquote br h1 h2 h3 h4 h5 h6 hr li ol p pre ul"
_TAGS = f"a b code del em i s strong {_BLOCKS}"
_HEADINGS = re.compile(r"<(/?)h[1-6]>")
_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
# What ends the address of a link in Markdown, or begins another link behind it.
_BREAKS_OUT = re.compile(r"[^!#-'*-;=?-Z_a-z~]")


def safe_markdown(html: str) -> str:
    """Return a description as Markdown without pictures or HTML; its links lead to web pages.

    Text that would itself be Markdown is escaped, so that it makes no links of its own.
    """
    return _tidy(_converted(_cleaned(html, _TAGS), escaped=True))


def safe_text(html: str) -> str:
    """Return a description as plain text: paragraphs, and lines that begin with `-` for lists."""
    cleaned = _HEADINGS.sub(r"<\1p>", _cleaned(html, _BLOCKS))
    return _tidy(_converted(cleaned, escaped=False))


def _cleaned(html: str, tags: str) -> str:
    import nh3  # noqa: PLC0415

    return nh3.clean(
        html[:LONGEST],
        tags=set(tags.split()),
        attributes={"a": {"href"}} if "a" in tags.split() else {},
        attribute_filter=lambda _tag, _name, value: _BREAKS_OUT.sub(_percent, value),
        url_schemes={"http", "https"},
        url_relative="deny",
        link_rel=None,
    )


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "backslashreplace"))


def _converted(cleaned: str, *, escaped: bool) -> str:
    from markdownify import markdownify  # noqa: PLC0415 - brings an HTML parser

    def convert(html: str) -> str:
        text: str = markdownify(
            html,
            heading_style="ATX",
            bullets="-",
            escape_asterisks=escaped,
            escape_underscores=escaped,
            escape_misc=escaped,
        )
        return text

    try:
        return convert(cleaned)
    except RecursionError:  # nested hundreds deep: nobody means that
        return convert(re.sub(r"<[^>]*>", "", cleaned))


def _tidy(text: str) -> str:
    lines = (line.rstrip() for line in display_lines(text).splitlines())
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()

"""XMP: the comment or description in a packet. ISO 16684-1; read by pattern, never as XML.

Draw Things keeps its settings as JSON in `exif:UserComment`, others a text in `dc:description`.
"""

from __future__ import annotations

import html
import re

_MOST = 1024 * 1024
_ELEMENTS = ("exif:UserComment", "dc:description")
_ITEM = re.compile(r"<rdf:li\b[^<>]{0,200}>([^<]*)</rdf:li>")


def xmp_texts(packet: str) -> list[str]:
    """Return the comment and the description of a packet, where it has them."""
    packet = packet[:_MOST]
    return [text for name in _ELEMENTS if (text := _element(packet, name).strip())]


def _element(packet: str, name: str) -> str:
    start = packet.find(f"<{name}")
    end = packet.find(f"</{name}>", start)
    if start >= 0 and end > start:
        inner = packet[packet.find(">", start) + 1 : end]
        item = _ITEM.search(inner)
        return html.unescape(item.group(1) if item else inner)
    start = packet.find(f'{name}="')
    if start < 0:
        return ""
    start += len(name) + 2
    end = packet.find('"', start)
    return html.unescape(packet[start:end]) if end > start else ""

"""Whether what a plugin answered is what its hook promises. All of it runs inside the fence."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from loradex.domain.hub_source import FetchStart
from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.plugin_api import HubSource, TagProposal
from loradex.plugin_manager.record_checks import checked_record, shown

MOST_TAGS = 100
"""Tags that one plugin may propose for one model; what comes after is not even asked for."""
_LONGEST_TAG = 100
_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class ProposedTag:
    """A checked proposal, and whose it is."""

    plugin: str
    tag: str
    confidence: float
    reason: str


def checked_tag(plugin: str, proposal: object) -> ProposedTag:
    """Return `proposal` in our own type, its reason cut; raise `PluginError` if it is none."""
    if not isinstance(proposal, TagProposal):
        raise PluginError(f"It answered {shown(proposal)} where a TagProposal was due.")
    tag, confidence, reason = proposal.tag, proposal.confidence, proposal.reason
    if not isinstance(tag, str) or not isinstance(reason, str):
        raise PluginError(f"Tag and reason have to be text, not {shown(tag)}, {shown(reason)}.")
    tag = " ".join(tag.split())
    if not 0 < len(tag) <= _LONGEST_TAG or "," in tag or display_text(tag) != tag:
        raise PluginError(f"{shown(tag)} cannot be a tag.")
    if not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise PluginError(f"The confidence of {tag!r} is {shown(confidence)}, not 0 to 1.")
    return ProposedTag(plugin, tag, float(confidence), display_text(reason, _LONGEST_REASON))


def checked_source(answer: object) -> tuple[HubSource, str]:
    """Return a hub source and its name; raise `PluginError` if it is none."""
    if not isinstance(answer, HubSource):
        raise PluginError(f"It answered {shown(answer)} where a HubSource was due.")
    name = answer.name
    if not isinstance(name, str) or not name.isidentifier():
        raise PluginError(f"A hub cannot be called {shown(name)}: use letters, digits and _.")
    return answer, name


def checked_start(answer: object) -> FetchStart:
    """Return where a download starts; raise `PluginError` if it is no place for a download.

    Plain http is for this machine only, and an address carries no names or keys of its own.
    """
    start = checked_record(answer, FetchStart)
    told_by = (start.told_by,) if start.told_by else ()
    if not all(_is_place(url) for url in (start.url, *start.mirrors, *told_by)):
        # Its query may be a permission by itself: the address is not repeated.
        raise PluginError("It answered with an address that no file is fetched from.")
    return start


def _is_place(url: str) -> bool:
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and _here(parts.hostname))
    except ValueError:
        return False
    return secure and bool(parts.hostname) and parts.username is None


def _here(host: str | None) -> bool:
    return host in {"127.0.0.1", "::1", "localhost"}

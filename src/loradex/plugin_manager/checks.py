"""Whether what a plugin answered is what its hook promises. All of it runs inside the fence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from loradex.domain.text import display_text
from loradex.errors import PluginError
from loradex.plugin_api import HubSource, TagProposal

_T = TypeVar("_T")

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
        raise PluginError(f"It answered {_shown(proposal)} where a TagProposal was due.")
    tag, confidence, reason = proposal.tag, proposal.confidence, proposal.reason
    if not isinstance(tag, str) or not isinstance(reason, str):
        raise PluginError(f"Tag and reason have to be text, not {_shown(tag)}, {_shown(reason)}.")
    tag = " ".join(tag.split())
    if not 0 < len(tag) <= _LONGEST_TAG or "," in tag or display_text(tag) != tag:
        raise PluginError(f"{_shown(tag)} cannot be a tag.")
    if not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        raise PluginError(f"The confidence of {tag!r} is {_shown(confidence)}, not 0 to 1.")
    return ProposedTag(plugin, tag, float(confidence), display_text(reason, _LONGEST_REASON))


def checked_source(answer: object) -> tuple[HubSource, str]:
    """Return a hub source and its name; raise `PluginError` if it is none."""
    if not isinstance(answer, HubSource):
        raise PluginError(f"It answered {_shown(answer)} where a HubSource was due.")
    name = answer.name
    if not isinstance(name, str) or not name.isidentifier():
        raise PluginError(f"A hub cannot be called {_shown(name)}: use letters, digits and _.")
    return answer, name


def checked_list(answer: object, kind: type[_T]) -> list[_T]:
    """Return a copy of `answer`; raise `PluginError` if it is no list of `kind`."""
    if not isinstance(answer, list | tuple):
        raise PluginError(f"It answered {_shown(answer)} where a list was due.")
    for item in answer:
        if not isinstance(item, kind):
            raise PluginError(f"It answered {_shown(item)} where a {kind.__name__} was due.")
    return list(answer)


def checked_optional(answer: object, kind: type[_T]) -> _T | None:
    """Return `answer`; raise `PluginError` if it is neither None nor of `kind`."""
    if answer is not None and not isinstance(answer, kind):
        raise PluginError(f"It answered {_shown(answer)} where a {kind.__name__} was due.")
    return answer


def _shown(value: object) -> str:
    return display_text(repr(value), 80)

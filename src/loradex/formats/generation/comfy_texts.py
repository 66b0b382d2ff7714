"""Texts and numbers of a ComfyUI graph, followed through the nodes that pass them on."""

from __future__ import annotations

from loradex.formats.generation.comfy_graph import Graph, Link, Node
from loradex.formats.generation.values import text_of

_TEXTS = (
    "text", "populated_text", "prompt", "string", "value", "text_g", "clip_l", "t5xxl", "positive",
    "wildcard_text", "String", "Text", "content", "text_positive",
)  # fmt: skip
_PARTS = (
    "text_a", "text_b", "text_c", "text_d", "text1", "text2", "text3", "text4", "string_a",
    "string_b", "prefix", "suffix", "delimiter",
)  # fmt: skip
"""Inputs of nodes that join texts."""
_NUMBERS = ("value", "seed", "int", "float", "number", "Value", "steps", "width", "height", "cfg")
_CONDITIONING = ("positive", "conditioning", "conditioning_1", "conditioning_to", "cond", "base")
_DEEPEST = 60
_MOST = 100_000


def followed(graph: Graph, node: Node, name: str) -> object:
    """Return the value at an input, or that of the node which feeds it; None where none is told."""
    value = node.inputs.get(name)
    for _ in range(_DEEPEST):
        if not isinstance(value, Link):
            return value
        source = graph.get(value.node)
        if source is None:
            return None
        passed = [
            source.inputs[key]
            for key in (name, *_NUMBERS, "#0")
            if isinstance(source.inputs.get(key), Link | str | int | float)
        ]
        value = passed[0] if passed else _only_link(source)
    return None


def prompt_at(graph: Graph, node: Node, name: str) -> str:
    """Return the text that the conditioning at an input was made from; empty where none is found.

    Goes through combinations, ControlNets and guidance by their first conditioning. A node that
    takes both prompts, like an efficient loader, is asked for the one of that name.
    """
    link = node.inputs.get(name)
    if not isinstance(link, Link):
        return text_of(link)
    seen: set[str] = set()
    waiting = [link.node]
    while waiting and len(seen) < _DEEPEST:
        id_ = waiting.pop(0)
        source = graph.get(id_)
        if source is None or id_ in seen:
            continue
        seen.add(id_)
        text = _own_text(graph, source, name)
        if text:
            return text
        waiting.extend(_conditioning(source, name))
    return ""


def _own_text(graph: Graph, node: Node, name: str) -> str:
    if name == "negative":
        wanted: tuple[str, ...] = ("negative", "text_negative", "negative_prompt")
        if "text" in node.inputs or "prompt" in node.inputs or "text_g" in node.inputs:
            wanted = (*wanted, *_TEXTS)
    else:
        wanted = _TEXTS
    for key in wanted:
        value = node.inputs.get(key)
        if isinstance(value, str) and value.strip() and not _switch(value):
            return text_of(value)
        if isinstance(value, Link) and key not in ("positive", "negative"):
            text = _text(graph, value, set())
            if text:
                return text
    return ""


def _switch(value: str) -> bool:
    return value in ("enable", "disable", "true", "false")


def _conditioning(node: Node, name: str) -> list[str]:
    """Return where a node's conditioning comes from, what bears that name first."""
    links = dict(node.links())
    order = [name, *(key for key in _CONDITIONING if key != name or key in links)]
    if name == "negative":
        order = ["negative", *(key for key in _CONDITIONING if key != "positive")]
    ordered = [links[key].node for key in order if key in links]
    others = [
        link.node
        for key, link in links.items()
        if key.lower().startswith(("conditioning", "cond")) or key in ("any", "*", "")
    ]
    return [*ordered, *others]


def _text(graph: Graph, link: Link, seen: set[str]) -> str:
    """Return the text that a node gives: its own, or its parts one after the other."""
    node = graph.get(link.node)
    if node is None or link.node in seen or len(seen) > _DEEPEST:
        return ""
    seen.add(link.node)
    parts: list[str] = []
    for key in (*_TEXTS, *_PARTS, "#0"):
        value = node.inputs.get(key)
        if isinstance(value, Link):
            parts.append(_text(graph, value, seen))
        elif isinstance(value, str) and key != "delimiter":
            parts.append(value.strip())
    if not any(parts):
        parts = [_text(graph, other, seen) for _, other in list(node.links())[:8]]
    return ", ".join(dict.fromkeys(part for part in parts if part))[:_MOST]


def _only_link(node: Node) -> Link | None:
    """Return what feeds a node that passes one thing on, such as a reroute."""
    links = [link for _, link in node.links()]
    return links[0] if len(links) == 1 else None

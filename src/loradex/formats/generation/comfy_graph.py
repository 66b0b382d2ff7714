"""ComfyUI's graphs in one shape: the API form (`prompt`) and the editor's form (`workflow`).

API form: `{"3": {"class_type": "KSampler", "inputs": {"seed": 1, "model": ["4", 0]}}}`. Editor's
form: lists of nodes and links, where a node's values stand without names in `widgets_values`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from loradex.formats.generation.comfy_widgets import named_widgets
from loradex.formats.generation.values import Json, items, mapping, mappings, text_of

MOST_NODES = 5_000
_MOST_INPUTS = 400
_ASLEEP = (2, 4)
"""Modes of nodes that do nothing: muted and bypassed."""


class Link(NamedTuple):
    """An input that another node's output feeds."""

    node: str
    slot: int


@dataclass(slots=True)
class Node:
    """A node: what it is, and what stands at its inputs (`Link` or a value)."""

    id: str
    type: str
    inputs: dict[str, object] = field(default_factory=dict)

    def links(self) -> Iterator[tuple[str, Link]]:
        """Yield the inputs that other nodes feed."""
        for name, value in self.inputs.items():
            if isinstance(value, Link):
                yield name, value

    def value(self, name: str) -> object:
        """Return a value that stands at an input; None where there is none, or a link."""
        value = self.inputs.get(name)
        return None if isinstance(value, Link) else value


Graph = dict[str, Node]


def api_graph(data: Json) -> Graph:
    """Return a graph of the API form; what is no node is passed over."""
    graph: Graph = {}
    for id_, entry in list(data.items())[:MOST_NODES]:
        if not isinstance(entry, dict) or not isinstance(entry.get("class_type"), str):
            continue
        inputs: dict[str, object] = {}
        for name, value in list(mapping(entry.get("inputs")).items())[:_MOST_INPUTS]:
            inputs[name] = _api_value(value)
        graph[id_] = Node(id_, text_of(entry["class_type"])[:200], inputs)
    return graph


def editor_graph(data: Json) -> Graph:
    """Return a graph of the editor's form, without the nodes that do nothing.

    Nodes of subgraphs stand beside the others, unconnected to them: which of the outer nodes feeds
    them is not followed.
    """
    graph: Graph = {}
    _editor_nodes(data, "", graph)
    for part in mappings(mapping(data.get("definitions")).get("subgraphs")):
        _editor_nodes(part, f"{text_of(part.get('id'))[:60]}:", graph)
    return graph


def upstream(graph: Graph, roots: Iterable[str]) -> dict[str, int]:
    """Return the nodes that these are fed by, themselves included, with their distance."""
    distance = {root: 0 for root in roots if root in graph}
    waiting = deque(distance)
    while waiting:
        id_ = waiting.popleft()
        for _, link in graph[id_].links():
            if link.node in graph and link.node not in distance:
                distance[link.node] = distance[id_] + 1
                waiting.append(link.node)
    return distance


def _api_value(value: object) -> object:
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str | int)
        and isinstance(value[1], int)
    ):
        return Link(str(value[0])[:200], value[1])
    return value


def _editor_nodes(data: Json, before: str, graph: Graph) -> None:
    feeds = {link_id: Link(f"{before}{node}", slot) for link_id, node, slot in _links(data)}
    for entry in mappings(data.get("nodes")):
        if len(graph) >= MOST_NODES:
            return
        kind = text_of(entry.get("type"))[:200]
        id_ = text_of(entry.get("id"))[:60]
        if not kind or not id_ or entry.get("mode") in _ASLEEP:
            continue
        inputs = named_widgets(kind, entry)
        for plug in mappings(entry.get("inputs")):
            feed = plug.get("link")
            if isinstance(feed, int) and feed in feeds:
                inputs[text_of(plug.get("name"))[:200]] = feeds[feed]
        graph[f"{before}{id_}"] = Node(f"{before}{id_}", kind, inputs)


def _links(data: Json) -> Iterator[tuple[int, str, int]]:
    """Yield id, origin and origin's slot of links: lists in older files, objects in newer ones."""
    for entry in items(data.get("links"))[: 4 * MOST_NODES]:
        if isinstance(entry, list) and len(entry) >= 3:
            id_, node, slot = entry[:3]
        elif isinstance(entry, dict):
            id_, node, slot = (entry.get(key) for key in ("id", "origin_id", "origin_slot"))
        else:
            continue
        if isinstance(id_, int) and isinstance(node, int | str) and isinstance(slot, int):
            yield id_, text_of(node)[:60], slot

"""ComfyUI: from what is saved, back through the samplers to models, prompts and numbers.

Only nodes that the saved picture depends on count. Nodes that are not known are walked through by
whatever feeds them.
"""

from __future__ import annotations

from collections.abc import Iterator

from loradex.domain.generation import Generation, ModelRole
from loradex.formats.generation.comfy_graph import (
    Graph,
    Link,
    Node,
    api_graph,
    editor_graph,
    upstream,
)
from loradex.formats.generation.comfy_models import gather_node
from loradex.formats.generation.comfy_texts import followed, prompt_at
from loradex.formats.generation.gathering import Gathered
from loradex.formats.generation.values import Json, text_of

_SETTINGS = {
    "steps": "steps",
    "cfg": "guidance_scale",
    "sampler_name": "sampler",
    "scheduler": "schedule",
    "denoise": "denoising_strength",
}
_SEEDS = ("seed", "noise_seed")
_FED = ("noise", "sampler", "sigmas", "guider")
"""Inputs of custom samplers whose nodes hold the numbers."""
_SIZED = ("EmptyLatent", "EmptySD3Latent", "EmptyFlux", "EmptyHunyuan", "Latent", "Efficient")


def read_comfy(data: Json) -> Generation | None:
    """Return what a graph of either form tells, None when it is none of ComfyUI's."""
    graph = editor_graph(data) if isinstance(data.get("nodes"), list) else api_graph(data)
    if not graph:
        return None
    used = upstream(graph, _roots(graph))
    found = Gathered()
    for id_ in sorted(used, key=lambda id_: (-used[id_], id_)):
        gather_node(graph[id_], found)
    if all(model.role is not ModelRole.CHECKPOINT for model in found.models):
        # The way to the loaders leads through what is no link: variables, subgraphs.
        for node in graph.values():
            gather_node(node, found)
    positive = negative = ""
    sampler = _first_sampler(graph, used)
    if sampler is not None:
        _numbers(graph, sampler, found)
        positive, negative = _prompts(graph, sampler)
    positive = positive or _any_text(graph, used)
    for text in (positive, negative):
        found.tags(text)
        found.embeddings(text)
    return found.finished("comfyui", positive, negative)


def _roots(graph: Graph) -> list[str]:
    """Return what the picture was saved by; without such a node, all that feed no other."""
    saving = [id_ for id_, node in graph.items() if "save" in node.type.lower()]
    if saving and len(upstream(graph, saving)) > len(saving):
        return saving
    feeding = {link.node for node in graph.values() for _, link in node.links()}
    return [id_ for id_ in graph if id_ not in feeding] or list(graph)


def _first_sampler(graph: Graph, used: dict[str, int]) -> Node | None:
    """Return the sampler that the picture began with: the one farthest from where it was saved."""
    samplers = [id_ for id_ in used if _is_sampler(graph[id_])]
    if not samplers:
        return None
    return graph[max(samplers, key=lambda id_: (used[id_], id_))]


def _is_sampler(node: Node) -> bool:
    names = node.inputs
    if "sampl" not in node.type.lower() and "detailer" not in node.type.lower():
        return False
    return "positive" in names or "guider" in names or ("seed" in names and "steps" in names)


def _numbers(graph: Graph, sampler: Node, found: Gathered) -> None:
    nodes = [sampler, *(_fed_by(graph, sampler, _FED))]
    for node in nodes:
        for theirs, ours in _SETTINGS.items():
            found.set(ours, followed(graph, node, theirs))
        for name in _SEEDS:
            found.set("seed", followed(graph, node, name))
    distance = upstream(graph, [sampler.id])
    for id_ in sorted(distance, key=lambda id_: (distance[id_], id_)):
        node = graph[id_]
        if node.type == "FluxGuidance":
            found.set("distilled_guidance_scale", followed(graph, node, "guidance"))
        elif node.type.startswith(_SIZED):
            _size(graph, node, found)
        elif node.type == "CLIPSetLastLayer":
            _clip_skip(node, found)


def _size(graph: Graph, node: Node, found: Gathered) -> None:
    for ours, names in (
        ("width", ("width", "empty_latent_width")),
        ("height", ("height", "empty_latent_height")),
    ):
        for name in names:
            found.set(ours, followed(graph, node, name))


def _clip_skip(node: Node, found: Gathered) -> None:
    layer = node.value("stop_at_clip_layer")
    if isinstance(layer, int) and -24 <= layer < -1:
        found.set("clip_skip", -layer)


def _fed_by(graph: Graph, node: Node, names: tuple[str, ...]) -> Iterator[Node]:
    for name in names:
        link = node.inputs.get(name)
        if isinstance(link, Link) and link.node in graph:
            yield graph[link.node]


def _prompts(graph: Graph, sampler: Node) -> tuple[str, str]:
    """Return what the sampler's conditioning was made from."""
    holder = next(iter(_fed_by(graph, sampler, ("guider",))), sampler)
    positive = prompt_at(graph, holder, "positive") or prompt_at(graph, holder, "conditioning")
    return positive, prompt_at(graph, holder, "negative")


def _any_text(graph: Graph, used: dict[str, int]) -> str:
    """Return the longest text of an encoder or loader, for graphs whose sampler is not known."""
    texts = [
        text_of(graph[id_].value(name))
        for id_ in used
        for name in ("text", "prompt", "positive")
        if name == "positive" or "encode" in graph[id_].type.lower()
    ]
    return max(texts, key=len, default="")

"""The flags of `loradex grid`, each of which is an axis, and the request they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from loradex.domain.axes import AxisKind
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.operations.grid_request import AxisRequest, GridRequest

_F = TypeVar("_F", bound=Callable[..., object])

_LISTS = {
    "strengths": AxisKind.STRENGTH,
    "strengths_clip": AxisKind.STRENGTH_CLIP,
    "trigger": AxisKind.TRIGGER,
    "seeds": AxisKind.SEED,
    "size": AxisKind.SIZE,
    "steps": AxisKind.STEPS,
    "guidance": AxisKind.GUIDANCE,
    "sampler": AxisKind.SAMPLER,
    "schedule": AxisKind.SCHEDULE,
    "clip_skip": AxisKind.CLIP_SKIP,
}
"""Flags whose value is a list between commas."""
_REPEATED = {
    "checkpoints": AxisKind.CHECKPOINT,
    "prompts": AxisKind.PROMPT,
    "negative": AxisKind.NEGATIVE,
    "vae": AxisKind.VAE,
}
"""Flags that are given once for each value."""
_USUAL = {AxisKind.STRENGTH: "0,0.5,1", AxisKind.SEED: "1"}
_TEXTUAL = frozenset({AxisKind.BLOCKS, AxisKind.INIT_IMAGE, AxisKind.MASK})


def axis_options(command: _F) -> _F:
    """Add the flags to a command, in the order in which its help shows them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("-q", "--query", metavar="QUERY", help="Every LoRA that this query finds."),
    click.option(
        "-c",
        "--checkpoint",
        "checkpoints",
        multiple=True,
        metavar="REF",
        help="What to draw with; the only one that fits when left out.",
    ),
    click.option("-s", "--strengths", metavar="LIST", help="0,0.5,1 (the default) or 0..1.2:0.2."),
    click.option(
        "--strengths-clip", metavar="LIST", help="On the text encoders, where not the same."
    ),
    click.option(
        "-p", "--prompt", "prompts", multiple=True, help="A prompt; give as many as you like."
    ),
    click.option("--prompt-file", type=click.File(encoding="utf-8"), help="A prompt a line."),
    click.option(
        "--part",
        "parts",
        multiple=True,
        metavar="FIND=LIST",
        help='Vary a part of the prompts: --part red="red, blue".',
    ),
    click.option(
        "-t",
        "--trigger",
        metavar="LIST",
        help="on, off or words of your own; they follow the LoRA when left out.",
    ),
    click.option("--negative", multiple=True, help="A negative prompt."),
    click.option("--seeds", metavar="LIST", help="1,2,7 or 1..4; 1 when left out."),
    click.option("--size", metavar="LIST", help="512x768; what suits the base when left out."),
    click.option("--steps", metavar="LIST", help="Inference steps."),
    click.option("--guidance", metavar="LIST", help="Guidance scale."),
    click.option("--sampler", metavar="LIST", help="Euler a, DPM++ 2M, DDIM …"),
    click.option("--schedule", metavar="LIST", help="Automatic, Karras, Exponential …"),
    click.option("--clip-skip", metavar="LIST", help="Counted from 1."),
    click.option("--vae", multiple=True, metavar="REF", help="Another VAE; none for its own."),
    click.option(
        "-a",
        "--axis",
        "axes",
        multiple=True,
        metavar="KIND=LIST",
        help=f"Vary anything: {', '.join(AxisKind)}.",
    ),
    click.option("--x", metavar="KINDS", help="Axes across, as strength,trigger."),
    click.option("--y", metavar="KINDS", help="Axes down."),
    click.option("--pages", metavar="KINDS", help="Axes that turn pages."),
    click.option(
        "--exclude",
        multiple=True,
        metavar="RULE",
        help='Leave out a combination: "lora=12 strength=1.2".',
    ),
    click.option("--no-baseline", is_flag=True, help="Do not add the checkpoint alone."),
    click.option("--dtype", default="auto", help="float32, bfloat16 or float16."),
    click.option("--device", default="auto", help="cpu, cuda, cuda:1 …"),
    click.option("--title", default="", help="What to call the grid."),
)


def request_from(
    loras: tuple[str, ...], options: Mapping[str, object], described: str, *, name: str
) -> GridRequest:
    """Return the request that flags make, on top of a TOML description if there is one.

    A flag takes the place of what the description says of the same axis. Raises `UsageError`.
    """
    from loradex.operations.grid_request import GridRequest  # noqa: PLC0415
    from loradex.operations.grid_toml import read_toml  # noqa: PLC0415

    request = read_toml(described, name=Path(name).name) if described else GridRequest(())
    flags = _axes(loras, options)
    kinds = {axis.kind for axis in flags}
    axes = [axis for axis in request.axes if axis.kind not in kinds] + flags
    if not any(axis.kind is AxisKind.LORA for axis in axes) and not described:
        raise UsageError(
            "A grid needs a LoRA.", hint="Name one, or find some with --query, or use --spec."
        )
    placed = {place: _kinds(str(options[place])) for place in ("x", "y", "pages") if options[place]}
    given = {key: str(options[key]) for key in ("title",) if options[key]}
    given |= {key: str(options[key]) for key in ("dtype", "device") if options[key] != "auto"}
    rules = _strings(options["exclude"])
    return replace(
        request,
        axes=tuple(_with_usual(axes)),
        exclude=(*request.exclude, *(_rule(rule) for rule in rules)),
        baseline=request.baseline and not options["no_baseline"],
        **placed,  # type: ignore[arg-type]
        **given,  # type: ignore[arg-type]
    )


def _axes(loras: tuple[str, ...], options: Mapping[str, object]) -> list[AxisRequest]:
    from loradex.operations.grid_request import AxisRequest  # noqa: PLC0415
    from loradex.render.ranges import parse_texts  # noqa: PLC0415

    found: list[tuple[AxisKind, tuple[str, ...], str]] = []
    query = options["query"]
    chosen = (*loras, *((f"query:{query}",) if query else ()))
    found.append((AxisKind.LORA, chosen, ""))
    found += [(kind, _strings(options[key]), "") for key, kind in _REPEATED.items()]
    lines = [line.strip() for line in options["prompt_file"] or ()]  # type: ignore[attr-defined]
    found.append((AxisKind.PROMPT, tuple(line for line in lines if line), ""))
    for key, kind in _LISTS.items():
        if options[key] is not None:
            found.append((kind, parse_texts(str(options[key])), ""))
    for text in _strings(options["axes"]):
        kind_text, equals, values = text.partition("=")
        if not equals:
            raise UsageError(f"--axis {text} has no values.", hint="Write KIND=VALUE,VALUE …")
        found.append((_kinds(kind_text)[0], parse_texts(values), ""))
    for text in _strings(options["parts"]):
        find, equals, values = text.partition("=")
        if not equals or not find:
            raise UsageError(f"--part {text} has no values.", hint='Write red="red, blue".')
        found.append((AxisKind.PROMPT_PART, parse_texts(values), find))
    return [AxisRequest(kind, texts, find) for kind, texts, find in found if texts]


def _with_usual(axes: list[AxisRequest]) -> list[AxisRequest]:
    from loradex.operations.grid_request import AxisRequest  # noqa: PLC0415

    kinds = {axis.kind for axis in axes}
    return axes + [
        AxisRequest(kind, tuple(text.split(",")))
        for kind, text in _USUAL.items()
        if kind not in kinds
    ]


def _kinds(text: str) -> tuple[AxisKind, ...]:
    kinds = []
    for part in text.split(","):
        try:
            kinds.append(AxisKind(part.strip().replace("-", "_")))
        except ValueError:
            raise UsageError(
                f"A grid cannot vary {part.strip()!r}.", hint=f"It can vary {', '.join(AxisKind)}."
            ) from None
    return tuple(kinds)


def _rule(text: str) -> Mapping[AxisKind, tuple[str, ...]]:
    """Read `lora=12 strength=1,1.2`; values with spaces are quoted as in a shell."""
    import shlex  # noqa: PLC0415

    from loradex.render.ranges import parse_texts  # noqa: PLC0415

    rule: dict[AxisKind, tuple[str, ...]] = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--exclude {text} cannot be read: {error}.") from error
    for word in words:
        kind, equals, values = word.partition("=")
        if not equals or not values:
            raise UsageError(f"--exclude {text} has to be made of KIND=VALUE.")
        rule[_kinds(kind)[0]] = parse_texts(values)
    return rule


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()

"""The flags of `loradex grid`, each of which is an axis, and the request they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

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
_SUBJECTS = frozenset({AxisKind.LORA, AxisKind.CHECKPOINT})
"""What a grid can be about."""
_LARGEST_FILE = 1 << 20
_RULE_HINT = 'Write it as --exclude "lora=12 strength=1,1.2".'


def _kinds_text() -> str:
    return ", ".join(kind for kind in AxisKind if kind is not AxisKind.PROMPT_PART)


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
        help="What to draw with; may be repeated. The only one that fits when left out.",
    ),
    click.option(
        "-p",
        "--prompt",
        "prompts",
        multiple=True,
        metavar="TEXT",
        help="A prompt; may be repeated. The LoRA's trigger words when left out.",
    ),
    click.option(
        "--prompt-file", type=click.File("rb"), metavar="FILE", help="Prompts, one a line."
    ),
    click.option(
        "--negative", multiple=True, metavar="TEXT", help="A negative prompt; may be repeated."
    ),
    click.option(
        "-s", "--strengths", metavar="LIST", help="Strengths of the LoRA: 0,0.5,1 when left out."
    ),
    click.option(
        "--strengths-clip",
        metavar="LIST",
        help="Strengths on the text encoders, where they are to be others.",
    ),
    click.option(
        "-t",
        "--trigger",
        metavar="LIST",
        help="Trigger words in prompts: on, off, or words of your own. When left out they come"
        " and go with the LoRA.",
    ),
    click.option("--seeds", metavar="LIST", help="1,2,7 or 1..4 or random:4; 1 when left out."),
    click.option(
        "--part",
        "parts",
        multiple=True,
        metavar="FIND=LIST",
        help='Replace a part of the prompts: --part "red=red,blue". May be repeated.',
    ),
    click.option("--size", metavar="LIST", help="Width and height in pixels: 512x768."),
    click.option("--steps", metavar="LIST", help="Denoising steps: 20 or 10..30:10."),
    click.option("--guidance", metavar="LIST", help="Guidance (CFG) scale: 7 or 3..9:2."),
    click.option("--sampler", metavar="LIST", help="Euler a, DPM++ 2M, DDIM …"),
    click.option("--schedule", metavar="LIST", help="Automatic, Karras, Exponential …"),
    click.option("--clip-skip", metavar="LIST", help="Counted from 1, which uses the last layer."),
    click.option(
        "--vae",
        multiple=True,
        metavar="REF",
        help="A VAE; may be repeated; none is the checkpoint's own.",
    ),
    click.option(
        "-a",
        "--axis",
        "axes",
        multiple=True,
        metavar="KIND=LIST",
        help=f"Vary anything else by its kind: {_kinds_text()}. May be repeated.",
    ),
    click.option("--x", metavar="KINDS", help="What goes across: strength,trigger."),
    click.option("--y", metavar="KINDS", help="What goes down; the first is the outermost."),
    click.option("--pages", metavar="KINDS", help="What gets a sheet for each value."),
    click.option(
        "--exclude",
        multiple=True,
        metavar="RULE",
        help='Leave a combination out: "lora=12 strength=1.2". May be repeated.',
    ),
    click.option(
        "--no-baseline", is_flag=True, help="Do not add pictures of the checkpoint alone."
    ),
    click.option(
        "--approximate",
        metavar="LIST",
        help="Be faster or smaller, and tell it on the sheet: taesd, fp8, cache.",
    ),
    click.option(
        "--few-steps",
        default="",
        metavar="REF",
        help="A Lightning, Hyper, LCM, TCD, DMD2 or Turbo LoRA, with the settings it was made for.",
    ),
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
    if not any(axis.kind in _SUBJECTS or "<lora:" in " ".join(axis.texts) for axis in axes):
        raise UsageError(
            "A grid needs a LoRA, or a checkpoint.",
            hint="Name a LoRA, find some with --query, or name a --checkpoint to draw it alone.",
        )
    rules = _strings(options["exclude"])
    return replace(
        request,
        axes=tuple(_with_usual(axes)),
        x=_kinds(options["x"]) or request.x,
        y=_kinds(options["y"]) or request.y,
        pages=_kinds(options["pages"]) or request.pages,
        exclude=(*request.exclude, *(_rule(rule) for rule in rules)),
        baseline=request.baseline and not options["no_baseline"],
        dtype=_said(options["dtype"]) or request.dtype,
        device=_said(options["device"]) or request.device,
        title=_said(options["title"]) or request.title,
        approximate=_parts(options["approximate"]) or request.approximate,
        few_steps=_said(options["few_steps"]) or request.few_steps,
    )


def read_text(file: IO[bytes], most: int) -> str:
    """Return a text file that a flag names; raise `UsageError` for one too large, or no text."""
    data = file.read(most + 1)
    name = Path(str(file.name)).name
    if len(data) > most:
        raise UsageError(f"{name} is larger than {most:,} bytes, so it is not read.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{name} is no text in UTF-8.", hint="Save it as UTF-8, as most editors do."
        ) from error


def _axes(loras: tuple[str, ...], options: Mapping[str, object]) -> list[AxisRequest]:
    from loradex.operations.grid_request import AxisRequest  # noqa: PLC0415
    from loradex.operations.grid_toml import axis_kind  # noqa: PLC0415
    from loradex.render.ranges import parse_texts  # noqa: PLC0415

    query = options["query"]
    chosen = (*loras, *((f"query:{query}",) if query else ()))
    found = [AxisRequest(AxisKind.LORA, chosen)]
    found += [AxisRequest(kind, _strings(options[key])) for key, kind in _REPEATED.items()]
    found.append(AxisRequest(AxisKind.PROMPT, _lines(options["prompt_file"])))
    for key, kind in _LISTS.items():
        if options[key] is not None:
            found.append(AxisRequest(kind, parse_texts(str(options[key]))))
    for text in _strings(options["axes"]):
        name, equals, values = text.partition("=")
        if not equals:
            raise UsageError(
                f"--axis {text} has no values.", hint="Write it as --axis KIND=VALUE,VALUE."
            )
        kind = axis_kind(name)
        if kind is AxisKind.PROMPT_PART:
            raise UsageError(
                "A prompt part needs the text that it replaces.",
                hint='Use --part "FIND=VALUE,VALUE" in place of --axis.',
            )
        found.append(AxisRequest(kind, parse_texts(values)))
    for text in _strings(options["parts"]):
        find, equals, values = text.partition("=")
        if not equals or not find:
            raise UsageError(
                f"--part {text} has no text to find, or no values.",
                hint='Write it as --part "red=red,blue".',
            )
        found.append(AxisRequest(AxisKind.PROMPT_PART, parse_texts(values), find))
    return [axis for axis in found if axis.texts]


def _with_usual(axes: list[AxisRequest]) -> list[AxisRequest]:
    """Add what a grid of LoRAs varies, where nothing says otherwise."""
    from loradex.operations.grid_request import AxisRequest  # noqa: PLC0415

    kinds = {axis.kind for axis in axes}
    if AxisKind.LORA in kinds and AxisKind.STRENGTH not in kinds:
        return [*axes, AxisRequest(AxisKind.STRENGTH, ("0", "0.5", "1"))]
    return axes


def _parts(given: object) -> tuple[str, ...]:
    return tuple(str(given).split(",")) if given else ()


def _kinds(given: object) -> tuple[AxisKind, ...]:
    from loradex.operations.grid_toml import axis_kind  # noqa: PLC0415

    return tuple(axis_kind(part) for part in str(given).split(",")) if given else ()


def _rule(text: str) -> Mapping[AxisKind, tuple[str, ...]]:
    """Read `lora=12 strength=1,1.2`; values with spaces are quoted as in a shell."""
    import shlex  # noqa: PLC0415

    from loradex.operations.grid_toml import axis_kind  # noqa: PLC0415
    from loradex.render.ranges import parse_texts  # noqa: PLC0415

    rule: dict[AxisKind, tuple[str, ...]] = {}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(
            f"--exclude {text} cannot be read: a quote is never closed.", hint=_RULE_HINT
        ) from error
    for word in words:
        kind, equals, values = word.partition("=")
        if not equals or not values:
            raise UsageError(f"--exclude {text} is not made of KIND=VALUE.", hint=_RULE_HINT)
        rule[axis_kind(kind)] = parse_texts(values)
    if not rule:
        raise UsageError("--exclude names nothing.", hint=_RULE_HINT)
    return rule


def _lines(file: object) -> tuple[str, ...]:
    if file is None:
        return ()
    lines = (line.strip() for line in read_text(cast("IO[bytes]", file), _LARGEST_FILE).split("\n"))
    return tuple(line for line in lines if line)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, tuple) else ()


def _said(value: object) -> str:
    """Return what a flag says; empty where it is left as it is."""
    return "" if value == "auto" else str(value)

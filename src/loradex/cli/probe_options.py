"""The flags of `loradex probe`, and the request they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast

import click

from loradex.cli.quantities import seconds_long
from loradex.errors import UsageError

if TYPE_CHECKING:
    from loradex.operations.probing.request import ProbeRequest, ProbeSettings

_F = TypeVar("_F", bound=Callable[..., object])

_LARGEST_FILE = 1 << 20


def probe_options(command: _F) -> _F:
    """Add the flags to a command, in the order in which its help shows them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option("-q", "--query", metavar="QUERY", help="Every LoRA and checkpoint it finds."),
    click.option(
        "-c",
        "--checkpoint",
        "checkpoints",
        multiple=True,
        metavar="REF",
        help="Probe LoRAs on this one; may be repeated. `all`: on every one that fits; `query:…`:"
        " on those that a query finds. The only one that fits when left out.",
    ),
    click.option("--quick", is_flag=True, help="Only the first pictures; the rest stays open."),
    click.option("--thorough", is_flag=True, help="More seeds and strengths: slower, surer."),
    click.option(
        "--budget",
        callback=seconds_long,
        metavar="TIME",
        help="Stop after, say, 90s, 30m or 2h; the next call goes on from there.",
    ),
    click.option(
        "--again", is_flag=True, help="Also what was probed on the same checkpoint already."
    ),
    click.option(
        "--word",
        "words",
        multiple=True,
        metavar="WORD",
        help="Try this trigger word, besides those that are known; may be repeated.",
    ),
    click.option(
        "--reference",
        "references",
        multiple=True,
        metavar="PATH",
        type=click.Path(path_type=Path),
        help="A picture, or a folder of some, of what the LoRA should know; may be repeated.",
    ),
    click.option(
        "-p",
        "--prompt",
        "prompts",
        multiple=True,
        metavar="TEXT",
        help="A prompt, without trigger words; {trigger} says where those go. At least three."
        " Plain standard ones when left out.",
    ),
    click.option(
        "--prompt-file", type=click.File("rb"), metavar="FILE", help="Prompts, one a line."
    ),
    click.option("--negative", default="", metavar="TEXT", help="A negative prompt."),
    click.option("--seeds", metavar="LIST", help="1,2,7,9 or 1..4, four at least."),
    click.option("--size", metavar="SIZE", help="512x768; what suits the checkpoint if left out."),
    click.option("--steps", type=click.IntRange(1, 1000), help="Denoising steps."),
    click.option("--guidance", type=click.FloatRange(0, 100), help="Guidance (CFG) scale."),
    click.option("--sampler", metavar="NAME", help="Euler a, DPM++ 2M, DDIM …"),
    click.option("--schedule", metavar="NAME", help="Automatic, Karras, Exponential …"),
    click.option(
        "--clip-skip", type=click.IntRange(1, 12), help="Counted from 1, which uses the last layer."
    ),
    click.option("--dtype", default="auto", help="float32, bfloat16 or float16."),
    click.option("--device", default="auto", help="cpu, cuda, cuda:1 …"),
)


def request_from(options: Mapping[str, object]) -> ProbeRequest:
    """Return the request that flags make; raise `UsageError` for what cannot be measured with."""
    from loradex.domain.probing import Depth  # noqa: PLC0415
    from loradex.operations.probing.request import ProbeRequest  # noqa: PLC0415
    from loradex.render.ranges import parse_seeds  # noqa: PLC0415

    if options["quick"] and options["thorough"]:
        raise UsageError(
            "--quick and --thorough do not go together.", hint="Leave one of them out."
        )
    depth = Depth.NORMAL
    if options["quick"]:
        depth = Depth.QUICK
    elif options["thorough"]:
        depth = Depth.THOROUGH
    prompts = (*_texts(options["prompts"]), *_lines(options["prompt_file"]))
    seeds = options["seeds"]
    request = ProbeRequest(
        depth=depth,
        prompts=tuple(dict.fromkeys(prompts)),
        negative_prompt=str(options["negative"]),
        seeds=parse_seeds(str(seeds)) if seeds is not None else (),
        words=tuple(dict.fromkeys(_texts(options["words"]))),
        settings=_settings(options),
        references=tuple(cast("tuple[Path, ...]", options["references"])),
    )
    request.check()
    return request


def _settings(options: Mapping[str, object]) -> ProbeSettings:
    from loradex.operations.probing.request import ProbeSettings  # noqa: PLC0415
    from loradex.render.ranges import parse_sizes  # noqa: PLC0415

    width = height = None
    if options["size"]:
        sizes = parse_sizes(str(options["size"]))
        if len(sizes) != 1:
            raise UsageError("All pictures have one size.", hint="Write it as --size 512x768.")
        ((width, height),) = sizes
    return ProbeSettings(
        width=width,
        height=height,
        num_inference_steps=cast("int | None", options["steps"]),
        guidance_scale=cast("float | None", options["guidance"]),
        sampler=cast("str | None", options["sampler"]),
        schedule=cast("str | None", options["schedule"]),
        clip_skip=cast("int | None", options["clip_skip"]),
        dtype=_unless_auto(options["dtype"]),
        device=_unless_auto(options["device"]),
    )


def _unless_auto(value: object) -> str | None:
    return None if value == "auto" else str(value)


def _texts(value: object) -> tuple[str, ...]:
    texts = (" ".join(str(one).split()) for one in cast("tuple[object, ...]", value))
    return tuple(text for text in texts if text)


def _lines(file: object) -> tuple[str, ...]:
    from loradex.cli.grid_options import read_text  # noqa: PLC0415

    if file is None:
        return ()
    return _texts(tuple(read_text(cast("IO[bytes]", file), _LARGEST_FILE).split("\n")))

"""`loradex identify` and `loradex hash`: look at files without a catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import stoppable
from loradex.cli.failure import report
from loradex.cli.jsontext import print_json_line
from loradex.cli.model_words import base_label, kind_label, unknown_base
from loradex.cli.path_arguments import paths_argument
from loradex.domain.text import display_text
from loradex.errors import Cancelled, FormatError, LoradexError

if TYPE_CHECKING:
    from loradex.domain.hashes import Hashes
    from loradex.domain.header import Header
    from loradex.domain.identity import Identity

PARTLY = 3

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.command("identify")
@paths_argument
@json_option
@click.option("--why", is_flag=True, help="Print the reasons.")
def identify_command(paths: tuple[Path, ...], as_json: bool, why: bool) -> None:
    """Tell what files are, from their tensors; needs no catalog.

    A folder stands for the model files below it, or for its model in diffusers' manner.
    """
    from loradex.operations.below import found_in  # noqa: PLC0415
    from loradex.operations.inspect import identify_file  # noqa: PLC0415

    def one(path: Path) -> None:
        header, identity = identify_file(path)
        if as_json:
            print_json_line(_identity_json(path, header, identity))
            return
        click.echo(f"{display_text(str(path))}: {display_text(_identity_text(identity))}")
        if why:
            for reason in identity.reasons:
                click.echo(f"  {reason.field}: {display_text(reason.text)}")

    places = (place for path in paths for place in found_in(path, whole_folders=True))
    _each(places, one, as_json=as_json)


def _identity_text(identity: Identity) -> str:
    parts = [
        kind_label(identity.kind),
        base_label(identity.base) if identity.base else unknown_base(identity.candidates),
        identity.derivative,
        identity.variant,
        identity.algorithm,
        "dora" if identity.dora else None,
        f"rank {identity.rank}" if identity.rank else None,
        identity.dtype,
        identity.quantisation,
        identity.prediction,
        "one shard of several" if identity.partial else None,
        "incomplete" if identity.broken else None,
    ]
    return " · ".join(part for part in parts if part)


def _identity_json(path: Path, header: Header, identity: Identity) -> dict[str, object]:
    return {
        "path": str(path),
        "format": header.format.value,
        "kind": identity.kind.value,
        "base": identity.base.value if identity.base else None,
        "variant": identity.variant,
        "derivative": identity.derivative,
        "algorithm": identity.algorithm,
        "dora": identity.dora,
        "rank": identity.rank,
        "dtype": identity.dtype,
        "quantisation": identity.quantisation,
        "prediction": identity.prediction,
        "zero_terminal_snr": identity.zero_terminal_snr,
        "tokens": identity.tokens,
        "scale": identity.scale,
        "parts": list(identity.parts),
        "partial": identity.partial,
        "broken": identity.broken,
        "confidence": identity.confidence,
        "candidates": [base.value for base in identity.candidates],
        "reasons": [{"field": r.field, "text": r.text} for r in identity.reasons],
        "notes": list(header.notes),
    }


@click.command("hash")
@paths_argument
@json_option
def hash_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """Print the six hashes of files, from one read each; needs no catalog.

    Several files are read at once; they are printed in the order given. A folder stands for the
    model files below it.
    """
    from loradex.operations.below import found_in  # noqa: PLC0415
    from loradex.operations.inspect import hash_each  # noqa: PLC0415

    with stoppable() as cancel:
        places = [place for path in paths for place in found_in(path, whole_folders=False)]
        files = [place for place in places if isinstance(place, Path)]
        results = hash_each(files, cancel=cancel)

        def one(path: Path) -> None:
            result = next(results)
            if isinstance(result, LoradexError):
                raise result
            hashes, claimed = result
            values = {**_hash_values(hashes), "embedded": claimed}
            if as_json:
                print_json_line({"path": str(path), **values})
                return
            click.echo(display_text(str(path)))
            for name, value in values.items():
                if value:
                    click.echo(f"  {name:<9} {display_text(value)}")

        _each(places, one, as_json=as_json)


def _hash_values(hashes: Hashes) -> dict[str, str | None]:
    return {
        "sha256": hashes.sha256,
        "blake3": hashes.blake3,
        "crc32": hashes.crc32,
        "autov1": hashes.autov1,
        "autov2": hashes.autov2,
        "autov3": hashes.autov3,
    }


def _each(
    places: Iterable[Path | FormatError], one: Callable[[Path], None], *, as_json: bool
) -> None:
    """Do all files; one that fails is reported and the rest goes on."""
    done = failed = 0
    for place in places:
        try:
            if isinstance(place, FormatError):
                raise place
            one(place)
            done += 1
        except Cancelled:
            raise
        except LoradexError as error:
            failed += 1
            if as_json:
                path = place.path if isinstance(place, FormatError) else str(place)
                print_json_line({"path": path, "error": error.message, "hint": error.hint})
            report(error)
    if failed:
        click.get_current_context().exit(PARTLY if done else 1)

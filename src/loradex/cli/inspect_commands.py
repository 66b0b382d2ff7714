"""`loradex identify` and `loradex hash`: look at files without a catalog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from loradex.cli.context import stoppable
from loradex.cli.failure import report
from loradex.cli.jsontext import print_json_line
from loradex.domain.text import display_text
from loradex.errors import Cancelled, LoradexError

if TYPE_CHECKING:
    from loradex.domain.hashes import Hashes
    from loradex.domain.header import Header
    from loradex.domain.identity import Identity

PARTLY = 3

paths_argument = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path)
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.command("identify")
@paths_argument
@json_option
@click.option("--why", is_flag=True, help="Print the reasons.")
def identify_command(paths: tuple[Path, ...], as_json: bool, why: bool) -> None:
    """Tell what files are, from their tensors; needs no catalog."""
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

    _each(paths, one, as_json=as_json)


def _identity_text(identity: Identity) -> str:
    base = identity.base.value if identity.base else "base unknown"
    if identity.base is None and identity.candidates:
        base = f"base unknown ({' or '.join(b.value for b in identity.candidates)})"
    parts = [
        identity.kind.value,
        base,
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

    Several files are read at once; they are printed in the order given.
    """
    from loradex.operations.inspect import hash_each  # noqa: PLC0415

    with stoppable() as cancel:
        results = hash_each(paths, cancel=cancel)

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

        _each(paths, one, as_json=as_json)


def _hash_values(hashes: Hashes) -> dict[str, str | None]:
    return {
        "sha256": hashes.sha256,
        "blake3": hashes.blake3,
        "crc32": hashes.crc32,
        "autov1": hashes.autov1,
        "autov2": hashes.autov2,
        "autov3": hashes.autov3,
    }


def _each(paths: tuple[Path, ...], one: Callable[[Path], None], *, as_json: bool) -> None:
    """Do all files; one that fails is reported and the rest goes on."""
    failed = 0
    for path in paths:
        try:
            one(path)
        except Cancelled:
            raise
        except LoradexError as error:
            failed += 1
            if as_json:
                print_json_line({"path": str(path), "error": error.message, "hint": error.hint})
            report(error)
    if failed:
        click.get_current_context().exit(1 if failed == len(paths) else PARTLY)

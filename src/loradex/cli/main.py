"""The `loradex` program: its commands, and the one place where errors become words."""

from __future__ import annotations

import gc
import sys
from typing import NoReturn

import click

from loradex import __version__
from loradex.cli.context import Context
from loradex.cli.failure import report, report_bug, report_system, tell_end, wants_events
from loradex.cli.lazy import LazyCommands
from loradex.cli.output import ReaderGone, allow_any_text, drop_output, is_terminal
from loradex.cli.sections import SECTIONS
from loradex.errors import Cancelled, LoradexError, UsageError
from loradex.paths import Home, default_home, expanded

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Build a small sample library and run the whole loop on it."),
    "library": ("library", "Add, list, move and remove the folders that are indexed."),
    "scan": ("scan", "Index what is new in the libraries, and hash it."),
    "arrivals": ("arrivals", "Say what is done with files that arrive while `scan --watch` runs."),
    "plan": ("plan", "Draw up how files are sorted, renamed, deduped or thrown away."),
    "apply": ("apply", "Do what a plan says; it may be stopped anywhere."),
    "undo": ("undo", "Take a plan back: files return to where they were."),
    "trash": ("trash", "See what plans put in the trash, bring it back, delete it for good."),
    "verify": ("verify", "Read files again and tell which went bad."),
    "problems": ("problems", "List the files that could not be read, and why."),
    "inbox": ("inbox", "Decide what is proposed: tags, matches, and what is new."),
    "list": ("listing", "List models: `loradex list kind:lora base:sdxl neon`."),
    "collection": ("collection", "Keep models together, by hand or by a saved query."),
    "field": ("field", "Add fields of your own to models, and fill them."),
    "duplicates": ("duplicates", "Report what is there more than once, and what that costs."),
    "show": ("show", "Show all that is known of one model."),
    "compare": ("compare", "Show two to four models side by side, and how they differ."),
    "verdict": ("verdict", "See what probes found of models, and overrule it."),
    "tag": ("tag", "Add tags to models, remove them, or list all tags."),
    "words": ("words", "List a model's trigger words, and choose, order and add to them."),
    "copy": ("copy", "Print a model as it goes into a prompt: words, <lora:…>, ComfyUI."),
    "open": ("open", "Show a model's folder in the file manager."),
    "edit": ("edit", "Set how models are best used: strength, sampler, steps …"),
    "note": ("annotate", "Read or write the note on a model."),
    "rate": ("annotate", "Rate models 1 to 5."),
    "favourite": ("annotate", "Mark models as favourites."),
    "hub": ("hub", "Match, search, download and update models; serve your own."),
    "grid": ("grid", "Draw what LoRAs do, side by side: strengths, prompts, samplers …"),
    "grids": ("grids", "List the grids drawn so far."),
    "recipe": ("recipe", "Read what pictures were made with, and find those models here."),
    "used": ("used", "Tell in which pictures a model was used, and how."),
    "preview": ("preview", "Draw a picture of each model that has none."),
    "probe": ("probe", "Find out what LoRAs do: draw, measure and judge them."),
    "doctor": ("doctor", "Look for what is wrong with files, folders and the catalog."),
    "backup": ("backup", "Copy the catalog, or list the copies there are."),
    "restore": ("backup", "Bring the catalog back from a copy."),
    "sidecar": ("sidecar", "Read and write what other tools keep beside models."),
    "export": ("manifest", "Write what is known of models to a file: JSON or CSV."),
    "import": ("manifest", "Take tags, notes and ratings from such a file."),
    "diff": ("diff", "Compare two libraries, folders, manifests or catalogs."),
    "identify": ("inspect", "Tell what files are, from their tensors."),
    "check": ("check", "Tell whether opening files could run code."),
    "hash": ("inspect", "Print the six hashes of files."),
    "config": ("config", "Show the settings in force, and change them."),
    "plugins": ("config", "List plugins and what is wrong with any of them."),
    "completion": ("config", "Print the shell completion script for bash, zsh or fish."),
}
"""Command name to its module and its line in the help, so that `--help` loads no module."""


class Program(LazyCommands):
    """All commands."""

    table = COMMANDS
    sections = SECTIONS


@click.group(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a command, loradex opens its terminal UI. Start with `loradex demo`, or with"
    " `loradex library add FOLDER` and `loradex scan`.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="Keep all state here instead of $LORADEX_HOME or the platform's data folder.",
)
@click.option(
    "--images",
    type=click.Choice(["auto", "kitty", "sixel", "half", "ascii", "off"]),
    default="auto",
    show_default=True,
    help="How the terminal UI draws pictures; LORADEX_IMAGES says the same.",
)
@click.option(
    "--slow", is_flag=True, help="Let the terminal UI send little: no pictures, few colours."
)
@click.option("--ascii", "plain", is_flag=True, help="Draw borders and marks in ASCII.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--theme", metavar="NAME", default="", help="A theme of the terminal UI, this time.")
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(__version__, "-V", "--version", message="loradex %(version)s")
@click.pass_context
def cli(
    ctx: click.Context,
    home: str | None,
    images: str,
    slow: bool,
    plain: bool,
    no_mouse: bool,
    theme: str,
    debug: bool,
) -> None:
    """Know, find and test the checkpoints and LoRAs you own."""
    ctx.obj = Context(_home(home), debug)
    if ctx.invoked_subcommand is None:
        if is_terminal(sys.stdin) and is_terminal(sys.stdout):
            from loradex.cli.frontend import open_tui  # noqa: PLC0415
            from loradex.domain.tui_options import TuiOptions  # noqa: PLC0415

            wish = "" if images == "auto" else images
            ctx.exit(open_tui(ctx.obj, TuiOptions(wish, slow, plain, not no_mouse, theme)))
        click.echo(ctx.get_help())


def _home(folder: str | None) -> Home:
    """Return the home that was asked for, else that of the environment."""
    if folder == "":
        raise UsageError("--home names no folder.", hint="Leave it out for the usual one.")
    if folder is not None:
        return Home(expanded(folder).absolute())
    try:
        return default_home()
    except RuntimeError as error:
        raise UsageError(
            "LORADEX_HOME begins with the home folder of somebody who is not there.",
            hint="Set it to a folder of yours.",
        ) from error


def main() -> NoReturn:
    """Run loradex and leave with its exit code; errors become one sentence on stderr."""
    allow_any_text()
    try:
        code = _run()
        if sys.stdout is not None:
            sys.stdout.flush()
    except (ReaderGone, BrokenPipeError):
        drop_output()
        code = 0
    # What is still in memory goes with the process: without this, leaving looks through all of it
    # for garbage, 10 ms for each command.
    gc.freeze()
    sys.exit(code)


def _run() -> int:
    """Return the exit code of this call."""
    debug = "--debug" in sys.argv[1:]
    tell = tell_end if wants_events(sys.argv[1:]) else report
    try:
        result = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nStopped.", err=True)
        return 130
    except Cancelled as stop:
        tell(stop)
        return 130
    except LoradexError as error:
        if debug:
            raise
        tell(error)
        return error.exit_code
    except ReaderGone:
        raise
    except Exception as error:
        if debug:
            raise
        if isinstance(error, OSError):
            report_system(error)
        else:
            report_bug(error)
        return 1
    return result if isinstance(result, int) else 0

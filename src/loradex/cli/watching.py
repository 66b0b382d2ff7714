"""`loradex scan --watch`: a line for each thing that happens, until somebody stops it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from loradex.cli.context import Context, stoppable
from loradex.cli.progress import JsonSink, TerminalSink, shown_progress
from loradex.cli.scan_text import notify_scanned, scan_json, scan_sentence, standing
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.library import FileState
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loradex.catalog.catalog import Catalog
    from loradex.domain.library import Library
    from loradex.domain.models import ModelRow
    from loradex.domain.progress import CancelToken, ProgressSink
    from loradex.operations.scan_report import ScanReport
    from loradex.operations.watch import WatchOptions
    from loradex.operations.watching.events import WatchEvent
    from loradex.plugin_manager import Plugins


def watch_libraries(
    context: Context,
    catalog: Catalog,
    libraries: list[Library],
    options: WatchOptions,
    as_json: bool,
    progress: str,
) -> None:
    """Watch until Ctrl-C or SIGTERM, and return then."""
    from loradex.operations.watch import watch  # noqa: PLC0415

    loaded: list[Plugins] = []

    def plugins() -> Plugins:
        if not loaded:
            loaded.append(context.plugins())
        return loaded[0]

    mode = "json" if as_json else progress
    with stoppable() as cancel, _stopped_by_term(cancel), shown_progress(mode, cancel) as sink:
        teller = (
            _JsonTeller(sink, catalog) if isinstance(sink, JsonSink) else _TextTeller(sink, catalog)
        )

        def scanned(which: Sequence[Library], report: ScanReport) -> None:
            teller.scanned(which, report)
            notify_scanned(context, [library.name for library in which], report)

        watch(
            catalog,
            libraries,
            options,
            tell=teller.tell,
            scanned=scanned,
            plugins=plugins,
            sink=sink,
            cancel=cancel,
        )
        teller.ended()


@contextmanager
def _stopped_by_term(cancel: CancelToken) -> Iterator[None]:
    """Let SIGTERM stop the work as Ctrl-C does: services are ended so."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        cancel.cancel()

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _TextTeller:
    """Prints lines for people."""

    def __init__(self, sink: ProgressSink, catalog: Catalog) -> None:
        self._sink = sink
        self._catalog = catalog
        self._scanned: set[int] = set()

    def tell(self, event: WatchEvent) -> None:
        """Print one event."""
        self._line(_sentence(event))

    def scanned(self, which: Sequence[Library], report: ScanReport) -> None:
        """Print what the first scan of a library found; later ones are told file by file."""
        for library in which:
            if library.id not in self._scanned:
                self._scanned.add(library.id)
                after = standing(self._catalog, which, report)
                sentence = scan_sentence(report, None, after)
                if after.empty:
                    self._line(sentence)
                elif not report.offline:  # an event tells that
                    self._line(f"{display_text(library.name)}: {sentence}")
        if isinstance(self._sink, TerminalSink):
            self._sink.clear()

    def ended(self) -> None:
        """Say that nothing is watched any more."""
        self._line("Stopped watching.")

    def _line(self, text: str) -> None:
        if isinstance(self._sink, TerminalSink):
            self._sink.clear()
        click.echo(text)


class _JsonTeller:
    """Prints an object a line for programs."""

    def __init__(self, sink: JsonSink, catalog: Catalog) -> None:
        self._sink = sink
        self._catalog = catalog

    def tell(self, event: WatchEvent) -> None:
        """Print one event."""
        row = event.model
        self._sink.tell(
            event.kind.value,
            library=event.library,
            path=event.path,
            detail=event.detail,
            model=row and row.id,
            name=row and row.name,
            kind=row and row.kind,
            base=row and row.base,
        )

    def scanned(self, which: Sequence[Library], report: ScanReport) -> None:
        """Print what a scan found, when it found anything."""
        for library in which:
            if report.seen != report.unchanged or report.missing:
                told = scan_json(report, None, self._catalog.files.unreadable())
                self._sink.tell("scanned", library=library.name, **told)

    def ended(self) -> None:
        """Print the last event."""
        self._sink.tell("done", message="Stopped watching.", hint=None)


def _sentence(event: WatchEvent) -> str:
    """Return an event as one line."""
    detail = display_text(event.detail)
    path = display_text(event.path)
    library = display_text(event.library)
    name = path.rpartition("/")[2]
    kind = event.kind.value
    if kind in ("indexed", "changed", "back"):
        about = f"{kind} {name}: {_what(event.model)} ({path.removesuffix(name)})"
        return f"{about}: {detail}" if detail else about
    if kind in ("moved", "placed"):
        return f"{kind} {detail} -> {path}"
    if kind == "tagged":
        return f"tagged {name}: {detail}"
    about = path if kind in ("gone", "stays") else library
    where = f" ({path})" if kind in ("watching", "offline", "online") else ""
    words = " ".join(part for part in (kind, about) if part) + where
    return f"{words}: {detail}" if detail else words


def _what(row: ModelRow | None) -> str:
    """Return what a model is, in few words."""
    if row is None or row.state == FileState.UNREADABLE:
        return "cannot be read"
    kind = ModelKind(row.kind)
    base = BaseModel(row.base).label if row.base in set(BaseModel) else row.base
    text = "not known what it is" if kind is ModelKind.UNKNOWN else kind.label
    return f"{text}, {base}" if base else text

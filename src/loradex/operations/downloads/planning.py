"""Draw up a plan of downloads: what references mean, which files, where to, and what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loradex.catalog.catalog import Catalog
from loradex.catalog.download_store import UNFINISHED
from loradex.domain.addresses import shown_address
from loradex.domain.downloads import Download, NewDownload
from loradex.domain.hub_source import HubDownloads, HubSource
from loradex.domain.library import FileState
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.text import display_text
from loradex.errors import HubError, LoradexError
from loradex.operations.downloads.answers import STAGE, Answers
from loradex.operations.downloads.by_hash import by_version
from loradex.operations.downloads.choosing import (
    NotToBeHad,
    chosen_files,
    dangerous,
    kind_of,
    newest_version,
    withheld,
)
from loradex.operations.downloads.placing import NoPlace, Placer
from loradex.operations.downloads.plan import (
    DownloadOptions,
    DownloadPlan,
    PlannedFile,
    Verdict,
)
from loradex.operations.downloads.queue import fetches
from loradex.operations.downloads.room import rooms_for
from loradex.settings import Settings

if TYPE_CHECKING:
    from loradex.operations.hubs import Hubs


def plan_downloads(
    catalog: Catalog,
    hubs: Hubs,
    texts: Sequence[str],
    options: DownloadOptions,
    settings: Settings,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> DownloadPlan:
    """Return what downloading these references means; nothing is written.

    A model stands for its newest version that anybody may download, a version for its primary
    file unless the options wish for others. A reference that names nothing is a problem of the
    plan, but raised when it is the only one. Raises `UsageError` for options that mean nothing,
    and when a person has to choose a library.
    """
    queue = catalog.downloads.downloads(UNFINISHED)
    placer = Placer(
        catalog,
        options.library or settings.download_library,
        settings.download_folders if options.folders is None else options.folders,
        queue,
    )
    texts = [by_version(hubs, text) for text in texts]
    answers = Answers(hubs)
    answers.fetch(texts, sink, cancel)
    draft = _Draft(catalog, options, placer, queue, answers)
    for number, text in enumerate(texts):
        cancel.check()
        sink.progress(Progress(STAGE, number, len(texts), "references", shown_address(text)))
        try:
            draft.add(text)
        except (LoradexError, NotToBeHad) as error:
            problem = _problem(text, error)
            if len(texts) == 1 and isinstance(error, LoradexError):
                raise
            draft.problems.append(problem)
    files = draft.files
    wanted = [file.new for file in files if file.new is not None]
    return DownloadPlan(
        tuple(files), tuple(draft.problems), tuple(draft.notes), rooms_for(wanted, queue)
    )


@dataclass(slots=True)
class _Draft:
    """The plan so far."""

    catalog: Catalog
    options: DownloadOptions
    placer: Placer
    queue: list[Download]
    answers: Answers
    files: list[PlannedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _seen: set[tuple[object, ...]] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Add the files that a reference means."""
        hub, reference, (model, version) = self.answers.of(text)
        if version is None:
            version, note = newest_version(model, datetime.now(UTC))
            if note is not None:
                self.notes.append(f"{display_text(model.name)}: {note}")
        wishes = self.options.wishes
        if not wishes.names and (reference.file_id is not None or reference.path is not None):
            name = str(reference.file_id) if reference.file_id is not None else reference.path
            wishes = replace(wishes, names=(name or "",))
        for file in chosen_files(version, wishes):
            key = (hub.name, version.id, file.id, file.name)
            if key not in self._seen:
                self._seen.add(key)
                planned = PlannedFile(
                    Verdict.GET,
                    hub.name,
                    model,
                    version,
                    file,
                    kind_of(model, file) or self.options.kind,
                )
                self.files.append(self._judged(hub, planned))

    def _judged(self, hub: HubSource, planned: PlannedFile) -> PlannedFile:
        """Return a file with what becomes of it, and a place if it is to be fetched."""
        file = planned.file
        known = self._queued(planned) or self._owned(planned)
        if known is not None:
            return known
        if planned.kind is None:
            kind = display_text(planned.model.type, 40) or "what it is for"
            return _refused(
                planned,
                f"loradex knows no folder for it: the hub says {kind}.",
                "Say what it is with --kind.",
            )
        if dangerous(file) and not self.options.accept_danger:
            return _refused(
                planned,
                "The hub's own scan calls this file dangerous.",
                "Leave it, or use --accept-danger if you know better.",
            )
        try:
            _check_access(hub, planned)
            target = self.placer.place(planned.model, planned.version, file, planned.kind)
        except HubError as error:
            return _refused(planned, error.message, error.hint)
        except (NoPlace, NotToBeHad) as error:
            return _refused(planned, str(error), None)
        new = NewDownload(
            hub=planned.hub,
            model_id=planned.model.id,
            version_id=planned.version.id,
            file_id=file.id,
            name=file.name,
            size_bytes=file.size_bytes,
            sha256=file.sha256,
            library_id=target.library.id,
            root=target.library.root.encode("utf-8", "surrogateescape"),
            relative=target.relative,
        )
        return replace(planned, new=new)

    def _owned(self, planned: PlannedFile) -> PlannedFile | None:
        sha256 = planned.file.sha256
        if sha256 is None or self.options.again:
            return None
        owned = self.catalog.downloads.owned([sha256]).get(sha256)
        if owned is None:
            return None
        where = display_text(owned.path)
        away = " (its drive is away)" if owned.state is FileState.OFFLINE else ""
        return replace(
            planned,
            verdict=Verdict.OWNED,
            reason=f"You have it: {where}{away}.",
            content_id=owned.content_id,
        )

    def _queued(self, planned: PlannedFile) -> PlannedFile | None:
        for download in self.queue:
            if fetches(download, planned.hub, planned.version.id, planned.file):
                return replace(
                    planned,
                    verdict=Verdict.QUEUED,
                    reason=f"It is download {download.id} in the queue, {download.state.value}.",
                    download_id=download.id,
                )
        return None


def _check_access(hub: HubSource, planned: PlannedFile) -> None:
    """Raise when it is known beforehand that a file cannot be had."""
    if not isinstance(hub, HubDownloads):
        raise NotToBeHad(f"Nothing can be downloaded from {hub.name}.")
    start = hub.download_start(planned.version, planned.file)
    reason = withheld(planned.version, datetime.now(UTC))
    # Who has a key may have paid: the hub says whether it was enough.
    if reason is not None and (start.key is None or planned.version.usage_control != "Download"):
        raise NotToBeHad(f"It cannot be downloaded: {reason}.")


def _refused(planned: PlannedFile, reason: str, hint: str | None) -> PlannedFile:
    return replace(planned, verdict=Verdict.REFUSED, reason=reason, hint=hint)


def _problem(text: str, error: LoradexError | NotToBeHad) -> Problem:
    item = shown_address(text)
    if isinstance(error, LoradexError):
        return Problem(item, error.message, error.hint)
    return Problem(item, str(error))

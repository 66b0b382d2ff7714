"""Join a manifest from elsewhere with what a person said here: the diff first, then the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from loradex.catalog.catalog import Catalog
from loradex.catalog.folding import folded
from loradex.catalog.person_store import NOTE_LIMIT
from loradex.domain.manifest import Change, Entry, Own, OwnField, Prefer
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.tags import fold_tag
from loradex.domain.trigger_words import fold_word
from loradex.operations.manifest.verdict_joining import new_verdicts, says_otherwise, with_new

_BATCH = 1_000


@dataclass(slots=True)
class JoinReport:
    """What a manifest changes here, or changed."""

    models: int = 0
    """In the manifest."""
    here: int = 0
    """Of those, the ones that this catalog knows."""
    changed: int = 0
    tags: int = 0
    hidden_tags: int = 0
    words: int = 0
    notes: int = 0
    ratings: int = 0
    favourites: int = 0
    collections: int = 0
    preferences: int = 0
    fields: int = 0
    verdicts: int = 0
    kept: int = 0
    """Models of which something here says otherwise, and stays."""
    absent: list[Entry] = field(default_factory=list)
    """Models that are not here, at most `MOST_ABSENT`; nothing of them is kept."""
    absent_count: int = 0
    too_long: list[str] = field(default_factory=list)
    """Models whose note would have become too long."""
    changes: list[Change] = field(default_factory=list)
    """The first of them, to show."""


MOST_ABSENT = 100_000
MOST_SHOWN = 1_000


def join(
    catalog: Catalog,
    entries: Iterable[Entry],
    *,
    prefer: Prefer = Prefer.MINE,
    dry_run: bool,
    sink: ProgressSink,
    cancel: CancelToken,
    origin: str = "a manifest",
) -> JoinReport:
    """Let contents that are here take over what a manifest's person said of them.

    Contents are known by their SHA256; where one side has none, by their quick digest. Tags,
    collections and what is not said here are added; two notes stand one below the other; of two
    ratings, and of a tag that one has and the other took off, `prefer` says which stays. A verdict
    comes in, marked with its `origin`, where there is none of its source on that checkpoint, or
    an older one from elsewhere. Doing it twice changes nothing more. Raises `Cancelled`; what was
    done before then stays.
    """
    report = JoinReport()
    joiner = _Joiner(catalog, prefer is Prefer.THEIRS, report, origin)
    coming = iter(entries)
    while batch := list(islice(coming, _BATCH)):
        cancel.check()
        known = _find(catalog, batch)
        changes = list(joiner.changes(list(known.values())))
        report.models += len(batch)
        report.here += len(known)
        for place, entry in enumerate(batch):
            if place not in known:
                report.absent_count += 1
                if len(report.absent) < MOST_ABSENT:
                    report.absent.append(entry)
        if changes and not dry_run:
            catalog.joining.apply(changes)
        report.changes += changes[: MOST_SHOWN - len(report.changes)]
        sink.progress(Progress("Joining", report.models, None, "models"))
    return report


def _find(catalog: Catalog, batch: Sequence[Entry]) -> dict[int, tuple[int, Entry]]:
    """Return by their places the entries whose contents are here, with the contents' ids."""
    by_sha256 = catalog.joining.by_sha256(entry.sha256 for entry in batch if entry.sha256)
    rest = [entry.fingerprint for entry in batch if entry.fingerprint]
    by_print = catalog.joining.by_fingerprint(rest)
    found = {}
    for place, entry in enumerate(batch):
        id_ = by_sha256.get(entry.sha256 or "")
        if id_ is None and entry.fingerprint in by_print:
            near, sha256 = by_print[entry.fingerprint]
            # Two full digests that differ are two contents, however alike a quick look is.
            id_ = near if entry.sha256 is None or sha256 is None else None
        if id_ is not None:
            found[place] = (id_, entry)
    return found


class _Joiner:
    """Works out what changes, by what is said here and whose word counts."""

    def __init__(self, catalog: Catalog, theirs: bool, report: JoinReport, origin: str) -> None:
        self._store = catalog.joining
        self._theirs = theirs
        self._report = report
        self._origin = origin
        self._types = self._store.field_types()
        self._smart = self._store.smart_collections()
        self._meanings: dict[str, str] = {}

    def changes(self, known: Sequence[tuple[int, Entry]]) -> Iterator[Change]:
        """Yield what changes of each content; two entries of one content follow each other."""
        own = self._store.own(list(dict.fromkeys(id_ for id_, _ in known)))
        self._meanings = self._store.meanings(
            {fold_tag(name) for _, entry in known for name in (*entry.own_tags, *entry.hidden_tags)}
        )
        for id_, entry in known:
            if not self._theirs and self._differs(entry, own[id_]):
                self._report.kept += 1
            change = self._change(id_, entry, own[id_])
            if change:
                own[id_] = _after(own[id_], change)
                _count(self._report, change)
                yield change

    def _change(self, id_: int, entry: Entry, mine: Own) -> Change:
        said = mine.tags | mine.hidden_tags
        tags, hidden = (mine.tags, mine.hidden_tags) if self._theirs else (said, said)
        note = _joined_note(mine.note, entry.note)
        if note is not None and len(note) > NOTE_LIMIT:
            self._report.too_long.append(entry.name)
            note = None
        return Change(
            id_,
            entry.name,
            add_tags=tuple(n for n in entry.own_tags if self._meant(n) not in tags),
            hide_tags=tuple(n for n in entry.hidden_tags if self._meant(n) not in hidden),
            add_words=tuple(w for w in entry.own_words if fold_word(w) not in mine.words),
            note=note,
            rating=self._rating(mine.rating, entry.rating),
            favourite=True if entry.favourite and not mine.favourite else None,
            collections=tuple(
                name
                for name in entry.collections
                if folded(name) not in mine.collections | self._smart
            ),
            preferences={
                name: value
                for name, value in entry.preferences.items()
                if mine.preferences.get(name) != value
                and (self._theirs or name not in mine.preferences)
            },
            fields=tuple(self._fields(entry, mine)),
            verdicts=new_verdicts(entry.verdicts, mine.verdicts, self._origin),
        )

    def _meant(self, name: str) -> str:
        """Return the tag that a name means here."""
        return self._meanings.get(fold_tag(name), fold_tag(name))

    def _rating(self, mine: int | None, theirs: int | None) -> int | None:
        if theirs is None or mine == theirs or (mine is not None and not self._theirs):
            return None
        return theirs

    def _fields(self, entry: Entry, mine: Own) -> Iterator[OwnField]:
        for one in entry.fields:
            # Without its choices a choice is a text.
            type_ = "text" if one.type == "choice" else one.type
            here = self._types.get(one.name, type_)
            if here != one.type and not (here == "text" and isinstance(one.value, str)):
                continue
            before = mine.fields.get(one.name)
            if before is None or (self._theirs and before[1] != one.value):
                yield replace(one, type=here)

    def _differs(self, entry: Entry, mine: Own) -> bool:
        """Tell whether something here says otherwise."""
        tags, hidden = (
            set(map(self._meant, entry.own_tags)),
            set(map(self._meant, entry.hidden_tags)),
        )
        return bool(
            (entry.rating is not None and mine.rating not in (None, entry.rating))
            or tags & mine.hidden_tags
            or hidden & mine.tags
            or any(mine.preferences.get(n, v) != v for n, v in entry.preferences.items())
            or any(mine.fields.get(f.name, ("", f.value))[1] != f.value for f in entry.fields)
            or says_otherwise(entry.verdicts, mine.verdicts)
        )


def _joined_note(mine: str, theirs: str) -> str | None:
    """Return both notes, one below the other; None when theirs is in mine already."""
    theirs = theirs.strip()
    if not theirs or theirs in mine:
        return None
    return f"{mine}\n\n{theirs}" if mine.strip() else theirs


def _after(own: Own, change: Change) -> Own:
    """Return what is said of a content once a change is made."""
    added, hidden = set(map(fold_tag, change.add_tags)), set(map(fold_tag, change.hide_tags))
    return Own(
        tags=(own.tags | added) - hidden,
        hidden_tags=(own.hidden_tags | hidden) - added,
        words=own.words | set(map(fold_word, change.add_words)),
        note=own.note if change.note is None else change.note,
        rating=own.rating if change.rating is None else change.rating,
        favourite=own.favourite or bool(change.favourite),
        collections=own.collections | set(map(folded, change.collections)),
        preferences={**own.preferences, **change.preferences},
        fields={**own.fields, **{f.name: (f.type, f.value) for f in change.fields}},
        verdicts=with_new(own.verdicts, change.verdicts),
    )


def _count(report: JoinReport, change: Change) -> None:
    report.changed += 1
    report.tags += len(change.add_tags)
    report.hidden_tags += len(change.hide_tags)
    report.words += len(change.add_words)
    report.notes += change.note is not None
    report.ratings += change.rating is not None
    report.favourites += change.favourite is not None
    report.collections += len(change.collections)
    report.preferences += len(change.preferences)
    report.fields += len(change.fields)
    report.verdicts += len(change.verdicts)

"""The catalog as the rest of loradex sees it: frozen dataclasses in and out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader
from loradex.catalog.schema import REVISIONS, schema_revision
from loradex.catalog.writer import Writer
from loradex.paths import Home

if TYPE_CHECKING:
    from loradex.catalog.arrival_store import ArrivalStore
    from loradex.catalog.auto_tag_store import AutoTagStore
    from loradex.catalog.begun_store import BegunStore
    from loradex.catalog.collection_store import CollectionStore
    from loradex.catalog.download_store import DownloadStore
    from loradex.catalog.duplicate_rows import DuplicateRows
    from loradex.catalog.durable_writer import DurableWriter
    from loradex.catalog.field_store import FieldStore
    from loradex.catalog.file_store import FileStore
    from loradex.catalog.grid_store import GridStore
    from loradex.catalog.health_rows import HealthRows
    from loradex.catalog.hub_store import HubStore
    from loradex.catalog.inbox_store import InboxStore
    from loradex.catalog.job_store import JobStore
    from loradex.catalog.known_models import KnownModels
    from loradex.catalog.library_store import LibraryStore
    from loradex.catalog.look_store import LookStore
    from loradex.catalog.manifest_rows import ManifestRows
    from loradex.catalog.manifest_store import ManifestStore
    from loradex.catalog.person_store import PersonStore
    from loradex.catalog.plan_store import PlanStore
    from loradex.catalog.preference_store import PreferenceStore
    from loradex.catalog.recipe_store import RecipeStore
    from loradex.catalog.said_store import SaidStore
    from loradex.catalog.serve_rows import ServeRows
    from loradex.catalog.serve_store import ServeStore
    from loradex.catalog.sidecar_journal import SidecarJournal
    from loradex.catalog.sidecar_store import SidecarStore
    from loradex.catalog.tag_evidence import TagEvidence
    from loradex.catalog.tag_store import TagStore
    from loradex.catalog.tidy_rows import TidyRows
    from loradex.catalog.update_store import UpdateStore
    from loradex.catalog.verdict_store import VerdictStore
    from loradex.catalog.verify_store import VerifyStore
    from loradex.catalog.word_store import WordStore
    from loradex.domain.models import ModelDetails, ModelRow, Page


class Catalog:
    """One open catalog. Reading is safe from any thread; edits are short transactions.

    Each concern has a store, loaded when it is first asked for: most commands need one or two.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._reader = Reader(home.catalog)
        self._writer = Writer(home.catalog)
        self._durable: DurableWriter | None = None

    @cached_property
    def files(self) -> FileStore:
        """Libraries as roots, and the places in them."""
        from loradex.catalog.file_store import FileStore  # noqa: PLC0415

        return FileStore(self._reader, self._writer)

    @cached_property
    def libraries(self) -> LibraryStore:
        """What tools and people want of a library."""
        from loradex.catalog.library_store import LibraryStore  # noqa: PLC0415

        return LibraryStore(self._reader, self._writer)

    @cached_property
    def looks(self) -> LookStore:
        """What scans and hash passes write."""
        from loradex.catalog.look_store import LookStore  # noqa: PLC0415

        return LookStore(self._writer)

    @cached_property
    def person(self) -> PersonStore:
        """Tags, notes and ratings."""
        from loradex.catalog.person_store import PersonStore  # noqa: PLC0415

        return PersonStore(self._reader, self._writer)

    @cached_property
    def said(self) -> SaidStore:
        """A person's statements, to be put back."""
        from loradex.catalog.said_store import SaidStore  # noqa: PLC0415

        return SaidStore(self._reader, self._writer)

    @cached_property
    def preferences(self) -> PreferenceStore:
        """How models are best used."""
        from loradex.catalog.preference_store import PreferenceStore  # noqa: PLC0415

        return PreferenceStore(self._reader, self._writer)

    @cached_property
    def tags(self) -> TagStore:
        """The vocabulary of tags."""
        from loradex.catalog.tag_store import TagStore  # noqa: PLC0415

        return TagStore(self._reader, self._writer)

    @cached_property
    def auto_tags(self) -> AutoTagStore:
        """The tags that rules and plugins put on models."""
        from loradex.catalog.auto_tag_store import AutoTagStore  # noqa: PLC0415

        return AutoTagStore(self._reader, self._writer)

    @cached_property
    def tag_evidence(self) -> TagEvidence:
        """What rules and plugins look at."""
        from loradex.catalog.tag_evidence import TagEvidence  # noqa: PLC0415

        return TagEvidence(self._reader)

    @cached_property
    def words(self) -> WordStore:
        """Trigger words in groups, and a person's choice of them."""
        from loradex.catalog.word_store import WordStore  # noqa: PLC0415

        return WordStore(self._reader, self._writer)

    @cached_property
    def collections(self) -> CollectionStore:
        """Collections, picked by hand or by a query."""
        from loradex.catalog.collection_store import CollectionStore  # noqa: PLC0415

        return CollectionStore(self._reader, self._writer)

    @cached_property
    def fields(self) -> FieldStore:
        """Custom fields and their values."""
        from loradex.catalog.field_store import FieldStore  # noqa: PLC0415

        return FieldStore(self._reader, self._writer)

    @cached_property
    def hub(self) -> HubStore:
        """What hubs know."""
        from loradex.catalog.hub_store import HubStore  # noqa: PLC0415

        return HubStore(self._reader, self._writer)

    @cached_property
    def known(self) -> KnownModels:
        """What hubs told, read back."""
        from loradex.catalog.known_models import KnownModels  # noqa: PLC0415

        return KnownModels(self._reader)

    @cached_property
    def updates(self) -> UpdateStore:
        """Which versions of hubs are owned, and which updates are not wanted."""
        from loradex.catalog.update_store import UpdateStore  # noqa: PLC0415

        return UpdateStore(self._reader, self._writer)

    @cached_property
    def grids(self) -> GridStore:
        """Grids and their pictures."""
        from loradex.catalog.grid_store import GridStore  # noqa: PLC0415

        return GridStore(self._reader, self._writer)

    @cached_property
    def verdicts(self) -> VerdictStore:
        """What probes found, and what a person says to that."""
        from loradex.catalog.verdict_store import VerdictStore  # noqa: PLC0415

        return VerdictStore(self._reader, self._writer)

    @cached_property
    def jobs(self) -> JobStore:
        """Who does what at the moment."""
        from loradex.catalog.job_store import JobStore  # noqa: PLC0415

        return JobStore(self._reader, self._writer)

    @cached_property
    def begun(self) -> BegunStore:
        """What was begun, and may have been cut off."""
        from loradex.catalog.begun_store import BegunStore  # noqa: PLC0415

        return BegunStore(self._reader, self._writer)

    @cached_property
    def verification(self) -> VerifyStore:
        """What was read again, and when."""
        from loradex.catalog.verify_store import VerifyStore  # noqa: PLC0415

        return VerifyStore(self._reader, self._writer)

    @cached_property
    def arrivals(self) -> ArrivalStore:
        """What is done with new files."""
        from loradex.catalog.arrival_store import ArrivalStore  # noqa: PLC0415

        return ArrivalStore(self._reader, self._writer)

    @cached_property
    def inbox(self) -> InboxStore:
        """What a person has to decide, and what they decided."""
        from loradex.catalog.inbox_store import InboxStore  # noqa: PLC0415

        return InboxStore(self._reader, self._writer)

    @cached_property
    def downloads(self) -> DownloadStore:
        """The download queue."""
        from loradex.catalog.download_store import DownloadStore  # noqa: PLC0415

        return DownloadStore(self._reader, self._writer)

    @cached_property
    def duplicates(self) -> DuplicateRows:
        """What the search for duplicates compares."""
        from loradex.catalog.duplicate_rows import DuplicateRows  # noqa: PLC0415

        return DuplicateRows(self._reader)

    @cached_property
    def health(self) -> HealthRows:
        """What a check-up looks at."""
        from loradex.catalog.health_rows import HealthRows  # noqa: PLC0415

        return HealthRows(self._reader)

    @cached_property
    def tidying(self) -> TidyRows:
        """What plans that tidy up look at."""
        from loradex.catalog.tidy_rows import TidyRows  # noqa: PLC0415

        return TidyRows(self._reader)

    @cached_property
    def recipes(self) -> RecipeStore:
        """What pictures were made with."""
        from loradex.catalog.recipe_store import RecipeStore  # noqa: PLC0415

        return RecipeStore(self._reader, self._writer)

    @cached_property
    def manifest(self) -> ManifestRows:
        """What a manifest tells of models."""
        from loradex.catalog.manifest_rows import ManifestRows  # noqa: PLC0415

        return ManifestRows(self._reader)

    @cached_property
    def joining(self) -> ManifestStore:
        """What a manifest from elsewhere changes."""
        from loradex.catalog.manifest_store import ManifestStore  # noqa: PLC0415

        return ManifestStore(self._reader, self._writer)

    @cached_property
    def serving(self) -> ServeStore:
        """Who may ask `hub serve`."""
        from loradex.catalog.serve_store import ServeStore  # noqa: PLC0415

        return ServeStore(self._reader, self._writer)

    @cached_property
    def served(self) -> ServeRows:
        """What `hub serve` may tell."""
        from loradex.catalog.serve_rows import ServeRows  # noqa: PLC0415

        return ServeRows(self._reader)

    @cached_property
    def plans(self) -> PlanStore:
        """Plans of file changes, and the journal of what was done."""
        from loradex.catalog.plan_store import PlanStore  # noqa: PLC0415

        return PlanStore(self._reader, self._durable_writer())

    @cached_property
    def sidecars(self) -> SidecarStore:
        """What other tools' files beside models said."""
        from loradex.catalog.sidecar_store import SidecarStore  # noqa: PLC0415

        return SidecarStore(self._reader, self._writer)

    @cached_property
    def sidecar_journal(self) -> SidecarJournal:
        """What was written into such files."""
        from loradex.catalog.sidecar_journal import SidecarJournal  # noqa: PLC0415

        return SidecarJournal(self._reader, self._durable_writer())

    def _durable_writer(self) -> DurableWriter:
        if self._durable is None:
            from loradex.catalog.durable_writer import DurableWriter  # noqa: PLC0415

            self._durable = DurableWriter(self.home.catalog)
        return self._durable

    @classmethod
    def open(cls, home: Home) -> Catalog:
        """Open the catalog of `home`, made or upgraded first where needed.

        Raises a `CatalogError` when it is damaged, newer than this loradex, or not writable
        although it must be.
        """
        if schema_revision(home.catalog) != REVISIONS[-1]:
            from loradex.catalog.upgrade import ensure_current  # noqa: PLC0415 - once per upgrade

            ensure_current(home)
        return cls(home)

    def search(self, query: str, *, limit: int | None = None, offset: int = 0) -> Page:
        """Return what `query` finds; raise `QueryError` when it cannot be read."""
        return self._reader.search(query, limit=limit, offset=offset)

    def ids(self, query: str) -> list[int]:
        """Return the ids of what `query` finds, in its order."""
        return self._reader.ids(query)

    def count(self, query: str) -> int:
        """Return how many models `query` finds."""
        return self._reader.count(query)

    def check_query(self, query: str, name: str | None = None) -> None:
        """Raise `QueryError` for a query that cannot be read, or not be saved as `name`."""
        self._reader.check(query, name)

    def columns(self, ids: Sequence[int], names: Sequence[str]) -> dict[int, tuple[object, ...]]:
        """Return values of these models, by the words that `sort:` knows and custom fields."""
        from loradex.catalog.column_values import column_values  # noqa: PLC0415

        return column_values(self._reader, ids, names)

    def rows(self, ids: Sequence[int]) -> list[ModelRow]:
        """Return the rows of these ids, in that order."""
        return self._reader.rows(ids)

    def facets(self, query: str) -> dict[str, list[tuple[str, int]]]:
        """Return counts of `kind`, `base` and `tag` among what `query` finds."""
        return self._reader.facets(query)

    def tag_counts(self, ids: Sequence[int]) -> dict[int, tuple[tuple[str, int], ...]]:
        """Return the training captions of these ids, most frequent first."""
        return self._reader.tag_counts(ids)

    def details(self, content_id: int) -> ModelDetails:
        """Return all that is known of one model."""
        from loradex.catalog.details import model_details  # noqa: PLC0415

        return model_details(self._reader, content_id)

    def resolve(self, reference: str) -> int:
        """Return the id that a REF names; raise `BadReference` when it is not exactly one."""
        from loradex.catalog.details import resolve  # noqa: PLC0415

        return resolve(self._reader, reference)

    def close(self) -> None:
        """Close all connections."""
        self._reader.close()
        self._writer.close()
        if self._durable is not None:
            self._durable.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()

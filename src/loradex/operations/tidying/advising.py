"""Which models may go when room is short: `plan trash`.

Only what a hub still gives to anybody, with exactly these bytes, is ever proposed; so whatever goes
can be had again. What a person rates 4 or 5 or calls a favourite stays, and so does what was tested
and judged. Of the rest, reasons add up: the more speaks against a model, the sooner it goes.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from loradex.catalog.catalog import Catalog
from loradex.catalog.tidy_rows import Location, Offer, Use
from loradex.domain.hub_ranks import ARCHIVES
from loradex.domain.library import FileState
from loradex.domain.own_numbers import OWN_NUMBERS
from loradex.domain.plans import Conflict, MovePlan, Place
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.tidying.chosen import about_models, chosen_ids
from loradex.operations.tidying.keeping import Wish, draw_up

LIKED = 4
"""Stars from which on a model stays."""
_DISLIKED = 2
_LONG_UNUSED_DAYS = 180
_ENOUGH = 2.0
"""What reasons have to add up to where nobody says how much room is wanted."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A model that may go."""

    content_id: int
    name: str
    reasons: tuple[str, ...]
    """A clause each, the weightiest first."""
    weight: float
    nbytes: int
    """Of all its files."""
    again: str
    """How to have it again: a command."""


@dataclass(frozen=True, slots=True)
class Trashing:
    """What is wanted of the advice."""

    query: str = ""
    free: int | None = None
    """Bytes that shall become free; None: all that enough speaks against."""
    exactly: bool = False
    """Everything that the query finds, whatever speaks against it."""
    trash: TrashKind = TrashKind.SYSTEM
    models: frozenset[int] | None = None
    """Of what the query finds, only these; None: all of it."""

    @property
    def about(self) -> dict[str, object]:
        """The same as `plan show` tells it."""
        return {
            "query": self.query,
            "free": self.free,
            "exactly": self.exactly,
            **about_models(self.models),
        }


@dataclass(slots=True)
class TrashPlan:
    """The plan, with the reasons."""

    plan: MovePlan
    advice: list[Advice] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    """Why models stay whatever their use, and how many for each reason."""

    @property
    def nbytes(self) -> int:
        """Bytes that go."""
        return sum(each.nbytes for each in self.advice)


def plan_trash(catalog: Catalog, trashing: Trashing) -> TrashPlan:
    """Return what may go, the first to go first; nothing is written. Raises `QueryError`."""
    ids = chosen_ids(catalog, trashing.query, trashing.models)
    weighing = _Weighing(catalog, ids)
    found = [advice for id_ in ids if (advice := weighing.advice(id_, trashing.exactly))]
    found.sort(key=lambda each: (-each.weight, -each.nbytes, each.content_id))
    chosen = found if trashing.exactly else _chosen(found, trashing.free)
    wishes = [
        Wish(file.file_id, None)
        for each in chosen
        for file in weighing.files[each.content_id]
        if file.state == FileState.PRESENT
    ]
    note = f"Trash {len(chosen):,} models that hubs still have"
    conflicts = weighing.conflicts if trashing.exactly else []
    plan = draw_up(catalog, "trash", note, wishes, conflicts=conflicts, trash=trashing.trash)
    return TrashPlan(plan, chosen, dict(weighing.kept))


def _chosen(found: Sequence[Advice], free: int | None) -> list[Advice]:
    if free is None:
        return [each for each in found if each.weight >= _ENOUGH]
    chosen: list[Advice] = []
    freed = 0
    for each in found:
        if freed >= free:
            break
        chosen.append(each)
        freed += each.nbytes
    return chosen


def again(catalog: Catalog, content_ids: Sequence[int]) -> dict[int, str]:
    """Return the command that fetches each of these models, of those that a hub still gives."""
    now = time.time()
    found = {}
    for content_id, offers in catalog.tidying.offers(content_ids).items():
        offer, _ = _still_offered(offers, now)
        if offer is not None:
            found[content_id] = _command(offer)
    return found


def _command(offer: Offer) -> str:
    wanted = f"hf:{offer.slug}" if offer.slug else f"version:{offer.version_id}"
    return f"loradex hub get {wanted}"


class _Weighing:
    """What is known of the models, and what speaks for each."""

    def __init__(self, catalog: Catalog, ids: Sequence[int]) -> None:
        self.kept: dict[str, int] = defaultdict(int)
        self.conflicts: list[Conflict] = []
        self.files: dict[int, list[Location]] = defaultdict(list)
        for file in catalog.tidying.locations(ids):
            self.files[file.content_id].append(file)
        self._roots = {
            library.id: os.fsencode(library.root) for library in catalog.files.libraries()
        }
        self._uses: Mapping[int, Use] = catalog.tidying.uses(ids)
        self._offers: Mapping[int, list[Offer]] = catalog.tidying.offers(ids)
        self._newest = _newest_owned(catalog)
        self._recipes = catalog.tidying.any_recipe()
        self._now = time.time()

    def advice(self, content_id: int, exactly: bool) -> Advice | None:
        """Return what speaks against a model; None when it stays."""
        use = self._uses.get(content_id)
        if use is None:
            return None
        offers = self._offers.get(content_id, [])
        offer, why_not = _still_offered(offers, self._now)
        reason = why_not or _protected(use)
        if reason or offer is None:
            self._keep(content_id, reason)
            return None
        reasons = self._reasons(use, offer)
        if not reasons and not exactly:
            self.kept["nothing speaks against them"] += 1
            return None
        reasons.sort(reverse=True)
        there = [file for file in self.files[content_id] if file.state == FileState.PRESENT]
        day = datetime.fromtimestamp(offer.fetched_at, UTC).date().isoformat()
        return Advice(
            content_id,
            use.name,
            (*(words for _, words in reasons), f"{offer.hub} had it on {day}"),
            sum(weight for weight, _ in reasons),
            use.size * len(there),
            _command(offer),
        )

    def _keep(self, content_id: int, reason: str) -> None:
        self.kept[reason] += 1
        for file in self.files[content_id]:
            root = self._roots.get(file.library_id)
            if root is not None:
                place = Place(file.library_id, root, file.raw_path)
                sentence = f"It stays: {reason}."
                self.conflicts.append(Conflict(place, sentence, file_id=file.file_id))

    def _reasons(self, use: Use, offer: Offer) -> list[tuple[float, str]]:
        """Return what speaks against a model: a weight and a clause each."""
        reasons: list[tuple[float, str]] = []
        newest = self._newest.get((offer.hub, offer.model_id, offer.base_model))
        if newest is not None and _newer(newest, offer):
            reasons.append((3.0, f"you have the newer version {newest.version_name or '?'}"))
        if use.rating is not None and use.rating <= _DISLIKED:
            reasons.append((3.0, f"you gave it {use.rating} of 5"))
        if self._recipes and not use.uses:
            reasons.append((1.5, "no picture that was read was made with it"))
        elif use.last_used is not None:
            days = int((self._now - use.last_used) // 86_400)
            if days > _LONG_UNUSED_DAYS:
                reasons.append((1.0, f"last used {days} days ago"))
        if use.no_effect:
            reasons.append((0.75, "no effect was found"))
        if not use.grids and not use.probes:
            reasons.append((0.5, "it was never tested"))
        if use.rating is None:
            reasons.append((0.25, "you have not rated it"))
        return reasons


def _protected(use: Use) -> str:
    """Return why a person would miss a model, as a clause; empty when nobody would."""
    if use.favourite:
        return "it is a favourite"
    if use.rating is not None and use.rating >= LIKED:
        return "you rated it 4 or better"
    if use.verdicts:
        return "you judged it yourself"
    return ""


def _still_offered(offers: Iterable[Offer], now: float) -> tuple[Offer | None, str]:
    """Return an offer by which a model can be had again, else why there is none, as a clause."""
    reason = "no hub is known to have it"
    for offer in offers:
        why_not = _not_to_be_had(offer, now)
        if not why_not:
            return offer, ""
        reason = why_not
    return None, reason


def _not_to_be_had(offer: Offer, now: float) -> str:
    if offer.hub in ARCHIVES or offer.model_id in OWN_NUMBERS:
        return "only an archive or another loradex has it"
    if offer.model_gone_at is not None or offer.version_gone_at is not None or offer.mode:
        return "the hub has it no longer"
    if not offer.lists_it:
        return "the hub does not list a file with these bytes"
    if offer.usage_control not in (None, "Download") or offer.paid:
        return "the hub does not give it to everybody"
    if offer.early_access_until and _moment(offer.early_access_until) > now:
        return "the hub does not give it to everybody"
    return ""


def _moment(text: str) -> float:
    """Return a time of a hub; one that cannot be read never comes."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("inf")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


_Model = tuple[str, int, str | None]


def _newest_owned(catalog: Catalog) -> dict[_Model, Offer]:
    """Return the newest version that is there of each hub model, one for each base model."""
    owned = [each.content_id for each in catalog.updates.owned()]
    present = catalog.tidying.uses(owned)
    newest: dict[_Model, Offer] = {}
    for offers in catalog.tidying.offers([id_ for id_ in owned if id_ in present]).values():
        for offer in offers:
            key = (offer.hub, offer.model_id, offer.base_model)
            if key not in newest or _newer(offer, newest[key]):
                newest[key] = offer
    return newest


def _newer(one: Offer, other: Offer) -> bool:
    """Tell whether a version came out later; see `newness.is_newer`, which has whole documents."""
    if one.version_id == other.version_id:
        return False
    if one.published_at is not None and other.published_at is not None:
        return one.published_at > other.published_at
    if one.position is not None and other.position is not None:
        return one.position < other.position
    return one.version_id > other.version_id

"""Verdicts in the catalog: whose word stands, what follows from it, and what a merge keeps."""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.engine import open_engine, transaction
from loradex.catalog.upgrade import ensure_current, migrations_folder
from loradex.domain.preferences import Preferences
from loradex.domain.probing import CurvePoint, Interval, ProbeEvidence, WordScore
from loradex.domain.verdicts import Finding, Verdict, VerdictKind, VerdictSource
from loradex.errors import BadReference
from loradex.paths import Home
from verdict_kit import BEST, DEAD, NEEDS, USABLE, evidence, probe, shelf

K = VerdictKind


@pytest.fixture
def catalog(home: Home) -> Catalog:
    opened = Catalog.open(home)
    shelf(opened)
    return opened


def test_what_is_recorded_is_read_back(catalog: Catalog) -> None:
    said = replace(probe(1, NEEDS, USABLE, BEST), evidence=evidence("ohwx"), created_at=5.0)
    id_ = catalog.verdicts.record(said)
    assert catalog.verdicts.of(1) == [replace(said, id=id_, checkpoint="base")]
    assert catalog.verdicts.get(id_) == catalog.verdicts.of(1)[0]
    assert catalog.verdicts.get(99) is None
    assert catalog.verdicts.of(2) == []


def test_one_word_for_each_source_and_checkpoint(catalog: Catalog) -> None:
    first = catalog.verdicts.record(replace(probe(1, DEAD), created_at=1.0))
    other = catalog.verdicts.record(replace(probe(1, NEEDS, on=4), created_at=2.0))
    again = catalog.verdicts.record(replace(probe(1, NEEDS, BEST), created_at=3.0))
    mine = catalog.verdicts.record(
        Verdict(1, (Finding(K.ALWAYS_ON, "always"),), VerdictSource.PERSON, created_at=0.5)
    )
    assert again == first, "a later probe updates the verdict"
    assert [one.id for one in catalog.verdicts.of(1)] == [mine, again, other]
    assert [one.kinds for one in catalog.verdicts.of(1)[1:]] == [
        (K.NEEDS_TRIGGER, K.BEST), (K.NEEDS_TRIGGER,)
    ]  # fmt: skip


def test_a_checkpoint_that_is_not_there_is_kept_by_its_name(catalog: Catalog) -> None:
    gone = replace(probe(1, DEAD, on=77), checkpoint="long gone", grid_id=9)
    catalog.verdicts.record(gone)
    catalog.verdicts.record(replace(gone, findings=(NEEDS,)))
    catalog.verdicts.record(replace(gone, checkpoint="another"))
    read = catalog.verdicts.of(1)
    assert {(one.checkpoint_id, one.checkpoint, one.grid_id) for one in read} == {
        (None, "long gone", None), (None, "another", None)
    }  # fmt: skip
    with pytest.raises(BadReference, match="no model 88"):
        catalog.verdicts.record(probe(88, DEAD))


def test_strengths_stand_below_a_persons_own(catalog: Catalog) -> None:
    def known() -> Preferences:
        return catalog.preferences.known([1])[1].effective

    catalog.verdicts.record(probe(1, USABLE, BEST))
    assert known() == Preferences(strength=0.8, strength_min=0.4, strength_max=1.1)
    assert catalog.preferences.known([1])[1].sources["strength"] == "verdict"
    assert (catalog.ids("strength:0.5"), catalog.ids("strength:1.2..")) == ([1], [])
    catalog.preferences.set([1], {"strength": 1.3})
    assert (known().strength, known().strength_max) == (1.3, 1.1)
    assert (catalog.ids("strength:0.5"), catalog.ids("strength:1.2..")) == ([], [1])
    catalog.preferences.set([1], {"strength": None})
    catalog.verdicts.record(
        Verdict(1, (Finding(K.USABLE, "", low=0.2, high=0.3),), VerdictSource.PERSON)
    )
    assert (known().strength_min, known().strength) == (0.2, None)
    catalog.verdicts.clear([1], VerdictSource.PERSON)
    assert known().strength == 0.8
    assert catalog.verdicts.clear([1]) == 1
    assert catalog.preferences.known([1]) == {}
    assert catalog.ids("strength:") == catalog.ids("")


def test_words_show_what_was_measured_of_them(catalog: Catalog) -> None:
    mined = Finding(K.NEEDS_TRIGGER, "answers to deep", word="deep")
    catalog.verdicts.record(replace(probe(1, NEEDS, mined), evidence=evidence("ohwx", "deep")))
    words = {word.text: word for word in catalog.details(1).trigger_words}
    assert (words["OHWX"].effect, words["OHWX"].verdict) == (0.75, "needs-trigger")
    assert (words["deep"].source, words["deep"].verdict) == ("verdict", "needs-trigger")
    catalog.verdicts.record(
        Verdict(1, (Finding(K.DEAD_TRIGGER, "dead", word="ohwx"),), VerdictSource.PERSON)
    )
    words = {word.text: word for word in catalog.details(1).trigger_words}
    assert {name: word.verdict for name, word in words.items()} == {"OHWX": "dead-trigger"}
    catalog.verdicts.clear([1])
    (word,) = catalog.details(1).trigger_words
    assert (word.effect, word.verdict) == (None, None)


def test_a_mined_word_that_is_not_answered_stays_away(catalog: Catalog) -> None:
    dead = Finding(K.DEAD_TRIGGER, "", word="deep")
    catalog.verdicts.record(replace(probe(1, dead), evidence=evidence("deep")))
    assert [word.text for word in catalog.details(1).trigger_words] == ["OHWX"]


def test_those_never_probed_come_first(catalog: Catalog) -> None:
    catalog.verdicts.record(probe(2, DEAD))
    catalog.verdicts.record(replace(probe(4, DEAD), origin="their library"))
    catalog.verdicts.record(Verdict(1, (DEAD,), VerdictSource.PERSON))
    assert catalog.verdicts.untested([4, 2, 1, 3]) == [1, 3, 4, 2]


def test_a_listing_is_paged(catalog: Catalog) -> None:
    for place, id_ in enumerate((1, 2, 3)):
        catalog.verdicts.record(
            replace(probe(id_, DEAD), created_at=place + 1.0, evidence=evidence())
        )
    page, total = catalog.verdicts.listing(limit=2)
    assert ([one.content_id for one in page], total) == ([3, 2], 3)
    assert page[0].evidence is None, "a list needs no numbers"
    page, total = catalog.verdicts.listing([1, 2], limit=5, offset=1)
    assert ([one.content_id for one in page], total) == ([1], 2)
    assert catalog.verdicts.of_many([1, 2, 9]).keys() == {1, 2}


def merge(catalog: Catalog, loser: int, winner: int) -> None:
    from loradex.catalog.merging import merge_contents  # noqa: PLC0415

    with catalog.person._writer.transaction() as connection:
        merge_contents(connection, loser, winner)


def test_merged_models_keep_both_verdicts_the_newer_on_one_checkpoint(catalog: Catalog) -> None:
    catalog.verdicts.record(replace(probe(1, DEAD), created_at=1.0))
    catalog.verdicts.record(replace(probe(2, NEEDS, USABLE), created_at=2.0))
    catalog.verdicts.record(replace(probe(2, DEAD, on=4), created_at=0.5))
    catalog.verdicts.record(Verdict(2, (), VerdictSource.PERSON, dismissed=(K.DEAD_TRIGGER,)))
    merge(catalog, 2, 1)
    person, newer, other = catalog.verdicts.of(1)
    assert person.dismissed == (K.DEAD_TRIGGER,)
    assert (newer.kinds, newer.checkpoint) == ((K.NEEDS_TRIGGER, K.USABLE), "base")
    assert (other.kinds, other.checkpoint) == ((K.DEAD_TRIGGER,), "other")
    assert catalog.ids("verdict:dead") == []
    assert catalog.ids("strength:0.5") == [1]


def test_merged_checkpoints_keep_the_newer_verdict(catalog: Catalog) -> None:
    catalog.verdicts.record(replace(probe(1, DEAD, on=4), created_at=2.0))
    catalog.verdicts.record(replace(probe(1, NEEDS, on=5), created_at=1.0))
    merge(catalog, 4, 5)
    (kept,) = catalog.verdicts.of(1)
    assert (kept.kinds, kept.checkpoint_id) == ((K.DEAD_TRIGGER,), 5)


def test_numbers_survive_whatever_is_missing_or_unknown(catalog: Catalog) -> None:
    id_ = catalog.verdicts.record(replace(probe(1, DEAD), evidence=evidence("a")))

    def store(raw: bytes) -> ProbeEvidence | None:
        with closing(sqlite3.connect(catalog.home.catalog)) as connection:
            connection.execute("UPDATE verdict SET evidence = ?", (raw,))
            connection.commit()
        read = catalog.verdicts.get(id_)
        assert read is not None
        return read.evidence

    told = {
        "floor": 1.5, "of later": [1], "curve": [{"strength": 1, "new": 1}, "junk", {"burn": 3}],
        "words": [{"word": "x", "score": {"mean": None}}], "seeds": [1, "two"], "settings": 5,
    }  # fmt: skip
    read = store(zlib.compress(json.dumps(told).encode()))
    assert read is not None
    assert (read.floor, read.seeds, read.settings) == (1.5, (1,), {})
    assert math.isnan(read.seed_distance)
    assert read.curve[0].strength == 1
    assert math.isnan(read.words[0].score.mean)
    for junk in (b"junk", zlib.compress(b"junk"), zlib.compress(b"[]"), zlib.compress(b"{}")):
        assert store(junk) is None
    with closing(sqlite3.connect(catalog.home.catalog)) as connection:
        connection.execute("UPDATE verdict_finding SET kind = 'of-later', numbers = '['")
        connection.commit()
    assert catalog.verdicts.of(1)[0].findings == ()


def test_what_cannot_be_stored_is_made_storable(catalog: Catalog) -> None:
    nan = Interval(math.nan, -math.inf, math.inf, 0)
    point = CurvePoint(1.0, "a\udc80", nan, nan, nan, burn={"clipped": math.nan, "flat": 1.0})
    score = WordScore("b\x00", "header", 1, "p", 1.0, nan, nan)
    told = replace(evidence(), curve=(point,), words=(score,), prompts=("\ud800",) * 300)
    finding = Finding(K.BURNS, "x" * 5_000, low=math.nan, numbers={"a": math.inf, "b": 2})
    id_ = catalog.verdicts.record(replace(probe(1, finding), evidence=told))
    read = catalog.verdicts.get(id_)
    assert read is not None
    assert read.evidence is not None
    assert read.evidence.curve[0].burn == {"flat": 1.0}
    assert len(read.evidence.prompts) == 100
    (kept,) = read.findings
    assert (kept.low, kept.numbers, len(kept.sentence)) == (None, {"b": 2.0}, 1_000)


@contextmanager
def alembic_on(home: Home) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with transaction(open_engine(home.catalog, foreign_keys=False)) as connection:
        config.attributes["connection"] = connection
        yield config


def test_an_older_catalog_keeps_what_it_says(home: Home) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    with alembic_on(home) as config:
        command.upgrade(config, "0009")
    with closing(sqlite3.connect(home.catalog)) as connection:
        rows = [row for row in connection.execute("PRAGMA table_info(content)") if row[3]]
        for id_ in (1, 2, 3, 4):
            values = {row[1]: "[]" if row[2].startswith("VARCHAR") else 0 for row in rows}
            values |= {"id": id_, "fingerprint": f"{id_:032x}", "name": f"model {id_}"}
            connection.execute(
                f"INSERT INTO content({','.join(values)}) VALUES ({','.join('?' * len(values))})",
                tuple(values.values()),
            )
        for said, at in (("dead_trigger", 1), ("works", 2), ("No Effect", 3)):
            connection.execute(
                "INSERT INTO verdict(content_id, checkpoint_id, verdict, numbers, created_at)"
                " VALUES (1, ?, ?, '{\"a\": 1}', ?)",
                (4 if at > 1 else None, said, at),
            )
        connection.execute(
            "INSERT INTO evidence(content_id, field, value, source, confidence, detail, seen_at)"
            " VALUES (2, 'preferred_strength_min', '0.4', 'hub', 1, '', 1),"
            " (2, 'preferred_strength', '0.6', 'hub', 1, '', 1),"
            " (3, 'preferred_strength', 'junk', 'hub', 1, '', 1)"
        )
        connection.execute(
            "INSERT INTO content_header(content_id, metadata_json, tag_counts, tensor_count,"
            " header_bytes, findings) VALUES"
            " (3, '{\"modelspec.lora_default_weight\": \"0.9\"}', '[]', 0, 0, '[]')"
        )
        connection.commit()
    ensure_current(home)
    with Catalog.open(home) as catalog:
        assert [(one.kinds, one.checkpoint) for one in catalog.verdicts.of(1)] == [
            ((K.NO_EFFECT,), "model 4"), ((K.DEAD_TRIGGER,), "")
        ]  # fmt: skip
        assert catalog.ids("verdict:dead") == [1]
        assert [catalog.ids(f"strength:{value}") for value in (0.5, 0.7, 0.9)] == [[2], [], [3]]
    with alembic_on(home) as config:
        command.downgrade(config, "0009")
    with closing(sqlite3.connect(home.catalog)) as connection:
        assert connection.execute("SELECT verdict FROM verdict ORDER BY 1").fetchall() == [
            ("dead-trigger",), ("no-effect",)
        ]  # fmt: skip
    ensure_current(home)


def test_a_headers_usual_strength_is_found_at_once(home: Home) -> None:
    with Catalog.open(home) as catalog:
        told = replace(
            look("a.safetensors", 1),
            metadata_json='{"modelspec.lora_default_weight": "0.7"}',
        )
        catalog.looks.record(add_library(catalog), [told], "1")
        assert (catalog.ids("strength:0.7"), catalog.ids("strength:0.8")) == ([1], [])

"""What waits for a person: found with its evidence, decided once, and taken back exactly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.catalog.sidecar_evidence import SidecarMatch, SidecarSays, put_sidecar_evidence
from loradex.domain.evidence import Evidence, Source
from loradex.domain.identity import Identity
from loradex.domain.kinds import BaseModel
from loradex.domain.look import Look
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, UsageError
from loradex.operations import annotate
from loradex.operations.inbox.deciding import (
    Decision,
    answered,
    decide,
    look_at_all,
    take_all,
)
from loradex.operations.inbox.items import Group, Item
from loradex.operations.inbox.looking import Looker
from loradex.operations.inbox.questions import dispute
from loradex.operations.inbox.receipts import KEPT, keep, latest, take_back
from loradex.operations.inbox.survey_file import keep_survey, kept_survey
from loradex.operations.matching import found
from loradex.operations.tagging.planning import apply_plan, plan_tags
from loradex.operations.tagging.rule_file import load_rules
from loradex.plugin_manager import Plugins
from progress_kit import Recorder

RULES = """
[settings]
plugins = false
[rules.anime]
words = ["anime"]
captions = ["anime"]
[rules.neon]
words = ["neon"]
"""


def claims(*facts: tuple[str, str, Source, float]) -> tuple[Evidence, ...]:
    return tuple(Evidence(*fact, detail=f"{fact[2].value} said so") for fact in facts)


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    """1 and 2 have tags to be proposed, 3 is plain, 4 disputed, 5 unknown, 6 one of two bases."""
    catalog.home.tagging.write_text(RULES)
    looks: list[Look] = [
        look("anime neon.safetensors", 1),
        replace(
            look("trained.safetensors", 2), tag_counts_json='[["anime", 40], ["anime coat", 20]]'
        ),
        look("plain.safetensors", 3),
        replace(
            look("torn.safetensors", 4),
            facts=claims(
                ("kind", "lora", Source.TENSORS, 1.0),
                ("base", "sdxl", Source.HEADER, 0.9),
                ("base", "sd1", Source.FILE_NAME, 0.6),
            ),
        ),
        look("riddle.safetensors", 5, kind="unknown", base=None),
        look("cut.safetensors", 6, kind="unknown", base=None, problem="The header is cut off."),
    ]
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


@pytest.fixture
def matched(shelf: Catalog) -> Catalog:
    """Model 3 was matched by its tensors; two versions hold the bytes of model 1."""
    ((first, *_),) = [catalog_ids(shelf)]
    shelf.looks.record_hashes([(shelf.files.to_hash()[0], hashes("a"))])
    two = replace(version(8, name="again"), published_at="2026-02-01T00:00:00Z")
    other = version(9, name="v9", sha256="f" * 64, words=("other",))
    shelf.hub.record_models("civitai", [replace(model(), versions=(version(), two, other))])
    shelf.hub.record_versions("civitai", [version(), two, other])
    shelf.hub.record_matches(
        "civitai",
        [found(first, version(), model(), "sha256"), found(3, other, model(), "autov3")],
    )
    return shelf


def catalog_ids(catalog: Catalog) -> list[int]:
    return sorted(catalog.ids(""))


def item(catalog: Catalog, id_: int) -> Item:
    (only,) = Looker(catalog, Plugins()).items([id_])
    return only


def everything(catalog: Catalog) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows that a decision may touch."""
    with catalog._reader.connection() as connection:
        return {
            table: sorted(
                (tuple(row) for row in connection.execute(f"SELECT {columns} FROM {table}")),
                key=repr,
            )
            for table, columns in (
                ("content", "id, name, kind, base, tags, words, matched, content_level"),
                ("content_tag", "*"),
                ("tag", "*"),
                ("tag_effective", "*"),
                ("match", "*"),
                ("evidence", "content_id, field, value, source, confidence, detail, seen_at"),
                ("trigger_word", "content_id, text, folded, source, position, effect, verdict"),
                ("content_fts", "rowid, name, words, tags, about"),
            )
        }


def test_a_survey_groups_what_waits(shelf: Catalog) -> None:
    sink = Recorder()
    survey = Looker(shelf, Plugins()).survey(sink=sink)
    assert (sink.events[-1].done, sink.events[-1].total) == (5, 5)
    assert {id_: survey.group(at) for at, id_ in enumerate(survey.ids)} == {
        4: Group.MATCH, 5: Group.MATCH, 2: Group.TAGS, 1: Group.TAGS, 3: Group.NEW,
    }  # fmt: skip
    assert [survey.count(group) for group in Group] == [2, 2, 1]
    # The surest of a group comes first, and what cannot be read is not asked about.
    assert list(survey.ids) == [4, 5, 2, 1, 3]
    assert survey.of_group(Group.TAGS) == [2, 1]
    assert (list(survey.tags), list(survey.likely), list(survey.certain)) == (
        [0, 0, 1, 2, 0], [0, 0, 1, 2, 0], [0, 0, 1, 0, 0],
    )  # fmt: skip
    assert survey.looked == 5
    first = item(shelf, 1)
    assert (first.proposed, round(first.sure, 2)) == ("anime, neon", 0.7)
    assert first.evidence == "The file's name has the word “anime”."
    # What was found is kept for counters, whole or not at all.
    keep_survey(shelf.home, survey)
    assert kept_survey(shelf.home) == survey
    for broken in ("{", "[]", '{"form": 1, "ids": [1]}', '{"form": 0}'):
        (shelf.home.cache / "inbox.json").write_text(broken)
        assert kept_survey(shelf.home) is None


def test_rules_that_cannot_be_read_propose_no_tags(shelf: Catalog) -> None:
    shelf.home.tagging.write_text("[rules.anime]\nwrods = 1")
    survey = Looker(shelf, Plugins()).survey()
    assert "tagging.toml" in survey.problem
    assert (survey.count(Group.TAGS), survey.count(Group.MATCH)) == (0, 2)


def test_taken_and_refused_tags_stay_so(shelf: Catalog) -> None:
    before = everything(shelf)
    decision = Decision()
    decision.take(item(shelf, 1), only=frozenset({"anime"}))
    decision.dismiss(item(shelf, 1), only=frozenset({"neon"}))
    decision.dismiss(item(shelf, 3))
    assert decision.what == "1 tag, 1 tag refused of 2 models"
    receipt = decide(shelf, decision)
    (tag,) = shelf.details(1).tags
    assert (tag.name, tag.source, tag.origin) == (
        "anime",
        "person",
        "you, proposed by rule anime (70% sure): The file's name has the word “anime”.",
    )
    assert [item(shelf, id_).group for id_ in (1, 3)] == [None, None]
    # Neither the rules nor a later look undo that, nor when the rule is gone.
    shelf.home.tagging.write_text(
        RULES.replace('words = ["anime"]\ncaptions = ["anime"]', "off = true")
    )
    plan = plan_tags(shelf, Plugins(), catalog_ids(shelf), load_rules(shelf.home))
    apply_plan(shelf, plan)
    assert [row.tags for row in shelf.rows([1, 2])] == [("anime",), ()]
    # One step back, and all is as it was: the vocabulary, too.
    shelf.home.tagging.write_text(RULES)
    assert latest(shelf.home) == receipt
    assert take_back(shelf, receipt) == "Took back 1 tag, 1 tag refused of 2 models."
    assert everything(shelf) == before
    assert latest(shelf.home) is None


def test_what_a_person_said_meanwhile_stands(shelf: Catalog) -> None:
    decision = Decision()
    decision.take(item(shelf, 1))
    annotate.tag(shelf, [1], remove=["anime"], add=["mine"])
    decide(shelf, decision)
    assert shelf.rows([1])[0].tags == ("mine", "neon")


def test_taking_all_is_one_deed(shelf: Catalog) -> None:
    before = everything(shelf)
    looker = Looker(shelf, Plugins())
    receipt = take_all(shelf, looker, catalog_ids(shelf), 0.9)
    assert (receipt.what, receipt.models) == ("1 tag of 1 model", (2,))
    receipt = take_all(shelf, looker, catalog_ids(shelf), 0.7)
    assert (receipt.what, receipt.models) == ("2 tags of 1 model", (1,))
    for _ in range(2):
        back = latest(shelf.home)
        assert back is not None
        take_back(shelf, back)
    assert everything(shelf) == before
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        take_all(shelf, looker, catalog_ids(shelf), 0.0, cancel=cancel)
    assert latest(shelf.home) is None


@pytest.mark.parametrize(
    ("facts", "values"),
    [
        ([("sdxl", Source.HEADER, 0.8), ("sd1", Source.HUB, 1.0)], ["sd1", "sdxl"]),
        ([("sdxl", Source.TENSORS, 1.0), ("sd1", Source.HUB, 1.0)], None),
        ([("sdxl", Source.TENSORS, 0.7), ("sd1", Source.FILE_NAME, 0.5)], ["sdxl", "sd1"]),
        ([("sdxl", Source.HEADER, 0.8), ("sdxl", Source.HUB, 1.0)], None),
    ],
)
def test_only_what_is_not_proven_is_asked(
    facts: list[tuple[str, Source, float]], values: list[str] | None
) -> None:
    question = dispute("base", [Evidence("base", v, s, sure) for v, s, sure in facts])
    assert (question and [choice.value for choice in question.choices]) == values
    if question is not None:
        assert [choice.counts for choice in question.choices] == [True, False]


def test_questions_are_answered_by_a_person(shelf: Catalog) -> None:
    before = everything(shelf)
    (question,) = item(shelf, 4).questions
    assert question.title == "Header says SDXL but file name says SD 1.5."
    assert [(each.value, each.counts) for each in question.choices] == [
        ("sdxl", True), ("sd1", False),
    ]  # fmt: skip
    decision = Decision(answers=[answered(item(shelf, 4), "base", "sd1")])
    decision.answers.append(answered(item(shelf, 5), "kind", "vae"))
    receipt = decide(shelf, decision)
    assert [(row.kind, row.base) for row in shelf.rows([4, 5])] == [("lora", "sd1"), ("vae", None)]
    fact = next(each for each in shelf.details(4).evidence if each.field == "base")
    assert (fact.source, fact.value) == (Source.PERSON, "sd1")
    assert item(shelf, 4).questions == () == item(shelf, 5).questions
    take_back(shelf, receipt)
    assert everything(shelf) == before
    # Left open it is not asked again, until a source says something else.
    decision = Decision()
    decision.dismiss(item(shelf, 4))
    receipt = decide(shelf, decision)
    assert (item(shelf, 4).group, shelf.rows([4])[0].base) == (None, "sdxl")
    shelf.hub.record_models("civitai", [model()])
    shelf.hub.record_versions("civitai", [version(base="Flux.1 D")])
    shelf.hub.record_matches("civitai", [found(4, version(base="Flux.1 D"), model(), "sha256")])
    assert [each.subject for each in item(shelf, 4).questions] == ["base"]


def test_a_guess_among_many_is_not_proposed(catalog: Catalog) -> None:
    who = Identity(candidates=(BaseModel.SDXL, BaseModel.SD1, BaseModel.FLUX1))
    torn = replace(look("vae.safetensors", 1, kind="vae", base=None), identity=who)
    catalog.looks.record(add_library(catalog), [torn], "1")
    only = item(catalog, 1)
    (question,) = only.questions
    assert [choice.value for choice in question.choices] == ["sdxl", "sd1", "flux1"]
    assert (question.proposed, only.sure) == (None, 0.0)
    assert only.proposed == "base: SDXL or SD 1.5 or FLUX.1?"
    decision = Decision()
    decision.take(only, answers=True)
    assert decision.empty
    decide(catalog, Decision(answers=[answered(only, "base", "sd1")]))
    assert catalog.rows([1])[0].base == "sd1"


def test_wrong_answers_write_nothing(shelf: Catalog) -> None:
    before = everything(shelf)
    for subject, value in (("base", "sdxxl"), ("derivative", "pony"), ("match", "7")):
        with pytest.raises(UsageError):
            decide(shelf, Decision(answers=[answered(item(shelf, 4), subject, value)]))
    assert everything(shelf) == before


def test_a_doubtful_match_is_confirmed(matched: Catalog) -> None:
    (question,) = item(matched, 3).questions
    assert (question.subject, question.hub, question.sure) == ("match", "civitai", 0.9)
    assert question.choices[0].label == "Neon Knight v9"
    before = everything(matched)
    decision = Decision()
    decision.take(item(matched, 3), answers=True)
    receipt = decide(matched, decision)
    details = matched.details(3)
    assert details.match is not None
    assert details.match.matched_by == "person"
    assert item(matched, 3).questions == ()
    take_back(matched, receipt)
    assert everything(matched) == before


def test_another_version_is_chosen(matched: Catalog) -> None:
    id_ = next(row.id for row in matched.search("is:matched").rows if row.sha256)
    before = everything(matched)
    (question,) = item(matched, id_).questions
    assert [(choice.value, choice.counts) for choice in question.choices] == [
        ("7", True), ("8", False),
    ]  # fmt: skip
    receipt = decide(matched, Decision(answers=[answered(item(matched, id_), "match", "8")]))
    details = matched.details(id_)
    assert details.match is not None
    assert (details.match.version_id, details.row.name) == (8, "Neon Knight again")
    # The hub is asked again and says the other one: the person's word stands.
    matched.hub.record_matches("civitai", [found(id_, version(), model(), "sha256")])
    assert matched.details(id_).match == details.match
    take_back(matched, receipt)
    assert everything(matched) == before


def test_a_refused_match_goes_for_good(matched: Catalog) -> None:
    before = everything(matched)
    row = matched.rows([3])[0]
    assert (row.matched, row.tags, row.trigger_words) == (True, ("night", "style"), ("other",))
    decision = Decision()
    decision.dismiss(item(matched, 3))
    receipt = decide(matched, decision)
    row = matched.rows([3])[0]
    assert (row.matched, row.name, row.tags, row.trigger_words) == (False, "plain", (), ())
    nine = version(9, name="v9", sha256="f" * 64)
    matched.hub.record_matches("civitai", [found(3, nine, model(), "autov3")])
    assert matched.rows([3])[0].matched is False
    take_back(matched, receipt)
    assert everything(matched) == before


def test_what_only_a_sidecar_says_is_asked_and_may_be_refused(shelf: Catalog) -> None:
    says = {3: SidecarSays(match=SidecarMatch(model(), version(), proven=False, told_at=1.0))}

    def import_it() -> None:
        with shelf._writer.transaction() as connection:
            put_sidecar_evidence(connection, says)
            shelf._writer.refresh(connection, [3])

    import_it()
    (question,) = item(shelf, 3).questions
    assert (question.title, question.sure) == (
        "Only another tool's file beside it says so.", 0.5,
    )  # fmt: skip
    decision = Decision()
    decision.dismiss(item(shelf, 3))
    receipt = decide(shelf, decision)
    import_it()
    assert (shelf.rows([3])[0].matched, item(shelf, 3).group) == (False, None)
    take_back(shelf, receipt)
    import_it()
    assert shelf.rows([3])[0].matched


def test_new_is_what_nobody_has_looked_at(shelf: Catalog) -> None:
    assert shelf.inbox.new(None) == {1, 2, 3, 4, 5}
    annotate.rate(shelf, [1], 3)
    annotate.note(shelf, 2, "seen")
    annotate.favourite(shelf, [4], True)
    receipt = look_at_all(shelf, [5])
    assert receipt.what == "the look at 1 model"
    assert shelf.inbox.new(None) == {3}
    take_back(shelf, receipt)
    assert shelf.inbox.new(None) == {3, 5}


def test_only_the_latest_decisions_are_remembered(shelf: Catalog, tmp_path: Path) -> None:
    receipts = [look_at_all(shelf, [3]) for _ in range(KEPT + 2)]
    folder = shelf.home.root / "inbox"
    assert len(list(folder.iterdir())) == KEPT
    keep(shelf.home, receipts[-1])
    newest = max(folder.iterdir(), key=lambda path: float(path.stem))
    newest.write_text("no receipt")
    assert latest(shelf.home) == receipts[-2]

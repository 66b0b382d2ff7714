"""What rules change on models: shown before, the same for ever after, never against a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from catalog_kit import add_library, hashes, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations import annotate
from loradex.operations.matching import found
from loradex.operations.tagging.arriving import accept, propose
from loradex.operations.tagging.planning import TagPlan, apply_plan, plan_tags
from loradex.operations.tagging.rule_file import load_rules
from loradex.operations.tagging.rule_reading import read_rules
from loradex.paths import Home
from loradex.plugin_manager import Plugins, load_plugins

RULES = '[rules.anime]\nwords = ["anime"]\nparent = "style"\n[rules.neon]\nwords = ["neon"]'


@pytest.fixture
def shelf(catalog: Catalog) -> Catalog:
    looks = [look(f"{name}.safetensors", n) for n, name in enumerate(("anime", "neon", "plain"), 1)]
    looks.append(
        replace(
            look("trained/style.safetensors", 4),
            tag_counts_json='[["anime", 40], ["1girl", 40]]',
            metadata_json='{"ss_dataset_dirs": "{\\"10_ohwx woman\\": {\\"img_count\\": 4}}",'
            ' "ss_tag_frequency": "{\\"never"}',
        )
    )
    catalog.looks.record(add_library(catalog), looks, "1")
    return catalog


Plan = Callable[..., TagPlan]


@pytest.fixture
def plan(shelf: Catalog) -> Plan:
    def make(text: str = RULES, ids: Sequence[int] = (1, 2, 3, 4)) -> TagPlan:
        rules, problems = read_rules(text, None)
        assert problems == []
        return plan_tags(shelf, Plugins(), ids, rules)

    return make


def tags(catalog: Catalog) -> list[tuple[str, ...]]:
    return [row.tags for row in catalog.rows([1, 2, 3, 4])]


def test_a_plan_writes_nothing_and_says_all(shelf: Catalog, plan: Plan) -> None:
    made = plan()
    assert [(each.content_id, each.tag, each.rule) for each in made.added] == [
        (1, "anime", "anime"),
        (2, "neon", "neon"),
    ]
    assert made.added[0].reason == "The file's name has the word “anime”."
    assert made.removed == ()
    assert made.parents == (("anime", "style"),)
    assert tags(shelf) == [(), (), (), ()]


def test_applying_it_twice_changes_nothing(shelf: Catalog, plan: Plan) -> None:
    apply_plan(shelf, plan())
    assert tags(shelf) == [("anime",), ("neon",), (), ()]
    (tag,) = shelf.details(1).tags
    assert (tag.source, tag.rule) == ("auto", "anime")
    assert tag.origin == "rule anime (70% sure): The file's name has the word “anime”."
    assert shelf.tags.parents() == [("anime", "style")]
    again = plan()
    assert (again.added, again.removed, again.changes, again.parents) == ((), (), (), ())


def test_what_only_a_rule_gave_goes_with_the_rule(shelf: Catalog, plan: Plan) -> None:
    apply_plan(shelf, plan())
    annotate.tag(shelf, [2], add=["neon"])
    without = plan('[rules.other]\ntag = "anime"\nwords = ["x"]\n[rules.plain]\nwords = ["plain"]')
    assert [(each.content_id, each.tag, each.rule) for each in without.removed] == [
        (1, "anime", "anime")
    ]
    apply_plan(shelf, without)
    assert tags(shelf) == [(), ("neon",), ("plain",), ()]
    assert [tag.source for tag in shelf.details(2).tags] == ["person"]


def test_a_tag_stays_while_any_rule_gives_it(shelf: Catalog, plan: Plan) -> None:
    two = '[rules.one]\ntag = "t"\nwords = ["neon"]\n[rules.two]\ntag = "t"\nnames = ["neon"]'
    apply_plan(shelf, plan(two))
    one = plan('[rules.two]\ntag = "t"\nnames = ["neon"]')
    assert (one.added, one.removed) == ((), ())
    apply_plan(shelf, one)
    assert tags(shelf)[1] == ("t",)
    assert shelf.details(2).tags[0].rule == "two"


def test_a_persons_word_wins_for_good(shelf: Catalog, plan: Plan) -> None:
    apply_plan(shelf, plan())
    annotate.tag(shelf, [1], remove=["ANIME"])
    for _ in range(2):
        apply_plan(shelf, plan())
        assert tags(shelf)[0] == ()
    annotate.forget_tags(shelf, [1], ["anime"])
    apply_plan(shelf, plan())
    assert tags(shelf)[0] == ("anime",)


def test_what_shows_from_elsewhere_is_not_given_again(shelf: Catalog, plan: Plan) -> None:
    annotate.tag(shelf, [1], add=["anime"])
    assert [each.content_id for each in plan().added] == [2]


def test_rules_speak_of_aliases_and_deleted_tags_as_people_do(shelf: Catalog, plan: Plan) -> None:
    annotate.tag(shelf, [3], add=["neon"])
    shelf.tags.add_alias("anime", "animation")
    neon = shelf.tags.meaning("neon")
    assert neon
    shelf.tags.delete(neon[0])
    made = plan()
    apply_plan(shelf, made)
    assert tags(shelf) == [("animation",), (), (), ()]
    assert plan().changes == ()


def test_a_relation_that_a_person_took_back_stays_so(shelf: Catalog, plan: Plan) -> None:
    apply_plan(shelf, plan())
    child, parent = shelf.tags.meaning("anime"), shelf.tags.meaning("style")
    assert child and parent
    shelf.tags.remove_parent(child[0], parent[0])
    assert plan().parents == ()


def test_evidence_of_headers_folders_and_hubs(shelf: Catalog, plan: Plan) -> None:
    shelf.looks.record_hashes([(shelf.files.to_hash()[2], hashes("a"))])
    hub = model(tags=("Night", "x"))
    shelf.hub.record_models("civitai", [hub])
    shelf.hub.record_versions("civitai", [version()])
    shelf.hub.record_matches("civitai", [found(3, version(), hub, "sha256")])
    made = plan(
        '[rules.dark]\nhub_tags = ["night"]\n[rules.who]\ntraining = ["woman"]\n'
        '[rules.cartoon]\ncaptions = ["anime"]\n[rules.lora]\nhub_types = ["lora"]\n'
        '[rules.knight]\nnames = ["knight"]\n[rules.sorted]\nfolders = ["trained"]\n'
        '[rules.safe]\nlevels = ["pg"]'
    )
    assert {(each.content_id, each.tag) for each in made.added} == {
        *((3, tag) for tag in ("dark", "lora", "knight", "safe")),
        *((4, tag) for tag in ("who", "cartoon", "sorted")),
    }


def test_only_the_surest_stay_when_there_are_many(shelf: Catalog, plan: Plan) -> None:
    text = "[settings]\nmost_tags = 2\n" + "".join(
        f'[rules.r{n}]\nwords = ["anime"]\n' for n in range(5)
    )
    assert len(plan(text).added) == 2


def test_stopping_leaves_what_was_written(shelf: Catalog, plan: Plan) -> None:
    stop = CancelToken()
    stop.cancel()
    rules, _ = read_rules(RULES, None)
    with pytest.raises(Cancelled):
        plan_tags(shelf, Plugins(), [1, 2], rules, cancel=stop)
    with pytest.raises(Cancelled):
        apply_plan(shelf, plan(), cancel=stop)
    assert tags(shelf) == [(), (), (), ()]


def test_plugins_are_asked_and_speak_in_the_rules_words(shelf: Catalog, home: Home) -> None:
    home.plugins.mkdir(parents=True)
    (home.plugins / "mine.py").write_text(
        "from loradex.plugin_api import TagProposal, hookimpl\nLORADEX_API = '1.0'\n"
        "@hookimpl\ndef propose_tags(model):\n"
        "    return [TagProposal('glowing', 0.8, 'Why.'), TagProposal('weak', 0.2, ''),\n"
        "            TagProposal('1girl', 1, ''), TagProposal('own', 0.5, 'So.')]\n",
        encoding="utf-8",
    )
    home.plugins.chmod(0o700)
    plugins = load_plugins(home, ["filename_tags", "folder_tags", "header_tags"])
    text = '[settings]\nignore = ["1girl"]\n[rules.neon]\nwords = ["glowing"]'
    rules, _ = read_rules(text, None)
    made = plan_tags(shelf, plugins, [3], rules)
    assert [(each.tag, each.rule, each.reason) for each in made.added] == [
        ("neon", "mine", "Why."),
        ("own", "mine", "So."),
    ]
    quiet, _ = read_rules("[settings]\nplugins = false", rules)
    assert plan_tags(shelf, plugins, [3], quiet).added == ()


def test_what_arrives_is_tagged_by_the_same_rules(shelf: Catalog, home: Home) -> None:
    home.tagging.write_text(RULES, encoding="utf-8")
    proposals = propose(shelf, Plugins(), [1])
    accept(shelf, proposals)
    assert tags(shelf)[0] == ("anime",)
    again = plan_tags(shelf, Plugins(), [1], load_rules(home))
    assert again.changes == ()


def test_with_a_file_that_is_wrong_models_arrive_untagged(shelf: Catalog, home: Home) -> None:
    home.tagging.write_text("nonsense", encoding="utf-8")
    assert propose(shelf, Plugins(), [1]) == []

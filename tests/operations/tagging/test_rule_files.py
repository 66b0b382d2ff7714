"""Rule files: what may stand in them, and what is said of what may not."""

from __future__ import annotations

import pytest

from loradex.errors import SettingsError
from loradex.operations.tagging.rule_file import STARTER, default_rules, load_rules
from loradex.operations.tagging.rule_reading import read_rules
from loradex.paths import Home


def test_without_a_file_the_rules_of_loradex_hold(home: Home) -> None:
    assert load_rules(home) is default_rules()


def test_a_persons_rule_replaces_one_of_its_name(home: Home) -> None:
    home.tagging.write_text(
        '[settings]\nmost_tags = 3\n[rules.style]\nwords = ["mine"]\n'
        '[rules.mature]\noff = true\n[rules.new]\nwords = ["x"]\n',
        encoding="utf-8",
    )
    rules = load_rules(home)
    names = {rule.name: rule for rule in rules.rules}
    assert rules.settings.most_tags == 3
    assert rules.settings.ignore == default_rules().settings.ignore
    assert set(next(iter(names["style"].words.values()))) == {"mine"}
    assert "mature" not in names
    assert {"new", "anime"} <= names.keys()


def test_the_file_that_edit_begins_with_changes_nothing() -> None:
    rules, problems = read_rules(STARTER, default_rules())
    assert problems == []
    assert rules == default_rules()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[rules.a]\nwords = [", 2, "It is no TOML"),
        ("a = 1", 1, "There is no table 'a'"),
        ("[setings]", 1, "There is no table 'setings' Did you mean settings?"),
        ("settings = 1", 1, "settings has to be a table"),
        ("rules = 1", 1, "rules has to be a table"),
        ("[rules]\nstyle = 1", 2, "The rule 'style' has to be a table"),
        ("\n[settings]\ncaption_shar = 1", 3, "no setting 'caption_shar' Did you mean caption_sh"),
        ("[settings]\ncaption_share = 2", 2, "caption_share is 2; it has to be a number from 0"),
        ("[settings]\nplugins = 1", 2, "plugins is 1; it has to be true or false"),
        ("[settings]\nmost_tags = true", 2, "most_tags is True; it has to be a whole number"),
        ("[settings]\nignore = [1]", 2, "ignore is [1]; it has to be a text or a list"),
        ('[rules.a]\n# why\nwrods = ["x"]', 3, "There is no key 'wrods' Did you mean words?"),
        ("[rules.a]", 1, "The rule 'a' says nothing of what it looks for"),
        ('[rules.a]\nwords = ["x"]\n[rules."b c"]\nwords = 1', 4, "words is 1; it has to be"),
        (
            '[rules.a]\nwords = ["x"]\nkinds = ["lor"]',
            3,
            "no value of kinds 'lor' Did you mean lora",
        ),
        (
            '[rules.a]\nwords = ["x"]\nbases = ["sdx"]',
            3,
            "no value of bases 'sdx' Did you mean sdxl",
        ),
        ('[rules.a]\nwords = ["x"]\nlevels = ["z"]', 3, "no value of levels 'z' Known: pg, pg13"),
        ('[rules.a]\nwords = ["80s"]', 2, "'80s' is no word that names are searched for"),
        ('[rules.a]\ntag = "a, b"\nwords = ["x"]', 2, "'a, b' cannot be a tag"),
        ('[rules."a,b"]\nwords = ["x"]', 1, "'a,b' cannot be a tag"),
        ('[rules.a]\nwords = ["x"]\nshare = "1"', 3, "share is '1'; it has to be a number"),
        ('[rules.a]\noff = true\nwords = ["x"]', 2, "off goes alone"),
        ("[rules.stlye]\noff = true", 1, "There is no rule 'stlye' Did you mean style?"),
        ('[rules.a]\nwords = ["x"]\n"\\u001b[31m" = 1', 1, r"There is no key '\x1b[31m'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str) -> None:
    _, problems = read_rules(text, default_rules())
    (problem,) = problems if len(problems) == 1 else problems[-1:]
    assert said in f"{problem.message} {problem.hint}"
    assert problem.line == line


def test_everything_that_is_wrong_is_said_at_once() -> None:
    text = '[settings]\na = 1\nb = 2\n[rules.c]\nwords = 1\n[rules.d]\nd = 1\nwords = ["x"]'
    assert [problem.line for problem in read_rules(text, default_rules())[1]] == [2, 3, 5, 7]


def test_a_file_that_is_wrong_is_one_sentence(home: Home) -> None:
    home.tagging.write_text('[rules.a]\nwords = ["x"]\nbase = 1\nkind = 2\n', encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load_rules(home)
    assert error.value.message == (f"{home.tagging}, line 3: There is no key 'base' and 1 more.")
    assert "Did you mean bases?" in str(error.value.hint)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"#" * (1 << 20) + b"##"])
def test_what_is_no_text_is_refused(home: Home, data: bytes) -> None:
    home.tagging.write_bytes(data)
    with pytest.raises(SettingsError):
        load_rules(home)

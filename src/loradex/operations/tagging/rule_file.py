"""The files that tagging rules stand in: loradex's own, and a person's over it."""

from __future__ import annotations

from functools import cache
from importlib import resources

from loradex.errors import SettingsError
from loradex.operations.tagging.rule_reading import read_rules
from loradex.operations.tagging.rules import RuleSet
from loradex.paths import Home

LARGEST = 1 << 20
"""Bytes of a rule file."""

STARTER = """\
# Your tagging rules, over those that come with loradex (`loradex tag rules` lists both).
# A rule of the same name replaces one of loradex's; `off = true` switches it off.
# `loradex tag --auto -n` shows what would change. docs/tagging.md tells all that may stand here.

[settings]
# caption_share = 0.5

# [rules.steampunk]
# words = ["steampunk", "clockwork", "brass"]
# parent = "style"

# [rules.mature]
# off = true
"""


@cache
def default_rules() -> RuleSet:
    """Return the rules that come with loradex."""
    text = default_text()
    rules, problems = read_rules(text, None)
    if problems:
        raise AssertionError(problems)
    return rules


def default_text() -> str:
    """Return the file that those stand in."""
    name = "default_rules.toml"
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def load_rules(home: Home) -> RuleSet:
    """Return the rules in force. Raises `SettingsError` for a file that is wrong anywhere."""
    text = own_text(home)
    if text is None:
        return default_rules()
    rules, problems = read_rules(text, default_rules())
    if problems:
        first = problems[0]
        others = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise SettingsError(
            f"{home.tagging}, line {first.line}: {first.message}{others}.",
            hint=f"{first.hint} `loradex tag rules --check` says what is wrong.".strip(),
        )
    return rules


def own_text(home: Home) -> str | None:
    """Return the person's file, None when there is none; raise `SettingsError` for no text."""
    try:
        with home.tagging.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise SettingsError(f"{home.tagging} is larger than {LARGEST >> 20} MiB.")
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{home.tagging} cannot be read: {why}.") from error

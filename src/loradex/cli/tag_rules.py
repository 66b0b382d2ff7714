"""`loradex tag rules`: the rules behind automatic tags, and the file that a person keeps."""

from __future__ import annotations

from pathlib import Path

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, pass_context
from loradex.cli.jsontext import print_json
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.errors import SettingsError, UsageError


@click.command(
    "rules",
    help="""Show, edit and check the rules that `loradex tag --auto` goes by.

\b
  loradex tag rules             where your rules are, and all that are in force
  loradex tag rules style       one rule, as it stands in its file
  loradex tag rules --edit      open yours in $EDITOR; made with an example first
  loradex tag rules --check     say what is wrong with yours, line by line
  loradex tag rules --defaults  print the rules that come with loradex""",
)
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--edit", is_flag=True, help="Open your rules in $EDITOR.")
@click.option("--check", is_flag=True, help="Say what is wrong with your rules.")
@click.option("--defaults", is_flag=True, help="Print the rules that come with loradex.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_context
def rules_command(
    context: Context,
    names: tuple[str, ...],
    edit: bool,
    check: bool,
    defaults: bool,
    as_json: bool,
) -> int:
    """Show, edit and check the rules."""
    from loradex.operations.tagging.rule_file import default_text  # noqa: PLC0415

    if sum((edit, check, defaults, bool(names))) > 1:
        raise UsageError(
            "Of --edit, --check, --defaults and names only one is possible.",
            hint="Leave out the others.",
        )
    if defaults:
        click.echo(default_text(), nl=False)
        return 0
    if edit:
        _edit(context)
        return _check(context)
    if check:
        return _check(context)
    _show(context, names, as_json)
    return 0


def _edit(context: Context) -> None:
    from loradex.operations.tagging.rule_file import STARTER  # noqa: PLC0415

    path = context.home.tagging
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(STARTER, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}.") from error
    click.edit(filename=str(path))


def _check(context: Context) -> int:
    from loradex.operations.tagging.rule_file import default_rules, own_text  # noqa: PLC0415
    from loradex.operations.tagging.rule_reading import read_rules  # noqa: PLC0415

    path = context.home.tagging
    text = own_text(context.home)
    if text is None:
        click.echo(f"{path} is not there: the rules that come with loradex are in force.")
        return 0
    rules, problems = read_rules(text, default_rules())
    for problem in problems:
        hint = f" {problem.hint}" if problem.hint else ""
        click.echo(f"line {problem.line}: {display_text(problem.message)}.{display_text(hint)}")
    if problems:
        click.echo(f"{count_text(len(problems), 'problem')} in {path}.", err=True)
        return 1
    click.echo(f"{path} is right: {count_text(len(rules.rules), 'rule')} are in force.")
    return 0


def _show(context: Context, names: tuple[str, ...], as_json: bool) -> None:
    from loradex.operations.tagging.rule_file import default_rules, load_rules  # noqa: PLC0415
    from loradex.operations.tagging.rules import Rule  # noqa: PLC0415

    path, rules = context.home.tagging, load_rules(context.home)
    given = {rule.name: rule for rule in default_rules().rules}
    own = {rule.name for rule in rules.rules if given.get(rule.name) != rule}
    chosen = [rule for rule in rules.rules if not names or rule.name in names]
    missing = [name for name in names if name not in {rule.name for rule in chosen}]
    if missing:
        from difflib import get_close_matches  # noqa: PLC0415

        near = get_close_matches(missing[0], [rule.name for rule in rules.rules], n=1)
        raise UsageError(
            f"There is no rule {missing[0]!r} in force.",
            hint=f"Did you mean {near[0]!r}?" if near else "`loradex tag rules` lists them.",
        )

    def whose(rule: Rule) -> str:
        return "yours" if rule.name in own else "built in"

    if as_json:
        settings = rules.settings
        print_json(
            {
                "path": str(path),
                "exists": path.exists(),
                "settings": {
                    "plugins": settings.plugins,
                    "least_confidence": settings.least_confidence,
                    "caption_share": settings.caption_share,
                    "caption_count": settings.caption_count,
                    "most_tags": settings.most_tags,
                    "ignore": sorted(settings.ignore),
                },
                "rules": [
                    {
                        "name": rule.name,
                        "tag": rule.tag,
                        "own": rule.name in own,
                        "parents": list(rule.parents),
                        "words": {place.value: list(some) for place, some in rule.words.items()},
                    }
                    for rule in chosen
                ],
            }
        )
        return
    if not names:
        _say_where(path)
    print_table(
        [
            Column("Rule"),
            Column("Tag"),
            Column("A kind of", drop=True),
            Column("Whose", drop=True),
            Column("Looks for", shrink=True),
        ],
        [(rule.name, rule.tag, ", ".join(rule.parents), whose(rule), rule.told) for rule in chosen],
    )


def _say_where(path: Path) -> None:
    there = "" if path.exists() else " (not there yet: --edit makes it)"
    click.echo(f"Your rules: {display_text(str(path))}{there}", err=True)

"""What `loradex tag --auto` prints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.context import Context, stoppable
from loradex.cli.jsontext import print_json
from loradex.cli.plugin_problems import report_problems
from loradex.cli.progress import shown_progress
from loradex.cli.words import count_text
from loradex.domain.text import display_text

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.operations.tagging.planning import Proposal, TagPlan

EXAMPLES = 3
DETAILED = 30
"""Changes up to which each is told with its reason."""
SHOWN_PARENTS = 6


def auto_tag(
    context: Context, catalog: Catalog, ids: list[int], *, dry_run: bool, as_json: bool
) -> None:
    """Tag models as the rules say, and print what that changes."""
    from loradex.operations.tagging.planning import apply_plan, plan_tags  # noqa: PLC0415
    from loradex.operations.tagging.rule_file import load_rules  # noqa: PLC0415

    rules = load_rules(context.home)
    plugins = context.plugins()
    with stoppable() as cancel, shown_progress("auto", cancel) as sink:
        plan = plan_tags(catalog, plugins, ids, rules, sink=sink, cancel=cancel)
        if not dry_run:
            apply_plan(catalog, plan, sink=sink, cancel=cancel)
    if as_json:
        print_json(plan_json(plan))
    else:
        _print_plan(plan, dry_run)
    report_problems(plugins)


def plan_json(plan: TagPlan) -> dict[str, object]:
    """Return a plan as `tag --auto --json` prints it."""

    def listed(proposals: Sequence[Proposal]) -> list[dict[str, object]]:
        return [
            {
                "id": each.content_id,
                "name": each.name,
                "tag": each.tag,
                "rule": each.rule,
                "reason": each.reason,
                "confidence": each.confidence,
            }
            for each in proposals
        ]

    return {
        "models": plan.models,
        "added": listed(plan.added),
        "removed": listed(plan.removed),
        "parents": [{"tag": tag, "parent": parent} for tag, parent in plan.parents],
    }


def _print_plan(plan: TagPlan, dry_run: bool) -> None:
    changes = [("+", each) for each in plan.added] + [("-", each) for each in plan.removed]
    if len(changes) <= DETAILED:
        print_table(
            [
                Column("Tag"),
                Column("Model", shrink=True),
                Column("Rule", drop=True),
                Column("Why", shrink=True),
            ],
            [(f"{sign}{each.tag}", each.name, each.rule, each.reason) for sign, each in changes],
        )
    else:
        _print_by_rule(changes)
    if plan.parents:
        one = len(plan.parents) == 1
        verb = "would become" if dry_run else "became"
        what = f"{verb} {'a kind of another' if one else 'kinds of others'}"
        pairs = ", ".join(f"{tag} → {parent}" for tag, parent in plan.parents[:SHOWN_PARENTS])
        more = len(plan.parents) - SHOWN_PARENTS
        click.echo(
            f"{count_text(len(plan.parents), 'tag')} {what}:"
            f" {display_text(pairs)}{f' … and {more} more' if more > 0 else ''}"
        )
    verb = "would be" if dry_run else "were"
    click.echo(
        f"{count_text(len(plan.added), 'tag')} {verb} added and {len(plan.removed):,} removed,"
        f" on {count_text(_models(plan), 'model')} of {plan.models:,}.",
        err=True,
    )


def _models(plan: TagPlan) -> int:
    return len({each.content_id for each in (*plan.added, *plan.removed)})


def _print_by_rule(changes: Sequence[tuple[str, Proposal]]) -> None:
    """Print a line for each rule, and one for each plugin however many tags it has."""
    grouped: dict[str, dict[str, list[Proposal]]] = defaultdict(lambda: {"+": [], "-": []})
    for sign, each in changes:
        grouped[each.rule][sign].append(each)
    ordered = sorted(grouped.items(), key=lambda item: -sum(map(len, item[1].values())))
    print_table(
        [
            Column("Rule"),
            Column("Tag", drop=True, shrink=True),
            Column("Added", right=True),
            Column("Removed", right=True),
            Column("For example", shrink=True),
        ],
        [
            (
                rule,
                _tags(both["+"] + both["-"]),
                f"{len(both['+']):,}",
                f"{len(both['-']):,}",
                ", ".join(_examples(both["+"] + both["-"])),
            )
            for rule, both in ordered
        ],
    )


def _tags(proposals: Sequence[Proposal]) -> str:
    """Return the tag of these, or the most frequent ones and how many there are."""
    counts = Counter(each.tag for each in proposals)
    often = ", ".join(tag for tag, _ in counts.most_common(EXAMPLES))
    return often if len(counts) <= EXAMPLES else f"{often} … {len(counts):,} in all"


def _examples(proposals: Sequence[Proposal]) -> list[str]:
    """Return a few names, those that are not the same name again."""
    several = len({each.tag for each in proposals}) > 1
    names = (f"{each.name} ({each.tag})" if several else each.name for each in proposals)
    return list(dict.fromkeys(names))[:EXAMPLES]

"""What `loradex inbox` prints."""

from __future__ import annotations

from collections.abc import Sequence

import click

from loradex.cli.columns import Column, print_table
from loradex.cli.words import count_text
from loradex.domain.text import display_text
from loradex.operations.inbox.deciding import Decision
from loradex.operations.inbox.items import Group, Item, certainty
from loradex.operations.inbox.survey import Survey

DETAILED = 30
"""Proposals up to which a decision is told one by one."""


def counts_text(survey: Survey) -> str:
    """Return `7 matches, 212 with tags, 37 new`."""
    return (
        f"{count_text(survey.count(Group.MATCH), 'match', 'matches')},"
        f" {survey.count(Group.TAGS):,} with tags, {survey.count(Group.NEW):,} new"
    )


def sure_text(sure: float) -> str:
    """Return a confidence in words and percent."""
    return f"{certainty(sure)} {sure:.0%}" if sure else certainty(sure)


def print_items(items: Sequence[Item], survey: Survey, *, more: int) -> None:
    """Print a line for each model, and what there is in all."""
    if items:
        print_table(
            [
                Column("#", right=True),
                Column("Model", shrink=True),
                Column("Proposed", shrink=True),
                Column("Sure"),
                Column("Why", drop=True, shrink=True),
            ],
            [
                (
                    str(item.row.id),
                    item.row.name,
                    item.proposed or "new: look at it",
                    sure_text(item.sure) if item.group is not Group.NEW else "",
                    item.evidence,
                )
                for item in items
            ],
        )
    else:
        click.echo("Nothing to review.", err=True)
    if more > 0:
        click.echo(f"… and {more:,} more: --limit 0 lists all.", err=True)
    if items:
        click.echo(f"{counts_text(survey)}. Take them with `loradex inbox accept`.", err=True)


def print_item(item: Item) -> None:
    """Print all that is proposed of one model, and why."""
    click.echo(display_text(item.row.name))
    for question in item.questions:
        click.echo(f"  ? {question.key}: {display_text(question.title)}")
        for choice in question.choices:
            counts = " (counts now)" if choice.counts else ""
            sure = f" · {sure_text(choice.sure)}" if choice.sure else ""
            click.echo(
                f"      {display_text(choice.value)} — {display_text(choice.label)}{sure}{counts}:"
                f" {display_text(choice.evidence)}"
            )
    for tag in item.tags:
        click.echo(
            f"  + {display_text(tag.tag)} · {sure_text(tag.confidence)} · from"
            f" {display_text(tag.rule)}: {display_text(tag.reason)}"
        )
    if item.group is None:
        click.echo("  nothing to decide", err=True)
    elif item.new:
        click.echo("  new: without tags, rating or note")


def print_decision(decision: Decision) -> None:
    """Print what is decided, one by one while it is not too much."""
    lines = [
        *(f"+{each.tag}  {each.name}" for each in decision.taken),
        *(f"-{each.tag}  {each.name}" for each in decision.refused),
        *(
            f"{question.key}: {value if value is not None else 'dismissed'}  #{id_}"
            for id_, question, value in decision.answers
        ),
    ]
    for line in lines[:DETAILED]:
        click.echo(display_text(line))
    if len(lines) > DETAILED:
        click.echo(f"… and {len(lines) - DETAILED:,} more")


def item_json(item: Item) -> dict[str, object]:
    """Return an item as `inbox --json` prints it."""
    return {
        "id": item.row.id,
        "name": item.row.name,
        "group": item.group.value if item.group else None,
        "sure": round(item.sure, 2),
        "new": item.new,
        "tags": [
            {
                "tag": each.tag,
                "rule": each.rule,
                "reason": each.reason,
                "confidence": each.confidence,
            }
            for each in item.tags
        ],
        "questions": [
            {
                "subject": question.subject,
                "hub": question.hub or None,
                "title": question.title,
                "choices": [
                    {
                        "value": choice.value,
                        "label": choice.label,
                        "evidence": choice.evidence,
                        "sure": choice.sure,
                        "counts": choice.counts,
                    }
                    for choice in question.choices
                ],
            }
            for question in item.questions
        ],
    }

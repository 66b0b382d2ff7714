"""`loradex words add`, `remove`, `on`, `off`, `move`, `group`, `use` and `reset`."""

from __future__ import annotations

import click

from loradex.cli.context import Context, pass_context
from loradex.cli.words_commands import show_words

_reference = click.argument("reference", metavar="REF")
_words = click.argument("words", nargs=-1, required=True, metavar="WORD...")
_group = click.option("-g", "--group", metavar="GROUP", help="In this group: a number or a name.")


@click.command("add", help="Add words of your own; a GROUP that is not there is made.")
@_reference
@_words
@_group
@pass_context
def add_command(
    context: Context, reference: str, words: tuple[str, ...], group: str | None
) -> None:
    """Add words."""
    from loradex.operations.word_choices import add_words  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        add_words(catalog, id_, words, group)
        show_words(catalog, id_)


@click.command("remove", help="Remove words for good: no hub or file brings them back.")
@_reference
@_words
@_group
@pass_context
def remove_command(
    context: Context, reference: str, words: tuple[str, ...], group: str | None
) -> None:
    """Remove words."""
    from loradex.operations.word_choices import remove_words  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        remove_words(catalog, id_, words, group)
        show_words(catalog, id_)


def _switch(
    context: Context, reference: str, words: tuple[str, ...], group: str | None, *, on: bool
) -> None:
    from loradex.operations.word_choices import switch_words  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        switch_words(catalog, id_, words, on, group)
        show_words(catalog, id_)


@click.command("on", help="Switch words on again.")
@_reference
@_words
@_group
@pass_context
def on_command(context: Context, reference: str, words: tuple[str, ...], group: str | None) -> None:
    """Switch words on."""
    _switch(context, reference, words, group, on=True)


@click.command("off", help="Switch words off: they are listed, but not copied.")
@_reference
@_words
@_group
@pass_context
def off_command(
    context: Context, reference: str, words: tuple[str, ...], group: str | None
) -> None:
    """Switch words off."""
    _switch(context, reference, words, group, on=False)


@click.command("move", help="Put a word at a PLACE (1 is the first, 0 the last), or into a GROUP.")
@_reference
@click.argument("word")
@click.argument("place", type=click.IntRange(min=0), default=0, required=False)
@_group
@pass_context
def move_command(
    context: Context, reference: str, word: str, place: int, group: str | None
) -> None:
    """Move a word."""
    from loradex.operations.word_choices import move_word  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        move_word(catalog, id_, word, place, group)
        show_words(catalog, id_)


@click.command("group", help="Name a GROUP, write a note on it, or put it at a place.")
@_reference
@click.argument("group")
@click.option("--name", help="What you call it; empty for its first word.")
@click.option("--note", help="What to know when using it; empty for none.")
@click.option("--place", type=click.IntRange(min=1), help="1 is the first of the groups.")
@click.option("--never/--not-never", default=None, help="Hide it, or show it again.")
@pass_context
def group_command(
    context: Context,
    reference: str,
    group: str,
    name: str | None,
    note: str | None,
    place: int | None,
    never: bool | None,
) -> None:
    """Describe a group."""
    from loradex.operations.word_choices import describe_group  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        describe_group(catalog, id_, group, name=name, note=note, place=place, refused=never)
        show_words(catalog, id_)


@click.command("use", help="Copy these GROUPs and no others; none means the first again.")
@_reference
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@pass_context
def use_command(context: Context, reference: str, groups: tuple[str, ...]) -> None:
    """Choose the groups that are copied."""
    from loradex.operations.word_choices import use_groups  # noqa: PLC0415

    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        use_groups(catalog, id_, groups)
        show_words(catalog, id_)


@click.command("reset", help="Take back all that you said of a model's words, your own included.")
@_reference
@pass_context
def reset_command(context: Context, reference: str) -> None:
    """Forget a person's choices."""
    with context.catalog() as catalog:
        id_ = catalog.resolve(reference)
        catalog.words.forget(id_)
        show_words(catalog, id_)

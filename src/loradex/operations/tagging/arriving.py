"""Tags for models that have just arrived: only added, never taken off."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.catalog.auto_tag_store import AutoChange, AutoTag, portions
from loradex.catalog.catalog import Catalog
from loradex.errors import SettingsError
from loradex.operations.tagging.planning import Proposal, plan_tags
from loradex.operations.tagging.rule_file import load_rules
from loradex.plugin_manager import Plugins


def propose(catalog: Catalog, plugins: Plugins, ids: Sequence[int]) -> list[Proposal]:
    """Return what rules and taggers propose for these models, surest first; nothing is written.

    Tags a model shows already, and those a person took off it, are left out. With a rule file
    that is wrong nothing is proposed: files arrive all the same.
    """
    try:
        rules = load_rules(catalog.home)
    except SettingsError:
        return []
    return list(plan_tags(catalog, plugins, ids, rules).added)


def accept(catalog: Catalog, proposals: Sequence[Proposal]) -> None:
    """Put proposed tags on their models, as `loradex tag --auto` would."""
    put: dict[int, list[AutoTag]] = {}
    for each in proposals:
        tag = AutoTag(each.tag, each.rule, each.confidence, each.reason)
        put.setdefault(each.content_id, []).append(tag)
    changes = [AutoChange(content_id, tuple(tags), ()) for content_id, tags in put.items()]
    for some in portions(changes):
        catalog.auto_tags.write(some)

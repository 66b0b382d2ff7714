"""Keep a plan that was drawn up, once for the same words."""

from __future__ import annotations

import json
from collections.abc import Mapping

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan, PlanState
from loradex.operations.tidying.plan_reading import is_edited


def keep_drawn(catalog: Catalog, plan: MovePlan, about: Mapping[str, object]) -> int:
    """Keep a plan and return its number; `about` says what was asked for.

    One that was drawn up from the same words, and neither begun nor edited, gives its number.
    """
    words = json.dumps(dict(about))
    for other in catalog.plans.plans(state=PlanState.PLANNED):
        same = (other.kind, catalog.plans.about(other.id)) == (plan.kind, words)
        if same and not is_edited(other.note) and catalog.plans.replace(other.id, plan):
            return other.id
    return catalog.plans.add(plan, words)

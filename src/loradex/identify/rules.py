"""The form of a rule: a base model, what must hold for it, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify.view import View

Check = Callable[[View], str | None]
"""Returns what was seen (may be empty) or None when the condition does not hold."""

Variant = tuple[str, str]
"""A variant and why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule concluded. `base` None with `candidates` means: one of these, undecided."""

    base: BaseModel | None = None
    candidates: tuple[BaseModel, ...] = ()
    kind: ModelKind | None = None
    variant: str | None = None
    prediction: str | None = None
    confidence: float = 1.0
    partial: bool = False
    tokens: int | None = None
    scale: int | None = None
    reasons: tuple[Reason, ...] = ()

    def because(self, field: str, text: str) -> Finding:
        """Return the same finding with one reason more."""
        return replace(self, reasons=(*self.reasons, Reason(field, text)))


Reader = Callable[[View], Finding | None]
"""Anything that looks at a view and may recognise it; a `Rule` is one."""


def has(*paths: str) -> Check:
    """Hold when each path is there (`a|b`: either)."""

    def check(view: View) -> str | None:
        if not view.has(*paths):
            return None
        seen = next(one for one in paths[0].split("|") if view.has(one))
        return f"`{seen.lstrip('^')}` is there"

    return check


def written(text: str) -> Check:
    """Hold when `text`, dots and numbers included, occurs in a name."""

    def check(view: View) -> str | None:
        there = any(text in name for name in view.examples)
        return f"`{text.strip('.')}` is written so" if there else None

    return check


def lacks(*paths: str) -> Check:
    """Hold when none of the paths is there; says nothing."""

    def check(view: View) -> str | None:
        return None if any(view.has(path) for path in paths) else ""

    return check


def _sized(path: str, side: int, sizes: tuple[int, ...], verb: str, *, square: bool) -> Check:
    alternatives = path.split("|")

    def check(view: View) -> str | None:
        for one in alternatives:
            if not view.has(one):
                continue
            for size in view.sizes(one):
                seen = size[side]
                if seen is None and square:
                    seen = size[1 - side]
                if seen in sizes:
                    return f"`{one.lstrip('^')}` {verb} {seen}"
                if seen is None and view.packed:
                    return ""
        return None

    return check


def takes(path: str, *sizes: int) -> Check:
    """Hold when a module's in features are one of `sizes`; unknown passes in a packed file."""
    return _sized(path, 1, sizes, "takes", square=False)


def gives(path: str, *sizes: int) -> Check:
    """Hold when a module's out features are one of `sizes`; unknown passes in a packed file."""
    return _sized(path, 0, sizes, "gives", square=False)


def agrees(path: str, *sizes: int) -> Check:
    """Hold unless a module is there and gives something else: norms tell where weights do not."""

    def check(view: View) -> str | None:
        seen = view.gives(path)
        return "" if seen is None or seen in sizes else None

    return check


def wide(path: str, *sizes: int) -> Check:
    """Hold when a square module has one of `sizes`: some LoRA algorithms keep one side only."""
    return _sized(path, 1, sizes, "is as wide as", square=True)


def deep(path: str, least: int, most: int = 10**6) -> Check:
    """Hold when the highest block number after `path`, plus one, is in the range."""

    def check(view: View) -> str | None:
        depth = view.depth(path)
        return f"`{path.lstrip('^')}` counts to {depth}" if least <= depth <= most else None

    return check


def either(*checks: Check) -> Check:
    """Hold when any check holds; says what the first of them says."""

    def check(view: View) -> str | None:
        return next((seen for one in checks if (seen := one(view)) is not None), None)

    return check


@dataclass(frozen=True, slots=True)
class Rule:
    """If every check holds, the file is `base` (or one of `among`, when base is None)."""

    base: BaseModel | None
    says: str
    checks: tuple[Check, ...]
    among: tuple[BaseModel, ...] = ()
    kind: ModelKind | None = None
    variant: Callable[[View], Variant | None] | None = None
    prediction: str | None = None
    confidence: float = 1.0
    ends: str = ""
    """A path that a whole file has and a middle shard lacks."""

    def __call__(self, view: View) -> Finding | None:
        """Return the finding, or None when a check fails."""
        seen: list[str] = []
        for check in self.checks:
            evidence = check(view)
            if evidence is None:
                return None
            if evidence:
                seen.append(evidence)
        text = f"{', '.join(seen)}: {self.says}" if seen else self.says
        found = Finding(
            base=self.base,
            candidates=self.among,
            kind=self.kind,
            prediction=self.prediction,
            confidence=self.confidence if self.base or self.kind else 0.0,
            reasons=(Reason("kind" if self.kind else "base", text),),
        )
        variant = self.variant(view) if self.variant else None
        if variant:
            found = replace(found, variant=variant[0]).because("variant", variant[1])
        if self.ends and not view.has(self.ends):
            found = replace(found, partial=True).because(
                "partial", f"`{self.ends.split('|')[0]}` is missing: one shard of several"
            )
        return found


def first(readers: tuple[Reader, ...], view: View) -> Finding | None:
    """Return what the first reader that recognises the view says."""
    return next((found for read in readers if (found := read(view)) is not None), None)

"""What hubs say of versions and licences, in an order and in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.hub import HubVersion
from loradex.domain.hub_names import DERIVATIVES, base_from_hub

_PERMISSIONS = {
    ("allowNoCredit", "true"): "no credit needed",
    ("allowNoCredit", "false"): "credit the creator",
    ("allowDerivatives", "true"): "may be changed and merged",
    ("allowDerivatives", "false"): "must not be changed or merged",
    ("allowDifferentLicense", "true"): "may be passed on under other terms",
    ("allowDifferentLicense", "false"): "passed on under the same terms only",
}
_USES = {
    "None": "no commercial use",
    "Image": "its pictures may be sold",
    "RentCivit": "may earn on CivitAI's own generator",
    "Rent": "may be run as a paid service",
    "Sell": "may be sold",
}


def licence_words(licence: Mapping[str, str]) -> tuple[str, ...]:
    """Return a licence as phrases. What is not known here stays as the hub has it."""
    words: list[str] = []
    for name, value in licence.items():
        if name == "allowCommercialUse":
            words += [_USES.get(use, use) for use in value.split(",") if use]
        else:
            words.append(_PERMISSIONS.get((name, value), f"{name}: {value}"))
    return tuple(words)


def published(version: HubVersion) -> tuple[str, int]:
    """Return what sorts versions by when they came out; those without a date come first."""
    return (version.published_at or "", version.id)


def base_family(name: str) -> str:
    """Return what two base models have in common when a LoRA for one works with the other.

    Distilled kin (`SDXL Lightning`) are their base's family; derivatives that learnt another
    language (`Pony`, `Illustrious`) are families of their own, as are names not known here.
    """
    known = base_from_hub(name)
    if known is None:
        return name.strip().casefold()
    base, derivative = known
    return f"{base.value}/{derivative}" if derivative in DERIVATIVES else base.value

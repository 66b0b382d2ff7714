"""What hubs tell is kept whole, and a thinner answer takes nothing away."""

from __future__ import annotations

import json
from dataclasses import replace

from catalog_kit import model, version
from loradex.catalog.catalog import Catalog
from loradex.catalog.known_models import KnownModel
from loradex.domain.hub import HubModel, HubVersion

RICH = json.dumps({"id": 70, "about": [f"line {n * n}" for n in range(50)]})


def full_model() -> HubModel:
    return replace(
        model(),
        slug="maker/neon",
        downloads=5,
        likes=0,
        mode="Archived",
        licence={"credit": "yes"},
        raw=RICH,
    )


def full_version() -> HubVersion:
    (file,) = version().files
    told = replace(
        file,
        size_type="pruned",
        quantisation="nf4",
        pickle_scan="Success",
        virus_scan="Danger",
        hashes={"SHA256": "a" * 64, "CRC32": "01234567"},
    )
    return replace(
        version(),
        slug="maker/neon@abc",
        position=0,
        early_access_until="2999-01-01T00:00:00Z",
        paid=True,
        air="urn:air:x",
        usage_control="Download",
        files=(told,),
        raw=RICH,
    )


def known(catalog: Catalog) -> KnownModel:
    return catalog.known.models("civitai", [70])[70]


def keep(catalog: Catalog, parent: HubModel, told: HubVersion) -> None:
    catalog.hub.record_models("civitai", [parent])
    catalog.hub.record_versions("civitai", [told])


def test_all_that_is_told_is_kept(catalog: Catalog) -> None:
    keep(catalog, full_model(), full_version())
    kept = known(catalog).model
    wanted = replace(full_version(), raw="", model_name="Neon Knight", model_type="LORA")
    assert replace(kept, versions=()) == replace(full_model(), raw="")
    assert kept.versions == (wanted,)
    assert catalog.hub.raw_version("civitai", 7) == RICH


def test_an_empty_answer_takes_nothing_away(catalog: Catalog) -> None:
    keep(catalog, full_model(), full_version())
    before = known(catalog).model
    (file,) = full_version().files
    bare = replace(
        file,
        type="",
        size_bytes=None,
        sha256=None,
        format=None,
        size_type=None,
        quantisation=None,
        pickle_scan=None,
        virus_scan=None,
        hashes={},
    )
    keep(
        catalog,
        HubModel(70, "", "", None, (), None, 0, None, {}, (), "{}"),
        HubVersion(
            7, 70, "", "", (), 0, None, None, None, None, (bare,), (), None, None, "{}",
            early_access_until="2999-01-01T00:00:00Z", paid=True,
        ),
    )  # fmt: skip
    assert known(catalog).model == before
    assert catalog.hub.raw_version("civitai", 7) == RICH


def test_a_full_answer_ends_early_access_and_archiving(catalog: Catalog) -> None:
    keep(catalog, full_model(), full_version())
    news = json.dumps({"id": 70, "about": [f"row {n * n}" for n in range(50)]})
    keep(
        catalog,
        replace(full_model(), mode=None, name="Neon Knight II", raw=news),
        replace(full_version(), early_access_until=None, paid=False, raw=news),
    )
    kept = known(catalog).model
    assert (kept.mode, kept.name) == (None, "Neon Knight II")
    assert (kept.versions[0].early_access_until, kept.versions[0].paid) == (None, False)
    assert catalog.hub.raw_version("civitai", 7) == news


def test_what_a_version_says_of_its_model_does_not_bring_it_back(catalog: Catalog) -> None:
    keep(catalog, full_model(), full_version())
    catalog.updates.record_gone("civitai", [70])
    catalog.hub.record_models("civitai", [replace(full_model(), raw="{}")])
    assert known(catalog).gone_at is not None
    catalog.hub.record_models("civitai", [full_model()])
    assert known(catalog).gone_at is None

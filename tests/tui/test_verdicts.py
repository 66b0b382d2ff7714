"""What the details say of verdicts."""

from __future__ import annotations

from dataclasses import replace

from loradex.catalog.catalog import Catalog
from loradex.domain.verdicts import Verdict, VerdictKind, VerdictSource
from loradex_tui.widgets.details_text import details_lines
from tui.stage import showing
from verdict_kit import BEST, BURNS, NEEDS, USABLE, evidence


def test_the_details_tell_what_was_measured(catalog: Catalog) -> None:
    word = replace(NEEDS, word="neonkn")
    probed = Verdict(1, (word, USABLE, BEST, BURNS), checkpoint_id=6, created_at=1_700_000_000.0)
    catalog.verdicts.record(replace(probed, evidence=evidence("neonkn")))
    catalog.verdicts.record(
        Verdict(1, (), VerdictSource.PERSON, note="mine\x1b[2J", dismissed=(VerdictKind.BURNS,))
    )
    sheet = details_lines(catalog.details(1), 80, "https://hub.example")
    lines = [line.plain.strip() for line in sheet]
    assert any(line.startswith("Verdict ─") for line in lines)
    assert "needs its trigger neonkn · usable 0.4–1.1 · best 0.8" in lines
    assert NEEDS.sentence in lines
    assert "▂▃▆█ 0.25–1.5, up to 12× the noise floor" in lines
    assert "20 pictures drawn, 4 kept from before" in lines
    assert "Not so: burns." in lines
    assert any(line.startswith("probed on sd_xl_base_1.0 · ") for line in lines)
    assert "neonkn  needs trigger, adds 75 % of the response, header" in lines
    assert "\x1b" not in "".join(lines)
    assert all(len(line.plain) <= 20 for line in details_lines(catalog.details(1), 20, ""))
    assert not any("Verdict" in line.plain for line in details_lines(catalog.details(2), 80, ""))


async def test_they_show_in_the_library(catalog: Catalog) -> None:
    catalog.verdicts.record(Verdict(1, (NEEDS, BEST), checkpoint_id=6))
    async with showing(catalog) as stage:
        await stage.search("verdict:needs best:0.8")
        await stage.until(lambda: "needs its trigger" in stage.text)
        assert "1 of 10 models" in stage.text

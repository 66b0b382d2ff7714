"""Everything that is known of a model, as text for a pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from loradex.domain.evidence import Evidence, effective
from loradex.domain.library import FileRecord, FileState
from loradex.domain.models import HubMatch, ModelDetails, ModelRow
from loradex.domain.preferences import KnownPreferences
from loradex.domain.probing import ProbeEvidence
from loradex.domain.safety import Safety
from loradex.domain.text import display_lines
from loradex.domain.verdict_words import (
    cost_line,
    findings_line,
    headline,
    is_style_sheet,
    kind_words,
    response_curve,
    word_effect,
)
from loradex.domain.verdicts import Verdict, VerdictSource
from loradex.operations.about_model import Beyond
from loradex_tui.cells import cell_text
from loradex_tui.widgets.sheet_text import TextSheet
from loradex_tui.wording import (
    base_label,
    content_level_text,
    count_text,
    kind_label,
    number_text,
    row_base,
    size_text,
    stars,
    state_text,
    when_text,
)

if TYPE_CHECKING:
    from loradex.operations.tidying.trashed import GoneToTrash

_BY = {"person": "by you"}
_STATES = {
    FileState.MISSING: "missing: its library is there, the file is not",
    FileState.OFFLINE: "offline: its library is not there now",
    FileState.GROWING: "still being written",
    FileState.UNREADABLE: "cannot be read",
}
_SHOWN_CAPTIONS = 12
_SHOWN_METADATA_CHARS = 200
_SHOWN_FINDINGS = 5
_PREFERENCES = (
    ("Strength", ("strength",)),
    ("Works from", ("strength_min", "strength_max")),
    ("CLIP", ("clip_strength",)),
    ("CLIP skip", ("clip_skip",)),
    ("Sampler", ("sampler", "schedule")),
    ("Steps", ("steps",)),
    ("Guidance", ("guidance_scale",)),
    ("Size", ("width", "height")),
    ("Negative", ("negative_prompt",)),
)
"""What a preference is called, and the fields that stand together behind it."""
_JOINTS = {"Works from": " to ", "Size": " × "}


def head_lines(row: ModelRow, width: int, found_by: str = "") -> list[Content]:
    """Return name, what it is, the rating, and why it was found where its name does not say."""
    sheet = TextSheet(width)
    sheet.line(Content.styled(cell_text(row.name), "bold $foreground"))
    what = [kind_label(row.kind), row_base(row), size_text(row.size), state_text(row.state)]
    sheet.line(Content.styled(" · ".join(part for part in what if part), "$quiet"))
    if row.rating or row.favourite:
        rating = f"{stars(row.rating)}{'☆' * (5 - row.rating) if row.rating else ''}"
        sheet.line(Content.styled(f"{rating}{' ♥' if row.favourite else ''}".strip(), "$accent"))
    if found_by:
        sheet.line(Content.styled(f"found by {cell_text(found_by, 200)}", "$quiet italic"))
    return sheet.lines


def details_lines(
    details: ModelDetails, width: int, hub_url: str, beyond: Beyond | None = None
) -> list[Content]:
    """Return all the rest, most useful first. Sections with nothing in them are left out."""
    sheet = TextSheet(width)
    beyond = beyond or Beyond()
    _gone(sheet, details, beyond.trash)
    _safety(sheet, details)
    _words(sheet, details)
    _preferences(sheet, details.preferences)
    _verdicts(sheet, details)
    _tags(sheet, details)
    if details.note:
        sheet.heading("Note")
        for line in display_lines(details.note).splitlines():
            sheet.line(Content(cell_text(line, 2_000)))
    _own(sheet, beyond)
    _model(sheet, details)
    if details.match is not None:
        _hub(sheet, details.match, hub_url, beyond.licence)
    _places(sheet, details.files, beyond.trash)
    _sidecars(sheet, beyond)
    _captions(sheet, details)
    if details.grids:
        sheet.heading("Grids")
        sheet.line(Content(", ".join(f"#{id_}" for id_ in details.grids)))
    _hashes(sheet, details)
    _why(sheet, details)
    return sheet.lines


def _gone(sheet: TextSheet, details: ModelDetails, trash: Mapping[int, GoneToTrash]) -> None:
    """Say what brings a model back of which all that is left is in the trash."""
    plan = next((gone.plan_id for gone in trash.values() if gone.there), None)
    if plan is not None and details.row.state == FileState.MISSING:
        sheet.line(Content.styled(f"in the trash: plan {plan} put it there", "$error"))
        back = f"6 i: r brings it back · loradex undo {plan}"
        sheet.line(Content.styled(back, "$accent"))


def _safety(sheet: TextSheet, details: ModelDetails) -> None:
    """Warn of a file that is not known to be harmless; one that is needs no words."""
    word = details.row.safety
    if word is None or word == Safety.SAFE:
        return
    sheet.line(Content.styled(f"! {cell_text(word)}: do not load it carelessly", "bold $error"))
    for finding in details.findings[:_SHOWN_FINDINGS]:
        sheet.line(Content.styled(cell_text(finding, 500), "$error"), indent=2)
    rest = len(details.findings) - _SHOWN_FINDINGS
    if rest > 0:
        sheet.line(Content.styled(f"and {count_text(rest, 'finding')} more", "$quiet"), indent=2)


def _preferences(sheet: TextSheet, known: KnownPreferences) -> None:
    """Add how it is best used, with who says so unless that is the person."""
    best, sources = known.effective, known.sources
    said = best.said()
    if not said:
        return
    sheet.heading("Best used")
    for label, fields in _PREFERENCES:
        values = [
            value if isinstance(value := said[name], str) else number_text(value)
            for name in fields
            if name in said
        ]
        who = dict.fromkeys(
            source for name in fields if (source := sources.get(name, "person")) != "person"
        )
        joined = _JOINTS.get(label, " · ").join(cell_text(value, 400) for value in values)
        if joined:
            told = f"  {', '.join(map(cell_text, who))}" if who else ""
            sheet.pair(label, Content.assemble(joined, (told, "$quiet")))


def _own(sheet: TextSheet, beyond: Beyond) -> None:
    """Add what a person keeps of it: collections, fields of their own, pictures."""
    uses = beyond.uses
    if not (beyond.collections or beyond.custom or uses):
        return
    sheet.heading("Yours")
    sheet.pair("In", cell_text(", ".join(beyond.collections)), "$chip")
    for name, value in beyond.custom.items():
        text = ("no", "yes")[value] if isinstance(value, bool) else str(value)
        sheet.pair(cell_text(name, 10), cell_text(text))
    if uses is not None:
        strengths = {number_text(each) for each in (uses.strength_low, uses.strength_high)
                     if each is not None}  # fmt: skip
        at = f" at {' to '.join(sorted(strengths))}" if strengths else ""
        sheet.pair("Used", f"{count_text(uses.pictures, 'picture')}{at}")
        sheet.pair("Last", when_text(uses.last))


def _sidecars(sheet: TextSheet, beyond: Beyond) -> None:
    if not beyond.sidecars:
        return
    sheet.heading("Sidecars")
    for each in beyond.sidecars:
        sheet.line(Content(cell_text(each.path, 4_000)))
        told = " · ".join(cell_text(part) for part in (each.dialect, each.state) if part)
        sheet.line(Content.styled(told, "$quiet"), indent=2)


def _words(sheet: TextSheet, details: ModelDetails) -> None:
    if not details.trigger_words:
        return
    sheet.heading("Trigger words")
    for word in details.trigger_words:
        told = [
            (word.verdict or "").replace("-", " "),
            word_effect(word.effect) if word.effect is not None else "",
        ]
        extra = ", ".join(cell_text(part) for part in (*told, word.source) if part)
        sheet.line(Content.assemble((cell_text(word.text), "$accent"), (f"  {extra}", "$quiet")))


def _verdicts(sheet: TextSheet, details: ModelDetails) -> None:
    """Add what counts, then each source's own words with the curve behind them."""
    if not details.verdicts:
        return
    sheet.heading("Verdict")
    counts = headline(details.verdicts)
    if counts:
        sheet.line(Content.styled(cell_text(counts), "bold $foreground"))
    for verdict in details.verdicts:
        sheet.line(Content.styled(_said_by(verdict), "$quiet"))
        for finding in verdict.findings:
            sentence = finding.sentence or findings_line([finding])
            sheet.line(Content(cell_text(sentence, 1_000)), indent=2)
        if verdict.dismissed:
            refused = ", ".join(kind_words(kind) for kind in verdict.dismissed)
            sheet.line(Content(f"Not so: {refused}."), indent=2)
        if verdict.note:
            sheet.line(Content(cell_text(verdict.note, 2_000)), indent=2)
        if verdict.evidence is not None:
            _measured(sheet, verdict.evidence)


def _measured(sheet: TextSheet, evidence: ProbeEvidence) -> None:
    curve = response_curve(evidence)
    if curve:
        bars, _, told = curve.partition(" ")
        sheet.line(Content.assemble((bars, "$primary"), f" {told}"), indent=2)
    for score in evidence.words:
        told = f"  {word_effect(score.score.mean) or 'could not be measured'}"
        sheet.line(Content.assemble((cell_text(score.word), "$accent"), (told, "$quiet")), indent=2)
    sheet.line(Content.styled(cell_text(cost_line(evidence)), "$quiet"), indent=2)


def _said_by(verdict: Verdict) -> str:
    """Return who says it, on which checkpoint and when."""
    if verdict.source is VerdictSource.PERSON:
        who = "by you"
    elif is_style_sheet(verdict):
        who = "style sheet"
    else:
        who = f"probed on {verdict.checkpoint}" if verdict.checkpoint else "probed"
    grid = f"#{verdict.grid_id}" if verdict.grid_id is not None else ""
    origin = f"from {verdict.origin}" if verdict.origin else ""
    parts = (cell_text(who), when_text(verdict.created_at), grid, cell_text(origin))
    return " · ".join(part for part in parts if part)


def _tags(sheet: TextSheet, details: ModelDetails) -> None:
    sheet.heading("Tags")
    if not details.tags:
        sheet.line(Content.styled("none · t adds some", "$quiet"))
        return
    for source in dict.fromkeys(tag.source for tag in details.tags):
        names = [cell_text(tag.name) for tag in details.tags if tag.source == source]
        sheet.pair(_BY.get(source, cell_text(source, 10)), ", ".join(names), "$chip")


def _model(sheet: TextSheet, details: ModelDetails) -> None:
    row = details.row
    sheet.heading("Model")
    sheet.pair("Kind", kind_label(row.kind))
    base = base_label(row.base) or "unknown"
    sheet.pair("Base", base + (f" · {row_base(row)}" if row.derivative else ""))
    sheet.pair("Variant", cell_text(details.variant or ""))
    sheet.pair("Algorithm", cell_text(details.algorithm or ""))
    sheet.pair("Rank", str(details.rank or ""))
    number = " · ".join(cell_text(part) for part in (details.dtype, details.quantisation) if part)
    sheet.pair("Precision", number)
    sheet.pair("Prediction", cell_text(details.prediction or ""))
    sheet.pair("Format", cell_text(details.format))
    sheet.pair("Added", when_text(row.added_at))


def _hub(sheet: TextSheet, match: HubMatch, hub_url: str, licence: Sequence[str]) -> None:
    sheet.heading("Hub")
    sheet.pair("Model", cell_text(match.model_name))
    sheet.pair("Version", cell_text(match.version_name))
    sheet.pair("Creator", cell_text(match.creator or ""))
    sheet.pair("Base", cell_text(match.base_model))
    sheet.pair("Content", content_level_text(match.content_level))
    sheet.pair("Known by", cell_text(match.matched_by))
    sheet.pair("Page", cell_text(hub_page(match, hub_url)))
    for number, sentence in enumerate(licence):
        sheet.pair("Licence" if not number else "", cell_text(sentence, 200))
    sheet.pair("Fetched", when_text(match.fetched_at))
    if match.gone_at is not None:
        sheet.pair("Gone", f"from the hub since {when_text(match.gone_at)}", "$error")


def hub_page(match: HubMatch, hub_url: str) -> str:
    """Return the address of a version's page on the hub that is set."""
    return f"{hub_url}/models/{match.model_id}?modelVersionId={match.version_id}"


def _places(
    sheet: TextSheet, files: tuple[FileRecord, ...], trash: Mapping[int, GoneToTrash]
) -> None:
    sheet.heading("Files" if len(files) > 1 else "File")
    if not files:
        sheet.line(Content.styled("no file of it is known any more", "$error"))
    for file in files:
        sheet.line(Content(cell_text(file.path, 4_000)))
        good = file.state is FileState.PRESENT
        said = [cell_text(file.library), size_text(file.size), when_text(file.mtime)]
        state = "verified" if good and file.verified else "present" if good else _STATES[file.state]
        gone = trash.get(file.id)
        if gone is not None:
            where = "in the trash" if gone.there else "no longer in the trash"
            state = f"{where}: plan {gone.plan_id} put it there"
        sheet.line(
            Content.assemble(
                (" · ".join(part for part in said if part) + " · ", "$quiet"),
                (state, "$quiet" if good else "$error"),
            ),
            indent=2,
        )
        if file.problem:
            sheet.line(Content.styled(cell_text(file.problem), "$error"), indent=2)


def _captions(sheet: TextSheet, details: ModelDetails) -> None:
    if not details.tag_counts:
        return
    sheet.heading("Trained on")
    most = max(count for _, count in details.tag_counts) or 1
    for caption, count in details.tag_counts[:_SHOWN_CAPTIONS]:
        bar = "▪" * max(round(count / most * 8), 1)
        text = cell_text(caption, max(sheet.width - 18, 8))
        sheet.line(
            Content.assemble((f"{count:>6,} ", "$quiet"), (f"{bar:<8}", "$primary"), f" {text}")
        )
    rest = len(details.tag_counts) - _SHOWN_CAPTIONS
    if rest > 0:
        sheet.line(Content.styled(f"and {count_text(rest, 'caption')} more", "$quiet"))


def _hashes(sheet: TextSheet, details: ModelDetails) -> None:
    hashes = details.hashes
    sheet.heading("Hashes")
    if hashes is None:
        sheet.line(Content.styled("not computed yet", "$quiet"))
    else:
        sheet.pair("SHA256", hashes.sha256)
        sheet.pair("BLAKE3", hashes.blake3)
        sheet.pair("CRC32", hashes.crc32)
        sheet.pair("AutoV1", hashes.autov1 or "")
        sheet.pair("AutoV2", hashes.autov2)
        sheet.pair("AutoV3", hashes.autov3 or "")
    sheet.pair("Claimed", cell_text(details.claimed_hash or ""), "$quiet")


def _why(sheet: TextSheet, details: ModelDetails) -> None:
    if not details.evidence:
        return
    sheet.heading("Why")
    counting = effective(details.evidence)
    for fact in details.evidence:
        sheet.pair(cell_text(fact.field, 10), _fact(fact, counts=counting.get(fact.field) is fact))


def _fact(fact: Evidence, *, counts: bool) -> Content:
    value = cell_text(fact.value, _SHOWN_METADATA_CHARS)
    sure = "" if fact.confidence >= 1 else f" {number_text(round(fact.confidence * 100))} %"
    parts: list[tuple[str, str]] = [
        (value, "$foreground" if counts else "$quiet strike"),
        (f"  {fact.source.value}{sure}", "$secondary" if counts else "$quiet"),
    ]
    if fact.detail:
        parts.append((f"\n{cell_text(fact.detail)}", "$quiet"))
    return Content.assemble(*parts)

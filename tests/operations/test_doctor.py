"""Each check of a check-up finds what was planted, and leaves what is well alone."""

from __future__ import annotations

import os
import pickle
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.catalog.database_health import look_at_database
from loradex.domain.library import Layout
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import Cancelled, UsageError
from loradex.operations import annotate
from loradex.operations.backup import back_up
from loradex.operations.doctor import database
from loradex.operations.doctor.findings import Finding, Level
from loradex.operations.doctor.mending import KeptPlan, keep_plans, mend_catalog, mendable
from loradex.operations.doctor.subject import Subject
from loradex.operations.doctor.table import CHECKS, chosen, examine
from loradex.operations.libraries import add_library
from loradex.operations.moves.applying import apply_plan
from loradex.operations.word_choices import add_words
from loradex.paths import Home
from loradex.settings import load_settings
from moves_kit import rescan

YEAR = 365 * 86_400


@pytest.fixture
def comfy(tmp_path: Path) -> Path:
    """The models of a ComfyUI, with one LoRA where it belongs and its sidecars."""
    models = tmp_path / "ComfyUI" / "models"
    for name in ("checkpoints", "loras", "vae", "embeddings"):
        (models / name).mkdir(parents=True)
    lora(models / "loras" / "neon.safetensors", seed=1)
    for suffix in (".civitai.info", ".preview.png", ".json", ".txt"):
        (models / "loras" / f"neon{suffix}").write_text("{}")
    (models / "loras" / "put_loras_here.txt").write_text("")
    (models / "loras" / "README.md").write_text("")
    return models


def subject_of(home: Home, catalog: Catalog | None, *, deep: bool = False) -> Subject:
    return Subject(
        home, catalog, load_settings(home), deep=deep, sink=SilentSink(), cancel=CancelToken()
    )


def look(catalog: Catalog, *names: str, deep: bool = False) -> dict[str, tuple[Finding, ...]]:
    subject = subject_of(catalog.home, catalog, deep=deep)
    return {answer.check.name: answer.findings for answer in examine(subject, chosen(names))}


def registered(catalog: Catalog, *folders: Path) -> None:
    for folder in folders:
        add_library(catalog, folder)
    rescan(catalog)


def mend(catalog: Catalog, name: str) -> tuple[KeptPlan, ...]:
    """Keep a plan for a check's findings and apply it."""
    subject = subject_of(catalog.home, catalog)
    kept = keep_plans(subject, examine(subject, mendable([name])))
    for one in kept:
        if one.number is not None:
            apply_plan(catalog, one.number, sink=SilentSink(), cancel=CancelToken())
    return tuple(kept)


def test_a_library_in_order_has_nothing_wrong(catalog: Catalog, comfy: Path) -> None:
    registered(catalog, comfy)
    back_up(catalog.home)
    found = look(catalog)
    assert set(found) <= {"unhashed", "room"}  # the disk of the tests may be full


def plant_html(models: Path) -> None:
    (models / "loras" / "page.safetensors").write_text("<!doctype html><html>log in</html>" * 50)


def plant_pickle_as_safetensors(models: Path) -> None:
    (models / "loras" / "pick.safetensors").write_bytes(pickle.dumps({"w": [1.0] * 50}, protocol=2))


def plant_safetensors_as_ckpt(models: Path) -> None:
    lora(models / "loras" / "named.ckpt", seed=7)


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("true",)


def plant_dangerous(models: Path) -> None:
    (models / "checkpoints" / "evil.ckpt").write_bytes(pickle.dumps({"w": Evil()}, protocol=2))


def plant_misplaced(models: Path) -> None:
    lora(models / "checkpoints" / "style.safetensors", seed=8)
    (models / "checkpoints" / "style.preview.png").write_bytes(b"\x89PNG")


def plant_nowhere(models: Path) -> None:
    lora(models / "lost.safetensors", seed=11)


def plant_orphans(models: Path) -> None:
    (models / "loras" / "gone.civitai.info").write_text("{}")
    (models / "loras" / "gone.json").write_text("{}")
    (models / "loras" / "gone.preview.webp").write_text("")
    (models / "loras" / "nobody.png").write_text("")
    (models / "loras" / "coming.safetensors.part").write_text("")
    (models / "loras" / "coming.civitai.info").write_text("{}")
    (models / "loras" / "folder").mkdir()
    (models / "loras" / "folder.civitai.info").write_text("{}")


def plant_old_part(models: Path) -> None:
    old = models / "loras" / "big.safetensors.part"
    old.write_bytes(b"1" * 100)
    os.utime(old, (time.time() - YEAR, time.time() - YEAR))
    (models / "loras" / "fresh.safetensors.part").write_bytes(b"1" * 100)


def plant_links(models: Path) -> None:
    (models / "loras" / "nowhere.safetensors").symlink_to(models / "not there")
    (models / "loras" / "circle.safetensors").symlink_to(models / "loras" / "circle.safetensors")
    outside = models.parent / "elsewhere"
    lora(outside / "far.safetensors", seed=9)
    (models / "loras" / "far.safetensors").symlink_to(outside / "far.safetensors")
    (models / "loras" / "near.safetensors").symlink_to(models / "loras" / "neon.safetensors")


def plant_cut_short(models: Path) -> None:
    whole = lora(models / "loras" / "cut.safetensors", seed=10)
    whole.write_bytes(whole.read_bytes()[:-1000])


CASES: list[tuple[Callable[[Path], None], str, list[tuple[str, Level]]]] = [
    (plant_html, "unreadable", [("page.safetensors", Level.FAULT)]),
    (plant_cut_short, "unreadable", [("cut.safetensors", Level.FAULT)]),
    (plant_pickle_as_safetensors, "suffixes", [("pick.safetensors", Level.SERIOUS)]),
    (plant_safetensors_as_ckpt, "suffixes", [("named.ckpt", Level.FAULT)]),
    (plant_dangerous, "pickles", [("evil.ckpt", Level.SERIOUS)]),
    (plant_misplaced, "folders", [("style.safetensors", Level.FAULT)]),
    (plant_nowhere, "folders", [("lost.safetensors", Level.FAULT)]),
    (
        plant_orphans,
        "sidecars",
        [
            ("gone.civitai.info", Level.FAULT),
            ("gone.json", Level.FAULT),
            ("gone.preview.webp", Level.FAULT),
            ("nobody.png", Level.ADVICE),
        ],
    ),
    (plant_old_part, "downloads", [("big.safetensors.part", Level.FAULT)]),
    (
        plant_links,
        "links",
        [
            ("circle.safetensors", Level.FAULT),
            ("far.safetensors", Level.ADVICE),
            ("nowhere.safetensors", Level.FAULT),
        ],
    ),
]


@pytest.mark.parametrize(
    ("plant", "check", "wanted"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_what_was_planted_is_found(
    catalog: Catalog,
    comfy: Path,
    plant: Callable[[Path], None],
    check: str,
    wanted: list[tuple[str, Level]],
) -> None:
    plant(comfy)
    registered(catalog, comfy)
    found = [(Path(str(f.path)).name, f.level) for f in look(catalog, check).get(check, ())]
    assert sorted(found) == wanted


@pytest.mark.parametrize(
    ("plant", "check", "files"),
    [
        (plant_misplaced, "folders", ("checkpoints/style.safetensors", "loras/style.preview.png")),
        (plant_nowhere, "folders", ("lost.safetensors", "loras/lost.safetensors")),
        (plant_safetensors_as_ckpt, "suffixes", ("loras/named.ckpt", "loras/named.safetensors")),
        (plant_pickle_as_safetensors, "suffixes", ("loras/pick.safetensors", "loras/pick.pt")),
        (plant_orphans, "sidecars", ("loras/gone.civitai.info", "loras/neon.civitai.info")),
        (
            plant_old_part,
            "downloads",
            ("loras/big.safetensors.part", "loras/fresh.safetensors.part"),
        ),
        (plant_dangerous, "pickles", ("checkpoints/evil.ckpt", "loras/neon.safetensors")),
        (plant_html, "unreadable", ("loras/page.safetensors", "loras/neon.safetensors")),
    ],
)
def test_its_plan_mends_it(
    catalog: Catalog, comfy: Path, plant: Callable[[Path], None], check: str, files: tuple[str, str]
) -> None:
    gone, there = files
    plant(comfy)
    registered(catalog, comfy)
    (kept,) = mend(catalog, check)
    assert kept.plan.conflicts == ()
    assert not (comfy / gone).exists()
    assert (comfy / there).exists()
    rescan(catalog)
    assert look(catalog, check) == {}
    assert mend(catalog, check) == ()


def test_a_plan_is_kept_and_not_applied(catalog: Catalog, comfy: Path) -> None:
    plant_misplaced(comfy)
    registered(catalog, comfy)
    subject = subject_of(catalog.home, catalog)
    (kept,) = keep_plans(subject, examine(subject, mendable(["folders"])))
    assert (comfy / "checkpoints" / "style.safetensors").exists()
    assert [plan.id for plan in catalog.plans.plans()] == [kept.number]


def test_what_no_plan_can_mend_is_said() -> None:
    with pytest.raises(UsageError, match="No plan"):
        mendable(["catalog"])
    with pytest.raises(UsageError, match="which check"):
        mendable([])
    with pytest.raises(UsageError, match="no check") as wrong:
        chosen(["orphan", "sidecar"])
    assert wrong.value.hint


def test_a_taken_name_keeps_a_model_where_it_is(catalog: Catalog, comfy: Path) -> None:
    plant_misplaced(comfy)
    lora(comfy / "loras" / "style.safetensors", seed=99)
    registered(catalog, comfy)
    (kept,) = mend(catalog, "folders")
    assert kept.number is None
    assert [conflict.source.name for conflict in kept.plan.conflicts] == [b"style.safetensors"]
    assert (comfy / "checkpoints" / "style.safetensors").exists()


@pytest.mark.parametrize(
    ("layout", "files", "wanted"),
    [
        ("a1111", ["Lora/a/foo.safetensors", "Lora/b/foo.safetensors"], [Level.FAULT]),
        ("a1111", ["Lora/a/foo.safetensors", "Lora/a/foo.pt.safetensors"], []),
        ("comfyui", ["loras/a/foo.safetensors", "loras/b/foo.safetensors"], [Level.ADVICE]),
        ("plain", ["a/foo.safetensors", "b/foo.safetensors"], [Level.ADVICE]),
    ],
)
def test_names_that_a_tool_cannot_tell_apart(
    catalog: Catalog, tmp_path: Path, layout: str, files: list[str], wanted: list[Level]
) -> None:
    root = tmp_path / "models"
    for name in {
        "a1111": ["Stable-diffusion", "Lora"],
        "comfyui": ["checkpoints", "loras", "vae"],
        "plain": [],
    }[layout]:
        (root / name).mkdir(parents=True)
    for number, name in enumerate(files):
        lora(root / name, seed=number)
    registered(catalog, root)
    assert catalog.files.libraries()[0].layout is Layout(layout)
    assert [finding.level for finding in look(catalog, "names").get("names", ())] == wanted


def test_comfyui_takes_the_first_of_two_roots(catalog: Catalog, tmp_path: Path) -> None:
    roots = [tmp_path / name / "models" for name in ("one", "two")]
    for number, root in enumerate(roots):
        for name in ("checkpoints", "loras", "vae"):
            (root / name).mkdir(parents=True)
        lora(root / "loras" / "x" / "foo.safetensors", seed=number)
    registered(catalog, *roots)
    (finding,) = look(catalog, "names")["names"]
    assert finding.level is Level.FAULT
    assert "ComfyUI" in finding.what


def test_the_same_bytes_under_one_name_are_no_confusion(catalog: Catalog, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        lora(tmp_path / "models" / folder / "foo.safetensors", seed=1)
    registered(catalog, tmp_path / "models")
    assert look(catalog, "names") == {}


def test_renames_make_names_different(catalog: Catalog, tmp_path: Path) -> None:
    from loradex.operations.hash_pass import hash_pass  # noqa: PLC0415

    for number, folder in enumerate("ab"):
        lora(tmp_path / "models" / folder / "foo.safetensors", seed=number)
    registered(catalog, tmp_path / "models")
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())
    mend(catalog, "names")
    assert look(catalog, "names") == {}
    assert len(list((tmp_path / "models").rglob("foo-*.safetensors"))) == 1


def test_a_drive_that_is_away_is_no_fault(catalog: Catalog, comfy: Path) -> None:
    registered(catalog, comfy)
    comfy.rename(comfy.with_name("away"))
    found = look(catalog)
    assert [finding.level for finding in found["offline"]] == [Level.ADVICE]
    assert {"missing", "changed", "permissions", "sidecars"}.isdisjoint(found)


def test_files_that_went_or_changed_are_told_before_a_scan(catalog: Catalog, comfy: Path) -> None:
    lora(comfy / "loras" / "other.safetensors", seed=2)
    registered(catalog, comfy)
    (comfy / "loras" / "neon.safetensors").unlink()
    os.truncate(comfy / "loras" / "other.safetensors", 500)
    words = sorted(finding.what for finding in look(catalog, "changed")["changed"])
    assert [word.partition(" ")[2][:8] for word in words] == ["has only", "is not t"]
    rescan(catalog)
    found = look(catalog)
    assert len(found["missing"]) == 1
    # Its sidecars are orphans now, the ambiguous ones too.
    assert {Path(str(f.path)).name for f in found["sidecars"]} == {
        "neon.civitai.info", "neon.preview.png", "neon.json", "neon.txt",
    }  # fmt: skip


@pytest.mark.parametrize(
    "say",
    [
        lambda catalog: annotate.tag(catalog, [1], add=["keep"]),
        lambda catalog: add_words(catalog, 1, ["rim light"], None),
        lambda catalog: catalog.preferences.set([1], {"strength": 0.7}),
    ],
    ids=["a tag", "a trigger word", "a preference"],
)
def test_models_without_any_file(
    catalog: Catalog, comfy: Path, say: Callable[[Catalog], None]
) -> None:
    from loradex.operations.hash_pass import hash_pass  # noqa: PLC0415

    registered(catalog, comfy)
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())
    say(catalog)
    catalog.files.remove_library(catalog.files.libraries()[0].id)
    (finding,) = look(catalog, "placeless")["placeless"]
    assert "of yours" in finding.what
    assert finding.level is Level.ADVICE


def test_deep_reads_headers_again(catalog: Catalog, comfy: Path) -> None:
    path = comfy / "loras" / "neon.safetensors"
    registered(catalog, comfy)
    before = path.stat()
    path.write_bytes(b"\x00" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(catalog, "unreadable") == {}
    (finding,) = look(catalog, "unreadable", deep=True)["unreadable"]
    assert finding.level is Level.SERIOUS


def damage_pages(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096 * 10)
        file.write(os.urandom(4096 * 6))


def lose_search(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM content_fts")


def dangle(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO content_tag(content_id, tag_id, source, removed, confidence, detail,"
            " added_at) VALUES (999, 999, 'person', 0, 1, '', 0)"
        )


def no_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


@pytest.mark.parametrize(
    ("spoil", "level", "words"),
    [
        (damage_pages, Level.SERIOUS, "damaged"),
        (lose_search, Level.FAULT, "search"),
        (dangle, Level.SERIOUS, "rows that are not there"),
        (no_wal, Level.FAULT, "wait for each other"),
    ],
)
def test_a_catalog_that_is_not_well(
    home: Home, comfy: Path, spoil: Callable[[Path], None], level: Level, words: str
) -> None:
    with Catalog.open(home) as catalog:
        registered(catalog, comfy)
    spoil(home.catalog)
    answers = examine(subject_of(home, None), chosen(["catalog"]))
    assert [finding.level for finding in answers[0].findings] == [level]
    assert words in answers[0].findings[0].what
    assert answers[0].findings[0].mend


@pytest.mark.parametrize("spoil", [lose_search, no_wal])
def test_the_catalog_is_mended_after_a_copy(
    home: Home, comfy: Path, spoil: Callable[[Path], None]
) -> None:
    with Catalog.open(home) as catalog:
        registered(catalog, comfy)
        for number in range(300):
            catalog.person.set_note(1, f"{number} " * 2000)
        catalog.person.set_note(1, "short")
    spoil(home.catalog)
    copy, _ = mend_catalog(home, SilentSink(), CancelToken())
    assert copy.exists()
    facts = look_at_database(home.catalog, seconds=None)
    assert (facts.fault, facts.unsearchable, facts.journal, facts.free) == (None, 0, "wal", 0)
    with Catalog.open(home) as catalog:
        assert [row.name for row in catalog.search("neon").rows] == ["neon"]
        assert [row.name for row in catalog.search("short").rows] == ["neon"]


def test_a_look_at_a_large_catalog_ends_in_time(home: Home, comfy: Path) -> None:
    with Catalog.open(home) as catalog:
        registered(catalog, comfy)
    facts = look_at_database(home.catalog, seconds=-1)
    assert (facts.fault, facts.complete) in {(None, False), (None, True)}
    assert look_at_database(home.catalog, seconds=None).complete


def test_copies_that_are_missing_or_old_are_told(catalog: Catalog, comfy: Path) -> None:
    registered(catalog, comfy)
    assert "no copy" in look(catalog, "backups")["backups"][0].what
    made = back_up(catalog.home)
    assert look(catalog, "backups") == {}
    made.rename(made.with_name("catalog-20250101-000000.db"))
    assert "days old" in look(catalog, "backups")["backups"][0].what


def test_a_home_that_is_open_to_others(catalog: Catalog) -> None:
    home = catalog.home
    home.keys.write_text("{}")
    home.keys.chmod(0o644)
    home.plugins.mkdir()
    home.plugins.chmod(0o777)
    left = home.root / ".restoring-abcd.db"
    left.write_bytes(b"")
    os.utime(left, (1, 1))
    found = look(catalog, "home")["home"]
    assert [finding.level for finding in found] == [Level.SERIOUS, Level.SERIOUS, Level.ADVICE]
    assert all(finding.mend for finding in found)


def test_settings_and_plugins_that_do_not_work(catalog: Catalog, home: Home) -> None:
    home.plugins.mkdir()
    (home.plugins / "broken.py").write_text("this is no python")
    home.settings.write_text("hub_url = ")
    subject = Subject(home, catalog, None, sink=SilentSink(), cancel=CancelToken())
    found = {a.check.name: a for a in examine(subject, chosen(["settings", "plugins"]))}
    assert set(found) == {"settings", "plugins"}
    assert "broken" in found["plugins"].findings[0].what


def test_rules_for_tags_that_cannot_be_used(catalog: Catalog) -> None:
    assert look(catalog, "settings") == {}
    catalog.home.tagging.write_text("[rule.x\n")
    (finding,) = look(catalog, "settings")["settings"]
    assert (finding.level, finding.path) == (Level.FAULT, str(catalog.home.tagging))


def test_a_network_disk_is_known_by_its_mount(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path} nfs4 rw 0 0\nnonsense\n"
        f"tmpfs {tmp_path}/fast\\040disk tmpfs rw 0 0\n"
    )
    assert database._network(tmp_path / "home" / "catalog.db", mounts) == "nfs4"
    assert database._network(tmp_path / "fast disk" / "catalog.db", mounts) is None
    assert database._network(Path("/somewhere/catalog.db"), mounts) is None


def test_it_can_be_stopped(catalog: Catalog, comfy: Path) -> None:
    registered(catalog, comfy)
    cancel = CancelToken()
    cancel.cancel()
    subject = Subject(catalog.home, catalog, None, sink=SilentSink(), cancel=cancel)
    with pytest.raises(Cancelled):
        examine(subject, chosen([]))


def test_every_check_has_words_of_its_own() -> None:
    assert len({check.title for check in CHECKS.values()}) == len(CHECKS)
    assert all(check.why.endswith(".") for check in CHECKS.values())


def test_a_hostile_name_is_found_like_any(catalog: Catalog, comfy: Path) -> None:
    name = os.fsdecode(b"\xff\x1b[31m") + ".civitai.info"
    (comfy / "loras" / name).write_text("{}")
    registered(catalog, comfy)
    (kept,) = mend(catalog, "sidecars")
    assert kept.plan.conflicts == ()
    assert not (comfy / "loras" / name).exists()

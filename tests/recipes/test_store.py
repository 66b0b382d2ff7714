"""Recipes in the catalog: counted once, tied to models that come and go, forgotten on request."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from catalog_kit import look
from loradex.catalog.catalog import Catalog
from loradex.domain.generation import ModelRole, NamedModel
from loradex.domain.picture_recipes import SeenPicture
from loradex.domain.progress import CancelToken, Progress, SilentSink
from loradex.errors import BadReference, Cancelled
from loradex.operations.recipes.gone import gone_pictures
from loradex.operations.recipes.importing import ImportReport, import_recipes
from loradex.paths import Home
from recipes.making import A1111, HUB, png, write_json
from recipes.test_matching import A, B, digests, hashed, keep, picture, scanned

LORA = ModelRole.LORA


@pytest.fixture
def catalog(home: Home) -> Catalog:
    return Catalog.open(home)


def imported(catalog: Catalog, *places: Path, **options: bool) -> ImportReport:
    return import_recipes(
        catalog,
        [os.fsencode(place) for place in places],
        sink=SilentSink(),
        cancel=CancelToken(),
        **options,  # type: ignore[arg-type]
    )


def neon(seed: int = 1, strength: float = 0.8) -> dict[str, str]:
    text = f"x <lora:neon:{strength}>\nSteps: 20, Seed: {seed}, CFG scale: 7, Model: base"
    return {"parameters": text}


def test_uses_are_counted_with_dates_and_strengths(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    keep(
        catalog,
        picture(1, NamedModel(LORA, "neon", strength=0.9), made=100.0),
        picture(2, NamedModel(LORA, "neon", strength=0.6), made=300.0),
        picture(3, NamedModel(LORA, "neon"), made=200.0),
        picture(4, NamedModel(LORA, "neon", strength=3.0), own=True, made=900.0),
        picture(5, NamedModel(LORA, "other", strength=1.0), made=800.0),
    )
    uses = catalog.recipes.uses(content)
    assert uses is not None
    assert (uses.pictures, uses.first, uses.last) == (3, 100.0, 300.0)
    assert (uses.strength_low, uses.strength_high) == (0.6, 0.9)
    assert [recipe.id for recipe in catalog.recipes.recipes(content)] == [4, 2, 3, 1]
    assert catalog.recipes.count() == 5


def test_a_picture_that_names_a_model_twice_uses_it_once(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    hashed(catalog, content, A)
    keep(catalog, picture(1, NamedModel(LORA, "neon"), NamedModel(LORA, "x", A.autov2)))
    uses = catalog.recipes.uses(content)
    assert uses is not None
    assert uses.pictures == 1


def test_a_model_that_comes_later_finds_its_pictures(catalog: Catalog) -> None:
    keep(catalog, picture(1, NamedModel(LORA, "neon", A.autov2)))
    assert [each.why for each in catalog.recipes.missing()] == ["unknown"]
    (content,) = scanned(catalog, look("another name.safetensors", 1))
    assert catalog.recipes.uses(content) is None
    hashed(catalog, content, A)
    assert catalog.recipes.uses(content) is not None
    assert catalog.recipes.missing() == []


def test_a_name_alone_gives_way_to_the_bytes(catalog: Catalog) -> None:
    first, second = scanned(catalog, look("neon.safetensors", 1), look("other.safetensors", 2))
    keep(catalog, picture(1, NamedModel(LORA, "neon", B.autov2)))
    assert catalog.recipes.uses(first) is not None
    hashed(catalog, first, A)
    assert catalog.recipes.uses(first) is None
    hashed(catalog, second, B)
    assert catalog.recipes.uses(second) is not None
    assert catalog.recipes.missing() == []


def test_contents_that_merge_keep_their_pictures(catalog: Catalog) -> None:
    first, second = scanned(catalog, look("neon.safetensors", 1), look("rain.safetensors", 2))
    keep(catalog, picture(1, NamedModel(LORA, "neon")), picture(2, NamedModel(LORA, "rain")))
    hashed(catalog, first, A)
    hashed(catalog, second, A)
    uses = catalog.recipes.uses(first)
    assert uses is not None
    assert uses.pictures == 2


def test_a_second_model_of_the_name_makes_it_ambiguous(catalog: Catalog) -> None:
    (first,) = scanned(catalog, look("a/neon.safetensors", 1))
    keep(catalog, picture(1, NamedModel(LORA, "neon")))
    assert catalog.recipes.uses(first) is not None
    scanned(catalog, look("b/neon.safetensors", 2))
    assert catalog.recipes.uses(first) is None
    assert [each.why for each in catalog.recipes.missing()] == ["ambiguous"]


def test_what_was_deleted_is_missing_though_it_is_known(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    keep(catalog, picture(1, NamedModel(LORA, "neon")))
    library = catalog.files.libraries()[0].id
    catalog.files.mark_missing(list(catalog.files.known_files(library).values()))
    (gone,) = catalog.recipes.missing()
    assert (gone.why, gone.candidates) == ("gone", (content,))
    assert catalog.recipes.uses(content) is not None


def test_an_import_that_was_cut_off_is_finished_by_the_next(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    catalog.recipes.record([picture(1, NamedModel(LORA, "neon"))])
    assert catalog.recipes.uses(content) is None
    catalog.recipes.settle_if_needed()
    assert catalog.recipes.uses(content) is not None


def test_matching_again_comes_to_the_same(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    keep(catalog, picture(1, NamedModel(LORA, "neon")), picture(2, NamedModel(LORA, "x")))
    before = (catalog.recipes.uses(content), catalog.recipes.recipes())
    catalog.recipes.match_again()
    assert (catalog.recipes.uses(content), catalog.recipes.recipes()) == before


def test_forgetting_touches_no_picture(catalog: Catalog, tmp_path: Path) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    path = png(tmp_path / "a.png", neon())
    before = path.read_bytes()
    imported(catalog, tmp_path)
    assert catalog.recipes.uses(content) is not None
    (recipe,) = catalog.recipes.recipes()
    assert catalog.recipes.forget([recipe.id]) == 1
    assert catalog.recipes.uses(content) is None
    assert catalog.recipes.missing() == []
    assert path.read_bytes() == before
    with pytest.raises(BadReference, match="no recipe"):
        catalog.recipes.recipe(recipe.id)


def test_a_folder_is_imported_once(catalog: Catalog, tmp_path: Path) -> None:
    for number in range(3):
        png(tmp_path / "deep" / f"{number}.png", neon(number))
    png(tmp_path / "photo.png", {})
    png(tmp_path / ".thumbs" / "hidden.png", neon(9))
    (tmp_path / "bad.png").write_bytes(b"no picture")
    first = imported(catalog, tmp_path)
    assert (first.found, first.recipes, first.silent, len(first.problems)) == (5, 3, 2, 1)
    again = imported(catalog, tmp_path, tmp_path / "photo.png")
    assert (again.found, again.unchanged, again.recipes) == (5, 5, 0)
    assert imported(catalog, tmp_path, again=True).recipes == 3
    assert catalog.recipes.count() == 3


def test_a_dry_run_keeps_nothing(catalog: Catalog, tmp_path: Path) -> None:
    png(tmp_path / "a.png", neon())
    assert imported(catalog, tmp_path, dry_run=True).recipes == 1
    assert catalog.recipes.count() == 0


def test_a_changed_picture_is_read_again(catalog: Catalog, tmp_path: Path) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    path = png(tmp_path / "a.png", neon())
    imported(catalog, path)
    png(path, {"parameters": "other\nSteps: 20, Seed: 1, CFG scale: 7"})
    os.utime(path, ns=(1, 1))
    imported(catalog, path)
    (recipe,) = catalog.recipes.recipes()
    assert (recipe.id, recipe.prompt, recipe.models) == (1, "other", ())
    assert catalog.recipes.uses(content) is None


def test_copies_count_once_and_moves_keep_the_recipe(catalog: Catalog, tmp_path: Path) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    path = png(tmp_path / "a.png", neon())
    shutil.copy(path, tmp_path / "copy.png")
    imported(catalog, tmp_path)
    uses = catalog.recipes.uses(content)
    assert uses is not None
    assert (uses.pictures, catalog.recipes.count()) == (1, 2)
    (tmp_path / "copy.png").unlink()
    catalog.recipes.forget(gone_pictures(catalog, CancelToken()))
    (tmp_path / "new").mkdir()
    path.rename(tmp_path / "new" / "b.png")
    imported(catalog, tmp_path)
    (recipe,) = catalog.recipes.recipes()
    assert (recipe.id, recipe.path) == (1, str(tmp_path / "new" / "b.png"))


def test_pictures_of_a_drive_that_is_away_are_not_gone(catalog: Catalog, tmp_path: Path) -> None:
    png(tmp_path / "drive" / "a.png", neon())
    png(tmp_path / "here" / "a.png", neon(2))
    imported(catalog, tmp_path)
    shutil.rmtree(tmp_path / "drive")
    (tmp_path / "here" / "a.png").unlink()
    gone = gone_pictures(catalog, CancelToken())
    assert [catalog.recipes.recipe(id_).path for id_ in gone] == [str(tmp_path / "here" / "a.png")]


def test_a_hubs_answer_gives_a_recipe_for_each_picture(catalog: Catalog, tmp_path: Path) -> None:
    path = write_json(tmp_path / "images.json", HUB)
    imported(catalog, path)
    paths = {recipe.path for recipe in catalog.recipes.recipes()}
    assert paths == {str(path), f"{path}#2"}
    assert gone_pictures(catalog, CancelToken()) == []
    assert imported(catalog, path).unchanged == 1


def test_names_that_are_no_unicode(catalog: Catalog, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\xfe.png"
    png(tmp_path / "a.png", {"parameters": A1111.replace("rain", "r\x1b[31m")})
    (tmp_path / "a.png").rename(os.fsdecode(path))
    imported(catalog, tmp_path)
    (recipe,) = catalog.recipes.recipes()
    assert recipe.path.endswith("\\udcff\\udcfe.png")
    assert imported(catalog, tmp_path).unchanged == 1


class StopAt(SilentSink):
    def __init__(self, cancel: CancelToken, done: int) -> None:
        self._cancel, self._done = cancel, done

    def progress(self, event: Progress) -> None:
        if event.total is not None and event.done >= self._done:
            self._cancel.cancel()


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_read_is_kept_when_it_is_stopped(
    catalog: Catalog, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.operations.recipes.importing._WORTH_A_POOL", 100)
    first = png(tmp_path / "0.png", neon()).read_bytes()
    for number in range(1, 400):
        (tmp_path / f"{number}.png").write_bytes(first.replace(b"Seed: 1,", b"Seed: %d," % number))
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        import_recipes(
            catalog, [os.fsencode(tmp_path)], workers=workers, sink=StopAt(cancel, 100),
            cancel=cancel,
        )  # fmt: skip
    kept = catalog.recipes.count()
    assert 100 <= kept < 400
    rest = import_recipes(
        catalog, [os.fsencode(tmp_path)], workers=workers, sink=SilentSink(), cancel=CancelToken()
    )
    assert (rest.unchanged, rest.recipes) == (kept, 400 - kept)


def test_partners_are_told(catalog: Catalog) -> None:
    scanned(catalog, look("neon.safetensors", 1), look("base.safetensors", 2, kind="checkpoint"))
    keep(
        catalog,
        picture(1, NamedModel(LORA, "neon"), NamedModel(ModelRole.CHECKPOINT, "base")),
        picture(2, NamedModel(LORA, "neon")),
    )
    assert catalog.recipes.partners(1, 5) == [(2, "base", "checkpoint", 1)]


def test_what_is_missing_is_summed_up(catalog: Catalog) -> None:
    keep(
        catalog,
        picture(1, NamedModel(LORA, "a/neon.safetensors", strength=0.5)),
        picture(2, NamedModel(LORA, "neon", strength=0.9)),
        picture(3, NamedModel(LORA, "rain", "9" * 12)),
        picture(4, NamedModel(LORA, "own", "8" * 12), own=True),
    )
    told = [
        (each.name, each.pictures, each.strength_low, each.strength_high)
        for each in catalog.recipes.missing()
    ]
    assert told == [("neon", 2, 0.5, 0.9), ("rain", 1, None, None)]


def test_a_picture_without_a_recipe_is_no_use(catalog: Catalog) -> None:
    keep(catalog, SeenPicture(b"/pictures/photo.png", 1, 1, None))
    assert (catalog.recipes.count(), catalog.recipes.missing()) == (0, [])


def test_uses_of_many_are_counted_by_index(catalog: Catalog) -> None:
    (content,) = scanned(catalog, look("neon.safetensors", 1))
    hashed(catalog, content, digests("a1"))
    keep(catalog, picture(1, NamedModel(LORA, "neon")))
    for where in ("uses > 5", "last_used > 5"):
        (plan,) = catalog.recipes._reader.rows_of(
            f"EXPLAIN QUERY PLAN SELECT content_id FROM content_use WHERE {where}"
        )
        assert "USING COVERING INDEX" in str(plan[3])

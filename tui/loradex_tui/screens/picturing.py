"""What the library does with pictures: the gallery, one picture large, models side by side."""

from __future__ import annotations

from loradex_tui.pictures.finding import picture_here, picture_of_hub
from loradex_tui.screens.large_picture import LargePictureScreen
from loradex_tui.screens.models_place import ModelsPlace
from loradex_tui.widgets.gallery import Gallery
from loradex_tui.widgets.model_list import ModelList

GALLERY = "-gallery"
"""The class of a screen that shows its models as pictures."""


class Picturing(ModelsPlace):
    """Actions that show pictures. The gallery shares the rows and the marks of the list."""

    DEFAULT_CSS = """
    Picturing #gallery { display: none; height: 1fr; }
    Picturing.-gallery #gallery { display: block; }
    Picturing.-gallery #list, Picturing.-gallery ListHead { display: none; }
    Picturing.-empty #gallery { height: 0; }
    """

    def make_gallery(self, beside: ModelList) -> Gallery:
        """Return the gallery that shows what `beside` lists."""
        app = self.place_app
        load = app.picture_store.load
        return Gallery(
            beside,
            lambda row: picture_here(app.catalog, app.hub_access, row, load),
            lambda row: picture_of_hub(app.hub_access, row, load),
            app.pictures,
            id="gallery",
        )

    @property
    def models(self) -> ModelList:
        """The list, or the gallery in its place."""
        wanted = "#gallery" if self.has_class(GALLERY) else "#list"
        return self.query_one(wanted, ModelList)

    def look_for_pictures(self) -> None:
        """Something was drawn or fetched: there may be new pictures."""
        self.query_one(Gallery).forget_pictures()

    def do_view(self) -> None:
        """Show pictures instead of lines, or lines again; cursor and marks stay."""
        before = self.models
        ids, here, focused = before.window.ids, before.current_id, before.has_focus
        before.end_range()
        self.toggle_class(GALLERY)
        self.models.show_ids(ids, here if here is not None else -1)
        if focused or self.focused is None:
            self.set_focus(self.models)

    def do_large(self) -> None:
        """Show the picture of the model under the cursor as large as the terminal."""
        ids, index = self.models.window.ids, self.models.cursor
        screen = LargePictureScreen(ids, index)

        def back(_nothing: None) -> None:
            if screen.index < self.models.line_count:
                self.models.move_to(screen.index)

        self.app.push_screen(screen, back)

    def do_compare(self) -> None:
        """Show the marked models side by side."""
        from loradex_tui.screens.compare import CompareScreen  # noqa: PLC0415 - much is behind it

        order = [id_ for id_ in self.models.window.ids if id_ in self.models.marks]
        hidden = sorted(self.models.marks.difference(order))
        screen = CompareScreen([*order, *hidden])

        def back(_nothing: None) -> None:
            if screen.wants_grid:
                self.action_do("render", "library")

        self.app.push_screen(screen, back)

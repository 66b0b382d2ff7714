"""Recipes: what pictures say they were made with, and the counts that follow from it.

A person's pictures are only read. What they name is kept apart from what the catalog has, so that
a model that comes later finds the pictures that named it.
"""

from sqlalchemy import text
from sqlmodel import Field, Index, UniqueConstraint

from loradex.catalog.tables.naming import NEVER_REUSED, Table


class RecipeRow(Table, table=True):
    """A picture that was read, and the recipe in it.

    `raw_path` is the absolute path as bytes; with `size` and `mtime_ns` it tells whether the
    picture has to be read again. A picture that tells nothing has an empty `tool` and is no recipe;
    `problem` says what was wrong with it. `own` marks the cells of our grids, which are no uses.
    `print` is the digest of size and recipe: copies of one picture share it and count once.
    """

    __tablename__ = "recipe"
    __table_args__ = (
        Index(None, "made_at"),
        Index(None, "print"),
        Index("ix_recipe_uncounted", "id", sqlite_where=text("NOT counted")),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, primary_key=True)
    raw_path: bytes = Field(unique=True)
    path: str
    """For people."""
    size: int
    mtime_ns: int
    tool: str = ""
    """`a1111`, `comfyui`, `invokeai` …; empty where the picture tells nothing."""
    made_at: float
    """When the picture was made: what its text says, else the file's time of change."""
    imported_at: float
    own: bool = False
    print: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    settings: str = "{}"
    """JSON object of texts: seed, steps, sampler, guidance_scale, width, height …"""
    problem: str | None = None
    counted: bool = False
    """Whether `content_use` has it already: an import counts thousands of pictures at once."""


class RecipeModel(Table, table=True):
    """A model as recipes name it: one row for all that name it alike.

    `content_id` is the model of the library that this is, None while there is none. `matched_by`
    says how that is known (`sha256`, `autov3`, `version`, `file name` …) and `confidence` how
    surely, from 0 to 1. Without a content, `matched_by` may be `ambiguous` (several models have
    that name) or `other bytes` (one has that name, but not that hash); `candidates` is the JSON
    list of their ids.
    """

    __tablename__ = "recipe_model"
    __table_args__ = (
        UniqueConstraint("role", "name", "hash", "version_id", "model_id"),
        Index(None, "name_key"),
        Index(None, "hash"),
        Index(None, "version_id"),
        Index(None, "content_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    role: str
    """`checkpoint`, `lora`, `embedding`, `vae`, `controlnet` …"""
    name: str = ""
    """As the pictures have it: a file, with its folders or without, or a hub's name."""
    name_key: str = ""
    """The name as it is compared: the last part without its ending, case folded."""
    hash: str = ""
    """Lower-case hex of 8 to 64 digits; empty where none is told."""
    version_id: int = 0
    """CivitAI's model version; 0 where none is told."""
    model_id: int = 0
    content_id: int | None = Field(default=None, foreign_key="content.id", ondelete="SET NULL")
    matched_by: str = ""
    confidence: float = 0.0
    candidates: str = "[]"


class RecipeUse(Table, table=True):
    """A recipe uses a model, at these strengths (None where the picture does not tell)."""

    __tablename__ = "recipe_use"
    __table_args__ = (Index(None, "recipe_model_id", "recipe_id"),)

    recipe_id: int = Field(primary_key=True, foreign_key="recipe.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    recipe_model_id: int = Field(foreign_key="recipe_model.id", ondelete="CASCADE")
    strength: float | None = None
    strength_clip: float | None = None


class ContentUse(Table, table=True):
    """In how many pictures a content was used. A content without a row was used in none.

    Derived from the recipes in the transaction that changes them, so that `uses:` and `used:` are
    one indexed look. Copies of a picture count once, cells of our own grids not at all.
    """

    __tablename__ = "content_use"

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    uses: int = Field(index=True)
    """Pictures; always 1 or more."""
    first_used: float
    last_used: float = Field(index=True)
    """Unix time of the newest of these pictures."""
    strength_low: float | None = None
    strength_high: float | None = None


class OutputName(Table, table=True):
    """The name that the trainer gave a LoRA (`ss_output_name`), which prompts may call it by.

    `name_key` is folded like `recipe_model.name_key`, and empty where the header has none. A
    content without a row was not looked at yet.
    """

    __tablename__ = "output_name"
    __table_args__ = (Index(None, "name_key"),)

    content_id: int = Field(primary_key=True, foreign_key="content.id", ondelete="CASCADE")
    name_key: str

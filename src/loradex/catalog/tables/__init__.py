"""The schema. Content is what a person's work hangs on; a file is only where it was last seen."""

from sqlmodel import SQLModel

from loradex.catalog.tables.content import Content, ContentHeader, EvidenceFact, TriggerWordFact
from loradex.catalog.tables.finding import ContentPlace, Folder, Training
from loradex.catalog.tables.hub import (
    HubFileRow,
    HubIgnored,
    HubImageRow,
    HubModelRow,
    HubVersionRow,
    Match,
    Miss,
)
from loradex.catalog.tables.person import (
    Annotation,
    Collection,
    CollectionMember,
    ContentTag,
    CustomField,
    CustomValue,
    TagName,
)
from loradex.catalog.tables.places import File, LibraryRow
from loradex.catalog.tables.recipes import (
    ContentUse,
    OutputName,
    RecipeModel,
    RecipeRow,
    RecipeUse,
)
from loradex.catalog.tables.render import (
    Grid,
    GridCell,
    GridModelRow,
    Render,
    Verdict,
    VerdictFinding,
)
from loradex.catalog.tables.sidecars import SidecarExport, SidecarHub, SidecarRow, SidecarWrite
from loradex.catalog.tables.tagging import (
    ContentStrength,
    Preference,
    TagAlias,
    TagEffective,
    TagParent,
    WordChoice,
    WordGroup,
)
from loradex.catalog.tables.work import DownloadRow, Job, JournalEntry, Plan, PlanConflict, ServeKey

metadata = SQLModel.metadata

__all__ = [
    "Annotation",
    "Collection",
    "CollectionMember",
    "Content",
    "ContentHeader",
    "ContentPlace",
    "ContentStrength",
    "ContentTag",
    "ContentUse",
    "CustomField",
    "CustomValue",
    "DownloadRow",
    "EvidenceFact",
    "File",
    "Folder",
    "Grid",
    "GridCell",
    "GridModelRow",
    "HubFileRow",
    "HubIgnored",
    "HubImageRow",
    "HubModelRow",
    "HubVersionRow",
    "Job",
    "JournalEntry",
    "LibraryRow",
    "Match",
    "Miss",
    "OutputName",
    "Plan",
    "PlanConflict",
    "Preference",
    "RecipeModel",
    "RecipeRow",
    "RecipeUse",
    "Render",
    "ServeKey",
    "SidecarExport",
    "SidecarHub",
    "SidecarRow",
    "SidecarWrite",
    "TagAlias",
    "TagEffective",
    "TagName",
    "TagParent",
    "Training",
    "TriggerWordFact",
    "Verdict",
    "VerdictFinding",
    "WordChoice",
    "WordGroup",
    "metadata",
]

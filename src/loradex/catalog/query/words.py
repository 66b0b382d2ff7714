"""The words that a person may type for kinds, base models, states and levels."""

from __future__ import annotations

from collections.abc import Mapping

from loradex.domain.content_level import BLOCKED, PG, PG13, XXX, R, X
from loradex.domain.kinds import BaseModel, ModelKind

KIND_WORDS: Mapping[str, str] = {
    **{kind.value: kind.value for kind in ModelKind},
    "ckpt": "checkpoint", "checkpoints": "checkpoint", "model": "checkpoint",
    "unet": "diffusion_model", "diffusion": "diffusion_model", "transformer": "diffusion_model",
    "loras": "lora", "locon": "lora", "lycoris": "lora",
    "ti": "embedding", "textual_inversion": "embedding", "embeddings": "embedding",
    "cn": "controlnet", "t2i": "t2i_adapter", "ipadapter": "ip_adapter",
    "clip": "text_encoder", "motion": "motion_module", "style": "style_model",
}  # fmt: skip
BASE_WORDS: Mapping[str, str] = {
    **{base.value: base.value for base in BaseModel},
    "sd15": "sd1", "sd1.5": "sd1", "sd-1.5": "sd1", "sd2.1": "sd2", "sd21": "sd2",
    "xl": "sdxl", "sd3.5": "sd3", "sd35": "sd3", "flux": "flux1", "flux.1": "flux1",
    "flux.2": "flux2", "qwen": "qwen-image", "zimage": "z-image", "lumina": "lumina2",
}  # fmt: skip
DERIVATIVES = ("pony", "illustrious", "noobai", "animagine")

PLACE_STATES = ("present", "growing", "unreadable", "offline", "missing")

LEVELS: Mapping[str, int] = {
    "pg": PG, "pg13": PG13, "pg-13": PG13, "safe": PG13, "r": R, "x": X, "xxx": XXX,
    "blocked": BLOCKED,
}  # fmt: skip
"""A level's name to its bit; a model's level is that of its strongest picture."""

YES = frozenset({"yes", "true", "on", "1"})
NO = frozenset({"no", "false", "off", "0"})

_DRAWN = (
    "SELECT content_id FROM grid_model JOIN cell ON cell.grid_id = grid_model.grid_id"
    " JOIN render ON render.key = cell.key WHERE render.path IS NOT NULL"
)
"""Models with at least one picture."""
_TESTED = f"{_DRAWN} UNION ALL SELECT content_id FROM verdict WHERE source = 'probe'"
"""Models that were drawn or probed."""
_UNTAGGED = "SELECT id FROM content WHERE tags = '[]'"
_UNHASHED = "SELECT id FROM content WHERE sha256 IS NULL"
_USED = "SELECT content_id FROM content_use"
_GONE = (
    "SELECT match.content_id FROM match LEFT JOIN hub_version AS v ON v.hub = match.hub"
    " AND v.id = match.version_id LEFT JOIN hub_model AS m ON m.hub = match.hub"
    " AND m.id = match.model_id WHERE v.gone_at IS NOT NULL OR m.gone_at IS NOT NULL"
)

STATES: Mapping[str, str] = {
    "favourite": "content.favourite = 1",
    "favorite": "content.favourite = 1",
    "matched": "content.matched = 1",
    "unmatched": "content.matched = 0",
    "untagged": f"content.id IN ({_UNTAGGED})",
    "tagged": f"content.id NOT IN ({_UNTAGGED})",
    "rated": "content.rating IS NOT NULL",
    "unrated": "content.rating IS NULL",
    "noted": "content.id IN (SELECT content_id FROM annotation WHERE note <> '')",
    "present": "content.state = 'present'",
    "missing": "content.state = 'missing'",
    "offline": "content.state = 'offline'",
    "unreadable": "content.state = 'unreadable'",
    "broken": "(content.broken = 1 OR content.state = 'unreadable')",
    "duplicate": "content.copies > 1",
    "hashed": f"content.id NOT IN ({_UNHASHED})",
    "unhashed": f"content.id IN ({_UNHASHED})",
    "unknown": "(content.kind = 'unknown' OR content.base IS NULL)",
    "dora": "content.dora = 1",
    "partial": "content.partial = 1",
    "tested": f"content.id IN ({_TESTED})",
    "untested": f"content.id NOT IN ({_TESTED})",
    "used": f"content.id IN ({_USED})",
    "unused": f"content.id NOT IN ({_USED})",
    "gone": f"content.id IN ({_GONE})",
    "unsafe": "content.safety IN ('suspicious', 'dangerous', 'broken', 'unscanned')",
}

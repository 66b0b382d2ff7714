"""`FULLNAME.rgthree-info.json` of rgthree-comfy, which keeps where each trigger word comes from."""

from __future__ import annotations

from loradex.domain.sidecar_hub import version_claims
from loradex.domain.sidecar_values import digest, entries, line, lines, table
from loradex.plugin_api import SidecarClaims, SidecarDocument, hookimpl

LORADEX_API = "1.2"


class Rgthree:
    """The dialect of rgthree-comfy. It is read only: the tool makes it anew from the hub."""

    name = "rgthree"
    label = "rgthree-comfy"
    suffix = ".rgthree-info.json"
    after_full_name = True
    rank = 30

    def read(self, document: SidecarDocument) -> SidecarClaims | None:
        """Return what the tool knows; words that a person added come first."""
        value = table(document.value)
        hub = version_claims(table(value.get("raw")).get("civitai"))
        sha256 = digest(value.get("sha256"), 64)
        words = [table(word) for word in entries(value.get("trainedWords"))]
        own = [word for word in words if word.get("user")]
        told = [word for word in words if word.get("civitai") and not word.get("user")]
        return SidecarClaims(
            sha256=(sha256,) if sha256 else hub.sha256,
            tensor_hash=hub.tensor_hash,
            file_name=line(value.get("file")).replace("\\", "/").rpartition("/")[2],
            model_id=hub.model_id,
            version_id=hub.version_id,
            hub_version=hub.hub_version,
            title=line(value.get("name")),
            model_name=hub.model_name,
            version_name=hub.version_name,
            model_type=line(value.get("type")) or hub.model_type,
            base_model=line(value.get("baseModel")) or hub.base_model,
            creator=hub.creator,
            description=hub.description,
            version_description=hub.version_description,
            # Captions that the file was trained on are read from the file itself.
            words=lines([word.get("word") for word in (*own, *told)]) or hub.words,
            tags=hub.tags,
            content_level=hub.content_level,
        )


@hookimpl
def sidecar_dialect() -> list[Rgthree]:
    """Return the dialect."""
    return [Rgthree()]

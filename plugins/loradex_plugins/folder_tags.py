"""Tags from the names of folders: who sorts models into `loras/pony/Ghibli` has tagged them.

What every tool or person calls folders anyway (kinds, base models, `new`, `misc`) tells nothing
and is passed over, and so are dates, numbers, names that are whole sentences, and folders set apart
with `_` or `.` in front.
"""

from __future__ import annotations

from collections.abc import Iterator

from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.name_words import telling_words
from loradex.plugin_api import TaggerInput, TagProposal, hookimpl

LORADEX_API = "1.2"

_SURE = 0.55
"""A folder was chosen on purpose, but for all that is in it."""
_INNERMOST = 2
_MOST_WORDS = 3
_SHORTEST = 3

_KINDS = (
    "lora loras lycoris locon loha dora checkpoint checkpoints ckpt model models unet diffusion"
    " stable vae embedding embeddings textual inversion ti hypernetwork hypernetworks controlnet"
    " control net clip text encoder encoders upscaler upscalers upscale esrgan motion module"
    " modules adapter ipadapter style_models gguf safetensors"
)
_BASES = (
    "sd sdxl xl sd1 sd2 sd3 sd15 flux pony illustrious ilxl noob noobai animagine chroma qwen wan"
    " hunyuan hunyuanvideo zimage lumina sana pixart cascade kolors auraflow ltx ltxv mochi cosmos"
    " image video base bases turbo lightning dev schnell"
)
_FILING = (
    "new old misc other others various unsorted sorted todo test tests temp tmp download downloads"
    " downloaded civitai huggingface hf favorite favorites favourite favourites best good bad"
    " archive archived backup keep my mine own all ai comfyui webui forge automatic automatic1111"
    " swarmui nsfw sfw and the of for to sort sorted"
    " incoming inbox staging trash bin import imports export exports library collection pack packs"
)
_SAYS_NOTHING = frozenset(
    [*_KINDS.split(), *_BASES.split(), *_FILING.split()]
    + [word for name in (*ModelKind, *BaseModel) for word in telling_words(name.value)]
)


@hookimpl
def propose_tags(model: TaggerInput) -> Iterator[TagProposal]:
    """Yield the names of the two innermost folders that say something."""
    folders = [part for part in model.folder.split("/") if part and part[0] not in "_."]
    for folder in folders[-_INNERMOST:]:
        words = [word for word in telling_words(folder) if word not in _SAYS_NOTHING]
        if not words or len(words) > _MOST_WORDS or len("".join(words)) < _SHORTEST:
            continue
        yield TagProposal(" ".join(words), _SURE, f"It lies in the folder “{folder}”.")

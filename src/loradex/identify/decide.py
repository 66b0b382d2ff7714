"""The order of decisions: embedding, adapter, LoRA, denoiser, VAE, encoder, upscaler, unknown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from loradex.domain.header import FileFormat, Header, Shard, Tensor
from loradex.domain.identity import Identity, Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify import folder, parts, prediction, quant, refine
from loradex.identify.families import unet
from loradex.identify.kinds import adapters, embedding, encoders, upscaler, vae
from loradex.identify.lora import grouping
from loradex.identify.lora import read as lora_reader
from loradex.identify.lora.text import combine, text_base
from loradex.identify.rules import Finding, first
from loradex.identify.sizes import tensor_sizes
from loradex.identify.table import BLOCKS, MODELS, MODULES, NEAREST
from loradex.identify.view import Size, View

SizeOf = Callable[[str], Size]

_SAMPLE = 120
"""Keys that are looked at before a file is read as a LoRA."""


def decide(header: Header, file_name: str) -> Identity:
    """Return what the header is; never raises on any names, shapes or metadata."""
    if header.format is FileFormat.DIFFUSERS:
        identity = folder.read_folder(header, _of_tensors(header) if header.tensors else None)
    elif not header.tensors:
        return _unknown("no tensors in the header")
    else:
        identity = _of_tensors(header)
    if header.shard is not None:
        identity = _as_shard(identity, header.shard)
    return refine.with_metadata(identity, header, file_name)


def _as_shard(identity: Identity, shard: Shard) -> Identity:
    """Say of a model in several files which of them this is, and whether all are there.

    The first of a complete set stands for the whole; every other shard is a part only.
    """
    if shard.missing:
        shown = ", ".join(map(str, shard.missing[:10]))
        text = f"of the {shard.of} shards of {shard.name}, these are missing: {shown}"
    elif shard.number > 1:
        text = f"shard {shard.number} of {shard.of} of {shard.name}; the first stands for the whole"
    else:
        text = f"{shard.of} shards of {shard.name}, looked at together"
        reasons = tuple(reason for reason in identity.reasons if reason.field != "partial")
        return replace(identity, partial=False, reasons=(*reasons, Reason("kind", text)))
    return replace(identity, partial=True, reasons=(*identity.reasons, Reason("partial", text)))


def _unknown(text: str, candidates: tuple[BaseModel, ...] = ()) -> Identity:
    return Identity(candidates=candidates, reasons=(Reason("kind", text),))


def _of_tensors(header: Header) -> Identity:
    """Return what the tensors say.

    The models of one trainer or base share their table of tensors, and the reader of headers gives
    equal tables as one object: what was said of it is remembered for as long as it is held here.
    """
    held = _remembered.get(id(header.tensors))
    if held is None or held.tensors is not header.tensors:
        held = _remembered[id(header.tensors)] = _Seen(header.tensors)
        while len(_remembered) > _MOST_REMEMBERED:
            _remembered.pop(next(iter(_remembered)), None)
    if held.lora is not None:
        return held.lora
    # Only a LoRA is told without a look at the metadata. What the rules are given is all that
    # they could have looked at, so the answer holds wherever that is the same.
    telling = {key: header.metadata[key] for key in _TELLING if key in header.metadata}
    key = (header.format, *telling.items())
    known = held.others.get(key)
    if known is None:
        small = held.small
        bare = replace(header, tensors=held.bare, metadata=telling)
        known = _dress(small, bare, bare.tensors, ()) if small else _other_than_lora(bare)
        if len(held.others) < _MOST_REMEMBERED:
            held.others[key] = known
    return known


@dataclass(slots=True)
class _Seen:
    """A table of tensors, and what was said of it with this or that metadata."""

    tensors: Mapping[str, Tensor]
    bare: Mapping[str, Tensor] = field(init=False)
    """The same without a wrapper around all of it."""
    small: Finding | None = None
    lora: Identity | None = None
    others: dict[object, Identity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bare = parts.unwrapped(self.tensors)
        self.small = embedding.embedding(self.bare) or embedding.hypernetwork(self.bare)
        self.lora = None if self.small else _lora_of(self.bare)


_remembered: dict[int, _Seen] = {}
_MOST_REMEMBERED = 64
_TELLING = ("quantization_config", "global_step", "pickle.extra", "general.architecture")
"""The metadata that rules for other models than LoRAs are given: containers' own, no claims."""


def _lora_of(tensors: Mapping[str, Tensor]) -> Identity | None:
    if not _looks_like_lora(tensors):
        return None
    lora = lora_reader.open_lora(tensors)
    return _lora(lora, tensors) if lora.convincing else None


def _looks_like_lora(tensors: Mapping[str, Tensor]) -> bool:
    keys = list(tensors)
    step = max(2 * len(keys) // _SAMPLE, 1)
    # Two neighbours at each step: keys of one module take turns.
    sample = keys if len(keys) <= _SAMPLE else keys[::step] + keys[1::step]
    if adapters.CONTROL_LORA in tensors or any(
        key.startswith(adapters.FIRST_WORDS) for key in sample
    ):
        return False
    return 3 * sum(grouping.role_of(key) is not None for key in sample) > len(sample)


def _lora(lora: lora_reader.LoraFile, tensors: Mapping[str, Tensor]) -> Identity:
    facts = lora_reader.facts(lora)
    denoiser, texts = lora_reader.views(lora)
    blocks = first(MODULES, denoiser) if len(denoiser) else None
    base = combine(blocks, text_base(texts))
    base = base or Finding(confidence=0.0, reasons=(Reason("base", "modules of no known base"),))
    dtype, dtype_reason = quant.main_dtype(tensors.values())
    kind = Reason("kind", f"{lora.keys - len(lora.rest)} of {lora.keys} keys are a LoRA's")
    inside = [
        name for name, there in (("denoiser", len(denoiser)), ("text_encoder", texts)) if there
    ]
    reasons = [kind, *base.reasons, *facts.reasons, *([dtype_reason] if dtype_reason else [])]
    tokens = sorted({key.split(".")[1] for key in lora.rest if key.startswith("bundle_emb.")})
    if tokens:
        inside.append("embedding")
        reasons.append(Reason("parts", f"embeddings for {', '.join(tokens[:5])} are packed in"))
    variant, wide = base.variant, denoiser.takes("^img_in|img_in")
    if base.base is BaseModel.FLUX1 and wide == 128:
        variant = "control"
        reasons.append(Reason("variant", "`img_in` takes 128: a depth or canny control LoRA"))
    return Identity(
        kind=ModelKind.LORA,
        base=base.base,
        variant=variant,
        algorithm=facts.algorithm,
        dora=facts.dora,
        rank=facts.rank,
        rank_range=facts.rank_range,
        dtype=dtype,
        parts=tuple(inside),
        broken=facts.broken,
        confidence=base.confidence if base.base else 0.0,
        candidates=base.candidates,
        reasons=tuple(reasons),
    )


def _other_than_lora(header: Header) -> Identity:
    split = parts.split(header.tensors)
    size_of, packed = tensor_sizes(header)
    main = View(split.main, size_of, prefix=split.prefix, packed=packed)
    adapter = first(adapters.READERS, main)
    if adapter:
        return _dress(adapter, header, split.main, ())
    whole = first(MODELS, main) or _ema_only(split, size_of)
    if whole:
        return _denoiser(whole, header, split)
    for path, stranger, candidates in adapters.STRANGERS:
        if main.has(path):
            return _unknown(f"looks like {stranger}, which has no kind here", candidates)
    other = _second_rank(main, split, size_of, header.metadata)
    if other:
        keys = split.main or next(iter(split.others.values()), [])
        return _dress(other, header, keys, ())
    shard = _shard(main)
    if shard:
        return _denoiser(shard, header, split)
    return _unknown("no known signature among the tensor names")


def _second_rank(
    main: View, split: parts.Parts, size_of: SizeOf, metadata: Mapping[str, str]
) -> Finding | None:
    """VAE, encoders and upscalers, alone or with the prefix they wear in a bundle."""
    part_views = [main] if split.main else []
    if not split.main:
        for part in (parts.VAE, parts.TEXT, *sorted(split.others)):
            if keys := split.others.get(part):
                part_views.append(View(keys, size_of))
    for view in part_views:
        found = (
            first(vae.READERS, view)
            or encoders.vision(view)
            or encoders.text(view, metadata)
            or upscaler.upscaler(view)
        )
        if found:
            return found
    return None


_EMA_CONTEXT = "attn2to_kweight"


def _ema_only(split: parts.Parts, size_of: SizeOf) -> Finding | None:
    """A file with nothing but EMA weights of an LDM U-Net, whose names lost their dots."""
    keys = split.others.get(parts.EMA, ())
    if split.main or not keys:
        return None
    key = next((key for key in keys if key.endswith(_EMA_CONTEXT)), None)
    width = size_of(key)[1] if key else None
    base = unet.TEXT_WIDTHS.get(width or 0)
    if base is None:
        return None
    text = f"EMA weights only; `attn2to_k` takes {width}: the text width of {base.label}"
    return Finding(base=base, reasons=(Reason("base", text),))


_SHARD_CONFIDENCE = 0.9
_FRAGMENT_CONFIDENCE = 0.5
_FEW_KEYS = 24
"""Fewer keys than this are a fragment: even a small shard has more."""
_INPUTS = ("embed", "img_in", "txt_in", "proj_in", "patch", "first", "input_proj")


def _shard(main: View) -> Finding | None:
    """A middle shard has blocks and nothing else: the rules for LoRA modules read those.

    Blocks with an input of their own are a whole model of a kind that borrows these names.
    """
    # Where a quantisation hides sizes, the names alone speak.
    found = first(NEAREST if main.packed else BLOCKS, main) if len(main) > 1 else None
    if found is None:
        return None
    if found.base in unet.BASES and not main.has("attn2.to_k|attn2.to_v"):
        text = "blocks like a U-Net's, but none that reads text"
        return Finding(candidates=(found.base,), confidence=0.0, reasons=(Reason("kind", text),))
    own = [name for name in main.templates if "#" not in name]
    if any(word in name for name in own for word in _INPUTS):
        near = (found.base,) if found.base else found.candidates
        text = f"a whole model that is not known here, with blocks like {near[0].label}'s"
        return Finding(candidates=near, confidence=0.0, reasons=(Reason("kind", text),))
    sure = _SHARD_CONFIDENCE if len(main) >= _FEW_KEYS else _FRAGMENT_CONFIDENCE
    found = replace(found, partial=True, confidence=min(found.confidence, sure))
    return found.because("partial", "only blocks: one shard of several")


def _denoiser(found: Finding, header: Header, split: parts.Parts) -> Identity:
    """A whole or partial denoiser: a checkpoint when other parts are in the same file."""
    bundled = split.bundled()
    others = [part for part in (parts.EMA, "depth", "image_encoder") if split.others.get(part)]
    inside = ((parts.DENOISER,) if split.main else ()) + bundled + tuple(others)
    if found.base is None and found.kind is None and not found.partial:
        if split.main and {parts.TEXT, parts.VAE} <= set(bundled):
            # Nothing else is packed so: whatever its base, it is loaded as a whole.
            return _dress(replace(found, kind=ModelKind.CHECKPOINT), header, split.main, inside)
        unknown = _unknown(found.reasons[0].text, found.candidates)
        return replace(unknown, parts=inside)
    kind = ModelKind.CHECKPOINT if bundled else ModelKind.DIFFUSION_MODEL
    with_text = f"a denoiser with {' and '.join(bundled)}" if bundled else "a denoiser alone"
    keys = split.main or split.others.get(parts.EMA, [])
    identity = _dress(replace(found, kind=kind), header, keys, inside)
    reasons = (Reason("kind", with_text), *identity.reasons)
    return prediction.with_markers(
        replace(identity, reasons=reasons), split.others.get(parts.BUFFER, ()), header.metadata
    )


def _dress(
    found: Finding, header: Header, keys: Collection[str], inside: tuple[str, ...]
) -> Identity:
    """Turn a finding into an identity, with the dtype and quantisation of `keys`."""
    tensors = header.tensors
    dtype, dtype_reason = quant.main_dtype(tensors[key] for key in keys)
    marks = [*keys, *(key for key in ("scaled_fp8",) if key in tensors)]
    scheme, scheme_reason = quant.quantisation(
        marks, tensors, header.metadata, header.format, dtype
    )
    extra = tuple(reason for reason in (dtype_reason, scheme_reason) if reason)
    return Identity(
        kind=found.kind or ModelKind.UNKNOWN,
        base=found.base,
        variant=found.variant,
        dtype=dtype,
        quantisation=scheme,
        prediction=found.prediction,
        tokens=found.tokens,
        scale=found.scale,
        parts=inside,
        partial=found.partial,
        confidence=found.confidence,
        candidates=found.candidates,
        reasons=(*found.reasons, *_derived(found), *extra),
    )


def _derived(found: Finding) -> tuple[Reason, ...]:
    """Reasons for fields that follow from the one sentence a rule gave."""
    told = {reason.field for reason in found.reasons}
    reasons: list[Reason] = []
    if found.base is not None and "base" not in told:
        reasons.append(Reason("base", found.reasons[0].text))
    if found.base is not None and found.prediction is not None:
        text = f"{found.base.label} is a {found.prediction} model by design"
        reasons.append(Reason("prediction", text))
    return tuple(reasons)

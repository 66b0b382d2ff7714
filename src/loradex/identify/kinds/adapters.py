"""ControlNets, IP-Adapters, T2I-Adapters and the other things that ride on a base model."""

from __future__ import annotations

from dataclasses import replace

from loradex.domain.identity import Reason
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify.families.unet import TEXT_WIDTHS
from loradex.identify.rules import Finding, Reader, Rule, Variant, either, gives, has, takes
from loradex.identify.view import View

B = BaseModel
_CONTROL, _IP = ModelKind.CONTROLNET, ModelKind.IP_ADAPTER

CONTROL_LORA = "lora_controlnet"
"""The marker tensor of a Control-LoRA."""
FIRST_WORDS = ("ip_adapter", "image_proj", "lllite", "redux_", "pulid")
"""First words of keys that are an adapter's, even where LoRA pairs outnumber them."""


def _found(
    kind: ModelKind, base: BaseModel | None, text: str, variant: str | None = None
) -> Finding:
    return Finding(kind=kind, base=base, variant=variant, reasons=(Reason("kind", text),))


def _by_text(found: Finding, view: View, path: str) -> Finding:
    """Add the base that the text width at `path` tells; nobody made adapters for the refiner."""
    width = view.takes(path)
    base = TEXT_WIDTHS.get(width or 0)
    if base is None or base is B.SDXL_REFINER:
        return found
    reason = f"`{path.split('|', maxsplit=1)[0]}` takes {width}: the text width of {base.label}"
    return replace(found, base=base).because("base", reason)


def control_lora(view: View) -> Finding | None:
    """Stability's Control-LoRA: a ControlNet whose layers are low-rank pairs."""
    if not view.has(CONTROL_LORA):
        return None
    found = _found(_CONTROL, None, "the marker `lora_controlnet` is there", "control-lora")
    return _by_text(found, view, "attn2.to_k.down|attn2.to_k")


def lllite(view: View) -> Finding | None:
    """ControlNet-LLLite of kohya, for SDXL and Anima."""
    if view.written("lllite_dit"):
        return _found(_CONTROL, B.ANIMA, "`lllite_dit` modules: LLLite for Anima", "lllite")
    if not view.written("lllite_unet"):
        return None
    if view.has("input_blocks.#|output_blocks.#|middle_block"):
        return _found(_CONTROL, B.SDXL, "`lllite_unet` on LDM blocks: LLLite for SDXL", "lllite")
    return _found(_CONTROL, None, "`lllite_unet` modules: a ControlNet-LLLite", "lllite")


def ip_adapter(view: View) -> Finding | None:
    """IP-Adapters by their picture keys `to_k_ip`, all projectors."""
    if view.has("ip_adapter_double_stream_k_proj|ip_adapter_proj_model"):
        return _found(_IP, B.FLUX1, "keys for FLUX.1's double stream: xlabs IP-Adapter")
    if not view.has("to_k_ip"):
        return None
    found = _found(_IP, None, "`to_k_ip` is there: attention to a picture")
    width = view.takes("to_k_ip")
    if width == 4096 or view.gives("to_k_ip") == 3072:
        return replace(found, base=B.FLUX1).because("base", f"`to_k_ip` takes {width}: FLUX.1")
    if width in (1536, 2432):
        return replace(found, base=B.SD3).because("base", f"`to_k_ip` takes {width}: SD 3")
    found = _by_text(found, view, "to_k_ip")
    variant = _projector(view)
    return replace(found, variant=variant[0]).because("variant", variant[1]) if variant else found


def _projector(view: View) -> Variant | None:
    face = view.has("to_q_lora|to_k_lora") or view.takes("image_proj.proj.0|image_proj.proj") == 512
    if view.has("perceiver_resampler"):
        return ("faceid-plus", "a face vector and a resampler")
    if view.has("image_proj.latents") and view.takes("image_proj.proj_in") == 512:
        return ("instantid", "the resampler takes a 512-wide face vector")
    if view.has("image_proj.latents"):
        return ("plus", "`image_proj.latents` is there: a resampler")
    if face:
        return ("faceid", "the projector takes a 512-wide face vector")
    if view.has("image_proj.proj.0|image_proj.proj.2|image_proj.ff"):
        return ("full-face", "the projector is an MLP")
    return None


# Channels of the first convolution: a picture unshuffled 8 or 16 times, in colour or grey.
_T2I_CHANNELS = {192: B.SD1, 64: B.SD1, 768: B.SDXL, 256: B.SDXL}
_T2I_BODIES = (
    "body_0_block1",
    "body_1_in_conv",
    "body_0_resnets",
    "body_0_body_",
    "body_0_in_conv",
)


def t2i_adapter(view: View) -> Finding | None:
    """T2I-Adapters: a small convolutional body after an unshuffled picture."""
    if not view.has("conv_in") and not view.has("body.0.in_conv"):
        return None
    if not any(view.written(name) for name in _T2I_BODIES) or view.has("decoder|mid_block"):
        return None
    channels = view.takes("^conv_in|adapter.conv_in|body.0.in_conv")
    base = _T2I_CHANNELS.get(channels or 0)
    if base is None:
        return None
    text = f"a picture unshuffled to {channels} channels into `body`: T2I-Adapter for {base.label}"
    return _found(ModelKind.T2I_ADAPTER, base, text)


def unet_controlnet(view: View) -> Finding | None:
    """ControlNets of the U-Nets, in the original names and in diffusers'."""
    if view.has("zero_convs.#", "input_hint_block|middle_block_out"):
        found = _found(_CONTROL, None, "`zero_convs` is there: a ControlNet")
        found = _union(_by_text(found, view, "attn2.to_k|attn2.to_v"), view)
        return found if found.base else _small(found, view)
    brush = view.has("brushnet_down_blocks.#")
    if not brush and not view.has("controlnet_down_blocks.#"):
        return None
    mark = "brushnet_down_blocks" if brush else "controlnet_down_blocks"
    found = _found(
        _CONTROL, None, f"`{mark}` is there: a ControlNet", "brushnet" if brush else None
    )
    if view.has("motion_modules.#"):
        found = replace(found, variant="sparsectrl").because("variant", "motion modules are there")
    found = _union(_by_text(found, view, "attn2.to_k|attn2.to_v"), view)
    return found if found.base else _small(found, view)


def controlnet_xs(view: View) -> Finding | None:
    """ControlNet-XS: a slim copy of the U-Net that talks with the base model's layers."""
    if not view.has("base_to_ctrl|base_to_ctrl.#", "ctrl_to_base|ctrl_to_base.#"):
        return None
    found = _found(_CONTROL, None, "`ctrl_to_base` is there: a ControlNet-XS", "xs")
    return _by_text(found, view, "attn2.to_k|attn2.to_v")


def _union(found: Finding, view: View) -> Finding:
    if view.has("task_embedding|control_add_embedding|control_type_proj"):
        return replace(found, variant="union").because("variant", "a task embedding is there")
    return found


def _small(found: Finding, view: View) -> Finding:
    """Without attention: the vector embedding, else the number of zero convolutions."""
    if view.takes("add_embedding.linear_1|label_emb.0.0") == 2816:
        text = "the vector embedding takes 2816: SDXL"
        return replace(found, base=B.SDXL, variant=found.variant or "small").because("base", text)
    counts = {9: B.SDXL, 12: B.SD1}
    zeros = max(view.depth("controlnet_down_blocks"), view.depth("brushnet_down_blocks"))
    base = counts.get(zeros)
    if base is B.SDXL:
        return replace(found, base=base, confidence=0.9).because("base", "9 levels of output: SDXL")
    if base is B.SD1 and not view.has("motion_modules.#"):
        return replace(found, candidates=(B.SD1, B.SD2)).because("base", "12 outputs: SD 1 or SD 2")
    if base is B.SD1:
        return replace(found, base=base).because("base", "12 outputs and motion modules: SD 1")
    return found


def _flux_variant(view: View) -> Variant | None:
    if view.has("controlnet_mode_embedder"):
        return ("union", "`controlnet_mode_embedder` is there: several modes")
    channels = view.takes("controlnet_x_embedder")
    return ("inpaint", f"the control input takes {channels}") if channels in (68, 132) else None


def _sd3_variant(view: View) -> Variant | None:
    width, channels = view.gives("pos_embed_input.proj"), view.takes("pos_embed_input.proj")
    if width == 2432:
        return ("3.5-large", "2432 wide: for SD 3.5 Large")
    return ("inpaint", "the control input takes 17: picture and mask") if channels == 17 else None


def _motion(view: View) -> Finding | None:
    """AnimateDiff's motion modules, bare or as diffusers' MotionAdapter; HotShot's layers."""
    if not view.has("motion_modules.#|temporal_attentions.#"):
        return None
    if view.has("attn2.to_k", "conv_in"):
        return None
    if view.has("^conv_in|^input_blocks.#|time_embedding"):
        return None
    levels = max(view.depth("down_blocks"), view.depth("up_blocks"))
    base = {4: B.SD1, 3: B.SDXL}.get(levels)
    text = f"motion modules on {levels} levels"
    found = _found(ModelKind.MOTION_MODULE, base, f"{text}: AnimateDiff" if base else text)
    if base is B.SD1:
        return found
    return replace(found, candidates=(B.SDXL, B.SD1), confidence=0.9 if base else 0.0)


_ANY = "controlnet_blocks.#|controlnet_single_blocks.#|controlnet_x_embedder|after_proj_list"

READERS: tuple[Reader, ...] = (
    control_lora,
    lllite,
    ip_adapter,
    Rule(
        B.FLUX1,
        "FLUX Redux: a picture as a prompt",
        (has("redux_up|redux_down"),),
        kind=ModelKind.STYLE_MODEL,
        variant=lambda _view: ("redux", "`redux_up` is there"),
    ),
    Rule(
        B.SD1,
        "the T2I style adapter",
        (has("style_embedding"), has("transformer_layes.#|transformer_layers.#")),
        kind=ModelKind.STYLE_MODEL,
    ),
    controlnet_xs,
    unet_controlnet,
    Rule(
        B.Z_IMAGE,
        "a ControlNet for Z-Image",
        (has("control_layers.#|control_all_x_embedder|control_noise_refiner.#"),),
        kind=_CONTROL,
    ),
    Rule(
        B.QWEN_IMAGE,
        "DiffSynth's block-wise ControlNet for Qwen-Image",
        (has("controlnet_blocks.#.x_rms"),),
        kind=_CONTROL,
        variant=lambda _view: ("blockwise", "`x_rms` in each block"),
    ),
    Rule(
        B.QWEN_IMAGE,
        "a ControlNet for Qwen-Image",
        (has(_ANY, "transformer_blocks.#.img_mod|txt_norm"),),
        kind=_CONTROL,
        variant=_flux_variant,
    ),
    Rule(
        B.FLUX1,
        "the FLUX.1 ControlNet of xlabs",
        (
            has(
                "controlnet_blocks.#",
                "double_blocks.#",
                "input_hint_block.#|input_hint_block|pos_embed_input",
            ),
        ),
        kind=_CONTROL,
        variant=lambda _view: ("xlabs", "`input_hint_block` over FLUX blocks"),
    ),
    Rule(
        B.SD3,
        "a ControlNet for SD 3",
        (has("pos_embed_input.proj", "controlnet_blocks.#|transformer_blocks.#"),),
        kind=_CONTROL,
        variant=_sd3_variant,
    ),
    Rule(
        B.HUNYUAN_DIT,
        "a ControlNet for HunyuanDiT, 1408 wide",
        (
            has(_ANY),
            either(
                takes("controlnet_blocks.#", 1408),
                takes("after_proj_list.0", 1408),
                takes("attn1.to_q", 1408),
                takes("attn1.Wqkv", 1408),
            ),
        ),
        kind=_CONTROL,
    ),
    Rule(
        B.SANA,
        "a ControlNet for Sana",
        (
            has(_ANY, "input_block|caption_norm|ff.conv_inverted"),
            either(gives("patch_embed.proj", 2240, 1152), takes("input_block", 2240, 1152)),
        ),
        kind=_CONTROL,
    ),
    Rule(
        B.FLUX1,
        "a ControlNet for FLUX.1, 3072 wide",
        (
            has(_ANY),
            either(
                takes("controlnet_blocks.#", 3072),
                takes("controlnet_blocks.#.linear", 3072),
                gives("controlnet_x_embedder", 3072),
            ),
        ),
        kind=_CONTROL,
        variant=_flux_variant,
    ),
    Rule(
        None,
        "a ControlNet for Cosmos",
        (has("control_blocks.#", "patch_embed.proj|patch_embed"),),
        among=(B.COSMOS_PREDICT2,),
        kind=_CONTROL,
    ),
    Rule(None, "a ControlNet of a base that is not known here", (has(_ANY),), kind=_CONTROL),
    _motion,
    t2i_adapter,
)

# Things that live beside models but are none of the kinds, and what they were made for.
STRANGERS: tuple[tuple[str, str, tuple[BaseModel, ...]], ...] = (
    ("pulid_ca.#|pulid_encoder", "PuLID, a face adapter", (B.FLUX1, B.SDXL)),
    ("id_encoder", "PhotoMaker, a face adapter", (B.SDXL,)),
    ("connector.latents|perceiver_blocks.#.sq_attn", "ELLA, a text adapter", (B.SD1,)),
)

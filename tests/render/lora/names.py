"""What trainers call the same modules: for each base and naming, LoRA modules and their targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A LoRA module's name, and the modules whose rows it changes, in order.

    `halves` tells that the two halves of the rows are exchanged.
    """

    name: str
    part: str
    paths: tuple[str, ...]
    halves: bool = False


FACTORS = {
    "peft": (".lora_A.weight", ".lora_B.weight"),
    "peft default": (".lora_A.default.weight", ".lora_B.default.weight"),
    "peft wrapped": (".lora_A.weight", ".lora_B.weight"),
    "diffusers": (".lora.down.weight", ".lora.up.weight"),
    "diffusers text": (".lora_linear_layer.down.weight", ".lora_linear_layer.up.weight"),
    "processors": ("_lora.down.weight", "_lora.up.weight"),
    "bfl": (".lora_A.weight", ".lora_B.weight"),
    "ai-toolkit": (".lora_A.weight", ".lora_B.weight"),
    "xlabs": (".down.weight", ".up.weight"),
}
"""Endings of the two factors; every other naming has kohya's."""
KOHYA_FACTORS = (".lora_down.weight", ".lora_up.weight")

_SD_ATTENTION = "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_k"
_SD_FEED = "up_blocks.1.attentions.0.transformer_blocks.0.ff.net.0.proj"
_SD_CONV = "mid_block.resnets.1.conv2"
_CLIP_FC = "encoder.layers.1.mlp.fc1"
_CLIP_Q = "encoder.layers.0.self_attn.q_proj"
_T5_O = "encoder.block.1.layer.0.SelfAttention.o"
_XL_ATTENTION = "down_blocks.1.attentions.1.transformer_blocks.0.attn1.to_q"
_XL_OUT = "up_blocks.0.attentions.2.proj_out"
_XL_CONV = "up_blocks.2.resnets.1.conv_shortcut"
_XL_MIDDLE = "mid_block.attentions.0.transformer_blocks.1.ff.net.2"


def _kohya(root: str, path: str) -> str:
    return f"{root}_{path.replace('.', '_')}"


def _same(root: str, part: str, *paths: str, flat: bool = False) -> tuple[Target, ...]:
    """Return targets that go by their diffusers names under `root`."""
    names = [_kohya(root, path) if flat else f"{root}{path}" for path in paths]
    return tuple(
        Target(name, part, (path.removeprefix("text_model."),))
        for name, path in zip(names, paths, strict=True)
    )


def _double(kind: str) -> tuple[str, ...]:
    names = (
        ("to_q", "to_k", "to_v") if kind == "img" else ("add_q_proj", "add_k_proj", "add_v_proj")
    )
    return tuple(f"transformer_blocks.0.attn.{name}" for name in names)


def _single(number: int, *more: str) -> tuple[str, ...]:
    root = f"single_transformer_blocks.{number}"
    return (
        *(f"{root}.attn.{name}" for name in ("to_q", "to_k", "to_v")),
        *(f"{root}.{name}" for name in more),
    )


_FLUX_PATHS = (
    "transformer_blocks.0.attn.add_k_proj",
    "transformer_blocks.0.ff.net.0.proj",
    "single_transformer_blocks.1.attn.to_v",
    "single_transformer_blocks.0.proj_out",
)


def _bfl_flux1(root: str, dot: str) -> tuple[Target, ...]:
    rows = {
        "double_blocks.0.img_attn.qkv": _double("img"),
        "double_blocks.0.txt_attn.qkv": _double("txt"),
        "double_blocks.0.txt_mlp.2": ("transformer_blocks.0.ff_context.net.2",),
        "double_blocks.0.img_mod.lin": ("transformer_blocks.0.norm1.linear",),
        "single_blocks.1.linear1": _single(1, "proj_mlp"),
        "single_blocks.0.linear2": ("single_transformer_blocks.0.proj_out",),
        "vector_in.in_layer": ("time_text_embed.text_embedder.linear_1",),
    }
    return (
        *(
            Target(root + name.replace(".", dot), "transformer", paths)
            for name, paths in rows.items()
        ),
        Target(
            root + "final_layer.adaLN_modulation.1".replace(".", dot),
            "transformer",
            ("norm_out.linear",),
            halves=True,
        ),
    )


def _bfl_chroma(root: str, dot: str) -> tuple[Target, ...]:
    kept = [
        one
        for one in _bfl_flux1(root, dot)
        if not any(word in one.name for word in ("mod", "vector"))
    ]
    name = "distilled_guidance_layer.layers.0.in_layer"
    return (
        *kept,
        Target(
            root + name.replace(".", dot),
            "transformer",
            ("distilled_guidance_layer.layers.0.linear_1",),
        ),
    )


def _bfl_flux2(root: str, dot: str) -> tuple[Target, ...]:
    rows = {
        "double_blocks.0.img_attn.qkv": _double("img"),
        "double_blocks.0.txt_attn.qkv": _double("txt"),
        "double_blocks.0.img_mlp.0": ("transformer_blocks.0.ff.linear_in",),
        "double_stream_modulation_txt.lin": ("double_stream_modulation_txt.linear",),
        "single_blocks.1.linear1": ("single_transformer_blocks.1.attn.to_qkv_mlp_proj",),
        "single_blocks.0.linear2": ("single_transformer_blocks.0.attn.to_out",),
        "time_in.in_layer": ("time_guidance_embed.timestep_embedder.linear_1",),
    }
    return (
        *(
            Target(root + name.replace(".", dot), "transformer", paths)
            for name, paths in rows.items()
        ),
        Target(
            root + "final_layer.adaLN_modulation.1".replace(".", dot),
            "transformer",
            ("norm_out.linear",),
            halves=True,
        ),
    )


def _original_sd3(root: str, dot: str) -> tuple[Target, ...]:
    second = tuple(f"transformer_blocks.0.attn2.{name}" for name in ("to_q", "to_k", "to_v"))
    rows = {
        "joint_blocks.0.x_block.attn.qkv": _double("img"),
        "joint_blocks.0.context_block.attn.qkv": _double("txt"),
        "joint_blocks.0.x_block.attn2.qkv": second,
        "joint_blocks.1.x_block.mlp.fc1": ("transformer_blocks.1.ff.net.0.proj",),
        "joint_blocks.0.context_block.adaLN_modulation.1": (
            "transformer_blocks.0.norm1_context.linear",
        ),
        "y_embedder.mlp.2": ("time_text_embed.text_embedder.linear_2",),
        "x_embedder.proj": ("pos_embed.proj",),
    }
    swapped = {
        "final_layer.adaLN_modulation.1": "norm_out.linear",
        "joint_blocks.1.context_block.adaLN_modulation.1": (
            "transformer_blocks.1.norm1_context.linear"
        ),
    }
    return (
        *(
            Target(root + name.replace(".", dot), "transformer", paths)
            for name, paths in rows.items()
        ),
        *(
            Target(root + name.replace(".", dot), "transformer", (path,), halves=True)
            for name, path in swapped.items()
        ),
    )


_SD3_PATHS = (
    "transformer_blocks.0.attn2.to_k",
    "transformer_blocks.0.ff_context.net.2",
    "transformer_blocks.1.attn.add_q_proj",
)
_FLUX2_PATHS = (
    "transformer_blocks.0.attn.to_q",
    "single_transformer_blocks.1.attn.to_qkv_mlp_proj",
    "transformer_blocks.0.ff_context.linear_out",
)
_QWEN_PATHS = (
    "transformer_blocks.1.img_mlp.net.0.proj",
    "transformer_blocks.0.attn.add_k_proj",
    "transformer_blocks.0.txt_mod.1",
    "transformer_blocks.1.attn.to_out.0",
)
_Z_PATHS = (
    "layers.1.attention.to_q",
    "layers.0.attention.to_out.0",
    "context_refiner.0.feed_forward.w2",
    "layers.0.adaLN_modulation.0",
    "all_final_layer.2-1.linear",
)
_Z_QKV = tuple(f"layers.0.attention.{name}" for name in ("to_q", "to_k", "to_v"))
_WAN_PATHS = ("blocks.0.attn1.to_q", "blocks.1.attn2.to_out.0", "blocks.1.ffn.net.0.proj")
_WAN_NATIVE = {
    "blocks.0.self_attn.q": "blocks.0.attn1.to_q",
    "blocks.1.cross_attn.o": "blocks.1.attn2.to_out.0",
    "blocks.1.ffn.0": "blocks.1.ffn.net.0.proj",
}


def _z_native(root: str, dot: str) -> tuple[Target, ...]:
    rows = {
        "layers.0.attention.qkv": _Z_QKV,
        "noise_refiner.0.attention.out": ("noise_refiner.0.attention.to_out.0",),
        "layers.1.feed_forward.w3": ("layers.1.feed_forward.w3",),
        "cap_embedder.1": ("cap_embedder.1",),
    }
    return tuple(
        Target(root + name.replace(".", dot), "transformer", p) for name, p in rows.items()
    )


def _wan_native(root: str, dot: str) -> tuple[Target, ...]:
    return tuple(
        Target(root + name.replace(".", dot), "transformer", (path,))
        for name, path in _WAN_NATIVE.items()
    )


_TE1, _TE2, _TE3 = (
    ("text_encoder", "lora_te1"),
    ("text_encoder_2", "lora_te2"),
    ("text_encoder_3", "lora_te3"),
)

NAMINGS: Mapping[str, Mapping[str, tuple[Target, ...]]] = {
    "sd1": {
        "kohya": (
            *_same("lora_unet", "unet", _SD_ATTENTION, _SD_FEED, _SD_CONV, flat=True),
            *_same("lora_te", "text_encoder", f"text_model.{_CLIP_FC}", flat=True),
        ),
        "comfyui": (
            Target(
                "diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k",
                "unet",
                (_SD_ATTENTION,),
            ),
            Target("diffusion_model.middle_block.2.out_layers.3", "unet", (_SD_CONV,)),
            Target(
                f"text_encoders.clip_l.transformer.text_model.{_CLIP_FC}",
                "text_encoder",
                (_CLIP_FC,),
            ),
        ),
        "peft": (
            *_same("unet.", "unet", _SD_ATTENTION, _SD_FEED, _SD_CONV),
            *_same("text_encoder.", "text_encoder", f"text_model.{_CLIP_FC}"),
        ),
        "peft wrapped": _same("base_model.model.", "unet", _SD_ATTENTION, _SD_CONV),
        "diffusers": _same("unet.", "unet", _SD_ATTENTION, _SD_FEED),
        "diffusers text": _same("text_encoder.", "text_encoder", f"text_model.{_CLIP_Q}"),
        "processors": (
            Target(
                "unet.down_blocks.0.attentions.1.transformer_blocks.0.attn2.processor.to_k",
                "unet",
                (_SD_ATTENTION,),
            ),
            Target(
                "mid_block.attentions.0.transformer_blocks.0.attn1.processor.to_out",
                "unet",
                ("mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0",),
            ),
            Target(
                "text_encoder.text_model.encoder.layers.0.self_attn.to_q",
                "text_encoder",
                (_CLIP_Q,),
            ),
        ),
        "lycoris": _same("lycoris", "unet", _SD_ATTENTION, _SD_CONV, flat=True),
    },
    "sdxl": {
        "kohya": (
            Target(
                "lora_unet_input_blocks_5_1_transformer_blocks_0_attn1_to_q",
                "unet",
                (_XL_ATTENTION,),
            ),
            Target("lora_unet_output_blocks_2_1_proj_out", "unet", (_XL_OUT,)),
            Target("lora_unet_output_blocks_7_0_skip_connection", "unet", (_XL_CONV,)),
            Target("lora_unet_middle_block_1_transformer_blocks_1_ff_net_2", "unet", (_XL_MIDDLE,)),
            Target("lora_unet_label_emb_0_2", "unet", ("add_embedding.linear_2",)),
            Target("lora_unet_input_blocks_3_0_op", "unet", ("down_blocks.0.downsamplers.0.conv",)),
            Target("lora_unet_output_blocks_2_2_conv", "unet", ("up_blocks.0.upsamplers.0.conv",)),
            *_same(_TE1[1], _TE1[0], f"text_model.{_CLIP_FC}", flat=True),
            *_same(_TE2[1], _TE2[0], f"text_model.{_CLIP_Q}", flat=True),
        ),
        "onetrainer": (
            *_same("lora_unet", "unet", _XL_ATTENTION, _XL_OUT, _XL_CONV, flat=True),
            *_same(_TE2[1], _TE2[0], f"text_model.{_CLIP_FC}", flat=True),
        ),
        "comfyui": (
            Target(
                "diffusion_model.input_blocks.5.1.transformer_blocks.0.attn1.to_q",
                "unet",
                (_XL_ATTENTION,),
            ),
            Target(
                "text_encoders.clip_g.transformer.text_model.encoder.layers.1.mlp.fc1",
                "text_encoder_2",
                (_CLIP_FC,),
            ),
        ),
        "peft": (
            *_same("unet.", "unet", _XL_ATTENTION, _XL_OUT, _XL_CONV),
            *_same("text_encoder_2.", "text_encoder_2", f"text_model.{_CLIP_Q}"),
        ),
        "diffusers": _same("unet.", "unet", _XL_ATTENTION, _XL_MIDDLE),
        "lycoris": _same("lycoris", "unet", _XL_ATTENTION, _XL_CONV, flat=True),
    },
    "sd3": {
        "kohya": (
            *_original_sd3("lora_unet_", "_"),
            *_same(_TE2[1], _TE2[0], f"text_model.{_CLIP_FC}", flat=True),
            *_same(_TE3[1], _TE3[0], _T5_O, flat=True),
        ),
        "comfyui": (
            *_original_sd3("diffusion_model.", "."),
            Target(f"text_encoders.t5xxl.transformer.{_T5_O}", "text_encoder_3", (_T5_O,)),
        ),
        "peft": (
            *_same("transformer.", "transformer", *_SD3_PATHS),
            *_same("text_encoder_3.", "text_encoder_3", _T5_O),
        ),
        "onetrainer": _same("lora_transformer", "transformer", *_SD3_PATHS, flat=True),
        "lycoris": _same("lycoris", "transformer", *_SD3_PATHS, flat=True),
    },
    "flux1": {
        "kohya": (
            *_bfl_flux1("lora_unet_", "_"),
            *_same(_TE1[1], _TE1[0], f"text_model.{_CLIP_FC}", flat=True),
            Target(f"lora_te3_{_T5_O.replace('.', '_')}", "text_encoder_2", (_T5_O,)),
        ),
        "bfl": _bfl_flux1("diffusion_model.", "."),
        "bare": _bfl_flux1("", "."),
        "peft": _same("transformer.", "transformer", *_FLUX_PATHS),
        "peft wrapped": _same("base_model.model.", "transformer", *_FLUX_PATHS),
        "ai-toolkit": _same("diffusion_model.", "transformer", *_FLUX_PATHS),
        "onetrainer": (
            *_same("lora_transformer", "transformer", *_FLUX_PATHS, flat=True),
            Target(f"lora_te2_{_T5_O.replace('.', '_')}", "text_encoder_2", (_T5_O,)),
        ),
        "lycoris": _same("lycoris", "transformer", *_FLUX_PATHS, flat=True),
        "xlabs": (
            Target("double_blocks.0.processor.qkv_lora1", "transformer", _double("img")),
            Target("double_blocks.0.processor.qkv_lora2", "transformer", _double("txt")),
            Target(
                "double_blocks.0.processor.proj_lora2",
                "transformer",
                ("transformer_blocks.0.attn.to_add_out",),
            ),
            Target("single_blocks.1.processor.qkv_lora", "transformer", _single(1)),
            Target(
                "single_blocks.1.processor.proj_lora",
                "transformer",
                ("single_transformer_blocks.1.proj_out",),
            ),
        ),
    },
    "flux2": {
        "kohya": _bfl_flux2("lora_unet_", "_"),
        "bfl": _bfl_flux2("diffusion_model.", "."),
        "peft": _same("transformer.", "transformer", *_FLUX2_PATHS),
        "ai-toolkit": _same("diffusion_model.", "transformer", *_FLUX2_PATHS),
        "lycoris": _same("lycoris", "transformer", *_FLUX2_PATHS, flat=True),
        "onetrainer": _same("lora_transformer", "transformer", *_FLUX2_PATHS, flat=True),
    },
    "chroma": {
        "kohya": _bfl_chroma("lora_unet_", "_"),
        "bfl": _bfl_chroma("diffusion_model.", "."),
        "peft": _same("transformer.", "transformer", *_FLUX_PATHS),
        "onetrainer": _same("lora_transformer", "transformer", *_FLUX_PATHS, flat=True),
    },
    "qwen-image": {
        "kohya": _same("lora_unet", "transformer", *_QWEN_PATHS, flat=True),
        "bare": _same("", "transformer", *_QWEN_PATHS),
        "peft": _same("transformer.", "transformer", *_QWEN_PATHS),
        "peft default": _same("", "transformer", *_QWEN_PATHS),
        "ai-toolkit": _same("diffusion_model.", "transformer", *_QWEN_PATHS),
        "lycoris": _same("lycoris", "transformer", *_QWEN_PATHS, flat=True),
    },
    "z-image": {
        "kohya": (
            *_same("lora_unet", "transformer", *_Z_PATHS, flat=True),
            *_z_native("lora_unet_", "_")[1:],
        ),
        "bfl": _z_native("diffusion_model.", "."),
        "peft": _same("transformer.", "transformer", *_Z_PATHS),
        "ai-toolkit": _same("diffusion_model.", "transformer", *_Z_PATHS),
        "lycoris": _same("lycoris", "transformer", *_Z_PATHS, flat=True),
    },
    "wan": {
        "kohya": _wan_native("lora_unet_", "_"),
        "bfl": _wan_native("diffusion_model.", "."),
        "peft": _same("transformer.", "transformer", *_WAN_PATHS),
    },
}


def pairs() -> Iterator[tuple[str, str]]:
    """Yield every base with every naming that its LoRAs come in."""
    for base, namings in NAMINGS.items():
        for naming in namings:
            yield base, naming

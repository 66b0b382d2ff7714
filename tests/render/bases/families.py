"""Tiny diffusers folders of the transformer families, weights from a seed."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FAMILIES = ("sd3", "sd3.5", "flux-dev", "flux-schnell", "chroma", "qwen", "z-image", "klein")
HEAD = 128
WORDS = 1024


def make_family(folder: Path, family: str, *, seed: int = 0) -> Path:
    """Write the folder of a tiny checkpoint of `family`; return it."""
    import torch

    from loradex.render.quiet import offline_and_quiet

    torch.manual_seed(seed)
    with offline_and_quiet():
        pipe = _MAKERS[family]()
        generator = torch.Generator().manual_seed(seed)
        for name, module in pipe.components.items():
            if isinstance(module, torch.nn.Module):
                _fill(name, module, generator)
        pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def _fill(name: str, module: Any, generator: Any) -> None:
    """Give every weight a value that matters, so that no mistake hides behind a zero or a one."""
    import torch

    with torch.no_grad():
        for path, weight in module.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if weight.dim() == 1:
                gain = "norm" in path and path.endswith(("weight", "gamma"))
                value = 0.1 * noise + gain
            elif path in ("shared.weight", "embed_tokens.weight") or "embedding" in path:
                value = noise
            else:
                value = noise / weight[0].numel() ** 0.5
            weight.copy_(value.half().float())
        for path, buffer in module.named_buffers():
            if path.endswith("running_mean"):
                buffer.copy_(0.1 * torch.randn(buffer.shape, generator=generator))
            elif path.endswith("running_var"):
                buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)


def t5_tokenizer() -> Any:
    from transformers import T5TokenizerFast

    letters = [(f"▁{one}", -3.0) for one in "abcdefghijklmnopqrstuvwxyz"]
    letters += [(one, -4.0) for one in "abcdefghijklmnopqrstuvwxyz,.:"]
    words = [(f"▁{word}", -1.0) for word in ("a", "red", "boat", "fog", "on", "the", "sea")]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *letters]
    known = {token for token, _ in vocabulary}
    vocabulary += [pair for pair in words if pair[0] not in known]
    return T5TokenizerFast(vocab=vocabulary, extra_ids=0, model_max_length=512)


def qwen_tokenizer(*, template: bool = True, thinks: bool = True) -> Any:
    from transformers import Qwen2TokenizerFast

    from loradex.render.tiny_words import _byte_letters

    vocabulary = {letter: row for row, letter in enumerate(_byte_letters())}
    tokenizer = Qwen2TokenizerFast(
        vocab=vocabulary,
        merges=[],
        unk_token="<|endoftext|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=4096,
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    if thinks:
        tokenizer.add_tokens(["<think>", "</think>"])
    if template:
        tokenizer.chat_template = (
            "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + "
            "message.content + '<|im_end|>' + '\\n' }}{%- endfor %}"
            "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
            "{%- if enable_thinking is defined and enable_thinking is false %}"
            "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
        )
    return tokenizer


def clip_tokenizer(*, pad_with_end: bool = True) -> Any:
    import tempfile

    from transformers import CLIPTokenizer

    from loradex.render.tiny_words import write_tokenizer

    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder), pad_with_end=pad_with_end)
        return CLIPTokenizer.from_pretrained(folder)


def clip_model(*, width: int = 64, projection: bool) -> Any:
    import transformers

    from loradex.render.tiny_words import token_count

    words = token_count()
    config = transformers.CLIPTextConfig(
        vocab_size=words,
        hidden_size=width,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=1,
        projection_dim=width,
        hidden_act="quick_gelu",
        bos_token_id=words - 2,
        eos_token_id=words - 1,
        pad_token_id=words - 1,
    )
    kind = "CLIPTextModelWithProjection" if projection else "CLIPTextModel"
    return getattr(transformers, kind)(config)


def t5_model(width: int = 256) -> Any:
    from transformers import T5Config, T5EncoderModel

    return T5EncoderModel(
        T5Config(
            vocab_size=100,
            d_model=width,
            d_kv=64,
            d_ff=96,
            num_layers=2,
            num_heads=width // 64,
            feed_forward_proj="gated-gelu",
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def _qwen_options(layers: int) -> dict[str, Any]:
    return {
        "vocab_size": 300,
        "hidden_size": 96,
        "intermediate_size": 128,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": HEAD,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "pad_token_id": 256,
    }


def kl_vae(scale: float, shift: float) -> Any:
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=16,
        scaling_factor=scale,
        shift_factor=shift,
        use_quant_conv=False,
        use_post_quant_conv=False,
        force_upcast=True,
    )


def _flow(**options: Any) -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(**options)


def _dynamic(**options: Any) -> Any:
    return _flow(
        use_dynamic_shifting=True,
        base_shift=0.5,
        max_shift=1.15,
        base_image_seq_len=256,
        max_image_seq_len=4096,
        **{"shift": 3.0, **options},
    )


def _sd3(*, dual: bool) -> Any:
    import diffusers

    transformer = diffusers.SD3Transformer2DModel(
        sample_size=32,
        num_layers=3,
        attention_head_dim=64,
        num_attention_heads=2,
        joint_attention_dim=256,
        caption_projection_dim=128,
        pooled_projection_dim=128,
        pos_embed_max_size=24,
        dual_attention_layers=(0, 1) if dual else (),
        qk_norm="rms_norm" if dual else None,
    )
    return diffusers.StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=_flow(shift=3.0),
        vae=kl_vae(1.5305, 0.0609),
        text_encoder=clip_model(width=48, projection=True),
        tokenizer=clip_tokenizer(),
        text_encoder_2=clip_model(width=80, projection=True),
        tokenizer_2=clip_tokenizer(pad_with_end=False),
        text_encoder_3=t5_model(),
        tokenizer_3=t5_tokenizer(),
    )


def _flux(*, dev: bool) -> Any:
    import diffusers

    transformer = diffusers.FluxTransformer2DModel(
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=HEAD,
        num_attention_heads=2,
        joint_attention_dim=256,
        pooled_projection_dim=64,
        guidance_embeds=dev,
    )
    return diffusers.FluxPipeline(
        transformer=transformer,
        scheduler=_dynamic() if dev else _flow(shift=1.0),
        vae=kl_vae(0.3611, 0.1159),
        text_encoder=clip_model(projection=False),
        tokenizer=clip_tokenizer(),
        text_encoder_2=t5_model(),
        tokenizer_2=t5_tokenizer(),
    )


def _chroma() -> Any:
    import diffusers

    transformer = diffusers.ChromaTransformer2DModel(
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=HEAD,
        num_attention_heads=2,
        joint_attention_dim=256,
        approximator_hidden_dim=64,
        approximator_layers=2,
    )
    return diffusers.ChromaPipeline(
        transformer=transformer,
        scheduler=_dynamic(),
        vae=kl_vae(0.3611, 0.1159),
        text_encoder=t5_model(),
        tokenizer=t5_tokenizer(),
    )


def _qwen() -> Any:
    import diffusers
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    text = _qwen_options(2)
    text["rope_parameters"] = {
        "rope_type": "default",
        "mrope_section": [16, 24, 24],
        "rope_theta": text.pop("rope_theta"),
    }
    text["hidden_size"] = 2 * HEAD
    text.pop("head_dim")
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config={
            "depth": 1,
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_heads": 2,
            "out_hidden_size": 256,
            "fullatt_block_indexes": [0],
        },
    )
    transformer = diffusers.QwenImageTransformer2DModel(
        num_layers=2, attention_head_dim=HEAD, num_attention_heads=2, joint_attention_dim=256
    )
    vae = diffusers.AutoencoderKLQwenImage(base_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1)
    return diffusers.QwenImagePipeline(
        transformer=transformer,
        scheduler=_flow(
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=0.9,
            max_image_seq_len=8192,
            shift_terminal=0.02,
        ),
        vae=vae,
        text_encoder=Qwen2_5_VLForConditionalGeneration(config),
        tokenizer=qwen_tokenizer(template=False),
    )


def _z_image() -> Any:
    import diffusers
    from transformers import Qwen3Config, Qwen3Model

    transformer = diffusers.ZImageTransformer2DModel(
        dim=2 * HEAD, n_layers=2, n_refiner_layers=1, n_heads=2, n_kv_heads=2, cap_feat_dim=96
    )
    return diffusers.ZImagePipeline(
        transformer=transformer,
        scheduler=_flow(shift=3.0),
        vae=kl_vae(0.3611, 0.1159),
        text_encoder=Qwen3Model(Qwen3Config(**_qwen_options(3))),
        tokenizer=qwen_tokenizer(),
    )


def _klein() -> Any:
    import diffusers
    from transformers import Qwen3Config, Qwen3ForCausalLM

    transformer = diffusers.Flux2Transformer2DModel(
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=HEAD,
        num_attention_heads=2,
        joint_attention_dim=3 * 96,
        guidance_embeds=False,
    )
    vae = diffusers.AutoencoderKLFlux2(block_out_channels=(32, 32, 32, 32), layers_per_block=1)
    return diffusers.Flux2KleinPipeline(
        transformer=transformer,
        scheduler=_dynamic(),
        vae=vae,
        text_encoder=Qwen3ForCausalLM(Qwen3Config(**_qwen_options(28))),
        tokenizer=qwen_tokenizer(),
        is_distilled=False,
    )


_MAKERS = {
    "sd3": lambda: _sd3(dual=False),
    "sd3.5": lambda: _sd3(dual=True),
    "flux-dev": lambda: _flux(dev=True),
    "flux-schnell": lambda: _flux(dev=False),
    "chroma": _chroma,
    "qwen": _qwen,
    "z-image": _z_image,
    "klein": _klein,
}


def index_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "model_index.json").read_text("utf-8"))
    return found

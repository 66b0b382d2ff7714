"""Nothing in a header makes identification fail, and every answer has its reasons."""

from __future__ import annotations

import random

import pytest

from identify.headers import full, lora
from loradex.domain.header import FileFormat, Header, Tensor
from loradex.identify import identify

WORDS = [
    "double_blocks",
    "single_blocks",
    "transformer_blocks",
    "layers",
    "blocks",
    "input_blocks",
    "down_blocks",
    "up_blocks",
    "mid_block",
    "attn",
    "attn1",
    "attn2",
    "to_k",
    "to_q",
    "img_attn",
    "qkv",
    "proj",
    "lora_A",
    "lora_B",
    "lora_down",
    "lora_up",
    "alpha",
    "weight",
    "bias",
    "decoder",
    "encoder",
    "conv_in",
    "conv_out",
    "text_model",
    "vision_model",
    "model",
    "diffusion_model",
    "body",
    "oft_blocks",
    "oft_R",
    "lokr_w1",
    "lokr_w2_b",
    "hada_w1_a",
    "a1",
    "b1",
    "on_input",
    "diff",
    "dora_scale",
    "emb_params",
    "clip_l",
    "controlnet_blocks",
    "zero_convs",
    "image_proj",
    "ip_adapter",
    "to_k_ip",
    "motion_modules",
    "embed_tokens",
    "self_attn",
    "first_stage_model",
    "cond_stage_model",
    "model_ema",
    "text_encoders",
    "0",
    "1",
    "17",
    "999999999999999999999",
    "-1",
    "#",
    "|",
    "^",
    "é",
    "☃",
    "\x1b[31m",
    "\u202e",
    "�",
    ".",
    "..",
    "_",
    "__",
]
SIZES = (0, 1, 2, 3, 4, 8, 16, 64, 320, 768, 1024, 1280, 2048, 3072, 4096, 5120, 2**40, 2**63)
DTYPES = ("F16", "BF16", "F32", "F8_E4M3", "U8", "I8", "Q4_K", "NEW_9", "")
METADATA: tuple[dict[str, str], ...] = (
    {},
    {"ss_network_args": "{broken", "ss_base_model_version": "NaN", "ss_network_dim": "1e999"},
    {"ss_network_args": "[" * 5000, "pickle.extra": "[" * 5000, "quantization_config": "[[["},
    {"pickle.extra": '{"global_step": NaN}', "modelspec.architecture": "/" * 300},
    {"ss_sd_model_name": "pony" * 100_000, "modelspec.prediction_type": "\ud800"},
    {"ss_network_args": '{"algo": 7}', "pickle.extra": '{"global_step": 1e400}'},
    {"quantization_config": '{"weight": []}', "general.architecture": "flux" * 999},
)


def random_header(random_: random.Random) -> Header:
    def name() -> str:
        return random_.choice((".", "_")).join(random_.choices(WORDS, k=random_.randint(1, 9)))

    def shape() -> tuple[int, ...]:
        return tuple(random_.choices(SIZES, k=random_.randint(0, 5)))

    tensors = {
        name(): Tensor(random_.choice(DTYPES), shape()) for _ in range(random_.choice((1, 3, 40)))
    }
    config = {name(): name() for _ in range(random_.randint(0, 3))}
    form = random_.choice(list(FileFormat))
    return Header(form, tensors, random_.choice(METADATA), config=config)


@pytest.mark.parametrize("seed", range(20))
def test_random_headers(seed: int) -> None:
    random_ = random.Random(seed)
    for _ in range(60):
        header = random_header(random_)
        identity = identify(header, file_name=random_.choice(WORDS))
        assert identity.reasons
        assert 0.0 <= identity.confidence <= 1.0
        assert identity == identify(header, file_name="") or identity.derivative


@pytest.mark.parametrize("metadata", METADATA)
def test_odd_metadata_on_a_real_lora(metadata: dict[str, str]) -> None:
    text = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k 640x2048"
    identity = identify(lora(text, metadata=metadata))
    assert (identity.kind, identity.base) == ("lora", "sdxl")


def test_an_empty_header_is_no_lora() -> None:
    for form in FileFormat:
        identity = identify(Header(form, {}, {"ss_base_model_version": "flux1"}))
        assert (identity.kind, identity.base) == ("unknown", None)


def test_a_hundred_thousand_unknown_keys_are_bounded() -> None:
    tensors = {f"thing{n}.{n}.other{n}": Tensor("F32", (n, n)) for n in range(100_000)}
    assert identify(Header(FileFormat.SAFETENSORS, tensors)).kind == "unknown"


def test_a_very_long_name() -> None:
    tensors = {"a." * 500_000 + "weight": Tensor("F32", (3, 3)), "b": Tensor("F32", ())}
    assert identify(Header(FileFormat.SAFETENSORS, tensors)).kind == "unknown"


def test_reasons_are_sentences_a_person_can_check() -> None:
    identity = identify(lora("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k 640x2048"))
    base = next(reason.text for reason in identity.reasons if reason.field == "base")
    assert base.startswith("`attn2.to_k` takes 2048: the text width of SDXL")


def test_every_field_that_is_told_has_a_reason() -> None:
    text = "down_blocks.1.attentions.0.transformer_blocks.{2}.attn2.to_k 640x2048"
    for header in (lora(text, "lora_unet_", "kohya"), full("decoder.conv_in 512x32x3x3\nbn.x! 1")):
        identity = identify(header)
        told = {reason.field for reason in identity.reasons}
        assert {"kind", "dtype"} <= told
        assert identity.base is None or "base" in told
        assert identity.algorithm is None or "algorithm" in told

"""Tensor names of every dialect."""

from __future__ import annotations

import pytest

from loradex.render.lora.keys import locate, refused_algorithm, split_key

BLOCK = "down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
DOTTED = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"


@pytest.mark.parametrize(
    ("key", "part", "path", "role"),
    [
        (f"lora_unet_{BLOCK}.lora_down.weight", "denoiser", BLOCK, "down"),
        (f"lora_unet_{BLOCK}.alpha", "denoiser", BLOCK, "alpha"),
        (f"unet.{DOTTED}.lora_A.weight", "denoiser", BLOCK, "down"),
        (f"unet.{DOTTED}.lora_B.default.weight", "denoiser", BLOCK, "up"),
        (f"base_model.model.{DOTTED}.lora_A.weight", "denoiser", BLOCK, "down"),
        (f"base_model.model.base_model.model.unet.{DOTTED}.lora_B", "denoiser", BLOCK, "up"),
        (f"unet.{DOTTED}.lora.up.weight", "denoiser", BLOCK, "up"),
        (
            "unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_out_lora.up.weight",
            "denoiser",
            "mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0",
            "up",
        ),
        (
            "mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight",
            "denoiser",
            "mid_block_attentions_0_transformer_blocks_0_attn2_to_k",
            "down",
        ),
        (f"lycoris_{BLOCK}.lokr_w2_b", "denoiser", BLOCK, "lokr_w2_b"),
        ("lora_unet_input_blocks_4_1_norm.hada_t1", "denoiser", "input_blocks_4_1_norm", "hada_t1"),
        (
            "diffusion_model.input_blocks.4.1.proj_in.lora_up.weight",
            "denoiser",
            "input_blocks_4_1_proj_in",
            "up",
        ),
        ("lora_te_text_model_encoder_layers_0_mlp_fc1.dora_scale", "text_encoder",
         "encoder_layers_0_mlp_fc1", "dora_scale"),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_mid.weight", "text_encoder",
         "encoder_layers_0_mlp_fc1", "mid"),
        ("lora_te2_text_model_encoder_layers_3_self_attn_q_proj.diff_b", "text_encoder_2",
         "encoder_layers_3_self_attn_q_proj", "diff_b"),
        ("text_encoder_2.text_model.encoder.layers.3.self_attn.q_proj.lora_linear_layer.up.weight",
         "text_encoder_2", "encoder_layers_3_self_attn_q_proj", "up"),
        ("text_encoder.text_model.encoder.layers.3.mlp.fc2.lora_magnitude_vector", "text_encoder",
         "encoder_layers_3_mlp_fc2", "magnitude"),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(key: str, part: str, path: str, role: str) -> None:
    split = split_key(key)
    assert split is not None
    assert split[1] == role
    assert locate(split[0]) == (part, path)


@pytest.mark.parametrize("key", ["emb_params", "bundle_emb.x.clip_l", ".alpha", "a.scalar"])
def test_unknown_names_have_no_role(key: str) -> None:
    assert split_key(key) is None


@pytest.mark.parametrize(
    ("key", "word"),
    [("m.lambda_layer", "T-LoRA"), ("m.set_weight", "control")],
)
def test_what_cannot_be_merged_has_a_name(key: str, word: str) -> None:
    assert word in str(refused_algorithm(["m.alpha", key]))
    assert refused_algorithm(["m.alpha"]) is None

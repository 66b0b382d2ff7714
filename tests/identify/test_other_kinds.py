"""Adapters, VAEs, encoders, embeddings, upscalers, folders and things that are no model."""

from __future__ import annotations

import pytest

from identify.headers import full, header, tensors
from loradex.domain.header import FileFormat, Header, Tensor
from loradex.identify import identify

ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k"
LDM_ATTENTION = "input_blocks.4.1.transformer_blocks.0.attn2.to_k"

# name, keys, kind, base, variant
OTHERS: list[tuple[str, str, str, str | None, str | None]] = [
    (
        "controlnet ldm sd1",
        f"zero_convs.{{12}}.0 320x320x1x1\ninput_hint_block.0 16x3x3x3\n{LDM_ATTENTION} 640x768",
        "controlnet",
        "sd1",
        None,
    ),
    (
        "controlnet ldm with prefix",
        "control_model.zero_convs.{9}.0 320x320x1x1\ncontrol_model.input_hint_block.0 16x3x3x3\n"
        f"control_model.{LDM_ATTENTION} 640x2048",
        "controlnet",
        "sdxl",
        None,
    ),
    (
        "controlnet diffusers sd1 is not sdxl",
        "controlnet_cond_embedding.conv_in 16x3x3x3\ncontrolnet_down_blocks.{12} 320x320x1x1\n"
        f"{ATTENTION} 640x768",
        "controlnet",
        "sd1",
        None,
    ),
    (
        "controlnet sdxl small",
        "controlnet_cond_embedding.conv_in 16x3x3x3\ncontrolnet_down_blocks.{9} 320x320x1x1\n"
        "add_embedding.linear_1 1280x2816",
        "controlnet",
        "sdxl",
        "small",
    ),
    (
        "controlnet union",
        "controlnet_cond_embedding.conv_in 16x3x3x3\ncontrolnet_down_blocks.{9} 320x320x1x1\n"
        f"task_embedding 6x320\ntransformer_layes.0.ln_1 320\n{ATTENTION} 640x2048",
        "controlnet",
        "sdxl",
        "union",
    ),
    (
        "sparsectrl",
        "controlnet_cond_embedding 320x4x3x3\ncontrolnet_down_blocks.{12} 320x320x1x1\n"
        f"down_blocks.0.motion_modules.0.norm 320\n{ATTENTION} 640x768",
        "controlnet",
        "sd1",
        "sparsectrl",
    ),
    (
        "control-lora",
        f"lora_controlnet! -\nzero_convs.{{9}}.0 320x320x1x1\n{LDM_ATTENTION}.down! 128x2048\n"
        f"{LDM_ATTENTION}.up! 640x128",
        "controlnet",
        "sdxl",
        "control-lora",
    ),
    (
        "lllite sdxl",
        "lllite_unet_input_blocks_4_1_transformer_blocks_{2}_attn1_to_q.down.0 32x640\n"
        "lllite_unet_input_blocks_4_1_transformer_blocks_{2}_attn1_to_q.conditioning1.0 9x3x4x4",
        "controlnet",
        "sdxl",
        "lllite",
    ),
    (
        "controlnet flux",
        "controlnet_x_embedder 3072x64\ncontrolnet_blocks.{5} 3072x3072\n"
        "transformer_blocks.{5}.attn.to_q 3072x3072",
        "controlnet",
        "flux1",
        None,
    ),
    (
        "controlnet flux union",
        "controlnet_x_embedder 3072x64\ncontrolnet_blocks.{5} 3072x3072\n"
        "controlnet_mode_embedder 10x3072",
        "controlnet",
        "flux1",
        "union",
    ),
    (
        "controlnet flux inpaint",
        "controlnet_x_embedder 3072x68\ncontrolnet_blocks.{5} 3072x3072",
        "controlnet",
        "flux1",
        "inpaint",
    ),
    (
        "controlnet flux xlabs",
        "controlnet_blocks.{2} 3072x3072\ndouble_blocks.{2}.img_attn.qkv 9216x3072\n"
        "input_hint_block.0 16x3x3x3\npos_embed_input 3072x64",
        "controlnet",
        "flux1",
        "xlabs",
    ),
    (
        "controlnet mistoline",
        "controlnet_blocks.{5}.linear 3072x3072",
        "controlnet",
        "flux1",
        None,
    ),
    (
        "controlnet sd3.5",
        "pos_embed_input.proj 2432x16x2x2\ncontrolnet_blocks.{19} 2432x2432\n"
        "transformer_blocks.{19}.attn.qkv 7296x2432",
        "controlnet",
        "sd3",
        "3.5-large",
    ),
    (
        "controlnet qwen",
        "controlnet_x_embedder 3072x64\ncontrolnet_blocks.{5} 3072x3072\n"
        "transformer_blocks.{5}.img_mod.1 18432x3072",
        "controlnet",
        "qwen-image",
        None,
    ),
    (
        "controlnet qwen blockwise",
        "controlnet_blocks.{60}.x_rms 3072\ncontrolnet_blocks.{60}.input_proj 3072x3072",
        "controlnet",
        "qwen-image",
        "blockwise",
    ),
    (
        "controlnet z-image",
        "control_layers.{6}.attention.qkv 11520x3840\ncontrol_all_x_embedder.2-1 3840x132",
        "controlnet",
        "z-image",
        None,
    ),
    (
        "controlnet hunyuan dit",
        "after_proj_list.{19} 1408x1408\nblocks.{19}.attn1.Wqkv 4224x1408",
        "controlnet",
        "hunyuan-dit",
        None,
    ),
    (
        "controlnet sana",
        "controlnet_blocks.{7} 2240x2240\ninput_block 2240x2240\npatch_embed.proj 2240x32x1x1",
        "controlnet",
        "sana",
        None,
    ),
    (
        "brushnet",
        "brushnet_down_blocks.{12} 320x320x1x1\nadd_embedding.linear_1 1280x2816",
        "controlnet",
        "sdxl",
        "brushnet",
    ),
    (
        "t2i sd1",
        "conv_in 320x192x3x3\nbody.0.block1 320x320x3x3\nbody.{1-3}.in_conv 640x320x1x1",
        "t2i_adapter",
        "sd1",
        None,
    ),
    (
        "t2i sdxl in diffusers' names",
        "adapter.conv_in 320x768x3x3\nadapter.body.{4}.resnets.{2}.block1 320x320x3x3",
        "t2i_adapter",
        "sdxl",
        None,
    ),
    (
        "t2i light",
        "body.0.in_conv 64x64x1x1\nbody.0.body.{2}.block1 64x64x3x3\nbody.1.in_conv 128x64x1x1",
        "t2i_adapter",
        "sd1",
        None,
    ),
    (
        "t2i style",
        "style_embedding! 1x8x1024\ntransformer_layes.{3}.ln_1 1024\nproj! 1024x768",
        "style_model",
        "sd1",
        None,
    ),
    (
        "ip-adapter",
        "image_proj.proj 3072x1024\nip_adapter.1.to_k_ip 320x768\nip_adapter.1.to_v_ip 320x768",
        "ip_adapter",
        "sd1",
        None,
    ),
    (
        "ip-adapter plus",
        "image_proj.latents! 1x16x768\nimage_proj.proj_in 1280x1280\nip_adapter.1.to_k_ip 640x2048",
        "ip_adapter",
        "sdxl",
        "plus",
    ),
    (
        "ip-adapter faceid, though LoRA pairs are in",
        "image_proj.proj.0 1024x512\nip_adapter.1.to_k_ip 320x768\n"
        "ip_adapter.{32}.to_q_lora.down 128x320\nip_adapter.{32}.to_q_lora.up 320x128",
        "ip_adapter",
        "sd1",
        "faceid",
    ),
    (
        "instantid",
        "image_proj.latents! 1x16x1280\nimage_proj.proj_in 1280x512\nip_adapter.1.to_k_ip 640x2048",
        "ip_adapter",
        "sdxl",
        "instantid",
    ),
    (
        "ip-adapter flux xlabs",
        "double_blocks.{19}.processor.ip_adapter_double_stream_k_proj 3072x4096\n"
        "ip_adapter_proj_model.proj 16384x768",
        "ip_adapter",
        "flux1",
        None,
    ),
    ("redux", "redux_up 12288x1152\nredux_down 4096x12288", "style_model", "flux1", "redux"),
    (
        "motion module",
        "down_blocks.{4}.motion_modules.{2}.temporal_transformer.proj_in 320x320\n"
        "up_blocks.{4}.motion_modules.{3}.temporal_transformer.proj_in 320x320",
        "motion_module",
        "sd1",
        None,
    ),
    (
        "vae sd",
        "decoder.conv_in 512x4x3x3\nencoder.conv_in 128x3x3x3\nquant_conv 8x8x1x1\n"
        "post_quant_conv 4x4x1x1",
        "vae",
        None,
        "kl-f8-4ch",
    ),
    (
        "vae with a bundle's prefix",
        "first_stage_model.decoder.conv_in 512x4x3x3\nfirst_stage_model.quant_conv 8x8x1x1",
        "vae",
        None,
        "kl-f8-4ch",
    ),
    (
        "vae flux",
        "decoder.conv_in 512x16x3x3\nencoder.conv_in 128x3x3x3",
        "vae",
        None,
        "kl-f8-16ch",
    ),
    ("vae flux2", "decoder.conv_in 512x32x3x3\nbn.running_mean! 128", "vae", "flux2", None),
    (
        "vae sana",
        "decoder.conv_in 1024x32x3x3\nencoder.stages.{6}.op_list.0.conv 9x9",
        "vae",
        "sana",
        None,
    ),
    ("vae hunyuan image", "decoder.conv_in 1024x64x3x3", "vae", "hunyuan-image-2.1", None),
    (
        "vae svd",
        "decoder.conv_in 512x4x3x3\ndecoder.mid_block.resnets.0.time_mixer.mix_factor! 1",
        "vae",
        "svd",
        None,
    ),
    (
        "vae asymmetric",
        "decoder.conv_in 512x4x3x3\ndecoder.condition_encoder.layers.{5} 9x9x3x3",
        "vae",
        None,
        "asymmetric",
    ),
    (
        "vae wan 2.1",
        "encoder.conv1 96x3x3x3x3\ndecoder.middle.0.residual.0.gamma! 384x1x1x1",
        "vae",
        None,
        "wan2.1",
    ),
    (
        "vae wan 2.2",
        "encoder.conv1 160x12x3x3x3\ndecoder.conv1 1024x48x3x3x3\n"
        "decoder.middle.0.residual.0.gamma! 1024x1x1x1",
        "vae",
        "wan",
        "wan2.2",
    ),
    (
        "vae hunyuan video",
        "encoder.conv_in.conv 128x3x3x3x3\ndecoder.conv_in.conv 512x16x3x3x3\n"
        "quant_conv 32x32x1x1x1",
        "vae",
        "hunyuan-video",
        None,
    ),
    (
        "vae ltx 0.9",
        "encoder.conv_in.conv 128x48x3x3x3\nencoder.conv_out.conv 129x512x3x3x3\n"
        "decoder.conv_in.conv 512x128x3x3x3\nper_channel_statistics.mean-of-means! 128",
        "vae",
        "ltx-video",
        "0.9",
    ),
    (
        "vae cogvideox",
        "decoder.conv_in.conv 512x16x3x3x3\n"
        "decoder.mid_block.resnets.0.norm1.conv_y.conv 9x9x1x1x1",
        "vae",
        "cogvideox",
        None,
    ),
    (
        "vae mochi",
        "encoder.layers.{4}.stack.0 64\ndecoder.blocks.{3}.{3}.stack.0 768",
        "vae",
        "mochi",
        None,
    ),
    (
        "vae cosmos",
        "encoder.conv_in.0.conv3d 128x192x1x3x3\nlatent_mean! 256",
        "vae",
        "cosmos1",
        None,
    ),
    (
        "vae oobleck",
        "decoder.layers.0.weight_g! 2048x1x1\ndecoder.layers.0.weight_v! 2048x64x7\n"
        "decoder.layers.1.layers.0.alpha! 2048",
        "vae",
        "stable-audio",
        None,
    ),
    (
        "vae stage a",
        "vquantizer.codebook! 8192x4\nin_block.1 192x12x1x1",
        "vae",
        "cascade",
        "stage-a",
    ),
    ("taesd", "decoder.layers.{20} 64x4x3x3\nencoder.layers.{20} 64x3x3x3", "vae", None, "taesd"),
    ("taef1", "taesd_decoder.1 64x16x3x3\ntaesd_decoder.3.conv.0 64x64x3x3", "vae", None, "taesd"),
    ("taesd bare", "1 64x4x3x3\n3.conv.0 64x64x3x3\n3.conv.2 64x64x3x3", "vae", None, "taesd"),
    (
        "clip l",
        "text_model.encoder.layers.{12}.self_attn.q_proj 768x768",
        "text_encoder",
        None,
        "clip-l",
    ),
    (
        "long clip",
        "text_model.encoder.layers.{12}.self_attn.q_proj 768x768\n"
        "text_model.embeddings.position_embedding 248x768",
        "text_encoder",
        None,
        "long-clip-l",
    ),
    (
        "clip h of sd2",
        "text_model.encoder.layers.{23}.self_attn.q_proj 1024x1024",
        "text_encoder",
        None,
        "clip-h",
    ),
    (
        "clip g in open_clip's names",
        "transformer.resblocks.{32}.attn.in_proj_weight! 3840x1280\ntoken_embedding 49408x1280",
        "text_encoder",
        None,
        "clip-g",
    ),
    (
        "t5",
        "shared 32128x4096\nencoder.block.{24}.layer.0.SelfAttention.q 4096x4096",
        "text_encoder",
        None,
        "t5-xxl",
    ),
    (
        "umt5",
        "shared 256384x4096\nencoder.block.{24}.layer.0.SelfAttention.q 4096x4096",
        "text_encoder",
        None,
        "umt5-xxl",
    ),
    (
        "umt5 in wan's names",
        "token_embedding 256384x4096\nblocks.{24}.attn.q 4096x4096\nblocks.{24}.ffn.gate.0 9x4096",
        "text_encoder",
        None,
        "umt5-xxl",
    ),
    (
        "byt5",
        "shared 1510x1472\nencoder.block.{12}.layer.0.SelfAttention.q 384x1472",
        "text_encoder",
        None,
        "byt5",
    ),
    (
        "gemma 2",
        "model.embed_tokens 256000x2304\nmodel.layers.{26}.self_attn.q_proj 2048x2304\n"
        "model.layers.{26}.post_feedforward_layernorm 2304",
        "text_encoder",
        None,
        "gemma-2-2b",
    ),
    (
        "gemma 3",
        "model.embed_tokens 262208x3840\nmodel.layers.{48}.self_attn.q_proj 4096x3840\n"
        "model.layers.{48}.self_attn.q_norm 256\nmodel.layers.{48}.post_feedforward_layernorm 3840",
        "text_encoder",
        None,
        "gemma-3-12b",
    ),
    (
        "qwen 3",
        "model.embed_tokens 151936x2560\nmodel.layers.{36}.self_attn.q_proj 4096x2560\n"
        "model.layers.{36}.self_attn.q_norm 128",
        "text_encoder",
        None,
        "qwen3-4b",
    ),
    (
        "qwen 2.5 vl",
        "model.embed_tokens 152064x3584\nmodel.layers.{28}.self_attn.q_proj 3584x3584\n"
        "model.layers.{28}.self_attn.k_proj.bias! 512\nvisual.blocks.{32}.attn.qkv 3840x1280",
        "text_encoder",
        None,
        "qwen2.5-vl-7b",
    ),
    (
        "bert",
        "embeddings.word_embeddings 47020x1024\nencoder.layer.{24}.attention.self.query 1024x1024",
        "text_encoder",
        None,
        "bert",
    ),
    (
        "clip vision h",
        "vision_model.encoder.layers.{32}.self_attn.q_proj 1280x1280\n"
        "vision_model.embeddings.class_embedding! 1280\nvision_model.pre_layrnorm 1280",
        "clip_vision",
        None,
        "clip-vit-h-14",
    ),
    (
        "siglip",
        "vision_model.encoder.layers.{27}.self_attn.q_proj 1152x1152\n"
        "vision_model.head.probe! 1x1x1152"
        "\nvision_model.embeddings.position_embedding 729x1152",
        "clip_vision",
        None,
        "siglip-so400m-384",
    ),
    (
        "dinov2",
        "embeddings.mask_token! 1x1024\nencoder.layer.{24}.layer_scale1.lambda1! 1024",
        "clip_vision",
        None,
        "dinov2",
    ),
    (
        "esrgan",
        "conv_first 64x3x3x3\nbody.{23}.rdb1.conv1 32x64x3x3\n"
        "conv_up1 64x64x3x3\nconv_up2 64x64x3x3",
        "upscaler",
        None,
        "esrgan",
    ),
    (
        "swinir",
        "conv_first 180x3x3x3\n"
        "layers.{6}.residual_group.blocks.{6}.attn.relative_position_bias_table! 9x9",
        "upscaler",
        None,
        "swinir",
    ),
    (
        "hat",
        "relative_position_index_OCA! 9x9\n"
        "layers.{6}.residual_group.blocks.{6}.conv_block.cab.0 9x9x3x3",
        "upscaler",
        None,
        "hat",
    ),
    ("dat", "before_RG.1 180\nlayers.{6}.blocks.{6}.attn.attns.0.pos 9", "upscaler", None, "dat"),
    ("span", "block_{1-6}.c1_r.eval_conv 48x48x3x3\nconv_1.sk 48x3x1x1", "upscaler", None, "span"),
    (
        "scunet",
        "m_head.0 64x3x3x3\nm_down1.{4}.trans_block.ln1 64\nm_body.{4}.trans_block.ln1 64",
        "upscaler",
        None,
        "scunet",
    ),
    (
        "realplksr",
        "feats.0 64x3x3x3\nfeats.{1-28}.channel_mixer.0 128x64x3x3",
        "upscaler",
        None,
        "realplksr",
    ),
]


@pytest.mark.parametrize(
    ("text", "kind", "base", "variant"),
    [case[1:] for case in OTHERS],
    ids=[case[0] for case in OTHERS],
)
def test_kinds(text: str, kind: str, base: str | None, variant: str | None) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.base, identity.variant) == (kind, base, variant), (
        identity.reasons
    )
    assert identity.reasons


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("conv_first 64x3x3x3\nbody.{6}.rdb1.conv1 9x9\nconv_up1 1x1\nconv_up2 1x1", 4),
        ("conv_first 64x12x3x3\nbody.{6}.rdb1.conv1 9x9\nconv_up1 1x1\nconv_up2 1x1", 2),
        ("model.0 64x3x3x3\nmodel.1.sub.{23}.RDB1.conv1.0 32x64x3x3\nmodel.3 64x64x3x3", 2),
        ("body.{0-0} 64x3x3x3\n" + "body.1 64\nbody.2 64x64x3x3\nbody.3 64\nbody.4 64x64x3x3\n"
         "body.5 64\nbody.6 48x64x3x3", 4),
    ],
)  # fmt: skip
def test_upscalers_tell_their_factor(text: str, scale: int) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.scale) == ("upscaler", scale)


@pytest.mark.parametrize(
    ("text", "base", "candidates", "tokens"),
    [
        ("emb_params! 8x768", "sd1", (), 8),
        ("<my-styleéé>! 4x1024", "sd2", (), 4),
        ("*! 768", "sd1", (), 1),
        ("clip_l! 4x768\nclip_g! 4x1280", "sdxl", (), 4),
        ("clip_l! 4x768\nclip_g! 4x1280\nt5xxl! 4x4096", "sd3", (), 4),
        ("clip_l! 2x768\nt5xxl! 2x4096", "flux1", (), 2),
        ("clip_g! 2x1280", None, ("sdxl-refiner", "sdxl"), 2),
        ("clip_l! 2x768", None, ("sd1", "sdxl", "sd3", "flux1"), 2),
    ],
)
def test_embeddings(text: str, base: str | None, candidates: tuple[str, ...], tokens: int) -> None:
    identity = identify(full(text))
    assert identity.kind == "embedding"
    assert (identity.base, identity.candidates, identity.tokens) == (base, candidates, tokens)


def test_hypernetwork() -> None:
    text = "768.{2}.linear.{2} 1536x768\n320.{2}.linear.{2} 640x320"
    identity = identify(header(tensors(text), form=FileFormat.PICKLE))
    assert (identity.kind, identity.base) == ("hypernetwork", "sd1")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", ""),
        ("one matrix", "weight! 16x16"),
        ("a face adapter", "pulid_ca.{20}.to_q 2048x3072"),
        ("one with a vision tower", "id_encoder.vision_model.encoder.layers.{9}.mlp.fc1 9x9"),
        ("a recogniser of speech", "model.encoder.layers.{12}.self_attn.q_proj 768x768\n"
         "model.decoder.layers.{12}.encoder_attn.q_proj 768x768"),
        ("a classifier", "layer1.{3}.conv1 64x64x1x1\nfc 1000x2048"),
        ("a language model of no known size", "model.layers.{9}.self_attn.q_proj 77x77"),
    ],
)  # fmt: skip
def test_what_is_no_model_of_ours_is_unknown(name: str, text: str) -> None:
    identity = identify(full(text), file_name=f"{name} sdxl lora.safetensors")
    assert (identity.kind, identity.base, identity.confidence) == ("unknown", None, 0.0)
    assert identity.reasons


@pytest.mark.parametrize(
    ("config", "kind", "base", "candidates"),
    [
        (
            {"_class_name": "FluxPipeline", "transformer": "FluxTransformer2DModel", "vae": "X"},
            "checkpoint",
            "flux1",
            (),
        ),
        (
            {"_class_name": "QwenImageEditPipeline", "transformer": "QwenImageTransformer2DModel"},
            "checkpoint",
            "qwen-image",
            (),
        ),
        (
            {"_class_name": "StableDiffusionXLPipeline", "unet": "UNet2DConditionModel"},
            "checkpoint",
            "sdxl",
            (),
        ),
        (
            {"_class_name": "StableDiffusionPipeline", "unet": "UNet2DConditionModel"},
            "checkpoint",
            None,
            ("sd1", "sd2"),
        ),
        ({"_class_name": "WhoKnowsPipeline", "unet": "NewNet"}, "checkpoint", None, ()),
    ],
)
def test_folders(
    config: dict[str, str], kind: str, base: str | None, candidates: tuple[str, ...]
) -> None:
    identity = identify(Header(FileFormat.DIFFUSERS, {}, config=config))
    assert (identity.kind, identity.base, identity.candidates) == (kind, base, candidates)


def test_a_folders_tensors_tell_what_a_shared_class_does_not() -> None:
    unet = tensors(
        "conv_in 384x4x3x3\ndown_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k 768x1280\n"
        "mid_block.resnets.0.conv1 9x9\nup_blocks.{4}.resnets.0.conv1 9x9"
    )
    config = {"_class_name": "StableDiffusionXLImg2ImgPipeline", "unet": "UNet2DConditionModel"}
    metadata = {"scheduler.prediction_type": "epsilon"}
    found = identify(Header(FileFormat.DIFFUSERS, unet, metadata, config=config))
    assert (found.kind, found.base, found.prediction) == ("checkpoint", "sdxl-refiner", "epsilon")


def test_gguf_text_encoders() -> None:
    t5 = tensors("token_embd 32128x4096\nenc.blk.{24}.attn_q 4096x4096", dtype="Q8_0")
    qwen = tensors(
        "token_embd 151936x1024\nblk.{28}.attn_q 2048x1024\nblk.{28}.attn_q_norm 128\n"
        "blk.{28}.attn_norm 1024",
        dtype="Q4_K",
    )
    for found, name in ((t5, "t5-xxl"), (qwen, "qwen3-0.6b")):
        identity = identify(header(found, {"general.architecture": "x"}, FileFormat.GGUF))
        assert (identity.kind, identity.variant) == ("text_encoder", name)


def test_a_scalar_named_like_a_module_is_no_size() -> None:
    odd = {
        "decoder.conv_in.weight": Tensor("F32", ()),
        "decoder.conv_out.weight": Tensor("X", (0,)),
    }
    assert identify(header(odd)).base is None

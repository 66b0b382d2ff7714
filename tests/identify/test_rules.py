"""Whole models of every architecture, from the names and sizes that tell them (own lists)."""

from __future__ import annotations

import json

import pytest

from identify.headers import full, header, tensors
from loradex.domain.header import FileFormat, Header, Tensor
from loradex.identify import identify

LDM = "model.diffusion_model."
UNET_LDM = """
input_blocks.0.0 {width}x{channels}x3x3
input_blocks.{block}.1.proj_in {proj}
input_blocks.{block}.1.transformer_blocks.0.attn2.to_k {width}x{context}
middle_block.0.in_layers.2 1280x1280x3x3
output_blocks.{{12}}.0.in_layers.2 640x640x3x3
time_embed.0 1280x320
"""
UNET_DIFFUSERS = """
conv_in {width}x{channels}x3x3
down_blocks.{block}.attentions.0.transformer_blocks.0.attn2.to_k {width}x{context}
mid_block.attentions.0.transformer_blocks.0.attn2.to_k 1280x{context}
up_blocks.{{4}}.resnets.0.conv1 640x640x3x3
time_embedding.linear_1 1280x320
"""
VECTOR = "label_emb.0.0 1280x2816\n"


def ldm(context: int, width: int = 320, channels: int = 4, block: int = 1) -> str:
    proj = f"{width}x{width}" + ("x1x1" if context == 768 else "")
    return UNET_LDM.format(context=context, width=width, channels=channels, block=block, proj=proj)


def diffusers(context: int, channels: int = 4, block: int = 0, width: int = 320) -> str:
    return UNET_DIFFUSERS.format(context=context, width=width, channels=channels, block=block)


VAE_LDM = "first_stage_model.decoder.conv_in 512x4x3x3\nfirst_stage_model.quant_conv 8x8x1x1"
CLIP = "cond_stage_model.transformer.text_model.encoder.layers.{12}.self_attn.q_proj 768x768"

FLUX = """
img_in 3072x{channels}
txt_in 3072x4096
time_in.in_layer 3072x256
vector_in.in_layer 3072x768
double_blocks.{{19}}.img_attn.qkv 9216x3072
double_blocks.{{19}}.img_attn.norm.key_norm.scale! 128
double_blocks.{{19}}.img_mod.lin 18432x3072
single_blocks.{{38}}.linear1 21504x3072
final_layer.linear 64x3072
"""
FLUX2 = """
img_in {width}x128
txt_in {width}x{text}
double_stream_modulation_img.lin {six}x{width}
double_blocks.{{8}}.img_attn.qkv {three}x{width}
single_blocks.{{24}}.linear1 {nine}x{width}
final_layer.linear 128x{width}
"""
WAN = """
patch_embedding {width}x{channels}x1x2x2
text_embedding.0 {width}x4096
blocks.{{30}}.self_attn.q {width}x{width}
blocks.{{30}}.cross_attn.q {width}x{width}
blocks.{{30}}.modulation! 1x6x{width}
head.modulation! 1x2x{width}
head.head 64x{width}
"""
SD3 = """
x_embedder.proj {width}x16x2x2
context_embedder {width}x4096
y_embedder.mlp.0 {width}x2048
joint_blocks.{{24}}.context_block.attn.qkv {three}x{width}
joint_blocks.{{24}}.x_block.attn.qkv {three}x{width}
final_layer.linear 64x{width}
"""


def flux2(width: int, text: int) -> str:
    return FLUX2.format(width=width, text=text, three=3 * width, six=6 * width, nine=9 * width)


def wan(width: int, channels: int) -> str:
    return WAN.format(width=width, channels=channels)


def sd3(width: int) -> str:
    return SD3.format(width=width, three=3 * width)


QWEN = """
img_in 3072x64
txt_norm 3584
txt_in 3072x3584
transformer_blocks.{60}.img_mod.1 18432x3072
transformer_blocks.{60}.attn.to_q 3072x3072
proj_out 64x3072
"""
LAYERS = """
cap_embedder.1 {width}x{text}
noise_refiner.{{2}}.attention.qkv {qkv}x{width}
layers.{{26}}.attention.qkv {qkv}x{width}
layers.{{26}}.feed_forward.w1 9216x{width}
final_layer.linear 64x{width}
"""
HUNYUAN_VIDEO = """
img_in.proj 3072x{channels}x1x2x2
vector_in.in_layer 3072x768
txt_in.individual_token_refiner.blocks.{{2}}.self_attn_qkv 9216x3072
double_blocks.{{20}}.img_attn_qkv 9216x3072
double_blocks.{{20}}.img_mod.linear 18432x3072
single_blocks.{{40}}.linear1 21504x3072
final_layer.linear 64x3072
"""

MODELS: list[tuple[str, str, str, str, str | None]] = [
    ("sd1", ldm(768), "diffusion_model", "sd1", None),
    ("sd1 bare is no controlnet", ldm(768), "diffusion_model", "sd1", None),
    ("sd1 inpaint", ldm(768, channels=9), "diffusion_model", "sd1", "inpaint"),
    ("sd1 edit", ldm(768, channels=8), "diffusion_model", "sd1", "edit"),
    (
        "zero123",
        ldm(768, channels=8) + "cc_projection 768x772",
        "diffusion_model",
        "sd1",
        "zero123",
    ),
    (
        "sd1 lcm",
        diffusers(768) + "time_embedding.cond_proj 320x256",
        "diffusion_model",
        "sd1",
        "lcm",
    ),
    ("sd2", ldm(1024), "diffusion_model", "sd2", None),
    ("sd2 depth", ldm(1024, channels=5), "diffusion_model", "sd2", "depth"),
    ("sd2 x4", diffusers(1024, 7, 1, 256), "diffusion_model", "sd2", "x4-upscaler"),
    ("sdxl", ldm(2048, block=4) + VECTOR, "diffusion_model", "sdxl", None),
    ("sdxl diffusers", diffusers(2048, block=1), "diffusion_model", "sdxl", None),
    ("refiner", ldm(1280, 384, block=4), "diffusion_model", "sdxl-refiner", None),
    (
        "kolors",
        diffusers(2048, block=1) + "add_embedding.linear_1 1280x5632",
        "diffusion_model",
        "kolors",
        None,
    ),
    (
        "svd",
        diffusers(1024, 8)
        + "down_blocks.0.attentions.0.temporal_transformer_blocks.0.ff.net.2 9x9",
        "diffusion_model",
        "svd",
        None,
    ),
    (
        "ssd-1b",
        VECTOR
        + ldm(2048, block=4)
        + "input_blocks.7.1.transformer_blocks.{4}.attn2.to_k 1280x2048",
        "diffusion_model",
        "sdxl",
        "ssd-1b",
    ),
    ("flux1 schnell", FLUX.format(channels=64), "diffusion_model", "flux1", "schnell"),
    (
        "flux1 dev",
        FLUX.format(channels=64) + "guidance_in.in_layer 3072x256",
        "diffusion_model",
        "flux1",
        "dev",
    ),
    ("flux1 fill", FLUX.format(channels=384), "diffusion_model", "flux1", "fill"),
    (
        "flux1 control is not flux2",
        FLUX.format(channels=128),
        "diffusion_model",
        "flux1",
        "control",
    ),
    ("flux2 dev", flux2(6144, 15360), "diffusion_model", "flux2", "dev"),
    ("flux2 klein 4b", flux2(3072, 7680), "diffusion_model", "flux2", "klein-4b"),
    ("flux2 klein 9b", flux2(4096, 12288), "diffusion_model", "flux2", "klein-9b"),
    (
        "chroma is not schnell",
        FLUX.format(channels=64) + "distilled_guidance_layer.in_proj 5120x64",
        "diffusion_model",
        "chroma",
        None,
    ),
    (
        "chroma radiance",
        "img_in_patch 3072x3x16x16\nnerf_blocks.{4}.param_generator 9x9\n"
        "distilled_guidance_layer.in_proj 5120x64\ndouble_blocks.{19}.img_attn.qkv 9216x3072",
        "diffusion_model",
        "chroma-radiance",
        None,
    ),
    (
        "longcat",
        "x_embedder 3072x64\ncontext_embedder 3072x3584\n"
        "time_embed.timestep_embedder.linear_1 1x1\n"
        "transformer_blocks.{19}.attn.to_q 3072x3072\n"
        "single_transformer_blocks.{38}.attn.to_q 3072x3072",
        "diffusion_model",
        "longcat-image",
        None,
    ),
    (
        "bria",
        "x_embedder 3072x64\ncontext_embedder 3072x4096\n"
        "time_embed.timestep_embedder.linear_1 1x1\n"
        "transformer_blocks.{19}.attn.to_q 3072x3072\n"
        "single_transformer_blocks.{38}.attn.to_q 3072x3072",
        "diffusion_model",
        "bria",
        None,
    ),
    (
        "ovis",
        "context_embedder_norm 2048\ncontext_embedder 3072x2048\n"
        "single_transformer_blocks.{27}.proj_mlp 24576x3072",
        "diffusion_model",
        "ovis-image",
        None,
    ),
    ("sd3 medium", sd3(1536), "diffusion_model", "sd3", "medium"),
    ("sd3.5 large", sd3(2432), "diffusion_model", "sd3", "3.5-large"),
    (
        "sd3.5 medium",
        sd3(1536) + "joint_blocks.{13}.x_block.attn2.qkv 4608x1536",
        "diffusion_model",
        "sd3",
        "3.5-medium",
    ),
    ("qwen", QWEN, "diffusion_model", "qwen-image", None),
    (
        "qwen 2511",
        QWEN + "__index_timestep_zero__! 0",
        "diffusion_model",
        "qwen-image",
        "edit-2511",
    ),
    (
        "qwen layered",
        QWEN + "time_text_embed.addition_t_embedding 2x3072",
        "diffusion_model",
        "qwen-image",
        "layered",
    ),
    (
        "qwen 2.1",
        "txt_in.text_norm 4096\nmodulation.1 16384x4096\nimg_in 4096x64\n"
        "transformer_blocks.{32}.img_mlp.gate_layer 12288x4096",
        "diffusion_model",
        "qwen-image-2.1",
        None,
    ),
    (
        "z-image",
        LAYERS.format(width=3840, text=2560, qkv=11520),
        "diffusion_model",
        "z-image",
        None,
    ),
    ("lumina2", LAYERS.format(width=2304, text=2304, qkv=3840), "diffusion_model", "lumina2", None),
    (
        "omnigen2 is not lumina2",
        "ref_image_patch_embedder 2520x64\ntime_caption_embed.caption_embedder.1 2520x2048\n"
        "layers.{32}.attn.to_q 2520x2520\nnorm_out.linear_1 1x1",
        "diffusion_model",
        "omnigen2",
        None,
    ),
    (
        "ideogram4",
        "embed_image_indicator 2x4608\nllm_cond_proj 4608x53248\n"
        "layers.{34}.attention.o 4608x4608\n"
        "final_layer.linear 128x4608",
        "diffusion_model",
        "ideogram4",
        None,
    ),
    (
        "ernie",
        "x_embedder.proj 3072x128x1x1\ntext_proj 3072x2560\nlayers.{24}.mlp.linear_fc2 3072x8192",
        "diffusion_model",
        "ernie-image",
        None,
    ),
    (
        "hidream",
        "caption_projection.{2}.linear 2560x4096\nfinal_layer.linear 64x2560\n"
        "double_stream_blocks.{16}.block.attn1.to_q_t 2560x2560",
        "diffusion_model",
        "hidream",
        None,
    ),
    (
        "auraflow under model.",
        "model.register_tokens! 1x8x3072\nmodel.double_layers.{4}.attn.w1q 3072x3072\n"
        "model.cond_seq_linear 3072x2048\nmodel.final_linear 16x3072",
        "diffusion_model",
        "auraflow",
        None,
    ),
    (
        "krea2",
        "txtfusion.projector 1x12\nblocks.{28}.attn.wq 6144x6144\nlast.linear 64x6144",
        "diffusion_model",
        "krea2",
        None,
    ),
    ("hunyuan video", HUNYUAN_VIDEO.format(channels=16), "diffusion_model", "hunyuan-video", "t2v"),
    ("hunyuan i2v", HUNYUAN_VIDEO.format(channels=33), "diffusion_model", "hunyuan-video", "i2v"),
    (
        "framepack",
        HUNYUAN_VIDEO.format(channels=16) + "clean_x_embedder.proj_2x 3072x16x2x4x4",
        "diffusion_model",
        "hunyuan-video",
        "framepack",
    ),
    (
        "hunyuan video in diffusers' names is not flux",
        "x_embedder.proj 3072x16x1x2x2\ncontext_embedder.proj_in 3072x4096\n"
        "context_embedder.token_refiner.refiner_blocks.{2}.attn.to_q 3072x3072\n"
        "transformer_blocks.{20}.attn.to_q 3072x3072\n"
        "single_transformer_blocks.{40}.attn.to_q 3072x3072\nproj_out 64x3072",
        "diffusion_model",
        "hunyuan-video",
        "t2v",
    ),
    (
        "hunyuan video 1.5",
        "cond_type_embedding 3x2048\nimg_in.proj 2048x65x1x1x1\n"
        "double_blocks.{54}.img_attn_q 2048x2048\nfinal_layer.linear 32x2048",
        "diffusion_model",
        "hunyuan-video-1.5",
        None,
    ),
    (
        "hunyuan image",
        "img_in.proj 3584x64x1x1\nbyt5_in.fc1 2048x1472\nfinal_layer.linear 64x3584\n"
        "txt_in.individual_token_refiner.blocks.{2}.self_attn_qkv 9x9\n"
        "double_blocks.{20}.img_attn_proj 3584x3584",
        "diffusion_model",
        "hunyuan-image-2.1",
        None,
    ),
    (
        "hunyuan dit",
        "mlp_t5.0 8192x2048\npooler.positional_embedding! 257x2048\n"
        "blocks.{40}.attn1.Wqkv 4224x1408\n"
        "final_layer.linear 32x1408",
        "diffusion_model",
        "hunyuan-dit",
        None,
    ),
    (
        "hunyuan3d is not flux",
        "latent_in 1024x64\ncond_in 1024x1536\ndouble_blocks.{16}.img_attn.qkv 3072x1024\n"
        "single_blocks.{32}.linear1 7168x1024",
        "diffusion_model",
        "hunyuan3d",
        None,
    ),
    ("wan 1.3b", wan(1536, 16), "diffusion_model", "wan", "t2v-1.3b"),
    ("wan 14b", wan(5120, 16), "diffusion_model", "wan", "t2v-14b"),
    ("wan 5b", wan(3072, 48), "diffusion_model", "wan", "ti2v-5b"),
    ("wan 2.2 i2v", wan(5120, 36), "diffusion_model", "wan", "2.2-i2v-a14b"),
    (
        "wan 2.1 i2v",
        wan(5120, 36) + "img_emb.proj.1 1280x1280",
        "diffusion_model",
        "wan",
        "i2v-14b",
    ),
    (
        "wan flf2v",
        wan(5120, 36) + "img_emb.proj.1 1280x1280\nimg_emb.emb_pos! 1x514x1280",
        "diffusion_model",
        "wan",
        "flf2v-14b",
    ),
    ("wan fun", wan(5120, 48), "diffusion_model", "wan", "fun-control-14b"),
    (
        "wan vace",
        wan(1536, 16) + "vace_blocks.{15}.after_proj 1536x1536",
        "diffusion_model",
        "wan",
        "vace-1.3b",
    ),
    (
        "wan s2v",
        wan(5120, 16) + "casual_audio_encoder.encoder.conv 1x1",
        "diffusion_model",
        "wan",
        "s2v",
    ),
    (
        "ltx",
        "patchify_proj 2048x128\nadaln_single.linear 12288x2048\nproj_out 128x2048\n"
        "transformer_blocks.{28}.attn2.k_norm 2048",
        "diffusion_model",
        "ltx-video",
        "2b",
    ),
    (
        "ltx2",
        "patchify_proj 4096x128\naudio_patchify_proj 2048x128\nadaln_single.linear 9x9\n"
        "transformer_blocks.{48}.audio_to_video_attn.to_q 4096x4096\nproj_out 128x4096",
        "diffusion_model",
        "ltx2",
        None,
    ),
    (
        "mochi",
        "t5_yproj 1536x4096\nt5_y_embedder.to_kv 9x9\nblocks.{48}.attn.qkv_x 9216x3072\n"
        "final_layer.linear 12x3072",
        "diffusion_model",
        "mochi",
        None,
    ),
    (
        "cogvideox",
        "patch_embed.proj 3072x16x2x2\npatch_embed.text_proj 3072x4096\n"
        "time_embedding.linear_1 512x3072"
        "\ntransformer_blocks.{42}.norm1.linear 18432x512\nproj_out 64x3072",
        "diffusion_model",
        "cogvideox",
        "5b",
    ),
    (
        "cogview4",
        "patch_embed.proj 4096x64\npatch_embed.text_proj 4096x4096\n"
        "time_condition_embed.condition_embedder.linear_1 512x1536\n"
        "transformer_blocks.{28}.attn1.to_q 4096x4096\nproj_out 64x4096",
        "diffusion_model",
        "cogview4",
        None,
    ),
    (
        "cosmos1",
        "net.blocks.block0.blocks.0.block.attn.to_q.0 4096x4096\nnet.x_embedder.proj.1 4096x68\n"
        "net.extra_pos_embedder.pos_emb_h! 128x4096\nnet.final_layer.linear 64x4096",
        "diffusion_model",
        "cosmos1",
        "7b",
    ),
    (
        "cosmos predict2",
        "net.blocks.{28}.adaln_modulation_self_attn.1 256x2048\nnet.x_embedder.proj.1 2048x72\n"
        "net.blocks.{28}.mlp.layer1 8192x2048\nnet.final_layer.linear 64x2048",
        "diffusion_model",
        "cosmos-predict2",
        "2b-v2w",
    ),
    (
        "anima",
        "net.blocks.{28}.adaln_modulation_self_attn.1 256x2048\nnet.x_embedder.proj.1 2048x68\n"
        "net.llm_adapter.embed 32128x1024\nnet.blocks.{28}.mlp.layer1 8192x2048\n"
        "net.final_layer.linear 64x2048",
        "diffusion_model",
        "anima",
        None,
    ),
    (
        "allegro is not ltx",
        "pos_embed.proj 2304x4x2x2\nadaln_single.linear 13824x2304\nproj_out 16x2304\n"
        "transformer_blocks.{32}.attn2.to_k 2304x2304",
        "diffusion_model",
        "allegro",
        None,
    ),
    (
        "pixart sigma is not ltx",
        "pos_embed.proj 1152x4x2x2\nadaln_single.linear 6912x1152\nproj_out 32x1152\n"
        "caption_projection.linear_1 1152x4096\ntransformer_blocks.{28}.attn2.to_k 1152x1152",
        "diffusion_model",
        "pixart",
        "sigma",
    ),
    (
        "pixart alpha",
        "t_block.1 6912x1152\ny_embedder.y_embedding! 120x4096\ncsize_embedder.mlp.0 384x256\n"
        "blocks.{28}.cross_attn.kv_linear 2304x1152\nfinal_layer.linear 32x1152",
        "diffusion_model",
        "pixart",
        "alpha",
    ),
    (
        "sana",
        "caption_norm 2240\npatch_embed.proj 2240x32x1x1\nproj_out 32x2240\n"
        "transformer_blocks.{20}.ff.conv_inverted 11200x2240x1x1",
        "diffusion_model",
        "sana",
        "1600m",
    ),
    (
        "kandinsky5",
        "text_transformer_blocks.{2}.self_attention.to_query 2560x2560\n"
        "visual_transformer_blocks.{50}.self_attention.to_query 2560x2560\n"
        "out_layer.out_layer 64x2560",
        "diffusion_model",
        "kandinsky5",
        "image-lite",
    ),
    (
        "prx",
        "img_in 1792x64\ntxt_in 1792x2304\nblocks.{16}.attention.img_qkv_proj 5376x1792",
        "diffusion_model",
        "prx",
        None,
    ),
    (
        "minimax",
        "proj_in 5376x96\naudio_proj_in 5376x32\n"
        "token_refiner.refiner_blocks.{2}.attn.to_q 7168x5376",
        "diffusion_model",
        "minimax-h3",
        None,
    ),
    (
        "cascade stage c",
        "clip_txt_mapper 2048x1280\nclip_img_mapper 8192x768\n"
        "down_blocks.0.{9}.channelwise.0 8192x2048"
        "\nup_blocks.0.{9}.channelwise.0 8192x2048",
        "diffusion_model",
        "cascade",
        "stage-c",
    ),
    (
        "cascade stage b lite",
        "effnet_mapper.0 1280x16x1x1\nclip_mapper 5120x1280\n"
        "down_blocks.0.{9}.channelwise.4 320x1280\n"
        "up_blocks.0.{9}.channelwise.4 576x2304",
        "diffusion_model",
        "cascade",
        "stage-b-lite",
    ),
    (
        "ace-step",
        "genre_embedder 2560x768\nspeaker_embedder 2560x512\nlyric_encoder.encoders.{6}.norm 1024",
        "diffusion_model",
        "ace-step",
        None,
    ),
    (
        "stable audio",
        "model.model.transformer.rotary_pos_emb.inv_freq! 16\n"
        "model.model.to_timestep_embed.0 1536x256\n"
        "model.model.transformer.layers.{24}.self_attn.to_qkv 4608x1536\n"
        "pretransform.model.decoder.layers.0.weight_g! 2048x1x1",
        "checkpoint",
        "stable-audio",
        None,
    ),
]


@pytest.mark.parametrize(
    ("text", "kind", "base", "variant"),
    [case[1:] for case in MODELS],
    ids=[case[0] for case in MODELS],
)
def test_whole_models(text: str, kind: str, base: str, variant: str | None) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.base, identity.variant) == (kind, base, variant), (
        identity.reasons
    )
    assert not identity.partial
    assert identity.confidence == 1.0


@pytest.mark.parametrize(
    "prefix", ["model.diffusion_model.", "diffusion_model.", "unet.", "module."]
)
def test_prefixes_are_taken_off(prefix: str) -> None:
    for text in (ldm(768), diffusers(2048, block=1), FLUX.format(channels=64)):
        assert identify(full(text, prefix)).base == identify(full(text)).base is not None


def test_a_bundle_is_a_checkpoint_and_says_what_is_inside() -> None:
    identity = identify(header(tensors(ldm(768), LDM) | tensors(VAE_LDM) | tensors(CLIP)))
    assert (identity.kind, identity.base) == ("checkpoint", "sd1")
    assert identity.parts == ("denoiser", "text_encoder", "vae")


def test_the_refiners_prefix_is_no_refiner() -> None:
    """SD-Turbo keeps its SD 2 text encoder where the refiner keeps CLIP-G."""
    text = tensors("conditioner.embedders.0.model.transformer.resblocks.{23}.ln_1 1024")
    assert identify(header(tensors(ldm(1024), LDM) | text)).base == "sd2"


def test_ema_weights_alone_tell_the_base() -> None:
    names = "model_ema.diffusion_modelinput_blocks11transformer_blocks0attn2to_kweight"
    found = {names: Tensor("F32", (320, 768)), "model_ema.decay": Tensor("F32", ())}
    identity = identify(header(found | tensors(VAE_LDM)))
    assert (identity.kind, identity.base) == ("checkpoint", "sd1")
    assert "ema" in identity.parts


@pytest.mark.parametrize(
    ("markers", "expected", "ztsnr"),
    [
        ("v_pred! 0", "v_prediction", False),
        ("v_pred! 0\nztsnr! 0", "v_prediction", True),
        ("edm_mean! 4\nedm_std! 4", "edm", False),
        ("edm_vpred.sigma_max! -\nedm_vpred.sigma_min! -", "edm-v", False),
        ("denoiser.sigmas! 1000", None, False),
    ],
)
def test_prediction_markers(markers: str, expected: str | None, ztsnr: bool) -> None:
    found = tensors(ldm(2048, block=4) + VECTOR, LDM) | tensors(markers)
    identity = identify(header(found | tensors(VAE_LDM)))
    assert (identity.prediction, identity.zero_terminal_snr) == (expected, ztsnr)


def test_sd2_steps_in_a_pickle_tell_the_prediction() -> None:
    for step, expected in ((220000, "epsilon"), (110000, "v_prediction"), (470000, None)):
        metadata = {"pickle.extra": json.dumps({"global_step": step}), "pickle.wrap": "[]"}
        found = tensors(ldm(1024), LDM) | tensors(VAE_LDM)
        assert identify(header(found, metadata, FileFormat.PICKLE)).prediction == expected


@pytest.mark.parametrize(
    ("base", "text"), [("flow", FLUX.format(channels=64)), ("flow", wan(1536, 16)), ("flow", QWEN)]
)
def test_flow_models_say_flow(base: str, text: str) -> None:
    assert identify(full(text)).prediction == base


Q = "double_blocks.{19}.img_attn.qkv"


def quantised(extra: str, weight: str = "9216x3072 F8_E4M3") -> Header:
    text = FLUX.format(channels=64).replace(f"{Q} 9216x3072", f"{Q} {weight}")
    return full(text + extra)


@pytest.mark.parametrize(
    ("extra", "weight", "scheme"),
    [
        ("", "9216x3072 F8_E4M3", None),
        (f"{Q}.scale_weight! 1 F32\nscaled_fp8! 2 F8_E4M3", "9216x3072 F8_E4M3", "fp8_scaled"),
        (f"{Q}.weight_scale! - F32\n{Q}.input_scale! - F32", "9216x3072 F8_E4M3", "fp8_scaled"),
        (f"{Q}.weight_scale! 9216x96 U8", "9216x3072 F8_E4M3", "mxfp8"),
        (
            f"{Q}.weight_scale! 9216x192 F8_E4M3\n{Q}.weight_scale_2! - F32",
            "9216x1536 U8",
            "nvfp4",
        ),
        (f"{Q}.weight_scale! 9216x1 F32\n{Q}.comfy_quant! 80 U8", "9216x3072 I8", "int8"),
        (
            f"{Q}.weight.absmax! 9 F32\n{Q}.weight.quant_state.bitsandbytes__nf4! 9 U8",
            "14155776x1 U8",
            "nf4",
        ),
        (
            f"{Q}.weight.absmax! 9 F32\n{Q}.weight.quant_state.bitsandbytes__fp4! 9 U8",
            "14155776x1 U8",
            "fp4",
        ),
        (f"{Q}.zero_point! 9216 I8\n{Q}.scale! 9216 F32", "9216x3072 I8", "sdnq"),
    ],
)
def test_quantisation(extra: str, weight: str, scheme: str | None) -> None:
    identity = identify(quantised(extra, weight))
    assert (identity.kind, identity.base) == ("diffusion_model", "flux1")
    assert identity.quantisation == scheme


def test_nunchaku_is_a_model_and_no_lora() -> None:
    text = """
    x_embedder 3072x64
    context_embedder 3072x4096
    time_text_embed.text_embedder.linear_1 3072x768
    time_text_embed.guidance_embedder.linear_1 3072x256
    transformer_blocks.{19}.qkv_proj.qweight! 9216x1536 I8
    transformer_blocks.{19}.qkv_proj.wscales! 48x9216
    transformer_blocks.{19}.qkv_proj.lora_down! 3072x32
    transformer_blocks.{19}.qkv_proj.lora_up! 9216x32
    transformer_blocks.{19}.qkv_proj.smooth! 3072
    single_transformer_blocks.{38}.mlp_fc1.qweight! 12288x1536 I8
    single_transformer_blocks.{38}.mlp_fc1.lora_down! 3072x32
    single_transformer_blocks.{38}.mlp_fc1.lora_up! 12288x32
    proj_out 64x3072
    """
    config = json.dumps({"method": "svdquant", "weight": {"dtype": "fp4_e2m1_all"}})
    for metadata, scheme in (({}, "svdq-int4"), ({"quantization_config": config}, "svdq-fp4")):
        identity = identify(full(text, metadata=metadata))
        assert (identity.kind, identity.base) == ("diffusion_model", "flux1"), identity.reasons
        assert identity.quantisation == scheme


def test_dtype_is_the_denoisers() -> None:
    found = tensors(FLUX.format(channels=64), LDM, "F8_E4M3")
    found |= tensors("text_encoders.t5xxl.transformer.shared 32128x9999999", dtype="F32")
    identity = identify(header(found))
    assert (identity.kind, identity.dtype) == ("checkpoint", "F8_E4M3")


def test_gguf_architecture_is_only_a_loaders_name() -> None:
    z_image = tensors(LAYERS.format(width=3840, text=2560, qkv=11520), dtype="Q4_K")
    chroma = tensors(
        FLUX.format(channels=64) + "distilled_guidance_layer.in_proj 5120x64", dtype="Q8_0"
    )
    for found, arch, base, scheme in (
        (z_image, "lumina2", "z-image", "gguf-Q4_K"),
        (chroma, "flux", "chroma", "gguf-Q8_0"),
    ):
        identity = identify(header(found, {"general.architecture": arch}, FileFormat.GGUF))
        assert (identity.base, identity.quantisation) == (base, scheme)


def test_a_middle_shard_is_told_by_its_blocks() -> None:
    shard = tensors(
        """
        double_blocks.{7-9}.img_mlp.0 12288x3072
        double_blocks.{7-9}.img_mod.lin 18432x3072
        single_blocks.{9}.linear1 21504x3072
        """
    )
    identity = identify(header(shard))
    assert (identity.kind, identity.base) == ("diffusion_model", "flux1")
    assert identity.partial
    assert identity.variant is None


@pytest.mark.parametrize(
    ("text", "near"),
    [
        (QWEN.replace("3584", "2560"), ("qwen-image",)),
        (
            "patch_embed.text_proj 2560x4096\ntime_condition_embed.condition_embedder.linear_1 9x9"
            "\ntransformer_blocks.{30}.attn1.to_q 2560x2560",
            ("cogview4",),
        ),
        ("double_stream_layers.{8}.img_instruct_attn.to_q 9x9\nx_embedder 9x9", ()),
    ],
)
def test_newer_kin_are_denoisers_of_no_known_base(text: str, near: tuple[str, ...]) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.base, identity.candidates) == ("diffusion_model", None, near)
    assert identity.confidence < 1.0


def test_a_whole_model_that_borrows_names_is_not_its_neighbour() -> None:
    text = """
    patch_embed.proj 1152x4x2x2
    strange_embedder.linear 1152x1152
    transformer_blocks.{12}.attn1.to_q 1152x1152
    transformer_blocks.{12}.ff.net.0.proj 4608x1152
    """
    identity = identify(full(text))
    assert identity.base is None
    assert "pixart" in identity.candidates
    assert identity.confidence == 0.0

"""VAE families: which latents, told by the decoder's first convolution and a few own names."""

from __future__ import annotations

from collections.abc import Callable

from loradex.domain.kinds import BaseModel, ModelKind
from loradex.identify.rules import Check, Reader, Rule, Variant, either, gives, has, lacks, takes
from loradex.identify.view import View

B = BaseModel
_VAE = ModelKind.VAE

LATENTS_4 = (B.SD1, B.SD2, B.SDXL)
LATENTS_16 = (B.FLUX1, B.SD3, B.Z_IMAGE, B.LUMINA2, B.CHROMA, B.HIDREAM)
LATENTS_WAN = (B.WAN, B.QWEN_IMAGE, B.ANIMA, B.KREA2)

_IN = "decoder.conv_in|decoder.conv_in.conv"


def _named(name: str, why: str) -> Callable[[View], Variant | None]:
    return lambda _view: (name, why)


def _vae(
    base: BaseModel | None,
    says: str,
    *checks: Check,
    among: tuple[BaseModel, ...] = (),
    variant: str | None = None,
) -> Rule:
    name = _named(variant, says) if variant else None
    return Rule(base, says, checks, among=among, kind=_VAE, variant=name)


def _ltx_variant(view: View) -> Variant | None:
    out = view.gives("encoder.conv_out.conv|encoder.conv_out")
    if view.has("decoder.timestep_scale_multiplier|decoder.last_time_embedder|time_embedder"):
        late = out is not None and out > 512
        return ("0.9.5" if late else "0.9.1", f"a time embedding, the encoder gives {out}")
    return ("0.9", "no time embedding in the decoder") if out else None


_SOUND_ENDS = (
    "encoder.conv1.weight_v",
    "encoder.layers.0.weight_v",
    "decoder.conv2.weight_v",
    "conv_out.weight_v",
)


def _not_mono(view: View) -> str | None:
    """Hold unless the first or last convolution works on one channel: Oobleck is stereo."""
    return None if any(1 in size for size in view.sizes_at(_SOUND_ENDS)) else ""


_TINY_FIRST = ("decoder.layers.0.weight", "taesd_decoder.1.weight")


def _reads(channels: int) -> Check:
    """Hold when the tiny decoder's first convolution takes so many channels."""

    def check(view: View) -> str | None:
        there = any(size[1] == channels for size in view.sizes_at(_TINY_FIRST))
        return f"the first layer takes {channels}" if there else None

    return check


def _tiny_video(
    base: BaseModel | None, latents: str, channels: int, *, among: tuple[BaseModel, ...] = ()
) -> Rule:
    return _vae(
        base,
        f"a tiny video autoencoder for {latents}",
        has("decoder.#.conv.0|decoder.3.conv.0|decoder.7.conv.0"),
        takes("decoder.1", channels),
        among=among,
        variant="taehv",
    )


_TINY = "decoder.layers.#|taesd_decoder.1|taesd_encoder.0"

READERS: tuple[Reader, ...] = (
    _vae(
        B.MINIMAX_H3,
        "the audio VAE of MiniMax H3",
        has("weight_g", "pre_block.attn.qkv", "dec_in_proj"),
        variant="audio",
    ),
    _vae(
        B.MINIMAX_H3,
        "the video VAE of MiniMax H3: a transformer decodes",
        has("decoder.register_tokens", "decoder.transformer_blocks.#", "encoder.conv_in"),
    ),
    _vae(
        B.STABLE_AUDIO,
        "an Oobleck audio VAE",
        has("weight_g", "weight_v"),
        has("layers.#.layers.#.alpha|block.#.snake1.alpha|snake1.alpha"),
        _not_mono,
    ),
    _vae(
        None,
        "an audio VAE or vocoder of an unknown family",
        has("weight_g", "weight_v", "alpha|beta"),
        among=(B.STABLE_AUDIO,),
    ),
    _vae(
        None,
        "a decoder of what a vision tower sees",
        has("encoder.embeddings.mask_token|encoder.embeddings.patch_embeddings"),
        has("decoder.decoder_embed|decoder.decoder_layers.#"),
    ),
    _vae(
        B.CASCADE,
        "stage A of Stable Cascade",
        has("vquantizer.codebook|vquantizer.embedding"),
        variant="stage-a",
    ),
    _vae(
        B.CASCADE,
        "the picture encoder of Stable Cascade",
        has("backbone.#|backbone.1|backbone.1.0"),
        has("mapper.0|mapper.#|mapper"),
        variant="effnet",
    ),
    _vae(
        B.CASCADE,
        "the previewer of Stable Cascade",
        has("blocks.#"),
        takes("blocks.#", 16),
        gives("blocks.#", 512),
        lacks("attn", "attn1", "self_attn"),
        variant="previewer",
    ),
    _vae(
        B.COSMOS1,
        "Cosmos' tokenizer",
        has("unpatcher3d|patcher3d|encoder.conv_in.0.conv3d|encoder.conv_in.conv_s"),
    ),
    _vae(
        B.LTX2,
        "the audio VAE of LTX-2",
        takes("encoder.conv_in.conv", 2),
        has("latents_mean|per_channel_statistics"),
        variant="audio",
    ),
    _vae(
        B.QWEN_IMAGE_2_1,
        "the Qwen-Image 2.1 VAE: 64 latent channels",
        takes("decoder.conv_in", 64),
        has("norm1.gamma"),
    ),
    Rule(
        B.LTX2,
        "the video VAE of LTX-2",
        (
            has("per_channel_statistics|latents_mean|latents_std"),
            takes("encoder.conv_in.conv", 48),
            either(
                gives("decoder.conv_in.conv", 2048),
                gives("encoder.mid_block.resnets.#.conv1.conv", 2048),
            ),
        ),
        kind=_VAE,
    ),
    Rule(
        B.LTX_VIDEO,
        "the video VAE of LTX-Video: 4 x 4 pixels in 48 channels",
        (
            either(takes("encoder.conv_in.conv", 48), has("per_channel_statistics")),
            takes("decoder.conv_in.conv", 128),
        ),
        kind=_VAE,
        variant=_ltx_variant,
    ),
    _vae(
        None,
        "the Wan 2.1 VAE, which Qwen-Image, Anima and Krea 2 share",
        has("decoder.middle.0.residual.#|decoder.middle.0.residual.0"),
        takes("encoder.conv1", 3),
        among=LATENTS_WAN,
        variant="wan2.1",
    ),
    _vae(
        B.WAN,
        "the Wan 2.2 VAE: 48 latent channels",
        either(takes("encoder.conv1", 12), takes("decoder.conv1", 48)),
        has("decoder.middle.0.residual.0|decoder.middle.0.residual.#"),
        variant="wan2.2",
    ),
    _vae(
        B.WAN,
        "the Wan 2.2 VAE in diffusers' names: 48 latent channels",
        takes(_IN, 48),
        has("decoder.mid_block.resnets.#.norm1.gamma"),
        variant="wan2.2",
    ),
    _vae(
        None,
        "the Wan 2.1 VAE in diffusers' names, which Qwen-Image, Anima and Krea 2 share",
        takes("decoder.conv_in", 16),
        has("decoder.mid_block.resnets.#.norm1.gamma", "post_quant_conv"),
        among=LATENTS_WAN,
        variant="wan2.1",
    ),
    _vae(
        B.HUNYUAN_VIDEO_1_5,
        "the HunyuanVideo 1.5 VAE (the HunyuanImage refiner has the same): 32 latent channels",
        takes(_IN, 32),
        has("norm.gamma|norm1.gamma|norm_out.gamma"),
        among=(B.HUNYUAN_VIDEO_1_5, B.HUNYUAN_IMAGE_2_1),
    ),
    _vae(
        B.COGVIDEOX,
        "the CogVideoX VAE: norms that read the latents",
        has("norm1.conv_y.conv|norm_layer.conv_y.conv"),
    ),
    _vae(
        B.HUNYUAN_VIDEO,
        "the HunyuanVideo VAE: 3-D convolutions, 16 latent channels",
        has("encoder.conv_in.conv", "quant_conv"),
        takes("decoder.conv_in.conv", 16),
    ),
    _vae(
        B.ALLEGRO,
        "the Allegro VAE: temporal convolutions beside 2-D ones",
        has("temp_conv_in", "encoder.temp_conv_in|decoder.temp_conv_in"),
    ),
    _vae(
        B.MOCHI,
        "the Mochi VAE",
        either(
            has("decoder.blocks.#.#.stack.0|decoder.blocks.#.0.stack.0|decoder.blocks.#.stack.0"),
            has("encoder.layers.#.stack.0"),
            has("encoder.block_in.resnets.#", "decoder.block_in.resnets.#"),
        ),
    ),
    _vae(
        None,
        "an inpainting decoder that sees the masked picture",
        has("decoder.condition_encoder"),
        among=LATENTS_4,
        variant="asymmetric",
    ),
    _vae(
        None, "the consistency decoder", has("decoder_unet"), among=LATENTS_4, variant="consistency"
    ),
    _vae(
        B.SVD,
        "a decoder with temporal layers: Stable Video Diffusion",
        takes("decoder.conv_in", 4),
        has("time_mixer|time_stack|mix_factor|temporal_res_block|time_mix_conv|time_conv_out"),
    ),
    _vae(
        B.SANA,
        "the deep-compression VAE of Sana: 32 latent channels",
        either(takes("decoder.conv_in", 32), takes("decoder.project_in.conv", 32)),
        either(
            gives("decoder.conv_in", 1024),
            has("encoder.stages.#|decoder.stages.#"),
            has("encoder.down_blocks.#.0.conv1"),
        ),
        lacks("bn.running_mean"),
    ),
    _vae(
        B.FLUX2,
        "the FLUX.2 VAE: 32 latent channels",
        takes("decoder.conv_in", 32),
        has("bn|bn.running_mean"),
    ),
    _vae(
        B.HUNYUAN_IMAGE_2_1,
        "the HunyuanImage VAE: 64 latent channels",
        takes("decoder.conv_in", 64),
    ),
    _vae(
        None,
        "16 latent channels without quantisation convolutions: shared by FLUX.1, SD 3 and others",
        takes("decoder.conv_in", 16),
        gives("decoder.conv_in", 512),
        lacks("quant_conv", "post_quant_conv"),
        among=LATENTS_16,
        variant="kl-f8-16ch",
    ),
    _vae(
        None,
        "4 latent channels: one header for SD 1, SD 2 and SDXL",
        takes("decoder.conv_in", 4),
        gives("decoder.conv_in", 512),
        among=LATENTS_4,
        variant="kl-f8-4ch",
    ),
    _vae(
        None,
        "a tiny autoencoder for 16-channel latents",
        has(_TINY),
        _reads(16),
        among=LATENTS_16,
        variant="taesd",
    ),
    _vae(
        None,
        "a tiny autoencoder for 4-channel latents",
        has(_TINY),
        _reads(4),
        among=LATENTS_4,
        variant="taesd",
    ),
    _tiny_video(B.WAN, "48-channel latents of Wan 2.2", 48),
    _tiny_video(B.HUNYUAN_VIDEO_1_5, "32-channel latents of HunyuanVideo 1.5", 32),
    _tiny_video(B.LTX_VIDEO, "128-channel latents of LTX-Video", 128),
    _tiny_video(None, "16-channel latents", 16, among=(*LATENTS_WAN, B.HUNYUAN_VIDEO)),
    _vae(
        None,
        "a tiny decoder in a bare sequence",
        takes("^1", 4, 16),
        gives("^1", 64),
        has("^3.conv.0"),
        variant="taesd",
    ),
    _vae(
        None,
        "an encoder and a decoder of pictures of an unknown family",
        has("decoder.conv_in", "decoder.conv_out"),
        lacks("down_blocks.#.attentions.#.transformer_blocks.#"),
    ),
)

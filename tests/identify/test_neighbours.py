"""Models that borrow names from others, and fragments: never sure of the wrong base."""

from __future__ import annotations

import pytest

from identify.headers import full, header, lora, pairs, tensors
from identify.test_rules import FLUX, LDM, QWEN, diffusers, ldm, wan
from loradex.domain.header import FileFormat, Header, Shard, Tensor
from loradex.identify import identify

LTX2 = (
    "patchify_proj 4096x128\naudio_patchify_proj 2048x128\nadaln_single.linear 9x9\n"
    "transformer_blocks.{48}.audio_to_video_attn.to_q 4096x4096\nproj_out 128x4096\n"
)
MODELS: list[tuple[str, str, str, str | None, str | None]] = [
    (
        "kolors inpaint",
        diffusers(2048, 9, block=1) + "add_embedding.linear_1 1280x5632",
        "diffusion_model",
        "kolors",
        "inpaint",
    ),
    (
        "unclip in LDM names",
        ldm(1024) + "label_emb.0.0 1280x2048",
        "diffusion_model",
        "sd2",
        "unclip",
    ),
    ("lotus", diffusers(1024) + "class_embedding.linear_1 1280x4", "diffusion_model", "sd2",
     "lotus"),
    ("x4 upscaler in LDM names", ldm(1024, 256, 7) + "label_emb! 1000x1024", "diffusion_model",
     "sd2", "x4-upscaler"),
    ("svd in its authors' names", ldm(1024, 320, 8)
     + "input_blocks.1.1.time_stack.0.attn1.to_q 320x320", "diffusion_model", "svd", None),
    ("a U-Net of depthwise convolutions",
     diffusers(2048, block=1) + "mid_block.resnets.0.conv1.depthwise 1280x1x3x3",
     "unknown", None, None),
    ("a video U-Net", diffusers(1024) + "transformer_in.proj_in 9x9\n"
     "down_blocks.0.temp_convs.0.conv1.2 9x9x3x1x1", "unknown", None, None),
    ("cogvideox in its authors' names",
     "model.diffusion_model.mixins.patch_embed.text_proj 1920x4096\n"
     "model.diffusion_model.mixins.patch_embed.proj 1920x16x2x2\n"
     "model.diffusion_model.transformer.layers.{30}.attention.query_key_value 5760x1920",
     "diffusion_model", "cogvideox", "2b"),
    ("ltx 2.3", LTX2 + "transformer_blocks.{48}.prompt_scale_shift_table! 2x4096",
     "diffusion_model", "ltx2", "2.3"),
    ("ltx 2.5", LTX2 + "keyframes_abs_pos_embedding! 8x4096", "diffusion_model", "ltx2", "2.5"),
    ("hunyuan image refiner",
     "x_embedder.proj 3328x128x1x1x1\nproj_out 64x3328\n"
     "context_embedder.token_refiner.refiner_blocks.{2}.attn.to_q 3328x3328\n"
     "transformer_blocks.{20}.attn.to_q 3328x3328", "diffusion_model", "hunyuan-image-2.1",
     "refiner"),
    ("wan camera", wan(1536, 32) + "control_adapter.conv 1536x24x2x2", "diffusion_model", "wan",
     "camera"),
    ("wan humo", wan(5120, 36) + "audio_proj.proj1 512x9", "diffusion_model", "wan", "humo"),
    ("wan animate", wan(5120, 36) + "pose_patch_embedding 5120x16x1x2x2", "diffusion_model",
     "wan", "animate"),
    ("wan fun reference", wan(5120, 36) + "ref_conv 5120x16x2x2", "diffusion_model", "wan",
     "fun-ref"),
    ("flex.2", FLUX.format(channels=196), "diffusion_model", "flux1", "flex.2"),
    ("controlnet-xs", "conv_in 4x4x3x3\ncontrol_to_base_for_conv_in 320x4x1x1\n"
     "down_blocks.{4}.base_to_ctrl.0 320x320x1x1\ndown_blocks.{4}.ctrl_to_base.0 320x4x1x1\n"
     "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k 4x1024", "controlnet", "sd2",
     "xs"),
    ("controlnet of a strange text width", "controlnet_cond_embedding.conv_in 16x3x3x3\n"
     "controlnet_down_blocks.{12} 320x320x1x1\n"
     "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k 320x1280", "controlnet", None,
     None),
    ("controlnet sd3 inpaint", "pos_embed_input.proj 1536x17x2x2\n"
     "controlnet_blocks.{23} 1536x1536\ntransformer_blocks.{23}.attn.to_q 1536x1536",
     "controlnet", "sd3", "inpaint"),
    ("ip-adapter sd3", "image_proj.proj_in 1280x1152\nip_adapter.{24}.to_k_ip 1536x1536",
     "ip_adapter", "sd3", None),
    ("hotshot's layers", "down_blocks.{3}.temporal_attentions.{2}.proj_in 320x320\n"
     "up_blocks.{3}.temporal_attentions.{3}.proj_in 320x320", "motion_module", "sdxl", None),
    ("vae minimax", "encoder.conv_in 128x3x3x3x3\ndecoder.register_tokens! 1x4x2048\n"
     "decoder.transformer_blocks.{8}.attn.to_q 2048x2048", "vae", "minimax-h3", None),
    ("vae minimax sound", "encoder.block.0.weight_g! 64x1x1\nencoder.block.0.weight_v! 64x1x7\n"
     "encoder.block.1.alpha! 1x64x1\npre_block.attn.qkv 6144x2048\ndec_in_proj 2048x32x1",
     "vae", "minimax-h3", "audio"),
    ("a mono sound vae is not oobleck", "encoder.layers.0.weight_g! 128x1x1\n"
     "encoder.layers.0.weight_v! 128x1x7\nencoder.layers.1.layers.0.alpha! 128\n"
     "decoder.layers.0.weight_v! 2048x64x7", "vae", None, None),
    ("a norm that reads latents in two dimensions is not cogvideox",
     "decoder.conv_in 512x4x3x3\ndecoder.conv_out 3x128x3x3\n"
     "decoder.mid.block_1.norm1.conv_y 512x4x1x1", "vae", None, "kl-f8-4ch"),
    ("vae paella", "in_block.1 192x12x1x1\ndown_blocks.0 9x9x4x4\nvquantizer.embedding 8192x4",
     "vae", "cascade", "stage-a"),
    ("vae of a vision tower", "encoder.embeddings.mask_token! 1x768\n"
     "encoder.embeddings.patch_embeddings.projection 768x3x14x14\ndecoder.decoder_embed 512x768",
     "vae", None, None),
    ("taehv of wan 2.2", "encoder.0 64x12x3x3\ndecoder.1 256x48x3x3\ndecoder.3.conv.0 256x512x3x3",
     "vae", "wan", "taehv"),
    ("clip l without its prefix", "embeddings.token_embedding 49408x768\n"
     "encoder.layers.{12}.self_attn.q_proj 768x768", "text_encoder", None, "clip-l"),
    ("clip vision without its prefix", "embeddings.patch_embedding 1024x3x14x14\n"
     "embeddings.class_embedding! 1024\nencoder.layers.{24}.self_attn.q_proj 1024x1024",
     "clip_vision", None, "clip-vit-l-14"),
    ("gemma 3 that sees", "model.language_model.embed_tokens 262208x3840\n"
     "model.language_model.layers.{48}.self_attn.q_proj 4096x3840\n"
     "model.language_model.layers.{48}.self_attn.q_norm 256\n"
     "model.language_model.layers.{48}.post_feedforward_layernorm 3840\n"
     "model.vision_tower.embeddings.patch_embedding 1152x3x14x14\n"
     "model.vision_tower.encoder.layers.{27}.self_attn.q_proj 1152x1152\n"
     "model.vision_tower.encoder.layers.{27}.self_attn.q_proj.bias! 1152",
     "text_encoder", None, "gemma-3-12b"),
    ("a depth net over dinov2", "backbone.embeddings.mask_token! 1x384\n"
     "backbone.encoder.layer.{12}.layer_scale1.lambda1! 384\n"
     "backbone.embeddings.patch_embeddings.projection 384x3x14x14\nneck.convs.0 9x9x3x3",
     "unknown", None, None),
    ("rgt is not dat", "conv_first 180x3x3x3\nbefore_RG.1 180\nlayers.{6}.blocks.{6}.gamma! 180",
     "upscaler", None, "rgt"),
    ("plksr", "feats.0 64x3x3x3\nfeats.{1-9}.channe_mixer.0 128x64x3x3\nfeats.10 48x64x3x3",
     "upscaler", None, "plksr"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "base", "variant"),
    [case[1:] for case in MODELS],
    ids=[case[0] for case in MODELS],
)
def test_kinds_and_bases(text: str, kind: str, base: str | None, variant: str | None) -> None:
    identity = identify(full(text))
    found = (identity.kind, identity.base, identity.variant)
    assert found == (kind, base, variant), identity.reasons
    assert not identity.partial


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("temporal_transformer_blocks.{14}.attn1.to_q 1152x1152\nadaln_single.linear 6912x1152\n"
         "pos_embed.proj 1152x4x2x2\ntransformer_blocks.{14}.attn2.to_k 1152x1152\n"
         "caption_projection.linear_1 1152x4096", ("pixart",)),
        ("patch_embedding 2240x16x1x2x2\ncaption_norm 2240\n"
         "transformer_blocks.{20}.ff.conv_inverted 11200x2240x1x1\n"
         "transformer_blocks.{20}.ff.conv_temp 2240x2240x3x1", ("sana",)),
        ("visual_embeddings.in_layer 4096x132\n"
         "video_text_transformer_blocks.{4}.attn.to_query 4096x4096\n"
         "visual_transformer_blocks.{60}.video_dec_block.self_attention.to_query 4096x4096",
         ("kandinsky5",)),
        ("x_embedder 2304x16\nlayers.{24}.attn2.to_q 2304x2304\nlayers.{24}.gate! 32",
         ("lumina2",)),
        ("t_embedder1.mlp.0 4096x256\nx_embedder.proj1 4096x768\n"
         "layers.{36}.self_attn.q_proj 4096x4096", ("hidream",)),
        ("lq_proj.latent_proj.0 9x9\nblocks.{9}.attn.qkv 9x9", ()),
    ],
)  # fmt: skip
def test_forerunners_and_successors_are_denoisers_of_no_base(
    text: str, near: tuple[str, ...]
) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.base, identity.candidates) == ("diffusion_model", None, near)
    assert identity.confidence < 1.0


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("pulid_ca.{20}.to_q 2048x3072\npulid_encoder.latents! 1x32x1024", ("flux1", "sdxl")),
        ("id_encoder.fuse_module.mlp1.fc1 9x9\nid_encoder.visual_projection_2 9x9", ("sdxl",)),
        ("connector.latents! 1x64x768\nconnector.perceiver_blocks.{6}.sq_attn.in_proj 9x9",
         ("sd1",)),
    ],
)  # fmt: skip
def test_face_and_text_adapters_are_told_by_what_they_were_made_for(
    text: str, near: tuple[str, ...]
) -> None:
    identity = identify(full(text))
    assert (identity.kind, identity.base, identity.candidates) == ("unknown", None, near)


# Blocks that several bases share


SHARED: list[tuple[str, str, set[str]]] = [
    ("ltx 13b or ltx 2", "transformer_blocks.{48}.attn2.to_k 4096x4096", {"ltx-video", "ltx2"}),
    ("ltx 13b or ltx 2 by depth", "transformer_blocks.{48}.attn1.to_q 4096x4096",
     {"ltx-video", "ltx2"}),
    ("flux 2 or krea 2", "transformer_blocks.{8}.attn.to_q 6144x6144", {"flux2", "krea2"}),
    ("cogvideox or mochi", "transformer_blocks.{30}.attn1.to_q 3072x3072",
     {"cogvideox", "mochi"}),
    ("flux 1 or hunyuan video in single blocks", "single_blocks.{9}.linear1 21504x3072",
     {"flux1", "hunyuan-video", "chroma"}),
    ("sdxl or kolors", "up_blocks.0.attentions.0.transformer_blocks.{10}.attn2.to_k 1280x2048",
     {"sdxl", "kolors"}),
    ("no sizes at all", "transformer_blocks.{9}.ff.net.2 7x7", {"flux1", "ltx-video", "pixart"}),
    ("names of wan and its kin", "blocks.{9}.self_attn.weird 7x7", {"wan", "anima"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "bases"), [case[1:] for case in SHARED], ids=[case[0] for case in SHARED]
)
def test_shared_modules_name_everybody(text: str, bases: set[str]) -> None:
    identity = identify(lora(text, "transformer."))
    assert bases <= {base.value for base in identity.candidates}, identity
    assert identity.confidence < 1.0


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("transformer_blocks.{28}.attn.to_q 6144x6144", "krea2"),
        ("single_transformer_blocks.{32}.attn.to_out.0 3072x3072", "auraflow"),
        ("single_transformer_blocks.{32}.ff.linear_1 8192x3072", "auraflow"),
        ("layers.{24}.cross_attn.to_q 2048x2048", "ace-step"),
        ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k 1280x2048\n"
         "add_embedding.linear_1 1280x5632", "kolors"),
        ("blocks.{28}.mlp.fc1 4608x1152", "pixart"),
        ("down_blocks.0.{9}.mapper_sca 4096x64", "cascade"),
        ("down_blocks.1.attentions.0.transformer_blocks.{4}.attn1.to_k 768x768", "sdxl-refiner"),
    ],
)  # fmt: skip
def test_single_modules_that_do_tell(text: str, base: str) -> None:
    assert identify(lora(text, "transformer.")).base == base


def test_text_encoders_rule_out_a_base_without_them() -> None:
    """Chroma and Kolors have no CLIP: a LoRA with one is not theirs."""
    clip = "text_model.encoder.layers.{12}.self_attn.q_proj 768x768"
    flux = "double_blocks.{19}.img_mlp.0 12288x3072"
    alone = identify(lora(flux, "lora_unet_", "kohya"))
    assert "chroma" in alone.candidates
    both = pairs(flux, "lora_unet_", "kohya") | pairs(clip, "lora_te1_", "kohya")
    identity = identify(header(both))
    assert (identity.base, identity.candidates, identity.confidence) == ("flux1", (), 1.0)


def test_a_t5_beside_a_clip_g_is_sd3() -> None:
    made = pairs("encoder.block.{24}.layer.0.SelfAttention.q 4096x4096", "lora_te3_", "kohya")
    made |= pairs("text_model.encoder.layers.{32}.self_attn.q_proj 1280x1280", "lora_te2_", "kohya")
    assert identify(header(made)).base == "sd3"


@pytest.mark.parametrize("ending", [".oft_diag", ".oft_blocks"])
def test_orthogonal_blocks_old_and_new(ending: str) -> None:
    made = {f"lora_unet_double_blocks_{n}_img_attn_qkv{ending}": Tensor("F16", (1152, 8, 8))
            for n in range(19)}  # fmt: skip
    identity = identify(header(made))
    assert (identity.kind, identity.algorithm, identity.rank) == ("lora", "oft", 8)


def test_ia3_is_a_lora_in_whatever_order_its_tensors_lie() -> None:
    """A trainer's writer sorts by dtype or name: vectors and flags take turns or do not."""
    names = [f"lycoris_transformer_blocks_{n}_attn1_to_k" for n in range(200)]
    vectors = {f"{name}.weight": Tensor("F16", (2048,)) for name in names}
    flags = {f"{name}.on_input": Tensor("BOOL", ()) for name in names}
    for made in (vectors | flags, dict(sorted((vectors | flags).items()))):
        assert identify(header(made)).algorithm == "ia3"


# Names only


@pytest.mark.parametrize(
    ("text", "metadata", "variant"),
    [
        (QWEN, {"modelspec.architecture": "Qwen-Image-Edit-Plus"}, "edit"),
        (QWEN, {"modelspec.architecture": "Qwen-Image-Layered"}, "layered"),
        (QWEN, {"modelspec.architecture": "Flux.1-kontext"}, None),
        (FLUX.format(channels=384), {"ss_base_model_version": "flux_kontext"}, "fill"),
    ],
)
def test_variants_of_one_header_come_from_metadata(
    text: str, metadata: dict[str, str], variant: str | None
) -> None:
    assert identify(full(text, metadata=metadata)).variant == variant


def test_a_kontext_lora_is_told_by_its_trainer() -> None:
    text = "double_blocks.{19}.img_mlp.0 12288x3072"
    assert identify(lora(text)).variant is None
    told = identify(lora(text, metadata={"ss_base_model_version": "flux_kontext"}))
    assert (told.base, told.variant) == ("flux1", "kontext")


# Fragments


def test_a_fragment_is_less_sure_than_a_shard() -> None:
    shard = tensors("double_blocks.{7-18}.img_mlp.0 12288x3072\n"
                    "double_blocks.{7-18}.img_mod.lin 18432x3072\n"
                    "single_blocks.{9}.linear1 21504x3072")  # fmt: skip
    few = dict(list(shard.items())[:3])
    sure, unsure = identify(header(shard)), identify(header(few))
    assert sure.partial
    assert unsure.partial
    assert 1.0 > sure.confidence > unsure.confidence


def test_blocks_of_a_unet_that_reads_no_text_are_of_no_base() -> None:
    text = "up_blocks.{3}.resnets.0.conv_1 128x128x5\nup_blocks.0.attentions.0.query 128x128"
    identity = identify(full(text))
    assert (identity.kind, identity.base) == ("unknown", None)


# Shards


def sharded(shard: Shard, text: str = QWEN) -> Header:
    return Header(FileFormat.SAFETENSORS, tensors(text), shard=shard)


@pytest.mark.parametrize(
    ("shard", "partial", "says"),
    [
        (Shard(1, 3, "m.safetensors"), False, "3 shards of m.safetensors, looked at together"),
        (Shard(0, 3, "m.safetensors"), False, "looked at together"),
        (Shard(2, 3, "m.safetensors"), True, "shard 2 of 3 of m.safetensors"),
        (Shard(1, 3, "m.safetensors", (3,)), True, "these are missing: 3"),
        (Shard(0, 3, "m.safetensors", (2, 3)), True, "these are missing: 2, 3"),
    ],
)
def test_shards_say_which_they_are(shard: Shard, partial: bool, says: str) -> None:
    identity = identify(sharded(shard))
    assert (identity.kind, identity.base) == ("diffusion_model", "qwen-image")
    assert identity.partial is partial
    assert any(says in reason.text for reason in identity.reasons)


def test_the_whole_of_all_shards_is_not_called_partial() -> None:
    """A rule that misses the last layer takes a file for a shard; with all shards it is whole."""
    text = QWEN.replace("proj_out 64x3072\n", "")
    assert identify(full(text)).partial
    assert not identify(sharded(Shard(1, 2, "m.safetensors"), text)).partial


# Components in folders of their own


@pytest.mark.parametrize(
    ("name", "text", "kind", "base"),
    [
        ("FluxTransformer2DModel", FLUX.format(channels=64), "diffusion_model", "flux1"),
        ("ChromaTransformer2DModel", FLUX.format(channels=64), "diffusion_model", "chroma"),
        ("SanaVideoTransformer3DModel", "what.{9}.ever 3x3", "diffusion_model", None),
        ("Flux3Transformer2DModel", "what.{9}.ever 3x3", "diffusion_model", None),
        ("AutoencoderKLFlux2", "decoder.conv_in 512x32x3x3\nbn.running_mean! 128", "vae", "flux2"),
        ("AutoencoderNew", "what.{9}.ever 3x3", "vae", None),
        ("Qwen3ForCausalLM", "model.embed_tokens 151936x2560\n"
         "model.layers.{36}.self_attn.q_proj 4096x2560\nmodel.layers.{36}.self_attn.q_norm 128",
         "text_encoder", None),
        ("", QWEN, "diffusion_model", "qwen-image"),
    ],
)  # fmt: skip
def test_a_component_is_told_by_its_tensors_and_its_class(
    name: str, text: str, kind: str, base: str | None
) -> None:
    config = {"_class_name": name} if name else {}
    identity = identify(Header(FileFormat.DIFFUSERS, tensors(text), config=config))
    assert (identity.kind, identity.base) == (kind, base)


# Wrappers and packed weights


@pytest.mark.parametrize(
    "outer", ["module.", "_orig_mod.", "state_dict.", "model.", "module.model."]
)
def test_a_wrapper_around_everything_hides_nothing(outer: str) -> None:
    bundle = tensors(ldm(768), LDM) | tensors("first_stage_model.decoder.conv_in 512x4x3x3")
    clip = pairs("text_model.encoder.layers.{12}.self_attn.q_proj 768x768", "lora_te_", "kohya")
    face = tensors("ip_adapter.1.to_k_ip 320x768\nip_adapter.{32}.to_q_lora.down 128x320\n"
                   "ip_adapter.{32}.to_q_lora.up 320x128\nimage_proj.proj.0 1024x512")  # fmt: skip
    for made in (bundle, clip, face):
        plain = identify(header(made))
        wrapped = identify(header({outer + key: tensor for key, tensor in made.items()}))
        assert (wrapped.kind, wrapped.base) == (plain.kind, plain.base)
        assert plain.base == "sd1"


def test_flattened_weights_are_known_by_their_biases() -> None:
    """Bitsandbytes keeps `[n, 1]`, SDNQ one dimension; what reads is as wide as what gives."""
    q = "input_blocks.1.1.transformer_blocks.0.attn2"
    plain = tensors(ldm(768)) | tensors(f"{q}.to_out.0 320x320\n{q}.to_out.0.bias! 320")
    count = 320 * 768 // 2
    for shape, mark in (((count, 1), f"{q}.to_k.weight.absmax"), ((count,), f"{q}.to_k.scale")):
        made = plain | {f"{q}.to_k.weight": Tensor("U8", shape), mark: Tensor("F32", (9,))}
        identity = identify(header(made))
        assert (identity.kind, identity.base) == ("diffusion_model", "sd1"), identity.reasons


def test_quantos_names_are_weights() -> None:
    made = {key.replace(".weight", ".weight._data") if "blocks" in key else key: tensor
            for key, tensor in tensors(ldm(2048, block=4)).items()}  # fmt: skip
    made |= tensors("input_blocks.4.1.proj_in.weight._scale! 320x1")
    identity = identify(header(made))
    assert (identity.base, identity.quantisation) == ("sdxl", "quanto")


def test_a_gguf_is_named_by_its_quantised_type() -> None:
    """Convolutions stay F16 and may outweigh the blocks."""
    made = tensors(ldm(2048, block=4), dtype="F16")
    key = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
    made[key] = Tensor("Q4_K", (40960, 2048))
    identity = identify(Header(FileFormat.GGUF, made))
    assert (identity.dtype, identity.quantisation) == ("Q4_K", "gguf-Q4_K")

"""LoRAs: every root, ending and algorithm, and the base from module names and sizes."""

from __future__ import annotations

import json

import pytest

from identify.headers import header, lora, pairs, suffixed, tensors
from loradex.domain.header import Header, Tensor
from loradex.identify import identify

UNET = "down_blocks.1.attentions.{2}.transformer_blocks.0"
SD1 = f"{UNET}.attn1.to_q 640x640\n{UNET}.attn2.to_k 640x768\n{UNET}.attn2.to_v 640x768"
SD2 = SD1.replace("768", "1024")
SDXL = SD1.replace("768", "2048")
FLUX = """
double_blocks.{19}.img_attn.qkv 9216x3072
double_blocks.{19}.img_attn.proj 3072x3072
double_blocks.{19}.img_mlp.0 12288x3072
double_blocks.{19}.img_mod.lin 18432x3072
single_blocks.{38}.linear1 21504x3072
single_blocks.{38}.linear2 3072x15360
"""
FLUX_DIFFUSERS = """
transformer_blocks.{{{double}}}.attn.to_q 3072x3072
transformer_blocks.{{{double}}}.attn.add_q_proj 3072x3072
transformer_blocks.{{{double}}}.norm1.linear 18432x3072
single_transformer_blocks.{{{single}}}.attn.to_q 3072x3072
single_transformer_blocks.{{{single}}}.proj_mlp 12288x3072
single_transformer_blocks.{{{single}}}.proj_out 3072x15360
"""
CLIP = "text_model.encoder.layers.{12}.self_attn.q_proj 768x768"
CLIP_G = "text_model.encoder.layers.{32}.self_attn.q_proj 1280x1280"
T5 = "encoder.block.{24}.layer.0.SelfAttention.q 4096x4096"
WAN = "blocks.{40}.self_attn.q 5120x5120\nblocks.{40}.ffn.0 13824x5120"
COSMOS = "blocks.{28}.self_attn.q_proj 2048x2048\nblocks.{28}.mlp.layer1 8192x2048"


@pytest.mark.parametrize(
    ("root", "style"),
    [
        ("lora_unet_", "kohya"),
        ("lora_unet__", "kohya"),
        ("lora_transformer_", "kohya"),
        ("lycoris_", "kohya"),
        ("unet.", "peft"),
        ("unet.", "old"),
        ("transformer.", "peft"),
        ("diffusion_model.", "peft"),
        ("diffusion_model.", "kohya"),
        ("base_model.model.", "peft"),
        ("base_model.model.base_model.model.", "peft"),
        ("", "default"),
        ("", "bare"),
        ("", "peft"),
    ],
)
@pytest.mark.parametrize(
    ("text", "base"), [(SD1, "sd1"), (SD2, "sd2"), (SDXL, "sdxl"), (FLUX, "flux1"), (WAN, "wan")]
)
def test_every_root_and_ending(text: str, base: str, root: str, style: str) -> None:
    identity = identify(lora(text, root, style, rank=8))
    assert (identity.kind, identity.base, identity.algorithm) == ("lora", base, "lora")
    assert (identity.rank, identity.rank_range) == (8, None)


BASES: list[tuple[str, str, str | None, str | None]] = [
    ("sdxl by depth", f"{UNET[:-1]}{{10}}.attn1.to_q 640x640", "sdxl", None),
    ("sdxl in LDM names", "input_blocks.4.1.transformer_blocks.0.attn1.to_q 640x640", "sdxl", None),
    (
        "refiner",
        "down_blocks.1.attentions.0.transformer_blocks.{4}.attn1.to_q 768x768",
        "sdxl-refiner",
        None,
    ),
    (
        "sd1 by its convolution",
        "up_blocks.3.attentions.0.transformer_blocks.0.attn1.to_q 320x320\n"
        "up_blocks.3.attentions.0.proj_in 320x320x1x1",
        "sd1",
        None,
    ),
    (
        "sd2 by its linear layer",
        "up_blocks.3.attentions.0.transformer_blocks.0.attn1.to_q 320x320\n"
        "up_blocks.3.attentions.0.proj_in 320x320",
        "sd2",
        None,
    ),
    (
        "svd",
        "down_blocks.0.attentions.0.temporal_transformer_blocks.0.attn1.to_q 320x320",
        "svd",
        None,
    ),
    (
        "motion lora",
        "down_blocks.{4}.motion_modules.{2}.temporal_transformer.transformer_blocks.0."
        "attention_blocks.{2}.to_q 320x320",
        "sd1",
        "motion",
    ),
    (
        "cascade",
        "down_blocks.0.{9}.attention.attn.to_q 2048x2048\nup_blocks.0.2.kv_mapper.1 2048x2048",
        "cascade",
        None,
    ),
    ("flux1 by block count", "double_blocks.{19}.img_attn.proj 3072x3072", "flux1", None),
    ("flux1 in diffusers' names", FLUX_DIFFUSERS.format(double=19, single=38), "flux1", None),
    (
        "hunyuan video in diffusers' names",
        FLUX_DIFFUSERS.format(double=20, single=40),
        "hunyuan-video",
        None,
    ),
    (
        "flux2 klein 4b",
        "double_blocks.{5}.img_mlp.0 18432x3072\nsingle_blocks.{20}.linear1 27648x3072",
        "flux2",
        "klein-4b",
    ),
    ("flux2 klein 9b", "double_blocks.{8}.img_attn.qkv 12288x4096", "flux2", "klein-9b"),
    ("flux2 dev", "single_blocks.{48}.linear2 6144x24576", "flux2", "dev"),
    (
        "flux2 in diffusers' names",
        "single_transformer_blocks.{24}.attn.to_qkv_mlp_proj 36864x4096",
        "flux2",
        "klein-9b",
    ),
    (
        "hunyuan video",
        "double_blocks.{20}.img_attn_qkv 9216x3072\ndouble_blocks.{20}.img_mlp.fc1 12288x3072",
        "hunyuan-video",
        None,
    ),
    ("hunyuan image", "double_blocks.{20}.img_attn_qkv 10752x3584", "hunyuan-image-2.1", None),
    ("hunyuan video 1.5", "double_blocks.{54}.img_attn_q 2048x2048", "hunyuan-video-1.5", None),
    ("sd3", "joint_blocks.{24}.x_block.attn.qkv 4608x1536", "sd3", None),
    (
        "sd3.5 large",
        "transformer_blocks.{38}.attn.to_q 2432x2432\n"
        "transformer_blocks.{38}.attn.add_q_proj 2432x2432",
        "sd3",
        "3.5-large",
    ),
    (
        "sd3.5 medium is not qwen",
        "transformer_blocks.{24}.attn.to_q 1536x1536\ntransformer_blocks.{13}.attn2.to_q 1536x1536",
        "sd3",
        "3.5-medium",
    ),
    (
        "qwen by its streams",
        "transformer_blocks.{60}.img_mlp.net.0.proj 12288x3072",
        "qwen-image",
        None,
    ),
    ("qwen by block count", "transformer_blocks.{60}.attn.to_q 3072x3072", "qwen-image", None),
    ("auraflow", "joint_transformer_blocks.{4}.attn.to_q 3072x3072", "auraflow", None),
    (
        "ltx is not qwen",
        "transformer_blocks.{28}.attn1.to_q 2048x2048\n"
        "transformer_blocks.{28}.attn2.to_k 2048x2048",
        "ltx-video",
        "2b",
    ),
    ("ltx2", "transformer_blocks.{48}.audio_attn1.to_q 2048x2048", "ltx2", None),
    (
        "cosmos predict2 in diffusers' names",
        "transformer_blocks.{28}.attn1.to_q 2048x2048\n"
        "transformer_blocks.{28}.attn2.to_k 2048x1024",
        "cosmos-predict2",
        None,
    ),
    ("cosmos predict2 14b", COSMOS.replace("2048", "5120"), "cosmos-predict2", "14b"),
    (
        "anima by its adapter",
        COSMOS + "\nllm_adapter.blocks.{6}.self_attn.q_proj 1024x1024",
        "anima",
        None,
    ),
    ("sana is not qwen", "transformer_blocks.{20}.attn1.to_q 2240x2240", "sana", None),
    (
        "pixart",
        "transformer_blocks.{28}.attn1.to_q 1152x1152\ntransformer_blocks.{28}.ff.net.2 1152x4608",
        "pixart",
        None,
    ),
    ("cogvideox is not qwen", "transformer_blocks.{42}.attn1.to_q 3072x3072", "cogvideox", "5b"),
    ("cogview4", "transformer_blocks.{28}.attn1.to_q 4096x4096", "cogview4", None),
    ("allegro", "transformer_blocks.{32}.attn1.to_q 2304x2304", "allegro", None),
    ("wan diffusers", "blocks.{30}.attn1.to_q 1536x1536", "wan", "1.3b"),
    ("wan i2v", WAN + "\nblocks.{40}.cross_attn.k_img 5120x5120", "wan", "i2v-14b"),
    ("hunyuan dit", "blocks.{40}.attn1.Wqkv 4224x1408", "hunyuan-dit", None),
    ("z-image", "layers.{30}.attention.to_q 3840x3840", "z-image", None),
    ("lumina2 is not z-image", "layers.{26}.attention.qkv 3840x2304", "lumina2", None),
    ("omnigen2", "layers.{32}.attn.to_q 2520x2520", "omnigen2", None),
    ("ideogram4", "layers.{34}.attention.o 4608x4608", "ideogram4", None),
    ("hidream", "double_stream_blocks.{16}.block.attn1.to_q 2560x2560", "hidream", None),
    ("krea2", "blocks.{28}.attn.wq 6144x6144\nblocks.{28}.attn.gate 6144x6144", "krea2", None),
    (
        "kandinsky5",
        "visual_transformer_blocks.{32}.self_attention.to_query 1792x1792",
        "kandinsky5",
        "video-lite",
    ),
    ("mochi", "blocks.{48}.attn.qkv_x 9216x3072", "mochi", None),
    ("prx", "blocks.{16}.attention.img_qkv_proj 5376x1792", "prx", None),
    ("ernie", "layers.{24}.mlp.linear_fc2 3072x8192", "ernie-image", None),
]


@pytest.mark.parametrize(
    ("text", "base", "variant"), [case[1:] for case in BASES], ids=[case[0] for case in BASES]
)
@pytest.mark.parametrize(("root", "style"), [("lora_unet_", "kohya"), ("diffusion_model.", "peft")])
def test_bases(text: str, base: str, variant: str | None, root: str, style: str) -> None:
    identity = identify(lora(text, root, style))
    assert (identity.kind, identity.base, identity.variant) == ("lora", base, variant), (
        identity.reasons
    )


UNDECIDED: list[tuple[str, Header, set[str]]] = [
    ("sd1 or sd2", lora("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q "
    "320x320", "unet."),
     {"sd1", "sd2"}),
    ("shallow self-attention", lora(f"{UNET}.attn1.to_q 640x640", "unet."), {"sd1", "sd2", "sdxl"}),
    ("te1 only is not sdxl", lora(CLIP, "lora_te1_", "kohya"), {"sdxl", "sd3", "flux1"}),
    ("te2 only", lora(CLIP_G, "lora_te2_", "kohya"), {"sdxl", "sd3"}),
    ("flux1 or klein 4b", lora("double_blocks.{3}.img_attn.proj "
    "3072x3072"), {"flux1", "flux2", "chroma"}),
    ("a few shared blocks", lora(FLUX_DIFFUSERS.format(double=3, single=3)),
     {"flux1", "hunyuan-video"}),
    ("attention at 3072", lora("transformer_blocks.{3}.attn.to_q 3072x3072"),
     {"qwen-image", "flux1", "hunyuan-video"}),
    ("pixart or sana", lora("transformer_blocks.{28}.attn1.to_q 1152x1152"), {"pixart", "sana"}),
    ("anima or cosmos", lora(COSMOS), {"anima", "cosmos-predict2"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("made", "bases"), [case[1:] for case in UNDECIDED], ids=[case[0] for case in UNDECIDED]
)
def test_what_cannot_be_told_is_not_guessed(made: Header, bases: set[str]) -> None:
    identity = identify(made)
    assert (identity.kind, identity.base, identity.confidence) == ("lora", None, 0.0)
    assert bases <= {base.value for base in identity.candidates}


def test_chroma_has_flux_modules_and_only_metadata_tells() -> None:
    text = FLUX.replace("double_blocks.{19}.img_mod.lin 18432x3072\n", "")
    plain = identify(lora(text))
    assert plain.base == "flux1"
    assert plain.confidence < 1.0
    assert "chroma" in plain.candidates
    told = identify(lora(text, metadata={"ss_base_model_version": "chroma"}))
    assert told.base == "chroma"


@pytest.mark.parametrize(
    ("text", "metadata", "base"),
    [
        (COSMOS, {"ss_base_model_version": "anima"}, "anima"),
        (COSMOS, {"modelspec.architecture": "anima-preview/lora"}, "anima"),
        (SDXL, {"ss_base_model_version": "kolors"}, "kolors"),
        (SDXL, {"ss_base_model_version": "sd_1.5"}, "sdxl"),
        (SD2, {"ss_base_model_version": "sd_v1"}, "sd2"),
        (f"{UNET}.attn1.to_q 640x640", {"ss_base_model_version": "sdxl_base_v1-0"}, "sdxl"),
        ("who.knows.{9}.what 7x7", {"ss_base_model_version": "5-large"}, "sd3"),
        ("who.knows.{9}.what 7x7", {"ss_base_model_version": "sd_1.5"}, None),
        ("who.knows.{9}.what 7x7", {"ss_base_model_version": ""}, None),
    ],
)
def test_metadata_chooses_within_what_tensors_allow(
    text: str, metadata: dict[str, str], base: str | None
) -> None:
    assert identify(lora(text, metadata=metadata)).base == base


@pytest.mark.parametrize(
    ("made", "base"),
    [
        (pairs(CLIP, "lora_te_", "kohya"), "sd1"),
        (pairs(CLIP.replace("768", "1024"), "lora_te_", "kohya"), "sd2"),
        (pairs(T5, "lora_te2_", "kohya") | pairs(CLIP, "lora_te1_", "kohya"), "flux1"),
        (pairs("layers.{28}.self_attn.q_proj 2048x1024", "lora_te_", "kohya"), "anima"),
        (pairs(f"{UNET}.attn1.to_q "
        f"640x640", "lora_unet_", "kohya") | pairs(CLIP_G, "lora_te2_", "kohya"),
         "sdxl"),
        (pairs(COSMOS, "lora_unet_", "kohya")
         | pairs("layers.{28}.self_attn.q_proj 2048x1024", "lora_te_", "kohya"), "anima"),
        (pairs(CLIP, "text_encoder.", "linear") | pairs(SD1, "unet.", "old"), "sd1"),
        (pairs(CLIP_G, "lora_prior_te_", "kohya"), "cascade"),
    ],
)  # fmt: skip
def test_text_encoders_tell_too(made: dict[str, Tensor], base: str) -> None:
    identity = identify(header(made))
    assert (identity.kind, identity.base) == ("lora", base)
    assert "text_encoder" in identity.parts


Q = f"{UNET}.attn2.to_k 640x768"
ALGORITHMS: list[tuple[dict[str, str], str, int | None, str | None]] = [
    ({".hada_w1_a": "ox8", ".hada_w1_b": "8xi", ".hada_w2_a": "ox8", ".hada_w2_b": "8xi"},
     "loha", 8, "sd1"),
    ({".hada_w1_a": "8xo", ".hada_w1_b": "8xi", ".hada_w2_a": "8xo", ".hada_w2_b": "8xi",
      ".hada_t1": "8x8x3x3", ".hada_t2": "8x8x3x3"}, "loha", 8, "sd1"),
    ({".lokr_w1": "8x8", ".lokr_w2_a": "o/8x4", ".lokr_w2_b": "4xi/8", ".alpha": "-"},
     "lokr", 4, "sd1"),
    ({".lokr_w1": "8x8", ".lokr_w2": "o/8xi/8"}, "lokr", None, "sd1"),
    ({".lokr_w1_a": "8x2", ".lokr_w1_b": "2x8", ".lokr_w2": "o/8xi/8"}, "lokr", None, "sd1"),
    ({".a1.weight": "ix6", ".a2.weight": "6xi", ".b1.weight": "ox6", ".b2.weight": "6xi"},
     "glora", 6, "sd1"),
    ({".oft_blocks": "80x8x8", ".alpha": "-"}, "oft", 8, None),
    ({".oft_blocks": "3x80x8x8"}, "boft", 8, None),
    ({".oft_R.weight": "24x496"}, "oft", 32, "sd1"),
    ({".on_input": "-", ".weight": "o"}, "ia3", None, None),
    ({".ia3_l": "ox1"}, "ia3", None, None),
    ({".diff": "oxi"}, "full", None, "sd1"),
    ({".w_norm": "o", ".b_norm": "o"}, "norm", None, None),
    ({".q_layer.weight": "8xi", ".p_layer.weight": "ox8", ".lambda_layer": "1x8"},
     "lora", 8, "sd1"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "algorithm", "rank", "base"), ALGORITHMS)
def test_algorithms(
    make: dict[str, str], algorithm: str, rank: int | None, base: str | None
) -> None:
    identity = identify(suffixed(Q, "lora_unet_", make))
    assert (identity.kind, identity.algorithm, identity.rank) == ("lora", algorithm, rank)
    assert identity.base == base


@pytest.mark.parametrize(
    "suffix", [".dora_scale", ".lora_magnitude_vector", ".lora_magnitude_vector.weight"]
)
def test_dora_is_a_flag(suffix: str) -> None:
    made = suffixed(Q, "", {".lora_A.weight": "4xi", ".lora_B.weight": "ox4", suffix: "ox1"})
    identity = identify(made)
    assert (identity.algorithm, identity.dora, identity.rank) == ("lora", True, 4)


def test_a_convolution_makes_it_locon() -> None:
    conv = "down_blocks.0.resnets.{2}.conv1 320x320x3x3"
    identity = identify(
        header(pairs(SD1, "lora_unet_", "kohya") | pairs(conv, "lora_unet_", "kohya", 4))
    )
    assert (identity.algorithm, identity.base) == ("locon", "sd1")
    assert (identity.rank, identity.rank_range) == (16, (4, 16))


def test_two_algorithms_are_mixed() -> None:
    made = pairs(SD1, "lora_unet_", "kohya")
    made |= suffixed(Q.replace("_blocks.1", "_blocks.2"), "lora_unet_", ALGORITHMS[0][0]).tensors
    assert identify(header(made)).algorithm == "mixed"


def test_dylora_is_known_by_its_trainer_only() -> None:
    for metadata in (
        {"ss_network_module": "networks.dylora"},
        {"ss_network_args": json.dumps({"algo": "dylora"})},
    ):
        assert identify(lora(SD1, metadata=metadata)).algorithm == "dylora"


def test_differences_beside_pairs_stay_a_lora() -> None:
    """lightx2v adds differences of biases and norms; some files one whole weight."""
    made = pairs(WAN, "diffusion_model.", "kohya", 64)
    made |= tensors("diffusion_model.blocks.{40}.self_attn.q.diff_b! 5120")
    made |= tensors("diffusion_model.blocks.{40}.norm3.diff! 5120")
    made |= tensors("diffusion_model.patch_embedding 5120x36x1x2x2")
    identity = identify(header(made))
    assert (identity.kind, identity.base, identity.algorithm) == ("lora", "wan", "lora")
    assert (identity.rank, identity.broken) == (64, False)


def test_half_pairs_are_a_broken_lora() -> None:
    made = {
        key: value for key, value in pairs(SDXL, "lora_unet_", "kohya").items() if "_up" not in key
    }
    identity = identify(header(made))
    assert (identity.kind, identity.base, identity.broken, identity.rank) == (
        "lora",
        "sdxl",
        True,
        16,
    )


def test_a_checkpoint_with_leftover_lora_keys_is_a_checkpoint() -> None:
    text = """
    input_blocks.0.0 320x4x3x3
    input_blocks.{11}.1.transformer_blocks.0.attn2.to_k 640x2048
    output_blocks.{9}.0.in_layers.2 640x640x3x3
    """
    found = tensors(text, "model.diffusion_model.") | pairs(SDXL, "lora_unet_", "kohya")
    found |= tensors("first_stage_model.decoder.conv_in 512x4x3x3")
    assert identify(header(found)).kind == "checkpoint"


def test_alpha_says_nothing_whatever_its_dtype() -> None:
    for dtype in ("I64", "F32", "BF16"):
        found = pairs(SD1, "lora_unet_", "kohya")
        found = {k: Tensor(dtype, ()) if k.endswith("alpha") else v for k, v in found.items()}
        assert identify(header(found)).rank == 16


def test_tensors_beat_a_wrong_network_dim() -> None:
    assert identify(lora(SD1, rank=64, metadata={"ss_network_dim": "1"})).rank == 64
    assert identify(lora(SD1, metadata={"ss_network_dim": "Dynamic"})).rank == 16


def test_xlabs_streams_of_one_block_stay_apart() -> None:
    text = "double_blocks.{19}.processor.qkv_lora{1-2} 9216x3072"
    made: dict[str, Tensor] = {}
    for key, tensor in pairs(text, style="old").items():
        made[key.replace(".lora.", ".")] = tensor
    identity = identify(header(made))
    assert (identity.base, identity.rank, identity.broken) == ("flux1", 16, False)
    assert any("38 of 38" in reason.text for reason in identity.reasons)


def test_nunchakus_own_loras_have_one_half_turned() -> None:
    made = tensors(
        """
        transformer_blocks.{19}.qkv_proj.lora_down! 3072x16
        transformer_blocks.{19}.qkv_proj.lora_up! 9216x16
        single_transformer_blocks.{38}.mlp_fc1.lora_down! 3072x16
        single_transformer_blocks.{38}.mlp_fc1.lora_up! 12288x16
        """
    )
    identity = identify(header(made))
    assert (identity.kind, identity.base, identity.rank) == ("lora", "flux1", 16)


def test_the_oldest_attention_processors() -> None:
    made = {
        key.replace(".to_k.lora.", ".processor.to_k_lora."): tensor
        for key, tensor in pairs(Q, "unet.", "old").items()
    }
    assert identify(header(made)).base == "sd1"


def test_a_motion_loras_missing_dot() -> None:
    path = (
        "down_blocks.3.motion_modules.0.temporal_transformer.transformer_blocks.0.attention_blocks"
    )
    made = tensors(f"{path}.{{2}}processor.to_q_lora.down 32x1280\n"
                   f"{path}.{{2}}processor.to_q_lora.up 1280x32")  # fmt: skip
    identity = identify(header(made))
    assert (identity.kind, identity.base, identity.variant) == ("lora", "sd1", "motion")


def test_a_control_lora_of_flux() -> None:
    made = pairs(FLUX + "img_in 3072x128", rank=128)
    made |= tensors("double_blocks.{19}.img_attn.norm.key_norm.scale! 128")
    made |= tensors("double_blocks.{19}.img_attn.qkv.lora_B.bias! 9216")
    identity = identify(header(made))
    assert (identity.kind, identity.base, identity.variant) == ("lora", "flux1", "control")


def test_an_embedding_packed_into_a_lora_is_told() -> None:
    made = pairs(SDXL, "lora_unet_", "kohya") | tensors("bundle_emb.ohwx.clip_l! 4x768")
    identity = identify(header(made))
    assert identity.kind == "lora"
    assert "embedding" in identity.parts
    assert any("ohwx" in reason.text for reason in identity.reasons)


def test_an_adapter_of_a_language_model_has_no_base() -> None:
    identity = identify(lora("model.layers.{32}.self_attn.q_proj 4096x4096", "base_model.model."))
    assert (identity.kind, identity.base, identity.candidates) == ("lora", None, ())


@pytest.mark.parametrize(
    ("name", "derivative"),
    [
        ("ponyDiffusionV6XL_v6StartWithThisOne.safetensors", "pony"),
        ("pdxl_base", "pony"),
        ("autismmix-pony", "pony"),
        ("Illustrious-XL-v0.1", "illustrious"),
        ("waiIllustriousSDXL_v140", "illustrious"),
        ("WAI-NSFW", "illustrious"),
        ("noobaiXLNAIXL_vPred10", "noobai"),
        ("animagine-xl-3.1", "animagine"),
        ("sd_xl_base_1.0", None),
        ("ponytail_style", None),
        ("film_grain_lilith", None),
        ("hawaii_beach", None),
        ("await", None),
    ],
)
def test_derivatives_are_whole_words(name: str, derivative: str | None) -> None:
    told = identify(lora(SDXL, metadata={"ss_sd_model_name": name}))
    assert (told.base, told.derivative) == ("sdxl", derivative)
    assert identify(lora(SDXL), file_name=name).derivative == derivative
    assert identify(lora(SD1), file_name=name).derivative is None


def test_v_parameterisation_and_zero_snr_come_from_metadata() -> None:
    metadata = {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"}
    identity = identify(lora(SDXL, metadata=metadata))
    assert (identity.prediction, identity.zero_terminal_snr) == ("v_prediction", True)
    assert identify(lora(SDXL)).prediction is None

"""What names say of epochs and precisions, and what they only seem to say."""

from __future__ import annotations

import pytest

from loradex.operations.duplicates.names import (
    counted,
    rough,
    says_nothing,
    stem_of,
    without_precision,
)


@pytest.mark.parametrize(
    ("stem", "plain", "epoch", "step"),
    [
        ("Style-000010", "style", 10, None),
        ("style_e10", "style", 10, None),
        ("style-ep7", "style", 7, None),
        ("style_epoch_5", "style", 5, None),
        ("style epoch-05", "style", 5, None),
        ("style 20 epochs", "style", 20, None),
        ("style-step00001200", "style", None, 1200),
        ("style_s1200", "style", None, 1200),
        ("style_1200steps", "style", None, 1200),
        ("style_000002000", "style", None, 2000),
        ("style_e10_s1200", "style", 10, 1200),
        ("mine-2024-05-01_10-20-30-save-1000-10-0", "mine", 10, 1000),
        ("style_v2-000010", "style_v2", 10, None),
        ("ärger-000003", "ärger", 3, None),
    ],
)
def test_counters(stem: str, plain: str, epoch: int | None, step: int | None) -> None:
    found = counted(stem, "lora")
    assert (found.stem, found.epoch, found.step, found.told) == (plain, epoch, step, True)


@pytest.mark.parametrize(
    "stem",
    ["style", "style_v2", "style-2", "style_20240501", "lightning-8steps", "hyper_4step", "wan2.1",
     "-000010", "000010", "type2", "flux_e4m3", "cyberpunk2077", "the_2000s", "house", "mops",
     "neg_ukiyo-e_7", "lady_s_1200"],
)  # fmt: skip
def test_what_is_no_counter(stem: str) -> None:
    found = counted(stem, "lora")
    assert (found.stem, found.epoch, found.step) == (stem, None, None)


def test_embeddings_count_with_bare_numbers_and_a_final_file_says_so() -> None:
    assert counted("neg-500", "embedding").step == 500
    assert counted("neg-500", "lora").step is None
    assert counted("style-FINAL", "lora") == ("style", None, None, True)


@pytest.mark.parametrize(
    ("stem", "plain"),
    [
        ("flux1-dev", "flux1 dev"),
        ("flux1-dev-Q4_K_M", "flux1 dev"),
        ("flux1-dev-Q8_0", "flux1 dev"),
        ("flux1-dev-iq4_xs", "flux1 dev"),
        ("flux1_dev_fp8_e4m3fn_scaled", "flux1 dev"),
        ("Flux1 Dev BF16", "flux1 dev"),
        ("flux1-dev-nf4", "flux1 dev"),
        ("flux1-dev.gguf", "flux1 dev"),
        ("flux1-devFP16", "flux1 dev"),
    ],
)
def test_precisions_of_one_name(stem: str, plain: str) -> None:
    assert without_precision(stem, "diffusion_model")[0] == plain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("dreamer_8", "dreamer_8Pruned", True),
        ("v1-5-pruned", "v1-5-pruned-emaonly-fp16", True),
        ("real_v51VAE", "real_v51", True),
        ("real_v51 no vae", "real_v51-bakedVAE", True),
        ("dreamer_7", "dreamer_8", False),
        ("wan_high_noise_fp8", "wan_low_noise_fp8", False),
        ("sdxl_vae", "sdxl_vae_fp16_fix", False),
        ("real_v51", "real_v51-inpainting", False),
        ("scheme", "schema_fp16", False),
    ],
)
def test_precisions_of_checkpoints(one: str, other: str, same: bool) -> None:
    plain = [without_precision(stem, "checkpoint")[0] for stem in (one, other)]
    assert (plain[0] == plain[1]) is same


def test_the_words_are_told_and_a_name_of_nothing_else_stays() -> None:
    assert without_precision("dreamer_fp16-pruned", "checkpoint")[1] == ("fp16", "pruned")
    assert without_precision("fp16", "checkpoint") == ("fp16", ())
    assert without_precision("anime vae", "vae") == ("anime vae", ())


@pytest.mark.parametrize("plain", ["", "model", "diffusion pytorch model", "2024 05 01"])
def test_names_that_say_nothing(plain: str) -> None:
    assert says_nothing(plain)
    assert not says_nothing("dreamer")


def test_a_stem_ends_where_a_known_suffix_begins() -> None:
    assert stem_of("a.b.SafeTensors") == "a.b"
    assert stem_of("some.folder") == "some.folder"
    assert stem_of(".safetensors") == ".safetensors"
    assert stem_of("a\u0308.pt") == stem_of("ä.pt")


@pytest.mark.parametrize(
    "names",
    [
        ("style-000010.safetensors", "style.safetensors", "style_fp16.pt"),
        ("a-2024-05-01_10-20-30-save-1000-10-0.pt", "a.pt", "a_Q8_0.gguf"),
        ("Dreamer_e10.safetensors", "dreamer-pruned.ckpt"),
    ],
)
def test_a_rough_name_joins_all_that_closer_looks_may_join(names: tuple[str, ...]) -> None:
    assert len({rough(name, "lora") for name in names}) == 1


@pytest.mark.parametrize(
    "stem", ["-" * 4000, "e" * 4000 + "9", "_0" * 2000, "\x1f\x1f9", "- 1" * 999]
)
def test_odd_names_are_read_at_once(stem: str) -> None:
    assert counted(stem, "embedding").stem
    assert isinstance(without_precision(stem, "checkpoint")[0], str)

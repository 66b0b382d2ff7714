"""Block strengths: lists by the conventions of the A1111 script, presets, one canonical text."""

# ruff: noqa: PLC0415 - torch is imported only by tests that run

from __future__ import annotations

import pytest

from loradex.errors import UsageError
from render.lora.nets import networks

pytestmark = [pytest.mark.render, pytest.mark.filterwarnings("ignore")]

DENOISERS = {"sd1": "unet", "sdxl": "unet", "flux1": "transformer", "z-image": "transformer"}
NUMBERED = {count: ",".join(str(one) for one in range(count)) for count in (4, 5, 12, 17, 20, 26)}


@pytest.mark.parametrize(
    ("base", "text", "path", "factor"),
    [
        # Of 17: BASE is 0, IN01 is 1, IN02 2, IN04 3, IN05 4, IN07 5, IN08 6, M00 7, OUT03 8 …
        ("sd1", NUMBERED[17], "down_blocks.0.attentions.0.proj_in", 1),
        ("sd1", NUMBERED[17], "down_blocks.2.attentions.1.proj_in", 6),
        ("sd1", NUMBERED[17], "mid_block.attentions.0.proj_in", 7),
        ("sd1", NUMBERED[17], "up_blocks.1.attentions.0.proj_in", 8),
        ("sd1", NUMBERED[17], "up_blocks.3.attentions.2.proj_in", 16),
        ("sd1", NUMBERED[17], "time_embedding.linear_1", 0),
        # Of 26: IN00 is 1, M00 13, OUT00 14.
        ("sd1", NUMBERED[26], "conv_in", 1),
        ("sd1", NUMBERED[26], "down_blocks.0.downsamplers.0.conv", 4),
        ("sd1", NUMBERED[26], "mid_block.resnets.1.conv1", 13),
        ("sd1", NUMBERED[26], "up_blocks.0.resnets.0.conv1", 14),
        # Of 12: IN04 is 1, IN05 2, IN07 3, IN08 4, M00 5, OUT00 6.
        ("sdxl", NUMBERED[12], "down_blocks.1.attentions.0.proj_in", 1),
        ("sdxl", NUMBERED[12], "down_blocks.2.attentions.1.proj_in", 4),
        ("sdxl", NUMBERED[12], "mid_block.attentions.0.proj_in", 5),
        ("sdxl", NUMBERED[12], "up_blocks.0.attentions.0.proj_in", 6),
        ("sdxl", NUMBERED[12], "up_blocks.1.attentions.2.proj_in", 11),
        # Of 20: IN00 is 1, M00 10, OUT00 11.
        ("sdxl", NUMBERED[20], "down_blocks.1.attentions.0.proj_in", 5),
        ("sdxl", NUMBERED[20], "up_blocks.2.resnets.2.conv1", 19),
        ("sdxl", NUMBERED[26], "up_blocks.0.attentions.0.proj_in", 14),
        # One double and two single blocks, BASE first.
        ("flux1", NUMBERED[4], "transformer_blocks.0.attn.to_q", 1),
        ("flux1", NUMBERED[4], "single_transformer_blocks.1.proj_out", 3),
        ("flux1", NUMBERED[4], "proj_out", 0),
        ("flux1", "5,6,7", "single_transformer_blocks.0.proj_out", 6),
        ("flux1", "5,6,7", "proj_out", 1),
        # Two refiners with one block each, two layers.
        ("z-image", NUMBERED[5], "context_refiner.0.feed_forward.w1", 2),
        ("z-image", NUMBERED[5], "layers.1.feed_forward.w1", 4),
        ("sd1", "INALL", "down_blocks.2.attentions.1.proj_in", 1),
        ("sd1", "INALL", "up_blocks.1.attentions.0.proj_in", 0),
        ("sd1", "outd", "up_blocks.1.attentions.0.proj_in", 1),
        ("sdxl", "OUTALL", "up_blocks.0.attentions.0.proj_in", 1),
        ("sdxl", "OUTALL", "mid_block.attentions.0.proj_in", 0),
        ("flux1", "ALL0.5", "transformer_blocks.0.attn.to_q", 0.5),
    ],
)
def test_a_list_gives_each_module_its_number(
    base: str, text: str, path: str, factor: float
) -> None:
    pytest.importorskip("torch")
    from loradex.render.lora.blocks import block_strengths

    network = networks(base)[DENOISERS[base]]
    assert path in dict(network.named_modules())
    assert block_strengths(text, network)(path) == factor


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("ALL", "1"),
        ("none", "0"),
        (",".join(["1.0"] * 17), "1"),
        (",".join([" 0.50"] * 26), "0.5"),
        ("ins", "INS"),
        ("1.00, 1 ,1,-0.0", "1,1,1,0"),
    ],
)
def test_the_same_strengths_have_one_text(text: str, short: str) -> None:
    from loradex.render.lora.blocks import block_text

    assert block_text(text) == short
    assert block_text(short) == short


def test_one_number_is_everywhere() -> None:
    pytest.importorskip("torch")
    from loradex.render.lora.blocks import block_strengths

    for base, part in DENOISERS.items():
        read = block_strengths("0.5", networks(base)[part])
        assert (read("anything"), read.base, read.text) == (0.5, 0.5, "0.5")


@pytest.mark.parametrize(
    ("base", "text", "message"),
    [
        ("sd1", "1,1,0", "takes 17 or 26"),
        ("sdxl", ",".join(["1"] * 16 + ["0"]), "takes 12 or 20 or 26"),
        ("flux1", "1,1,1,1,0", "takes 4"),
        ("flux1", "MIDD", "ALL, ALL0.5, NONE"),
        ("sd1", "nonsense", "OUTALL"),
        ("flux1", "1,nan,1", "between"),
        ("flux1", "1,1e9,1", "between"),
        ("flux1", "", "no list"),
    ],
)
def test_a_wrong_list_says_what_is_taken(base: str, text: str, message: str) -> None:
    pytest.importorskip("torch")
    from loradex.render.lora.blocks import block_strengths

    with pytest.raises(UsageError, match=message):
        block_strengths(text, networks(base)[DENOISERS[base]])

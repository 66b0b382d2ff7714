"""The sample library's LoRAs: five bases, the common trainers and algorithms, names as found."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from loradex.demo import sample_loras as of
from loradex.demo.sample_entries import HubFacts, Sample, weights
from loradex.demo.sample_loras import Module
from loradex.demo.sample_metadata import Training, ai_toolkit, kohya, modelspec, peft
from loradex.demo.sample_unets import SD1, SD2, SDXL

_PEOPLE = ("1girl", "solo", "smile", "long hair", "outdoors", "holding", "upper body", "scarf")
_PLACES = ("no humans", "scenery", "sky", "water", "tree", "house", "evening", "cloud")

WRENNA = Training("wrnna", (*_PEOPLE, "goggles", "tool belt"), 42, "driftwoodMix_v3.safetensors")
VESPER = Training(
    "vspr", ("score_9", "score_8_up", *_PEOPLE), 64, "cinderMane_pony_v20.safetensors"
)


def loras() -> list[Sample]:
    """All LoRAs, the twins among them apart."""
    return [*_sd15(), *_sd21(), *_sdxl(), *_derivatives(), *_sd35(), *_flux()]


def sd15_modules() -> Iterator[Module]:
    """What sd-scripts adapts in SD 1.5."""
    return chain(of.kohya_text("lora_te", 12, 768), of.kohya_unet(SD1, ldm=False))


def sdxl_modules(*, text: bool = True) -> Iterator[Module]:
    """What sd-scripts adapts in SDXL."""
    texts = (of.kohya_text("lora_te1", 12, 768), of.kohya_text("lora_te2", 32, 1280))
    return chain(*(texts if text else ()), of.kohya_unet(SDXL, ldm=True))


def _sd15() -> list[Sample]:
    brine = Training("brnkl knight", (*_PEOPLE, "armor"), 30, "driftwoodMix_v3.safetensors")
    chalk = Training("chlk hrbr", _PLACES, 88, "anything-else.ckpt")
    bell = Training("furin style", _PLACES, 120, "driftwoodMix_v2.safetensors")
    attention = [m for m in of.kohya_unet(SD1, ldm=False) if "attn2" in m.name]
    return [
        weights(
            "loras/sd15/character/wrenna_v2.safetensors",
            lambda: of.lora(sd15_modules(), 16),
            metadata=kohya("sd_v1", 16, "wrenna_v2", WRENNA),
            alpha=8,
            seed="wrenna",
            hub=HubFacts(
                70201, 80201, "Wrenna the Tinker", "v2.0", "LORA", "SD 1.5", ("wrnna",),
                ("character", "original character", "goggles"), "mossgate", 1,
                "<p>Best at 0.7. Say <b>wrnna</b>.</p>",
            ),
            sidecars=(".civitai.info", ".preview.png", ".json"),
        ),
        weights(
            "loras/sd15/character/last.safetensors",
            lambda: of.lora(sd15_modules(), 8),
            metadata=kohya("sd_v1", 8, "last", brine),
            alpha=4,
            hub=HubFacts(
                70202, 80202, "Barnacle Knight", "v1", "LORA", "SD 1.5", ("brnkl knight", "armor"),
                ("character", "armor"), "tidelark", 2,
            ),
            sidecars=(".preview.png",),
        ),
        weights(
            "loras/sd15/style/000012.safetensors",
            lambda: of.lora(chain(sd15_modules(), of.kohya_convolutions(SD1)), 4),
            metadata=kohya("sd_v1", 4, "000012", chalk, algorithm="locon"),
            alpha=2,
            hub=HubFacts(
                70203, 80203, "Chalk Harbour", "epoch 12", "LoCon", "SD 1.5", ("chlk hrbr",),
                ("style", "chalk", "landscapes"), "ferrowick",
            ),
        ),
        weights(
            "loras/sd15/style/風鈴 水彩.safetensors",
            lambda: of.loha(sd15_modules(), 4),
            metadata=kohya("sd_v1", 4, "風鈴 水彩", bell, algorithm="loha"),
            alpha=4,
            hub=HubFacts(
                70204, 80204, "Windbell Watercolour 風鈴", "水彩 1.1", "LoCon", "SD 1.5",
                ("furin style",), ("style", "watercolour"), "ninth_kiln",
            ),
            sidecars=(".civitai.info", ".txt"),
        ),
        weights("loras/sd15/concept/my_lora (1).safetensors", lambda: of.lokr(sd15_modules(), 4)),
        weights(
            "loras/sd15/concept/dusk-e10.safetensors",
            lambda: of.lora(attention, 4, alpha=False),
            hub=HubFacts(
                70205, 80205, "Dusk Slider", "v1", "LORA", "SD 1.5", (), ("slider", "lighting"),
                "mossgate",
            ),
        ),
        weights(
            "loras/sd15/old/pytorch_lora_weights.safetensors",
            lambda: of.peft(of.diffusers_unet(SD1), 8),
            "F32",
            metadata=peft("unet", 8),
        ),
    ]  # fmt: skip


def _sd21() -> list[Sample]:
    rain = Training("rn tin", _PLACES, 55, "quietHarbor_768v.safetensors")
    text = of.kohya_text("lora_te", 23, 1024)
    modules = list(chain(text, of.kohya_unet(SD2, ldm=False)))
    return [
        weights(
            "loras/sd21/rain_768.safetensors",
            lambda: of.lora(modules, 8),
            metadata=kohya("sd_v2_v", 8, "rain_768", rain),
            alpha=4,
            hub=HubFacts(
                70206, 80206, "Rain On Tin", "768", "LORA", "SD 2.1 768", ("rn tin",),
                ("style", "weather"), "ferrowick",
            ),
        )
    ]  # fmt: skip


def _sdxl() -> list[Sample]:
    paper = Training("pprkrm", _PLACES, 75, "sd_xl_base_1.0.safetensors")
    blue = Training("blåtryk", _PLACES, 36, "sd_xl_base_1.0.safetensors")
    return [
        weights(
            "loras/xl/style/papierkram_XL.safetensors",
            lambda: of.lora(sdxl_modules(), 4),
            metadata={
                **kohya("sdxl_base_v1-0", 4, "papierkram_XL", paper),
                **modelspec(
                    "stable-diffusion-xl-v1-base/lora", "Papierkram XL", author="tidelark",
                    trigger_phrase="pprkrm", description="Torn paper and glue.",
                ),
            },
            alpha=4,
            seed="papierkram",
            hub=HubFacts(
                70207, 80207, "Papierkram", "XL", "LORA", "SDXL 1.0", ("pprkrm", "torn paper"),
                ("style", "papercraft"), "tidelark", 1, "<p>Torn paper and glue.</p>",
            ),
            sidecars=(".civitai.info", ".preview.png"),
        ),
        weights(
            "loras/xl/style/Ærø blåtryk.safetensors",
            lambda: of.dora(sdxl_modules(text=False), 4),
            metadata=kohya("sdxl_base_v1-0", 4, "aeroe", blue, algorithm="lora"),
            alpha=2,
            hub=HubFacts(
                70208, 80208, "Ærø Blueprint", "v1", "DoRA", "SDXL 1.0", ("blåtryk",),
                ("style", "blueprint"), "ninth_kiln",
            ),
        ),
        weights(
            "loras/xl/adapter_model.safetensors",
            lambda: of.peft(of.diffusers_unet(SDXL), 4),
            metadata=peft("unet", 4),
        ),
        weights(
            "loras/xl/speed/steps4_xl.safetensors",
            lambda: of.lora(sdxl_modules(text=False), 8),
            metadata={"format": "pt"},
            alpha=8,
            hub=HubFacts(
                70209, 80209, "Four Steps XL", "1.0", "LORA", "SDXL 1.0", (),
                ("tool", "speed"), "ferrowick",
            ),
        ),
    ]  # fmt: skip


def _derivatives() -> list[Sample]:
    kestrel = Training("kstrl", ("score_9", *_PEOPLE), 51, "aPonyOfMine_v6.safetensors")
    forest = Training("snwfrst", _PLACES, 90, "illustrious-mix_v11.safetensors")
    clock = Training("clckwrk", ("masterpiece", *_PEOPLE), 33, "someIllustrious_v2.safetensors")
    night = Training("nghtmrkt", ("very awa", *_PLACES), 61, "noobai-merge_v1.safetensors")
    return [
        weights(
            "loras/xl/pony/vesper_pdxl.safetensors",
            lambda: of.lora(sdxl_modules(), 4),
            metadata=kohya("sdxl_base_v1-0", 4, "vesper_pdxl", VESPER),
            alpha=2,
            seed="vesper",
            hub=HubFacts(
                70210, 80210, "Vesper", "PDXL", "LORA", "Pony", ("vspr", "red scarf"),
                ("character", "anime"), "ninth_kiln", 4,
            ),
            sidecars=(".preview.png", ".json"),
        ),
        weights(
            "loras/xl/pony/character/kestrel-000008.safetensors",
            lambda: of.lora(sdxl_modules(text=False), 4),
            "BF16",
            metadata=kohya("sdxl_base_v1-0", 4, "kestrel", kestrel),
            alpha=2,
            hub=HubFacts(
                70211, 80211, "Kestrel Courier", "epoch 8", "LORA", "Pony", ("kstrl",),
                ("character",), "mossgate", 2,
            ),
        ),
        weights(
            "loras/xl/illustrious/Снежный лес.safetensors",
            lambda: of.lora(sdxl_modules(), 4),
            metadata=kohya("sdxl_base_v1-0", 4, "snow_forest", forest),
            alpha=4,
            hub=HubFacts(
                70212, 80212, "Снежный лес / Snow Forest", "v1", "LORA", "Illustrious",
                ("snwfrst",), ("background", "winter"), "tidelark",
            ),
            sidecars=(".civitai.info", ".preview.png"),
        ),
        weights(
            "loras/xl/illustrious/xyz_final_FINAL.safetensors",
            lambda: of.lora(sdxl_modules(text=False), 4),
            metadata=kohya("sdxl_base_v1-0", 4, "xyz_final", clock),
            alpha=4,
            hub=HubFacts(
                70213, 80213, "Clockwork Aviary", "IL v2", "LORA", "Illustrious",
                ("clckwrk", "brass wings"), ("concept", "steampunk"), "ferrowick", 2,
            ),
        ),
        weights(
            # An é of two characters, as one operating system writes it.
            "loras/xl/noob/nightmarket cafe\u0301.safetensors",
            lambda: of.loha(sdxl_modules(text=False), 2),
            metadata=kohya("sdxl_base_v1-0", 2, "nightmarket", night, algorithm="loha"),
            alpha=1,
            hub=HubFacts(
                70214, 80214, "Night Market", "NoobAI", "LoCon", "NoobAI", ("nghtmrkt",),
                ("background", "city"), "ninth_kiln",
            ),
        ),
    ]  # fmt: skip


def _sd35() -> list[Sample]:
    return [
        weights(
            "loras/sd35/tidepool.safetensors",
            lambda: of.peft(of.diffusers_sd3(), 8),
            "BF16",
            metadata=peft("transformer", 8),
            hub=HubFacts(
                70215, 80215, "Tidepool", "3.5 medium", "LORA", "SD 3.5 Medium", ("tdpl",),
                ("style", "underwater"), "mossgate",
            ),
        )
    ]  # fmt: skip


def _flux() -> list[Sample]:
    copper = Training("cpprplt", _PLACES, 28, "flux1-dev.safetensors")
    return [
        weights(
            "loras/flux/copperplate_flux.safetensors",
            lambda: of.lora(of.kohya_flux(), 4),
            "BF16",
            metadata={
                **kohya("flux1", 4, "copperplate_flux", copper),
                **modelspec("flux-1-dev/lora", "Copperplate"),
            },
            alpha=4,
            seed="copperplate",
            hub=HubFacts(
                70216, 80216, "Copperplate", "FLUX", "LORA", "Flux.1 D", ("cpprplt",),
                ("style", "engraving"), "tidelark", 1, "<p>Cross-hatching in copper tones.</p>",
            ),
            sidecars=(".civitai.info", ".preview.png"),
        ),
        weights(
            "loras/flux/p3nn1_v1_000002000.safetensors",
            lambda: of.peft(of.diffusers_flux(feed_forward=True), 4),
            "BF16",
            metadata=ai_toolkit("flux.1", "p3nn1_v1", "p3nn1"),
            hub=HubFacts(
                70217, 80217, "Penny the Lighthouse Cat", "2000 steps", "LORA", "Flux.1 D",
                ("p3nn1",), ("animal", "cat"), "ferrowick",
            ),
            sidecars=(".preview.png",),
        ),
        weights(
            "loras/flux/lora (3).safetensors",
            lambda: of.peft(of.diffusers_flux(feed_forward=False), 4),
            "BF16",
        ),
    ]  # fmt: skip

"""The models that the demo draws with."""

from __future__ import annotations

from pathlib import Path

from loradex.demo.studio import PROMPTS, make_studio
from loradex.domain.verdicts import VerdictKind
from loradex.operations.preferring import read_changes
from loradex.operations.probing.request import FEWEST_PROMPTS


def test_one_lora_keeps_its_word_one_does_not_and_one_does_nothing(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    shown, dead, still = studio.probed
    assert shown == studio.shown
    assert VerdictKind.NEEDS_TRIGGER in shown.expected
    assert shown.claimed
    assert VerdictKind.DEAD_TRIGGER in dead.expected
    assert dead.claimed
    assert VerdictKind.NO_EFFECT in still.expected
    assert all(path.is_file() for path in (studio.zoo.checkpoint, *(x.file for x in studio.probed)))


def test_the_hub_knows_each_with_the_words_it_claims(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    told = {model.path: model.facts for model in studio.known}
    assert {lora.file: lora.claimed for lora in studio.zoo.loras} == {
        path: facts.trained_words for path, facts in told.items()
    }
    assert len({facts.version_id for facts in told.values()}) == len(told)
    assert all(word in told[x.file].description for x in studio.zoo.loras for word in x.claimed)


def test_no_prompt_of_a_probe_has_a_trigger_word_in_it(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    assert len(set(PROMPTS)) >= FEWEST_PROMPTS
    words = {word for lora in studio.zoo.loras for word in lora.claimed}
    assert not [prompt for prompt in PROMPTS if words & set(prompt.split())]


def test_the_checkpoint_is_used_as_it_was_trained(tmp_path: Path) -> None:
    changes = read_changes(make_studio(tmp_path).settings)
    assert (changes["width"], changes["height"]) == (128, 128)
    assert changes.keys() == {"width", "height", "steps", "guidance_scale", "sampler"}

"""Hooks are called and their answers checked; one plugin's failure is never another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event as Gate

import pytest

from loradex.domain.kinds import BaseModel, ModelKind
from loradex.errors import PluginError
from loradex.paths import Home
from loradex.plugin_api import GridFinished, MatchFinished, ScanFinished, TaggerInput
from loradex.plugin_manager import Plugins, load_plugins
from loradex.plugin_manager.fence import Fence

Write = Callable[..., Path]
MODEL = TaggerInput(file_name="x.safetensors", folder="", kind=ModelKind.LORA, base=BaseModel.SDXL)
GOOD = """
@hookimpl
def propose_tags(model):
    return [TagProposal("good", 0.5, "It always is.")]
"""


@pytest.fixture
def load(home: Home) -> Callable[[], Plugins]:
    return lambda: load_plugins(home, disabled=["filename_tags"])


def test_taggers_see_the_model(write: Write, load: Callable[[], Plugins]) -> None:
    write(
        "echo.py",
        """
        @hookimpl
        def propose_tags(model):
            yield TagProposal(f"{model.kind} {model.base}", 1, model.file_name)
        """,
    )
    (tag,) = load().propose_tags(MODEL)
    assert (tag.plugin, tag.tag, tag.confidence, tag.reason) == (
        "echo",
        "lora sdxl",
        1.0,
        "x.safetensors",
    )


def test_of_equal_tags_the_surest_stays(write: Write, load: Callable[[], Plugins]) -> None:
    for name, tag, confidence in (("a", "Style", 0.3), ("b", "style", 0.9), ("c", "style", 0.5)):
        write(
            f"{name}.py",
            f"""
            @hookimpl
            def propose_tags(model):
                return [TagProposal({tag!r}, {confidence}, "")]
            """,
        )
    (tag,) = load().propose_tags(MODEL)
    assert (tag.plugin, tag.confidence) == ("b", 0.9)


def test_a_plugin_may_leave_the_argument_out(write: Write, load: Callable[[], Plugins]) -> None:
    write("short.py", "@hookimpl\ndef propose_tags(): return [TagProposal('t', 1, '')]")
    assert [tag.tag for tag in load().propose_tags(MODEL)] == ["t"]


NONSENSE = [
    pytest.param("return 5", "not iterable", id="no list"),
    pytest.param("return 'style'", "TagProposal was due", id="text"),
    pytest.param("return [('style', 1)]", "TagProposal was due", id="tuples"),
    pytest.param("return [TagProposal(5, 1, '')]", "have to be text", id="tag is a number"),
    pytest.param("return [TagProposal('t', 1, None)]", "have to be text", id="no reason"),
    pytest.param("return [TagProposal(' ', 1, '')]", "cannot be a tag", id="empty"),
    pytest.param("return [TagProposal('t' * 101, 1, '')]", "cannot be a tag", id="long"),
    pytest.param("return [TagProposal('a,b', 1, '')]", "cannot be a tag", id="comma"),
    pytest.param(r"return [TagProposal('\x1bt', 1, '')]", "cannot be a tag", id="escape"),
    pytest.param("return [TagProposal('t', 1.1, '')]", "not 0 to 1", id="too sure"),
    pytest.param("return [TagProposal('t', float('nan'), '')]", "not 0 to 1", id="nan"),
    pytest.param("return [TagProposal('t', 'high', '')]", "not 0 to 1", id="no number"),
    pytest.param("1 / 0", "ZeroDivisionError", id="raises"),
    pytest.param("yield 1 / 0", "ZeroDivisionError", id="raises while answering"),
    pytest.param("raise SystemExit", "SystemExit", id="exits"),
]


@pytest.mark.parametrize(("body", "message"), NONSENSE)
def test_nonsense_is_reported_and_other_answers_stay(
    write: Write, load: Callable[[], Plugins], body: str, message: str
) -> None:
    write("bad.py", f"@hookimpl\ndef propose_tags(model):\n    {body}\n")
    write("good.py", GOOD)
    plugins = load()
    assert [tag.tag for tag in plugins.propose_tags(MODEL)] == ["good"]
    (problem,) = plugins.problems
    assert (problem.plugin, problem.task) == ("bad", "propose_tags")
    assert message in problem.message
    assert "\x1b" not in problem.message


def test_one_bad_proposal_does_not_cost_the_good_ones(
    write: Write, load: Callable[[], Plugins]
) -> None:
    write(
        "mixed.py",
        """
        @hookimpl
        def propose_tags(model):
            return [TagProposal("one", 1, ""), None, TagProposal("two", 1, "")]
        """,
    )
    plugins = load()
    assert [tag.tag for tag in plugins.propose_tags(MODEL)] == ["one", "two"]
    assert len(plugins.problems) == 1


def test_an_endless_answer_is_cut(write: Write, load: Callable[[], Plugins]) -> None:
    write(
        "endless.py",
        """
        from itertools import count

        @hookimpl
        def propose_tags(model):
            return (TagProposal(f"t{n}", 1, "") for n in count())
        """,
    )
    assert len(load().propose_tags(MODEL)) == 100


def test_the_same_problem_again_is_counted(write: Write, load: Callable[[], Plugins]) -> None:
    write("bad.py", "@hookimpl\ndef propose_tags(model): 1 / 0")
    plugins = load()
    for _ in range(3):
        plugins.propose_tags(MODEL)
    (problem,) = plugins.problems
    assert problem.times == 3


def test_a_wrapper_wraps_its_own_plugin_only(write: Write, load: Callable[[], Plugins]) -> None:
    write(
        "wrapper.py",
        """
        @hookimpl(wrapper=True)
        def propose_tags(model):
            yield
            return []
        """,
    )
    write("good.py", GOOD)
    assert [tag.tag for tag in load().propose_tags(MODEL)] == ["good"]


EVENTS = [
    (ScanFinished(("main",), new=1, changed=2, missing=3, failed=4), "on_scan_finished"),
    (MatchFinished("civitai", matched=1, unknown=2), "on_match_finished"),
    (GridFinished("t", "/f", rendered=1, reused=2, failed=0), "on_grid_finished"),
]


@pytest.mark.parametrize(("event", "hook"), EVENTS, ids=[hook for _, hook in EVENTS])
def test_listeners_are_told(
    write: Write,
    load: Callable[[], Plugins],
    tmp_path: Path,
    event: ScanFinished | MatchFinished | GridFinished,
    hook: str,
) -> None:
    log = tmp_path / "log"
    write("deaf.py", f"@hookimpl\ndef {hook}(event): 1 / 0")
    write(
        "ear.py",
        f"""
        @hookimpl
        def {hook}(event):
            with open({str(log)!r}, "a") as log:
                log.write(repr(event))
        """,
    )
    plugins = load()
    plugins.notify(event)
    assert log.read_text() == repr(event)
    assert [(problem.plugin, problem.task) for problem in plugins.problems] == [("deaf", hook)]


def test_a_call_that_never_ends_is_left_behind_for_good() -> None:
    fence = Fence("stuck")
    gate = Gate()
    try:
        with pytest.raises(PluginError, match=r"did not come back within 0\.01 s"):
            fence.call(gate.wait, limit=0.01)
        assert fence.hung
        with pytest.raises(PluginError, match="left behind"):
            fence.call(lambda: True, limit=60)
    finally:
        gate.set()


def test_all_calls_of_a_plugin_run_on_one_thread_that_is_not_ours() -> None:
    from threading import get_ident  # noqa: PLC0415

    fence = Fence("any")
    threads = {fence.call(get_ident, limit=60) for _ in range(3)}
    assert len(threads) == 1
    assert get_ident() not in threads


def test_many_models_are_handed_over_at_once(write: Write, load: Callable[[], Plugins]) -> None:
    """One that a plugin fails on costs that one only."""
    write(
        "picky.py",
        """
        @hookimpl
        def propose_tags(model):
            if "bad" in model.file_name:
                raise ValueError("not this one")
            return [TagProposal(model.file_name, 0.5, "")]
        """,
    )
    write("good.py", GOOD)
    plugins = load()
    models = [replace(MODEL, file_name=name) for name in ("a", "bad", "c")]
    tags = [[tag.tag for tag in each] for each in plugins.propose_tags_all(models)]
    assert tags == [["good", "a"], ["good"], ["good", "c"]]
    assert [problem.plugin for problem in plugins.problems] == ["picky"]
    assert plugins.propose_tags_all([]) == []

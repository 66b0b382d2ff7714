"""Plugins are found and loaded, and what is wrong with one stays its own problem."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.errors import PluginError
from loradex.paths import Home
from loradex.plugin_manager import FoundPlugin, Origin, find_plugins, load_plugins
from loradex.plugin_manager.loading import load_plugin

Write = Callable[..., Path]
NO_HEAD = ""


def test_without_a_plugins_folder_the_bundled_ones_are_there(home: Home) -> None:
    plugins = load_plugins(home)
    assert "filename_tags" in plugins.names
    assert plugins.problems == ()


def test_modules_and_packages_in_the_folder_are_loaded(home: Home, write: Write) -> None:
    write("single.py", "")
    write("several/__init__.py", "from . import part\nassert part.VALUE == 7")
    write("several/part.py", "VALUE = 7", head=NO_HEAD)
    plugins = load_plugins(home)
    assert plugins.problems == ()
    assert {"single", "several"} <= set(plugins.names)


def test_other_things_in_the_folder_are_not_plugins(home: Home, write: Write) -> None:
    for name in ("notes.txt", "_draft.py", ".hidden.py", "no_package/file.py", "x.py.bak"):
        write(name, "raise RuntimeError", head=NO_HEAD)
    (home.plugins / "folder.py").mkdir()
    assert [plugin for plugin in find_plugins(home) if plugin.origin is Origin.USER] == []
    assert load_plugins(home).problems == ()


def test_names_are_listed_without_importing(home: Home, write: Write) -> None:
    path = write("trap.py", "raise RuntimeError('imported')")
    found = {plugin.name: plugin for plugin in find_plugins(home)}
    assert found["trap"].origin is Origin.USER
    assert found["trap"].where == str(path)
    assert found["filename_tags"].origin is Origin.BUNDLED
    assert "loradex_user_plugins.trap" not in sys.modules


def test_a_disabled_plugin_is_never_imported(home: Home, write: Write, tmp_path: Path) -> None:
    witness = tmp_path / "imported"
    write("spy.py", f"open({str(witness)!r}, 'w').close()")
    plugins = load_plugins(home, disabled=["spy", "filename_tags"])
    assert not witness.exists()
    assert not {"spy", "filename_tags"} & set(plugins.names)
    load_plugins(home)
    assert witness.exists()


def test_an_installed_package_brings_a_plugin(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[loradex.plugins]\nother = other_plugin\n")
    (tmp_path / "other_plugin.py").write_text('LORADEX_API = "1.0"\n')
    monkeypatch.syspath_prepend(tmp_path)
    found = {plugin.name: plugin.origin for plugin in find_plugins(home)}
    assert found["other"] is Origin.INSTALLED
    assert "other" in load_plugins(home).names


BROKEN = [
    pytest.param("1 / 0", "ZeroDivisionError", id="raises"),
    pytest.param("import sys; sys.exit(3)", "SystemExit: 3", id="exits"),
    pytest.param("import no_such_module", "no_such_module", id="lacks a package"),
    pytest.param("def (", "SyntaxError", id="is not Python"),
    pytest.param("raise KeyboardInterrupt", "KeyboardInterrupt", id="interrupts"),
    pytest.param("del LORADEX_API", "for which API", id="no version"),
    pytest.param("LORADEX_API = 1.0", "not of the form", id="version is a number"),
    pytest.param("LORADEX_API = '1'", "not of the form", id="half a version"),
    pytest.param("LORADEX_API = '2.0'", "plugin API 2.0", id="next major"),
    pytest.param("LORADEX_API = '0.9'", "plugin API 0.9", id="earlier major"),
    pytest.param("LORADEX_API = '1.999'", "plugin API 1.999", id="later minor"),
    pytest.param("@hookimpl\ndef propose_tagz(model): ...", "propose_tagz", id="unknown hook"),
    pytest.param("@hookimpl\ndef propose_tags(modell): ...", "modell", id="unknown argument"),
    pytest.param(
        "class Odd(Exception):\n    def __str__(self): raise ValueError\nraise Odd",
        "Odd",
        id="an exception that cannot be shown",
    ),
]


@pytest.mark.parametrize(("body", "message"), BROKEN)
def test_a_broken_plugin_is_reported_and_the_others_work(
    home: Home, write: Write, body: str, message: str
) -> None:
    write("broken.py", body)
    write("fine.py", "")
    plugins = load_plugins(home)
    assert "fine" in plugins.names
    assert "broken" not in plugins.names
    (problem,) = plugins.problems
    assert (problem.plugin, problem.task) == ("broken", "load")
    assert message in problem.message


def test_a_failed_import_leaves_no_module_behind(home: Home, write: Write) -> None:
    write("half/__init__.py", "from . import part\n1 / 0")
    write("half/part.py", "", head=NO_HEAD)
    load_plugins(home)
    assert not [name for name in sys.modules if name.startswith("loradex_user_plugins.half")]


def test_a_name_that_is_taken_is_refused(home: Home, write: Write) -> None:
    write("filename_tags.py", "raise RuntimeError('imported')")
    plugins = load_plugins(home)
    assert plugins.names.count("filename_tags") == 1
    (problem,) = plugins.problems
    assert "taken" in problem.message


def test_a_file_that_is_no_identifier_is_refused(home: Home, write: Write) -> None:
    write("my-plugin.py", "")
    (problem,) = load_plugins(home).problems
    assert problem.plugin == "my-plugin"
    assert "my-plugin.py cannot be imported" in problem.message


def test_escapes_in_a_message_are_made_visible(home: Home, write: Write) -> None:
    write("loud.py", r"raise ValueError('\x1b[31mred\x1b[0m')")
    (problem,) = load_plugins(home).problems
    assert "\x1b" not in problem.message
    assert "\\x1b[31mred" in problem.message


def test_a_folder_that_cannot_be_listed_is_a_problem(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.plugins.mkdir()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # chmod would not stop a test that runs as root.
    monkeypatch.setattr(Path, "iterdir", refuse)
    plugins = load_plugins(home)
    assert "filename_tags" in plugins.names
    (problem,) = plugins.problems
    assert "Permission denied" in problem.message


@pytest.mark.parametrize("name", ["root", "plugins"])
@pytest.mark.parametrize("mode", [0o777, 0o702, 0o1777])
def test_own_plugins_are_refused_where_others_can_write(
    home: Home, write: Write, name: str, mode: int
) -> None:
    write("planted.py", "raise RuntimeError('imported')")
    folder: Path = getattr(home, name)
    folder.chmod(mode)
    plugins = load_plugins(home)
    assert "filename_tags" in plugins.names
    (problem,) = plugins.problems
    assert "not loaded" in problem.message
    assert f"chmod o-w {folder}" in problem.message
    folder.chmod(0o755)
    (problem,) = load_plugins(home).problems
    assert "imported" in problem.message


def test_a_shared_home_without_own_plugins_is_no_problem(home: Home) -> None:
    home.plugins.mkdir()
    home.root.chmod(0o777)
    assert load_plugins(home).problems == ()


def test_nothing_is_loaded_from_the_working_directory(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "stray.py").write_text("raise RuntimeError('imported')")
    monkeypatch.chdir(tmp_path)
    plugins = load_plugins(home)
    assert "stray" not in plugins.names
    assert plugins.problems == ()


def test_an_import_that_never_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event  # noqa: PLC0415

    gate = Event()
    stuck = FoundPlugin("stuck", Origin.USER, "stuck.py", gate.wait)
    try:
        with pytest.raises(PluginError, match="did not come back"):
            load_plugin(stuck, limit=0.01)
    finally:
        gate.set()


def test_plugins_do_not_reach_the_builtins(home: Home, write: Write) -> None:
    """Loading adds nothing to what other modules see: no path entry, no builtin."""
    before = (list(sys.path), set(vars(builtins)))
    write("quiet.py", "")
    load_plugins(home)
    assert (list(sys.path), set(vars(builtins))) == before

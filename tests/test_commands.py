"""The commands that `pip install .` brings."""

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ssgan_tf import command_line

ROOT = Path(__file__).resolve().parents[1]
ENTRIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]


def test_every_command_is_declared_and_can_be_imported_beside_the_others():
    assert list(ENTRIES) == [f"ssgan-{name}" for name in command_line.COMMANDS]
    for name, entry in zip(command_line.COMMANDS, ENTRIES.values(), strict=True):
        module, function = entry.split(":")
        assert getattr(importlib.import_module(module), function).args == (name,)
        command = importlib.import_module(f"{module}.{name}")
        assert callable(command.run)
        assert "seed" in command.flags.values
        # The script is the same command.
        assert f"from {module} import {function}\n" in (ROOT / f"{name}.py").read_text()


def test_a_flag_keeps_the_default_of_its_own_command():
    from ssgan_tf.commands import classify, generate, train

    assert train.flags.values["seed"].default is None  # the method's own holds
    assert generate.flags.values["seed"].default == 0
    assert "lambda" in train.flags.values
    assert "lambda" not in classify.flags.values


def test_flags_of_data_sets_say_the_same_in_every_command():
    others = {"classes": {"imbalance"}}  # which cuts these down, and uses all
    for flag in ("datasets_dir", "roi", "classes"):
        names = [name for name in command_line.COMMANDS if name not in others.get(flag, ())]
        commands = [importlib.import_module(f"ssgan_tf.commands.{name}") for name in names]
        helps = [one.flags.values[flag].help for one in commands if flag in one.flags.values]
        assert len(helps) > 3 and len(set(helps)) == 1


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder that the package was installed into, from a copy of the sources."""
    folder = tmp_path_factory.mktemp("install")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "ssgan_tf", source / "ssgan_tf", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.txt"):
        shutil.copy(ROOT / name, source)
    install = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile"]
    result = subprocess.run(
        [sys.executable, "-m", "pip", "install", *install, "--target", folder / "site", source],
        capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return folder / "site"


def test_every_file_of_the_package_is_installed(site):
    for path in (ROOT / "ssgan_tf").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            installed = site / path.relative_to(ROOT)
            assert installed.read_bytes() == path.read_bytes(), installed


def call(site, folder, name, *arguments):
    """Run an installed command, which the shell would find by its name, in another folder."""
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    found = os.pathsep.join([str(site / "bin"), os.environ["PATH"]])
    return subprocess.run(
        [site / "bin" / name, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PATH": found},
        capture_output=True,
        text=True,
    )


def test_an_installed_command_prints_its_own_help(site, tmp_path):
    result = call(site, tmp_path, "ssgan-train", "--helpshort")
    assert result.returncode == 0, result.stderr
    assert "\nssgan-train --dataset flower --mu 0.01 --lambda 1\n" in result.stdout
    assert "--base_channels: Feature maps" in result.stdout
    assert "train.py" not in result.stdout


def test_an_installed_command_names_the_commands_in_its_errors(site, tmp_path):
    result = call(site, tmp_path, "ssgan-generate", "--run=.", "--out=x")
    assert result.returncode == 2, result.stderr
    assert result.stderr == (
        "ssgan-generate: . is not a run directory (it has no config.json); name a folder that "
        "ssgan-train has written\n"
    )

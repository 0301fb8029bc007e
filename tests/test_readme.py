"""The README's table of flags and its commands are those of the scripts."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def flags_of(loaded, tmp_path):
    """A function from a script to the flags in its help."""

    def flags(script):
        (tmp_path / script).mkdir()
        name = script.removesuffix(".py")
        printed = loaded.run(name, "--helpshort", folder=tmp_path / script).stdout
        return set(re.findall(r"^\s+--(?:\[no\])?(\w+):", printed, flags=re.MULTILINE))

    return flags


@pytest.mark.parametrize(
    ("script", "page"),
    [
        ("train.py", "docs/training.md"),
        ("generate.py", "docs/generation.md"),
        ("evaluate.py", "docs/evaluation.md"),
        ("classify.py", "docs/classification.md"),
        ("compare.py", "docs/study.md"),
        ("imbalance.py", "docs/imbalance.md"),
        ("augcls.py", "docs/augcls.md"),
    ],
)
def test_every_flag_of_a_script_is_in_its_page_and_no_other(flags_of, script, page):
    rows = re.findall(r"^\| `--(\w+)` \|", (ROOT / page).read_text(), flags=re.MULTILINE)
    assert len(rows) > 10
    assert sorted(rows) == sorted(flags_of(script))


def test_every_flag_in_the_commands_exists(flags_of):
    pages = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    commands = [
        command
        for block in re.findall(r"```bash\n(.*?)```", "\n".join(pages), flags=re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        for command in line.split("&&")
        if ".py " in command
    ]
    assert len(commands) >= 12
    scripts = (
        "train.py", "generate.py", "evaluate.py", "classify.py", "compare.py", "imbalance.py",
        "augcls.py",
    )  # fmt: skip
    known = {script: flags_of(script) for script in scripts}
    for command in commands:
        words = shlex.split(command, comments=True)
        script = next(word for word in words if word.endswith(".py"))
        if script in known:
            for word in words:
                if word.startswith("--"):
                    assert word[2:].partition("=")[0] in known[script], command

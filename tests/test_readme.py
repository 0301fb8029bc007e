"""The README's table of flags and its commands are those of the scripts."""

import functools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def flags_of(script):
    result = subprocess.run(
        [sys.executable, str(ROOT / script), "--helpshort"], capture_output=True, text=True
    )
    return set(re.findall(r"^\s+--(?:\[no\])?(\w+):", result.stdout, flags=re.MULTILINE))


@pytest.mark.parametrize(
    ("script", "page"),
    [
        ("train.py", "docs/training.md"),
        ("generate.py", "docs/generation.md"),
        ("evaluate.py", "docs/evaluation.md"),
        ("classify.py", "docs/classification.md"),
        ("compare.py", "docs/study.md"),
    ],
)
def test_every_flag_of_a_script_is_in_its_page_and_no_other(script, page):
    rows = re.findall(r"^\| `--(\w+)` \|", (ROOT / page).read_text(), flags=re.MULTILINE)
    assert len(rows) > 10
    assert sorted(rows) == sorted(flags_of(script))


def test_every_flag_in_the_commands_exists():
    pages = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    commands = [
        command
        for block in re.findall(r"```bash\n(.*?)```", "\n".join(pages), flags=re.DOTALL)
        for line in block.replace("\\\n", " ").splitlines()
        for command in line.split("&&")
        if ".py " in command
    ]
    assert len(commands) >= 12
    scripts = ("train.py", "generate.py", "evaluate.py", "classify.py", "compare.py")
    known = {script: flags_of(script) for script in scripts}
    for command in commands:
        words = shlex.split(command, comments=True)
        script = next(word for word in words if word.endswith(".py"))
        if script in known:
            for word in words:
                if word.startswith("--"):
                    assert word[2:].partition("=")[0] in known[script], command

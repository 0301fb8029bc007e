"""The README's table of flags and its commands are those of the scripts."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def flags_of(script):
    result = subprocess.run(
        [sys.executable, str(ROOT / script), "--helpshort"], capture_output=True, text=True
    )
    return set(re.findall(r"^\s+--(?:\[no\])?(\w+):", result.stdout, flags=re.MULTILINE))


def test_every_flag_of_train_is_in_the_table_and_no_other():
    flags = flags_of("train.py")
    assert len(flags) > 25
    rows = re.findall(r"^\| `--(\w+)` \|", README, flags=re.MULTILINE)
    assert sorted(rows) == sorted(flags)


def test_every_flag_of_evaluate_is_in_its_page_and_no_other():
    page = (ROOT / "docs" / "evaluation.md").read_text()
    rows = re.findall(r"^\| `--(\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(rows) == sorted(flags_of("evaluate.py"))


def test_every_flag_in_the_commands_exists():
    commands = [
        command
        for block in re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
        for line in block.splitlines()
        for command in line.split("&&")
        if ".py " in command
    ]
    assert len(commands) >= 6
    scripts = ("train.py", "generate.py", "evaluate.py")
    known = {script: flags_of(script) for script in scripts}
    for command in commands:
        words = shlex.split(command, comments=True)
        script = next(word for word in words if word.endswith(".py"))
        if script in known:
            for word in words:
                if word.startswith("--"):
                    assert word[2:].partition("=")[0] in known[script], command

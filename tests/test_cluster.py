"""The scripts of docs/cluster.md and the Dockerfile, tried without a cluster."""

import importlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from ssgan_tf.command_line import COMMANDS
from ssgan_tf.jobs import COUNT, parse_jobs

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "cluster.md").read_text()
SHELL = re.findall(r"```bash\n(.*?)```", PAGE, flags=re.DOTALL)
ARRAY, WORKERS = (script for script in SHELL if script.startswith("#!/bin/bash"))
(MANIFEST,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_every_flag_on_the_page_exists():
    written = re.sub(r'", "', " ", PAGE)  # the manifest has commands as lists
    commands = re.findall(rf"\bssgan-({'|'.join(COMMANDS)}) (--[^#\n]*)", written)
    assert len(commands) >= 9
    for name, arguments in commands:
        module = importlib.import_module(f"ssgan_tf.commands.{name}")
        for flag in re.findall(r"--(\w+)", arguments):
            assert flag in module.flags.values, f"{name} {flag}"


@pytest.fixture
def cluster(tmp_path):
    """Run a batch script with stand-ins for the cluster's programs and for ours."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (tmp_path / "ssgan_tf" / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "ssgan_tf" / ".venv" / "bin" / "activate").touch()
    for name, body in {
        "srun": 'exec "$@"',
        "scontrol": 'echo "$@" >> "$HOME/scontrol"\n[ "$1" = show ] && printf "one\\ntwo\\n"',
        "ssgan-train": 'echo "$TF_CONFIG" > "$HOME/TF_CONFIG"\necho "$@" > "$HOME/arguments"\n'
        "exit ${CODE:-0}",
    }.items():
        (programs / name).write_text(f"#!/bin/bash\n{body}\n")
        (programs / name).chmod(0o755)

    def submit(script, **variables):
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        own = {"HOME": str(tmp_path), "PATH": path, **variables}
        return subprocess.run(["bash", "-c", script], env=own, cwd=tmp_path).returncode

    return tmp_path, submit


@pytest.mark.parametrize("code", [0, 2, 143])
def test_only_a_task_that_was_stopped_by_the_signal_is_put_into_the_queue_again(cluster, code):
    home, submit = cluster
    task = {"SLURM_ARRAY_JOB_ID": "77", "SLURM_ARRAY_TASK_ID": "3"}
    assert submit(ARRAY, CODE=str(code), **task) == code
    assert "--jobs auto" in (home / "arguments").read_text()
    requeued = home / "scontrol"
    assert (requeued.read_text() if requeued.exists() else "") == "requeue 77_3\n" * (code == 143)


def test_the_array_has_no_gaps_and_leaves_time_to_save():
    first, last = re.search(r"#SBATCH --array=(\d+)-(\d+)\n", ARRAY).groups()
    assert (first, last) == ("0", "4")  # the five classes of flower
    assert "#SBATCH --signal=TERM@300\n" in ARRAY


def test_each_of_several_machines_is_told_its_place(cluster):
    home, submit = cluster
    for place in ("0", "1"):
        assert submit(WORKERS, SLURM_NODEID=place, SLURM_JOB_NODELIST="[one-two]") == 0
        assert json.loads((home / "TF_CONFIG").read_text()) == {
            "cluster": {"worker": ["one:2222", "two:2222"]},
            "task": {"type": "worker", "index": int(place)},
        }
        assert "--strategy multi_worker" in (home / "arguments").read_text()


def test_every_pod_is_told_how_many_there_are():
    (completions,) = re.findall(r"^  completions: (\d+)$", MANIFEST, flags=re.MULTILINE)
    (name, count) = re.search(r'- name: (SSGAN_\w+).*\n +value: "(\d+)"', MANIFEST).groups()
    assert (name, count) == (COUNT, completions)
    last = {"JOB_COMPLETION_INDEX": str(int(completions) - 1), name: count}
    assert parse_jobs("auto", last) == (int(completions), int(completions))


def test_the_image_is_given_what_it_copies():
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    kept = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    copied = [
        word
        for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, flags=re.MULTILINE)
        for word in line.split()
    ]
    assert sorted(copied) == sorted(kept)
    for name in copied:
        assert (ROOT / name).exists()
    # The folders that the manifest mounts are those of the image.
    for folder in re.findall(r"mountPath: (\S+)", MANIFEST):
        assert f'"{folder}"' in re.search(r"^VOLUME (.*)$", DOCKERFILE, flags=re.MULTILINE)[1]
    (tensorflow,) = re.findall(r'tensorflow\[and-cuda\](\S+)"', DOCKERFILE)
    assert f"tensorflow{tensorflow}\n" in (ROOT / "requirements.txt").read_text()

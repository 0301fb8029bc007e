"""Processes that share work, told by a flag or by the variables that clusters set."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.jobs import parse_jobs, share
from ssgan_tf.runs.run_directory import RunDirectory

ROOT = Path(__file__).resolve().parents[1]


def slurm(task, first, count, **more):
    names = ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT")
    return {
        name: str(value) for name, value in zip(names, (task, first, count), strict=True)
    } | more


def test_jobs_are_read_as_one_of_so_many():
    assert parse_jobs("2/4") == (2, 4)
    for wrong in ("0/4", "5/4", "2", "a/b", "1/0", "1/9999999999", "²/4"):
        with pytest.raises(UserError, match="write 1/4"):
            parse_jobs(wrong)


def test_every_item_is_in_one_share_and_in_order():
    shares = [share("abcdefg", (i, 3)) for i in (1, 2, 3)]
    assert shares == [["a", "d", "g"], ["b", "e"], ["c", "f"]]
    assert share("ab", (3, 3)) == []
    assert share("ab", (1, 1)) == ["a", "b"]


@pytest.mark.parametrize(
    ("environment", "jobs"),
    [
        (slurm(0, 0, 4), (1, 4)),  # --array=0-3
        (slurm(4, 1, 4), (4, 4)),  # --array=1-4
        (slurm(9, 1, 5, SLURM_ARRAY_TASK_STEP="2"), (5, 5)),  # --array=1-10:2
        ({"JOB_COMPLETION_INDEX": "2", "SSGAN_JOBS": "3"}, (3, 3)),
        # Slurm's own count holds where both are there.
        (slurm(1, 0, 2, JOB_COMPLETION_INDEX="0", SSGAN_JOBS="9"), (2, 2)),
    ],
)
def test_auto_is_what_the_cluster_says(environment, jobs):
    assert parse_jobs("auto", environment) == jobs


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX"),
        ({"JOB_COMPLETION_INDEX": "2"}, "needs the environment variable SSGAN_JOBS"),
        ({"JOB_COMPLETION_INDEX": "3", "SSGAN_JOBS": "3"}, "SSGAN_JOBS is 3"),
        ({"JOB_COMPLETION_INDEX": "0", "SSGAN_JOBS": "many"}, "SSGAN_JOBS is 'many'"),
        ({"SLURM_ARRAY_TASK_ID": "0"}, "needs the environment variable SLURM_ARRAY_TASK_MIN"),
        (slurm(7, 1, 3), "without gaps"),  # --array=1,3,7
        (slurm(2, 1, 5, SLURM_ARRAY_TASK_STEP="2"), "without gaps"),
    ],
)
def test_auto_guesses_nothing(environment, words):
    with pytest.raises(UserError, match=words):
        parse_jobs("auto", environment)


def test_a_task_of_a_job_array_and_a_pod_of_an_indexed_job_share_a_run(tmp_path):
    """Two real processes at the same time, which know their shares from these variables alone."""
    flags = [
        "--dataset=demo", "--classes=daisy,roses,tulips", "--train_per_class=6", "--jobs=auto",
        "--image_size=32", "--base_channels=32", "--latent_dim=8", "--batch_size=4",
        "--method=dcgan", "--iterations=1", "--run_dir=run",
    ]  # fmt: skip
    environments = (slurm(3, 3, 2), {"JOB_COMPLETION_INDEX": "1", "SSGAN_JOBS": "2"})
    processes = [
        subprocess.Popen(
            [sys.executable, ROOT / "train.py", *flags],
            cwd=tmp_path,
            env=os.environ | {"SSGAN_CACHE": str(tmp_path / "cache")} | own,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for own in environments
    ]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    for i, (printed, bars) in enumerate(outputs, 1):
        assert f"This was the share of process {i} of 2." in printed
        assert ("daisy" in bars, "roses" in bars, "tulips" in bars) == (i == 1, i == 2, i == 1)
    run = RunDirectory(tmp_path / "run")
    assert run.networks() == ["daisy", "roses", "tulips"]
    steps = [run.checkpoints(name).latest_step() for name in run.networks()]
    assert steps == [1, 1, 1]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert sorted(config["data"]["classes"]) == run.networks()
    assert not list((tmp_path / "run").rglob(".lock.json"))  # all locks were given back

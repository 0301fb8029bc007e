"""A real training process, killed and stopped: nothing but the last few iterations is lost."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory
from tests.training.tiny import saved_arrays

SCRIPT = Path(__file__).parent / "fit_in_process.py"
ITERATIONS = 90


def start(run_dir):
    options = {
        "run_dir": str(run_dir), "iterations": ITERATIONS, "log_every": 1,
        "checkpoint_every": 3, "sample_every": 40,
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps({"options": options, "methods": ["dcgan"]})],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(run_dir):
    process = start(run_dir)
    _, errors = process.communicate(timeout=1200)
    assert process.returncode == 0, errors[-3000:]


def newest_step(run_dir):
    return RunDirectory(run_dir).checkpoints("left").latest_step() or 0


def wait_for_step(process, run_dir, step):
    """Wait until the run has got on to `step`, so that every kill finds it at work."""
    deadline = time.monotonic() + 1200  # on a machine that has much else to do
    while newest_step(run_dir) < step:
        assert process.poll() is None, process.stderr.read()[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    finish(run_dir)
    return run_dir


def assert_equal_runs(run_dir, expected_dir):
    arrays, expected = saved_arrays(run_dir), saved_arrays(expected_dir)
    assert arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, err_msg=name)
    records, wanted = (
        [
            {key: value for key, value in record.items() if key != "images_per_second"}
            for record in read_metrics(path / "left" / "metrics.jsonl")
        ]
        for path in (run_dir, expected_dir)
    )
    assert [record["step"] for record in records] == list(range(1, ITERATIONS + 1))
    assert records == wanted


def test_killed_again_and_again_it_ends_with_the_same_weights(tmp_path, undisturbed):
    chance = random.Random(7)
    run_dir = tmp_path / "run"
    for target in (3, 23, 43):
        process = start(run_dir)
        wait_for_step(process, run_dir, target)
        time.sleep(chance.uniform(0, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert target <= newest_step(run_dir) < ITERATIONS
    finish(run_dir)
    assert_equal_runs(run_dir, undisturbed)


def test_signals_save_and_stop(tmp_path, undisturbed):
    run_dir = tmp_path / "run"
    for number, code, target in ((signal.SIGINT, 130, 6), (signal.SIGTERM, 143, 46)):
        process = start(run_dir)
        wait_for_step(process, run_dir, target)
        process.send_signal(number)
        _, errors = process.communicate(timeout=1200)
        assert process.returncode == code, errors[-3000:]
        assert "Finishing the current step" in errors
        stopped = newest_step(run_dir)
        assert target <= stopped < ITERATIONS
        # What was done is saved to the last iteration, not to the last regular checkpoint.
        assert stopped == read_metrics(run_dir / "left" / "metrics.jsonl")[-1]["step"]
    finish(run_dir)
    assert_equal_runs(run_dir, undisturbed)

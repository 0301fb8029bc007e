import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ssgan_tf.methods import METHODS
from tests.training.tiny import GANS, saved_arrays

SCRIPT = Path(__file__).parent / "fit_in_process.py"
OPTIONS = {"iterations": 3, "checkpoint_every": 3, "sample_every": 3, "log_every": 3}


def start(arguments, **environment):
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), json.dumps(arguments)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]


def arguments(folder, **options):
    return {
        "options": {**OPTIONS, "run_dir": str(folder / "run"), **options},
        "weights": str(folder / "weights.npz"),
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    finish(start(arguments(folder)))
    return saved_arrays(folder / "run")


def assert_same_training(arrays, expected):
    """The number of replicas changes sums' order, not what is learnt."""
    for name, array in expected.items():
        if name.startswith(("generator/", "critic/")):
            # Three steps of Adam move a weight by up to 6e-4 where only rounding chose their sign.
            distance = np.abs(array - arrays[name])
            assert distance.mean() < 2e-5, name
            assert distance.max() < 2e-3, name


def test_mirrored_replicas_stay_equal_and_share_the_batch(tmp_path, alone):
    finish(start(arguments(tmp_path, strategy="mirrored") | {"devices": 2}))
    held = np.load(tmp_path / "weights.npz")
    pairs = [name for name in held if name.endswith(" 0")]
    assert len(pairs) > 40
    for name in pairs:
        np.testing.assert_array_equal(held[name], held[name[:-1] + "1"], err_msg=name)
    assert_same_training(saved_arrays(tmp_path / "run"), alone)


@pytest.mark.long
def test_every_other_method_keeps_its_replicas_equal(tmp_path):
    # One on features of VGG-19 is left out: it would take most of the time and shares nothing more.
    others = [name for name in GANS if name != "ssgan" and not METHODS[name].judges_features]
    more = {"devices": 2, "methods": others}
    more["settings"] = {"critic_steps": 1}
    finish(start(arguments(tmp_path, strategy="mirrored", iterations=1) | more))
    held = np.load(tmp_path / "weights.npz")
    assert {name.partition(" ")[0] for name in held} == set(others)
    for name in held:
        if name.endswith(" 0"):
            np.testing.assert_array_equal(held[name], held[name[:-1] + "1"], err_msg=name)
            assert np.all(np.isfinite(held[name])), name


@pytest.mark.long
def test_replicas_share_a_lazy_penalty_that_has_a_state(tmp_path):
    more = {"devices": 2, "methods": ["stylegan2"]}
    more["settings"] = {"penalty": "path_length", "augment_critic": "none"}
    options = {"strategy": "mirrored", "iterations": 5, "checkpoint_every": 5}
    finish(start(arguments(tmp_path, **options) | more))
    # It has its turn once, at the fourth update, and moves a hundredth of the way.
    assert 0 < saved_arrays(tmp_path / "run")["penalty/path_length/average"] < 1


@pytest.mark.long
def test_two_machines_train_one_network(tmp_path, alone):
    ports = [_free_port() for _ in range(2)]
    workers = [f"127.0.0.1:{port}" for port in ports]
    processes = []
    for index in range(2):
        config = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        processes.append(
            start(
                {
                    **arguments(tmp_path, strategy="multi_worker"),
                    "weights": str(tmp_path / f"weights{index}.npz"),
                },
                TF_CONFIG=json.dumps(config),
            )
        )
    for process in processes:
        finish(process)
    first, second = (np.load(tmp_path / f"weights{index}.npz") for index in range(2))
    assert len(list(first)) > 40
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)
    assert_same_training(saved_arrays(tmp_path / "run"), alone)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

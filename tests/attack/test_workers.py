"""Two processes of `--strategy multi_worker`, of which one is killed or does not come."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from ground import TINY

from ssgan_tf.runs.metrics_log import read_metrics
from tests.loaded import ROOT

pytestmark = pytest.mark.attack
PATIENCE = 1200


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def start(ground, folder, iterations, count=2):
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]
    processes = []
    for index in range(count):
        config = {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
        command = [
            sys.executable, str(ROOT / "train.py"), f"--dataset={ground}/photos",
            "--classes=red", "--method=dcgan", *TINY, "--strategy=multi_worker",
            f"--iterations={iterations}", "--checkpoint_every=5", "--log_every=5",
            "--sample_every=100000", f"--run_dir={folder}/run",
        ]  # fmt: skip
        processes.append(
            subprocess.Popen(
                command,
                env={
                    **os.environ,
                    "TF_CONFIG": json.dumps(config),
                    "SSGAN_CACHE": str(folder / f"cache{index}"),
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                },
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    return workers, processes


def wait_for_checkpoint(folder, processes):
    deadline = time.monotonic() + PATIENCE
    while not list(folder.glob("run/red/checkpoints/*.npz")):
        assert time.monotonic() < deadline
        assert all(process.poll() is None for process in processes)
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("victim", "number"),
    [(0, signal.SIGKILL), (1, signal.SIGKILL), (1, signal.SIGSTOP)],
)
def test_the_other_says_which_one_is_gone_and_both_go_on_when_asked_again(
    ground, tmp_path, victim, number
):
    workers, processes = start(ground, tmp_path, 1_000_000)
    wait_for_checkpoint(tmp_path, processes)
    processes[victim].send_signal(number)
    other = processes[1 - victim]
    _, errors = other.communicate(timeout=PATIENCE)
    processes[victim].kill()
    processes[victim].communicate()
    lines = [line for line in errors.splitlines() if "no longer answers" in line]
    assert other.returncode == 2, errors[-3000:]
    assert lines and f"worker {victim} ({workers[victim]})" in lines[0], errors[-3000:]
    assert "Traceback" not in errors
    saved = read_metrics(tmp_path / "run" / "red" / "metrics.jsonl")[-1]["step"]
    _, processes = start(ground, tmp_path, saved + 10)
    for process in processes:
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, errors[-3000:]
    steps = [record["step"] for record in read_metrics(tmp_path / "run" / "red" / "metrics.jsonl")]
    assert steps == list(range(5, saved + 11, 5))

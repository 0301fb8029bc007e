"""The script itself, killed and interrupted while the classifier of a round is trained."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.network import build_network
from ssgan_tf.commands import generate
from ssgan_tf.data import load_dataset
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.rounds import filter_in_rounds
from tests.generation.chosen import contents, record_of
from tests.training.tiny import tiny_method

SCRIPT = Path(__file__).resolve().parents[2] / "generate.py"
TRAINING = b"classifier of round 2"


@pytest.fixture
def trained(tmp_path, preset, monkeypatch):
    """A run that was trained for a moment on a folder of images, and a classifier that was not."""
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    settings = {"weights": preset, "epochs": 2, "batch_size": 4, "precision": "float32"}
    record = record_of(tmp_path / "real") | {"settings": settings, "image_size": 32}
    images = load_dataset(tmp_path / "real", 32, progress=False)
    # The method whose step compiles fastest.
    method = tiny_method("dcgan", batch_size=2)
    method.fit(images, run_dir=tmp_path / "run", iterations=1, progress=False)
    (tmp_path / "classifier").mkdir()
    Classifier(build_network(preset, 32, 2), record).save(tmp_path / "classifier")
    return tmp_path / "run", tmp_path / "classifier"


@pytest.mark.long
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killed_and_interrupted_rounds_end_as_undisturbed_ones(trained, tmp_path, capsys):
    run, classifier = trained
    out, command = tmp_path / "set", [
        str(SCRIPT), f"--run={run}", f"--out={tmp_path / 'set'}", f"--filter={classifier}",
        "--threshold=0.01", "--per_class=3", "--filter_rounds=2", "--filter_rule=paper",
    ]  # fmt: skip

    def stopped(number):
        """Send a signal once the training has begun; return the exit status and what was said."""
        piped = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen([sys.executable, *command], **piped) as process:
            said = b""
            while TRAINING not in said:
                more = os.read(process.stderr.fileno(), 4096)
                assert more, said.decode()
                said += more
            process.send_signal(number)
            _, rest = process.communicate(timeout=300)
        return process.returncode, (said + rest).decode()

    status, _ = stopped(signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert json.loads((out / "manifest.json").read_text())["complete"]  # the first set
    status, said = stopped(signal.SIGINT)
    assert status == 128 + signal.SIGINT
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1].startswith("Stopped; finished rounds are kept. Go on with")
    # The last call needs no process of its own: nothing of the former ones is left in memory.
    generate.flags.values(command)
    assert generate.main(generate.flags.values) == 0
    last = capsys.readouterr().out
    assert "round 2: accuracy on held-out images" in last
    assert "WARNING: the generator was trained on 10 of the 10 held-out images" in last
    first = Filter(Classifier.load(classifier), 0.01, path=str(classifier))
    filter_in_rounds(str(run), tmp_path / "whole", 3, first, rounds=2, rule="paper", progress=False)
    assert contents(out) == contents(tmp_path / "whole")

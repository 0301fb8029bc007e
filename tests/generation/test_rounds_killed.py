"""The script itself, killed and interrupted while the classifier of a round is trained."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.data import load_dataset
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.rounds import filter_in_rounds
from tests.generation.chosen import record_of
from tests.training.tiny import tiny_method

SCRIPT = Path(__file__).resolve().parents[2] / "generate.py"
TRAINING = b"classifier of round 2"


def contents(out):
    """The bytes of every file of a set, with its own name taken out."""
    return {
        path.relative_to(out): path.read_bytes().replace(str(out).encode(), b"OUT")
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def trained(tmp_path, preset, monkeypatch):
    """A run and a classifier, both trained for a moment on a folder of images."""
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    settings = {"weights": preset, "epochs": 2, "batch_size": 4, "precision": "float32"}
    record = record_of(tmp_path / "real") | {"settings": settings, "image_size": 32}
    images = load_dataset(tmp_path / "real", 32, progress=False)
    tiny_method(batch_size=2).fit(images, run_dir=tmp_path / "run", iterations=1, progress=False)
    learning = ClassifierTraining(images, ClassifierSettings(**settings), seed=3, steps=2)
    learning.run(2)
    (tmp_path / "classifier").mkdir()
    Classifier(learning.network, record).save(tmp_path / "classifier")
    return tmp_path / "run", tmp_path / "classifier"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_killed_and_interrupted_rounds_end_as_undisturbed_ones(trained, tmp_path):
    run, classifier = trained
    out, command = tmp_path / "set", [
        sys.executable, str(SCRIPT), f"--run={run}", f"--out={tmp_path / 'set'}",
        f"--filter={classifier}", "--threshold=0.01", "--per_class=3", "--filter_rounds=2",
        "--filter_rule=paper",
    ]  # fmt: skip

    def stopped(number):
        """Send a signal once the training has begun; return the exit status and what was said."""
        with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
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
    last = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert last.returncode == 0, last.stderr
    assert "round 2: accuracy on held-out images" in last.stdout
    assert "WARNING: the generator was trained on 10 of the 10 held-out images" in last.stdout
    first = Filter(Classifier.load(classifier), 0.01, path=str(classifier))
    filter_in_rounds(str(run), tmp_path / "whole", 3, first, rounds=2, rule="paper", progress=False)
    assert contents(out) == contents(tmp_path / "whole")

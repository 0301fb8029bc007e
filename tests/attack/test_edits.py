"""Real commands on files of earlier commands that were damaged or edited: done, or one line."""

import json
import os
import shutil
import unicodedata

import pytest
from damage import bytes_of, file_of
from ground import contents, refused
from hypothesis import given, settings

pytestmark = pytest.mark.attack
EACH = int(os.environ.get("SSGAN_ATTACK_EDITS", "12"))

REAL = ["--dataset=photos/", "--inception=graph.pb"]
NEWEST = "run/all_classes/checkpoints"
# The file, and the command that reads it.
ROWS = [
    ("run/config.json", "generate", ["--run=run", "--per_class=2", "--out=new"]),
    ("run/config.json", "train", ["--dataset=photos/", "--method=acgan", "--run_dir=run",
                                  "--iterations=1", "--image_size=32", "--base_channels=32",
                                  "--latent_dim=8", "--batch_size=4", "--precision=float32"]),
    (NEWEST, "generate", ["--run=run", "--per_class=2", "--out=new"]),
    ("set/manifest.json", "generate", ["--run=run", "--per_class=2", "--out=set"]),
    ("set/manifest.json", "evaluate", ["--generated=set", *REAL, "--out=new"]),
    ("set/manifest.json", "classify", ["--dataset=photos/", "--augment=made=set", "--per_class=4",
                                       "--test_per_class=3", "--image_size=32", "--dry_run"]),
    ("set/red/000001.png", "evaluate", ["--generated=set", *REAL, "--out=new"]),
    ("measured/metrics.json", "evaluate", ["--generated=set", *REAL, "--out=measured"]),
    ("graph.pb", "evaluate", ["--generated=set", *REAL, "--out=new"]),
    ("judged/results.json", "evaluate", ["--generated=set", *REAL, "--out=new",
                                         "--baseline=judged"]),
    ("judged/config.json", "classify", None),
    ("judged/runs/original/seed-0/result.json", "classify", None),
    ("judged/runs/original/seed-0/classifier.json", "generate",
     ["--run=run", "--per_class=2", "--out=new", "--filter=judged/runs/original/seed-0",
      "--threshold=0.01"]),
    ("judged/runs/original/seed-0/classifier.keras", "generate",
     ["--run=run", "--per_class=2", "--out=new", "--filter=judged/runs/original/seed-0",
      "--threshold=0.01"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def measured(loaded, ground, preset, tmp_path_factory):
    """The ground, an evaluation and a comparison of classifiers."""
    folder = tmp_path_factory.mktemp("measured") / "field"
    shutil.copytree(ground, folder)
    for name, arguments in (
        ("evaluate", ["--generated=set", *REAL, "--out=measured"]),
        ("classify", classify(preset)),
    ):
        result = loaded.run(name, *arguments, folder=folder)
        assert result.code == 0, result.stderr
    return folder


def classify(preset):
    return ["--dataset=photos/", "--seeds=1", "--epochs=1", "--image_size=32",
            "--test_per_class=3", "--precision=float32", f"--weights={preset}",
            "--out=judged"]  # fmt: skip


@pytest.mark.parametrize(("path", "name", "arguments"), ROWS, ids=str)
def test_it_is_done_or_refused(loaded, measured, preset, tmp_path, path, name, arguments):
    place = measured / path
    if place.is_dir():
        place = max(place.glob("*.npz"))
    whole = place.read_bytes()
    edits = file_of(json.loads(whole)) if place.suffix == ".json" else bytes_of(whole)

    @settings(max_examples=EACH, database=None, deadline=None)
    @given(edits)
    def each(data):
        field = tmp_path / "field"
        shutil.rmtree(field, ignore_errors=True)
        shutil.copytree(measured, field)
        edited = field / place.relative_to(measured)
        edited.write_bytes(data)
        before = contents(field / "photos")
        (field.parent / "beside.png").write_bytes(b"not ours")
        result = loaded.run(name, *(arguments or classify(preset)), folder=field)
        if result.code:
            refusal = [line for line in result.stderr.splitlines() if line.startswith(f"{name}.py")]
            refused(result._replace(stderr="\n".join(refusal)), name)
        assert "Traceback" not in result.stderr, result.stderr
        signs = set(result.stdout + result.stderr) - {"\n", "\r"}
        assert not [sign for sign in signs if unicodedata.category(sign) == "Cc"]
        assert contents(field / "photos") == before
        assert (field.parent / "beside.png").read_bytes() == b"not ours"

    each()

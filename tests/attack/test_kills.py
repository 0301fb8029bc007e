"""Every command, killed and stopped at random moments: it ends with what an undisturbed one has."""

import json
import os
import random
import shutil
import signal
import time
import zipfile

import numpy as np
import pytest
from ground import TINY

pytestmark = pytest.mark.attack
KILLS = int(os.environ.get("SSGAN_ATTACK_KILLS", "3"))  # of each command for each seed
SEEDS = [int(text) for text in os.environ.get("SSGAN_ATTACK_SEEDS", "0").split(",")]
SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
COMMANDS = {
    "train": ["--dataset=photos/", "--method=dcgan", *TINY, "--iterations=60", "--run_dir=out",
              "--checkpoint_every=7", "--sample_every=20", "--log_every=5"],
    "generate": ["--run=run", "--per_class=600", "--interpolate", "--out=out"],
    "evaluate": ["--run=run", "--dataset=photos/", "--inception=graph.pb", "--per_class=40",
                 "--out=out"],
    "classify": ["--dataset=photos/", "--augment=made=set", "--augment=crop", "--per_class=4",
                 "--seeds=2", "--epochs=2", "--image_size=32", "--test_per_class=3", "--out=out",
                 "--precision=float32"],
    "compare": ["--dataset=photos/", "--methods=dcgan,wgan", *TINY, "--iterations=6",
                "--per_class=12", "--inception=graph.pb", "--out=out"],
}  # fmt: skip
# What differs from one undisturbed run to the next: times, and processes.
PASSING = {
    "seconds", "images_per_second", "command", "times", "speed", "cost", "pid", "started",
    "budgets",
}  # fmt: skip


def lasting(value):
    """Return JSON without what no two runs share."""
    if isinstance(value, dict):
        return {key: lasting(item) for key, item in value.items() if key not in PASSING}
    return [lasting(item) for item in value] if isinstance(value, list) else value


def outcome(folder):
    """Return what counts of a folder: its pictures, its JSON, its weights."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        assert not name.endswith(".ssgan-tmp"), name
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.suffix == ".png" and path.parent.parent.name in ("out", "generated"):
            found[name] = path.read_bytes()
        elif path.suffix == ".json":
            # Some files name the folder of the images, which is another for every test.
            found[name] = lasting(json.loads(path.read_text().replace(str(folder.parent), "")))
        elif path.suffix == ".jsonl":
            found[name] = [lasting(json.loads(line)) for line in path.read_text().splitlines()]
        elif path.suffix == ".npz" and path == max(path.parent.glob("*.npz")):
            # Of the checkpoint before it, only the moment of a signal decides which one it is.
            with zipfile.ZipFile(path) as archive:
                found[name] = {
                    entry: archive.read(entry)
                    for entry in archive.namelist()
                    if entry.endswith(".npy")
                }
    return found


@pytest.fixture(scope="module")
def undisturbed(loaded, ground, preset, tmp_path_factory):
    """By command: what it leaves, and the seconds that it takes."""
    known = {}

    def get(name):
        if name not in known:
            folder = tmp_path_factory.mktemp(name) / "field"
            shutil.copytree(ground, folder)
            begin = time.monotonic()
            result = loaded.run(name, *arguments_of(name, preset), folder=folder)
            assert result.code == 0, result.stderr
            known[name] = outcome(folder / "out"), time.monotonic() - begin
        return known[name]

    return get


def arguments_of(name, preset):
    return COMMANDS[name] + [f"--weights={preset}"] * (name == "classify")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_killed_at_random_it_ends_as_if_it_had_not_been(
    loaded, field, preset, undisturbed, name, seed
):
    expected, seconds = undisturbed(name)
    chance = random.Random(f"{seed} {name}")
    arguments = arguments_of(name, preset)
    kept = {path: path.read_bytes() for path in field.rglob("*") if path.is_file()}
    for _ in range(KILLS):
        process, number = loaded.start(name, *arguments, folder=field), chance.choice(SIGNALS)
        if not loaded.ended(chance.uniform(0, seconds)):
            os.kill(process, number)
        result = loaded.wait()
        assert "Traceback" not in result.stderr, result.stderr
        if number == signal.SIGKILL:
            assert result.code in (-number, 0), result.stderr
        else:
            assert result.code in (128 + number, 0), result.stderr
    result = loaded.run(name, *arguments, folder=field)
    assert result.code == 0, result.stderr
    found = outcome(field / "out")
    assert found.keys() == expected.keys()
    for path, value in expected.items():
        if path.endswith(".jsonl"):
            # How many iterations a call runs follows the clock, and with it how means are rounded.
            assert len(found[path]) == len(value), path
            for record, own in zip(found[path], value, strict=True):
                assert record == pytest.approx(own, rel=1e-5), path
        else:
            assert found[path] == value, path
    for path, data in kept.items():  # nothing that was there before is changed
        assert path.read_bytes() == data, path


def test_the_comparison_itself_can_tell(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"seconds": 1, "scores": [1, 2]}))
    before = outcome(tmp_path)
    (tmp_path / "a.json").write_text(json.dumps({"seconds": 2, "scores": [1, 2]}))
    assert outcome(tmp_path) == before
    (tmp_path / "a.json").write_text(json.dumps({"seconds": 2, "scores": [1, 3]}))
    assert outcome(tmp_path) != before
    np.savez(tmp_path / "a.npz", weights=np.ones(2))
    before = outcome(tmp_path)
    np.savez(tmp_path / "a.npz", weights=np.zeros(2))
    assert outcome(tmp_path) != before

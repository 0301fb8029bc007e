"""Hypothesis against all that reads files: the value, or one line; never a traceback.

Few examples, always the same, are part of the default suite; `pytest -m attack` takes as many as
SSGAN_ATTACK_EXAMPLES says, others each time.
"""

import io
import json
import os
import shutil

import numpy as np
import pytest
from damage import anything, bytes_of, file_of
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ssgan_tf.data import load_dataset
from ssgan_tf.data.decoding import UnreadableImageError, decode
from ssgan_tf.data.manifest import MANIFEST, read_manifest, what_is_missing
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.baseline import read_baseline
from ssgan_tf.evaluation.results import METRICS, require_own
from ssgan_tf.files import HOLDER
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation.rounds_folder import SETS, RoundsFolder
from ssgan_tf.json_files import Damaged, Each, parse
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.metrics.ssim import read_super_classes
from ssgan_tf.runs.checkpoints import Checkpoints
from ssgan_tf.runs.metrics_log import MetricsLog, read_metrics
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory
from tests.evaluation.folders import write_set
from tests.metrics.frozen import tiny_graph

MANY = int(os.environ.get("SSGAN_ATTACK_EXAMPLES", "2000"))
HASHES = {"train": ["a", "b"], "test": ["c"]}
CONFIG = {
    "settings": {"method": "dcgan", "image_size": 32, "flip": True, "mu": 0.5},
    "options": {"iterations": 3, "vgg_weights": None},
    "data": {"name": "photos", "fingerprint": "f", "classes": {"blue": HASHES, "red": HASHES}},
}
SET = {
    "made_by": "ssgan_tf 0.1.0", "method": "dcgan", "run": "run", "dataset": "photos", "seed": 0,
    "complete": True, "settings": {"classes": ["blue"], "image_size": 32},
    "data": {"classes": {"blue": HASHES}}, "filter": {"learnt_from": {"blue": ["a"]}},
    "classes": {"blue": {"count": 2, "checkpoint_step": 1}},
}  # fmt: skip
STUDY = {
    "data": {"classes": ["blue", "red"]},
    "rows": [{"condition": "original", "mean": {"accuracy": {"mean": 0.5}}}],
}
CHECKPOINT = {"seconds": 1.5, "window": {"g": [1.0, 2]}}


def counts(few, share=1):
    """Return a mark that gives a test a few examples, and as an attack a share of all."""
    most = pytest.param(max(MANY // share, 1), marks=pytest.mark.attack)
    return pytest.mark.parametrize("count", [few, most])


def attack(count, few, strategy, check):
    """Call `check` with so many examples; where they are few, with the same each time."""

    @settings(max_examples=count, derandomize=count == few, database=None, deadline=None)
    @given(strategy)
    def each(example):
        check(example)

    each()


def reads(read):
    """Call a reader and return what it does; a refusal has to be one line."""
    try:
        return read()
    except UserError as error:
        assert "\n" not in str(error)


def read_run(folder):
    run = RunDirectory(folder)
    reads(lambda: run.config(TRAINED))
    reads(lambda: run.check(CONFIG))


def read_set(folder):
    manifest = read_manifest(folder)
    what_is_missing(manifest, {"blue": 2, "red": 0})


def read_lock(folder):
    lock = FolderLock(folder, "--out")
    assert lock.held_by_another().isprintable()
    lock.acquire()
    lock.release()


def read_groups(folder):
    groups = reads(lambda: read_super_classes(folder / "groups.json", ("blue", "red")))
    assert groups is None or sorted(label for labels in groups.values() for label in labels) == [
        0,
        1,
    ]


def read_study(folder):
    accuracy = reads(lambda: read_baseline(folder, ("blue", "red")))
    assert accuracy is None or 0 < accuracy <= 1


def read_rounds(folder):
    kept = RoundsFolder(folder.parent / "set")
    kept.path.mkdir(exist_ok=True)
    shutil.copy(folder / SETS, kept.path / SETS)
    for number, entry in kept.sets().items():
        assert number >= 0 and isinstance(entry["acceptance_rate"], dict)


#: By file: a document that is whole, and what is to bear any other.
READERS = {
    "config.json": (CONFIG, read_run),
    MANIFEST: (SET, read_set),
    METRICS: ({"made_by": "ssgan_tf 0", "pictures": {"tsne": "tsne.png"}},
              lambda folder: reads(lambda: require_own(folder))),
    HOLDER: ({"pid": 3, "host": "here", "started": "now", "command": "train.py"}, read_lock),
    "groups.json": ({"warm": ["red"], "cold": ["blue"]}, read_groups),
    "results.json": (STUDY, read_study),
    SETS: ({"1": {"acceptance_rate": {"blue": 0.5}, "fingerprint": "f"}}, read_rounds),
}  # fmt: skip


@counts(25)
@pytest.mark.parametrize("name", READERS)
def test_json_that_was_damaged_or_edited(tmp_path, name, count):
    document, read = READERS[name]
    folder = tmp_path / "folder"
    folder.mkdir()

    def check(data):
        (folder / name).write_bytes(data)
        read(folder)

    check(json.dumps(document).encode())
    attack(count, 25, file_of(document), check)


SHAPES = st.recursive(
    st.sampled_from([str, int, float, bool, dict, list, object, (int, float), (str, None)]),
    lambda inner: (
        inner.map(lambda shape: [shape])
        | st.builds(Each, inner, st.booleans())
        | st.dictionaries(st.sampled_from(["a", "b?", "1"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@counts(60)
def test_any_json_against_any_shape(count):
    def check(example):
        value, shape = example
        try:
            assert parse(json.dumps(value), shape) == value
        except Damaged as error:
            assert "\n" not in str(error)

    attack(count, 60, st.tuples(anything, SHAPES), check)


@counts(25)
def test_a_log_of_metrics(tmp_path, count):
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path)
    for step in range(1, 5):
        log.write(step, critic_loss=0.5, name="a")
    whole = path.read_bytes()

    def check(data):
        path.write_bytes(data)
        read_metrics(path)
        log.truncate(3)
        assert all(record["step"] <= 3 for record in read_metrics(path))
        log.write(4, critic_loss=1.0)
        assert read_metrics(path)[-1] == {"step": 4, "critic_loss": 1.0}

    attack(count, 25, bytes_of(whole) | st.binary(max_size=60), check)


@counts(30)
def test_a_checkpoint_is_whole_or_refused_and_the_older_one_is_taken(tmp_path, count):
    weights = {"weights": np.arange(50.0, dtype=np.float32), "step": np.int32(3)}
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, {name: array * 0 for name, array in weights.items()}, CHECKPOINT)
    newest = checkpoints.save(2, weights, CHECKPOINT)
    whole = newest.read_bytes()

    def check(data):
        newest.write_bytes(data)
        found = reads(Checkpoints(tmp_path).latest)
        if found is not None:
            step, arrays, metadata = found
            expected = weights["weights"] * (step - 1)
            np.testing.assert_array_equal(arrays["weights"], expected)
            assert metadata == CHECKPOINT

    attack(count, 30, bytes_of(whole), check)


def pictures():
    """Return the bytes of one picture in every format that is read, by its name."""
    generator = np.random.default_rng(0)
    image = Image.fromarray(generator.integers(0, 256, (11, 13, 3), np.uint8))
    found = {}
    for form in ("PNG", "JPEG", "GIF", "BMP", "WEBP"):
        file = io.BytesIO()
        image.save(file, form)
        found[form] = file.getvalue()
    for name, mode in (("LA", "LA"), ("P", "P"), ("16 bits", "I;16")):
        file = io.BytesIO()
        image.convert("L" if mode == "I;16" else mode).convert(mode).save(file, "PNG")
        found[name] = file.getvalue()
    return found


@counts(25)
@pytest.mark.parametrize("form", pictures())
def test_pictures(form, count):
    def check(data):
        try:
            image = decode(data, 8)
        except UnreadableImageError as error:
            assert str(error)
        else:
            assert image.shape == (8, 8, 3) and image.dtype == np.uint8

    attack(count, 25, bytes_of(pictures()[form]), check)


@counts(10, share=10)
def test_a_data_set_whose_cache_is_damaged_is_read_anew(tmp_path, count, capsys):
    write_set(tmp_path / "photos", count=3, size=8)
    options = {"cache_dir": tmp_path / "cache", "progress": False}
    expected = load_dataset(tmp_path / "photos", 8, **options)
    (cache,) = (tmp_path / "cache").iterdir()
    whole = cache.read_bytes()

    def check(data):
        cache.write_bytes(data)
        found = load_dataset(tmp_path / "photos", 8, **options)
        np.testing.assert_array_equal(found.images, expected.images)
        assert found.hashes == expected.hashes

    attack(count, 10, bytes_of(whole), check)


@counts(10, share=10)
def test_a_graph_that_is_damaged(tmp_path, count):
    path = tmp_path / "graph.pb"

    def check(data):
        path.write_bytes(data)
        reads(lambda: open_inception(path, "pool_3", tmp_path / "cache", progress=False))

    attack(count, 10, bytes_of(tiny_graph()), check)

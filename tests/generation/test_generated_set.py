import functools
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan_tf import methods, plots
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation import generated_set
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.training import fit
from tests.training.drifting import Drifting, DriftingSampler
from tests.training.tiny import painted_squares, tiny_method


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("trained") / "run"
    images = painted_squares(classes=("left", "right"))
    images = images.select(np.arange(len(images) - 2))  # 6 of left, 4 of right
    method = tiny_method("dcgan", batch_size=2)  # whose step compiles fastest
    method.fit(images, run_dir=run_dir, iterations=1, progress=False)
    return run_dir, method


@pytest.fixture(scope="module", autouse=True)
def loaded_once():
    """Load each run once: building its networks takes longest of all that writes a small set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated_set, "load_run", functools.cache(generated_set.load_run))
        yield


class ByChance:
    """Takes about half of any images for left, and never one for right."""

    class_names = ("left", "right")
    image_size = 32

    def __init__(self):
        self.record = {"learnt_from": {"left": ["a"], "right": ["b"]}}

    def probabilities(self, images):
        left = images.sum(axis=(1, 2, 3), dtype=np.int64) % 101 / np.float32(100)
        return np.stack([left, np.zeros_like(left)], axis=1)


def accepted_left(method, count, seed=0):
    images = method.sample("left", count, seed=seed)
    return images[ByChance().probabilities(images)[:, 0] >= 0.5]


def write(run_dir, out, per_class=3, **options):
    return write_generated_set(run_dir, out, per_class, progress=False, **options)


def pixels(folder):
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("*.png"))])


def test_writes_labelled_images_that_load_as_a_data_set(trained, tmp_path):
    run_dir, method = trained
    manifest = write(run_dir, tmp_path / "set", seed=5)
    for name in ("left", "right"):
        np.testing.assert_array_equal(
            pixels(tmp_path / "set" / name), method.sample(name, 3, seed=5)
        )
        assert (tmp_path / "set" / f"{name}.png").exists()
    assert manifest == json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["complete"] is True
    assert manifest["method"] == "dcgan"
    assert manifest["seed"] == 5
    assert len(set(manifest["data"]["classes"]["right"]["train"])) == 4  # for leak checks
    assert manifest["classes"]["right"] == {"count": 3, "checkpoint_step": 1, "real_images": 4}
    loaded = load_dataset(tmp_path / "set", 32, cache_dir=tmp_path / "cache", progress=False)
    assert loaded.counts() == {"left": 3, "right": 3}
    np.testing.assert_array_equal(loaded.of_class("left").images, method.sample("left", 3, seed=5))


def test_the_same_seed_writes_the_same_bytes(trained, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(trained[0], tmp_path / name, seed=seed)
    a, b, c = ((tmp_path / name / "left" / "000001.png").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_balance_fills_up_to_the_largest_class(trained, tmp_path):
    write(trained[0], tmp_path / "set", "balance")
    assert not (tmp_path / "set" / "left").exists()  # an empty class would not load
    assert not (tmp_path / "set" / "left.png").exists()
    assert len(list((tmp_path / "set" / "right").glob("*.png"))) == 2


def test_the_last_weights_differ_from_the_average(trained, tmp_path):
    write(trained[0], tmp_path / "average")
    manifest = write(trained[0], tmp_path / "last", average=False)
    assert manifest["weights"] == "last"
    assert not np.array_equal(
        pixels(tmp_path / "average" / "left"), pixels(tmp_path / "last" / "left")
    )


def test_a_walk_begins_where_it_ends(trained, tmp_path):
    write(trained[0], tmp_path / "set", classes=["left"], walk=True)
    assert not (tmp_path / "set" / "right").exists()
    with Image.open(tmp_path / "set" / "left.gif") as walk:
        assert walk.n_frames > 20
        assert walk.info["loop"] == 0


def test_writing_again_replaces_what_was_written(trained, tmp_path):
    write(trained[0], tmp_path / "set", 5, walk=True)
    write(trained[0], tmp_path / "set", 2, classes=["left"])
    assert len(list((tmp_path / "set" / "left").iterdir())) == 2
    assert sorted(path.name for path in (tmp_path / "set").glob("[!.]*")) == [
        "left",
        "left.png",
        "manifest.json",
    ]


def test_a_folder_of_someone_else_is_refused(trained, tmp_path):
    for name, text in (("foreign", None), ("damaged", "{"), ("other", '{"made_by": "me"}')):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "holiday.jpg").write_bytes(b"mine")
        if text:
            (folder / "manifest.json").write_text(text)
        before = sorted(path.name for path in folder.iterdir())
        with pytest.raises(UserError, match="is not empty and holds no"):
            write(trained[0], folder)
        assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("outside", ["../victim", "{folder}/victim", ".", "..", "left/../victim"])
def test_a_manifest_cannot_name_files_outside_the_folder(trained, tmp_path, outside):
    victim, out = tmp_path / "victim", tmp_path / "set"
    write(trained[0], out)
    victim.mkdir()
    (victim / "000001.png").write_bytes(b"mine")
    (tmp_path / "victim.png").write_bytes(b"mine")
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["classes"][outside.format(folder=tmp_path)] = {}
    (out / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="is not empty and holds no manifest"):
        write(trained[0], out)
    assert (victim / "000001.png").exists() and (tmp_path / "victim.png").exists()
    assert len(pixels(out / "left")) == 3


class Killed(BaseException):
    """Stands for `kill -9`: nothing catches it."""


def test_a_set_that_is_being_emptied_is_not_complete(trained, tmp_path, monkeypatch):
    out = tmp_path / "set"
    write(trained[0], out, 5)
    unlinked, real_unlink = [], Path.unlink

    def unlink(self, missing_ok=False):
        if self.name == "000001.png":
            unlinked.append(json.loads((out / "manifest.json").read_text()))
            raise Killed
        real_unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    with pytest.raises(Killed):
        write(trained[0], out, 2, classes=["left"])
    monkeypatch.undo()
    assert unlinked and unlinked[0]["complete"] is False
    # Nothing is forgotten: the next call knows the classes of the set that was there.
    write(trained[0], out, 2, classes=["left"])
    assert not (out / "right").exists()
    assert len(pixels(out / "left")) == 2


def test_two_processes_do_not_write_one_folder(trained, tmp_path):
    out = tmp_path / "set"
    with FolderLock(out, "--out"):
        with pytest.raises(UserError, match=r"set is in use by process.*choose another --out"):
            write(trained[0], out)
        assert not (out / "manifest.json").exists()
    write(trained[0], out)
    # No lock is left among somebody else's files.
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "a").write_bytes(b"mine")
    with pytest.raises(UserError, match="is not empty"):
        write(trained[0], tmp_path / "foreign")
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["a"]


def test_nothing_is_written_or_deleted_through_a_link(trained, tmp_path):
    out, mine = tmp_path / "set", tmp_path / "mine"
    write(trained[0], out, classes=["right"])
    mine.mkdir()
    (mine / "000000.png").write_bytes(b"mine")
    (out / "left").symlink_to(mine)
    for classes in (["left"], None):
        with pytest.raises(UserError, match=r"set/left is a link.*remove it"):
            write(trained[0], out, classes=classes)
    assert (mine / "000000.png").read_bytes() == b"mine"
    assert len(pixels(out / "right")) == 3


def test_a_start_that_was_killed_does_not_block_the_next(trained, tmp_path):
    out = tmp_path / "set"
    out.mkdir()
    for name in (".0123.ssgan-tmp", ".lock", ".lock.json"):
        (out / name).write_bytes(b"")
    write(trained[0], out)
    assert len(pixels(out / "left")) == 3
    assert not (out / ".0123.ssgan-tmp").exists()


def test_a_set_inside_a_data_set_would_be_a_class_of_it(trained, tmp_path):
    write(trained[0], tmp_path / "photos")
    for place in ("photos/augmented", "photos/left/more", "photos/a/b/c"):
        with pytest.raises(UserError, match=r"lies in .*photos, a data set with the classes left"):
            write(trained[0], tmp_path / place)
    assert sorted(path.name for path in (tmp_path / "photos").glob("*/")) == ["left", "right"]
    write(trained[0], trained[0] / "generated")  # the folders of a run are no data set


def test_only_names_that_it_writes_are_deleted(trained, tmp_path):
    out = tmp_path / "set"
    write(trained[0], out)
    own = ["2024-holiday.png", "1.png", "000000.png.bak"]
    for name in own:
        (out / "left" / name).write_bytes(b"mine")
    write(trained[0], out, 1, classes=["right"])
    assert sorted(path.name for path in (out / "left").iterdir()) == sorted(own)


def test_what_cannot_be_sampled_is_refused(trained, tmp_path):
    with pytest.raises(UserError, match="no trained class 'top'; it has left, right"):
        write(trained[0], tmp_path / "set", classes=["top"])
    with pytest.raises(UserError, match="is not a run directory"):
        write(tmp_path / "nowhere", tmp_path / "set")
    with pytest.raises(UserError, match="--classes names no class"):
        write(trained[0], tmp_path / "set", classes=[])
    with pytest.raises(UserError, match="--seed is 4294967296"):
        write(trained[0], tmp_path / "set", seed=2**32)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("section", "changes", "words"),
    [
        ("settings", {"method": None}, "settings.method is null"),
        ("settings", {"method": "vae"}, "unknown method 'vae'"),
        ("settings", {"latent_dim": None}, "--latent_dim is None; it must be a whole number"),
        ("settings", {"latent_dim": 10**10}, "--latent_dim is 10000000000; it must be"),
        ("data", {"name": None}, "data.name is null"),
        ("data", {"classes": {"left": 3}}, r"classes\['left'\] is 3"),
        ("data", {"classes": {"left": {"test": []}}}, r"classes\['left'\] has no 'train'"),
        ("data", {"classes": {"../left": {"train": [], "test": []}}}, "is no plain name"),
    ],
)
def test_an_edited_run_is_one_line(trained, tmp_path, section, changes, words):
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    config = json.loads((run / "config.json").read_text())
    config[section] |= changes
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=words) as caught:
        write(run, tmp_path / "set")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "set").exists()


def test_a_filter_keeps_the_first_accepted_images(trained, tmp_path):
    run_dir, method = trained
    manifest = write(
        run_dir, tmp_path / "set", 40, classes=["left"], filtered=Filter(ByChance(), 0.5)
    )
    entry = manifest["classes"]["left"]
    assert entry["count"] == entry["wanted"] == 40
    assert 64 < entry["sampled"] < 128  # so more than one batch was needed
    assert entry["acceptance_rate"] == 40 / entry["sampled"]
    assert entry["shortfall"] is None
    assert manifest["complete"] is True
    expected = accepted_left(method, entry["sampled"])
    assert len(expected) == 40
    np.testing.assert_array_equal(pixels(tmp_path / "set" / "left"), expected)
    # Fewer are the first of these, whatever the limit.
    write(run_dir, tmp_path / "few", 9, classes=["left"], filtered=Filter(ByChance(), 0.5, 5))
    np.testing.assert_array_equal(pixels(tmp_path / "few" / "left"), expected[:9])


def test_the_limit_of_a_filter_leaves_a_smaller_set(trained, tmp_path):
    run_dir, method = trained
    manifest = write(run_dir, tmp_path / "set", 50, filtered=Filter(ByChance(), 0.5, 1, "seed-0"))
    left, right = manifest["classes"]["left"], manifest["classes"]["right"]
    expected = accepted_left(method, 50)
    assert 0 < left["count"] == len(expected) < 50
    assert left["sampled"] == 50
    assert left["shortfall"].startswith(f"{len(expected)} of 50 found among 50 candidates")
    np.testing.assert_array_equal(pixels(tmp_path / "set" / "left"), expected)
    # A class of which none was accepted has no folder, since an empty one would not load.
    assert right["count"] == right["acceptance_rate"] == 0
    assert "none reaches a probability of 0.5" in right["shortfall"]
    assert sorted(path.name for path in (tmp_path / "set").glob("[!.]*")) == [
        "filter.png", "left", "left.png", "manifest.json",
    ]  # fmt: skip
    assert manifest["complete"] is True
    assert manifest == json.loads((tmp_path / "set" / "manifest.json").read_text())
    assert manifest["filter"]["classifier"] == "seed-0"
    assert manifest["filter"]["threshold"] == 0.5
    assert manifest["filter"]["limit"] == 1
    assert manifest["filter"]["learnt_from"] == {"left": ["a"], "right": ["b"]}
    (only,) = manifest["filter"]["rounds"]
    assert only["acceptance_rate"] == {"left": left["acceptance_rate"], "right": 0}
    # Written again without a filter, nothing is left of it.
    manifest = write(run_dir, tmp_path / "set", 2, classes=["right"])
    assert "filter" not in manifest
    assert sorted(path.name for path in (tmp_path / "set").glob("[!.]*")) == [
        "manifest.json", "right", "right.png",
    ]  # fmt: skip


def test_a_filter_and_balance_leave_the_largest_class_alone(trained, tmp_path):
    manifest = write(trained[0], tmp_path / "set", "balance", filtered=Filter(ByChance(), 0.5))
    assert manifest["classes"]["left"]["sampled"] == 0
    assert manifest["classes"]["left"]["acceptance_rate"] is None
    assert manifest["classes"]["left"]["shortfall"] is None
    assert manifest["classes"]["right"]["sampled"] == 40  # 2 wanted, 20 candidates for each


def test_a_filter_of_other_images_leaves_an_earlier_set_alone(trained, tmp_path):
    write(trained[0], tmp_path / "set")
    small, stranger = ByChance(), ByChance()
    small.image_size, stranger.class_names = 16, ("left",)
    for classifier, match in ((small, "of 16 pixels"), (stranger, "not know the class 'right'")):
        with pytest.raises(UserError, match=match):
            write(trained[0], tmp_path / "set", filtered=Filter(classifier))
    assert len(pixels(tmp_path / "set" / "left")) == 3


def test_where_all_training_images_were_grey_so_are_generated_ones(tmp_path, monkeypatch):
    class Tinted(DriftingSampler):
        def batches(self, class_name, seed=0):
            for batch in super().batches(class_name, seed):
                yield np.maximum(batch, np.array([90, 0, 0], np.uint8))

    class Tinting(Drifting):
        name = "tinting"

        def sampler(self, trained, real, average=True):
            return Tinted(real(), 6, trained)

    monkeypatch.setattr(methods.METHODS, "_classes", dict(methods.METHODS._classes))
    methods.register(Tinting)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 80, (2, 4, 32, 32, 3), np.uint8)
    images[0] = images[0, ..., :1]  # of the class "grey" alone
    for name, of_class in zip(("grey", "lively"), images, strict=True):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number, image in enumerate(of_class):
            plots.write_png(tmp_path / "photos" / name / f"{number}.png", image)
    photos = load_dataset(tmp_path / "photos", 32, cache_dir=tmp_path / "cache")
    assert photos.grey_classes() == ["grey"]
    source = (str(tmp_path / "photos"), None)
    run = tmp_path / "run"
    fit(Tinting(), photos, run_dir=run, iterations=6, source=source, progress=False)
    recorded = json.loads((run / "config.json").read_text())["data"]["classes"]
    assert recorded["grey"]["grey"] is True and "grey" not in recorded["lively"]
    manifest = write_generated_set(run, tmp_path / "out", 2, progress=False)
    assert manifest["classes"]["grey"]["grey"] and "grey" not in manifest["classes"]["lively"]
    made = load_dataset(tmp_path / "out", 32, cache_dir=tmp_path / "cache")
    assert made.grey_classes() == ["grey"]
    shown = made.of_class("grey").images[0, ..., 0].astype(int)
    level = photos.of_class("grey").images[0, ..., 0].astype(int)
    tinted = np.maximum(level, 90)  # of red alone, which counts .299
    np.testing.assert_allclose(shown, 0.299 * tinted + 0.701 * level, atol=0.51)

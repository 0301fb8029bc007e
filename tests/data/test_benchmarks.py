"""MNIST, CIFAR-10 and GTSRB from miniatures of their archives, served locally."""

import dataclasses
import hashlib
import io
import json
import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from ssgan_tf.data import DATASETS, benchmarks, load_dataset, split
from ssgan_tf.data.description import FILE
from ssgan_tf.errors import UserError
from ssgan_tf.generation.generated_set import _as_trained_on

RNG = np.random.default_rng(0)


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def mini_mnist(train=40, test=10):
    sides = {"train": train, "test": test}
    arrays = {f"x_{side}": RNG.integers(0, 256, (n, 28, 28), np.uint8) for side, n in sides.items()}
    labels = {f"y_{side}": np.arange(n, dtype=np.uint8) % 10 for side, n in sides.items()}
    return npz(**arrays, **labels), arrays


def mini_cifar():
    buffer, first = io.BytesIO(), None
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
            data = RNG.integers(0, 256, (10, 3072), np.uint8)
            first = data if first is None else first
            batch = pickle.dumps({b"data": data, b"labels": list(range(10))}, protocol=2)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(batch)
            archive.addfile(member, io.BytesIO(batch))
    return buffer.getvalue(), first


def ppm(pixels):
    return b"P6\n%d %d\n255\n" % pixels.shape[1::-1] + pixels.tobytes()


HEAD = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\n"


def mini_gtsrb():
    """Two tracks of two frames of each sign, and a test image; red inside of the box alone."""
    sign = RNG.integers(0, 256, (20, 16, 3), np.uint8)
    sign[..., 0] = 0
    sign[4:12, 5:13, 0] = 255  # the annotated last row and column are 11 and 12
    zips = [io.BytesIO() for _ in range(3)]
    training, test, truth = (zipfile.ZipFile(buffer, "w") for buffer in zips)
    rows = HEAD
    for number in range(43):
        own = HEAD
        for track in range(2):
            for frame in range(2):
                name = f"{track:05d}_{frame:05d}.ppm"
                pixels = sign.copy()
                pixels[0, 0] = number, track, frame
                training.writestr(f"GTSRB/Training/{number:05d}/{name}", ppm(pixels))
                own += f"{name};16;20;5;4;12;11;{number}\n"
        training.writestr(f"GTSRB/Training/{number:05d}/GT-{number:05d}.csv", own)
        pixels = sign.copy()
        pixels[0, 0] = number, 9, 9
        test.writestr(f"GTSRB/Final_Test/Images/{number:05d}.ppm", ppm(pixels))
        rows += f"{number:05d}.ppm;16;20;5;4;12;11;{42 - number}\n"
    test.writestr("GTSRB/Final_Test/Images/GT-final_test.test.csv", HEAD)
    truth.writestr("GT-final_test.csv", rows)
    for archive in (training, test, truth):
        archive.close()
    return [buffer.getvalue() for buffer in zips]


@pytest.fixture
def serve(served, monkeypatch):
    """A function that puts files on the server, in the place of a data set's own sources."""
    place, address, _ = served

    def put(name, benchmark, *contents, wrong=False):
        sources = []
        for source, data in zip(benchmark.sources, contents, strict=True):
            (place / source.name).write_bytes(data)
            kind = "sha256" if source.sha256 else "md5"
            digest = hashlib.new(kind, data + b"!" * wrong).hexdigest()
            sources.append(
                dataclasses.replace(source, url=f"{address}/{source.name}", **{kind: digest})
            )
        mini = dataclasses.replace(benchmark, sources=tuple(sources))
        for each in (name, f"{name}-roi"):
            if each in DATASETS:
                entry = dataclasses.replace(DATASETS[each], fetch=mini.fetch)
                monkeypatch.setitem(DATASETS, each, entry)
        return mini

    return put


def test_mnist_has_a_black_border_unchanged_pixels_and_its_own_test_side(serve, tmp_path):
    data, arrays = mini_mnist()
    serve("mnist", benchmarks.MNIST, data)
    images = load_dataset("mnist", 32, datasets_dir=tmp_path / "sets")
    assert images.counts() == dict.fromkeys("0123456789", 5)
    place = images.paths.index("3/train_00013.pgm")
    shown = images.images[place]
    np.testing.assert_array_equal(shown[2:-2, 2:-2, 0], arrays["x_train"][13])
    assert shown.sum() == 3 * arrays["x_train"][13].sum(dtype=np.int64)  # and nothing beside
    for seed in (0, 5):
        parts = split(images, seed)
        assert sorted(parts.test.paths) == [f"{n}/test_{n:05d}.pgm" for n in range(10)]
        assert len(parts.train) == 40
    assert len(split(images, test_per_class=0).test) == 0
    # Its training side is divided as any data set, to choose settings.
    assert split(parts.train).test.counts() == dict.fromkeys("0123456789", 1)
    assert images.grey_classes() == list("0123456789")
    again = load_dataset("mnist", 32, datasets_dir=tmp_path / "sets", classes=["3"])  # cached
    assert split(again).test.paths == ("3/test_00003.pgm",)


def test_cifar_10_keeps_its_pixels(serve, tmp_path):
    data, first = mini_cifar()
    serve("cifar10", benchmarks.CIFAR_10, data)
    images = load_dataset("cifar10", 32, datasets_dir=tmp_path / "sets")
    assert images.class_names[3] == "cat" and images.counts()["truck"] == 6
    shown = images.images[images.paths.index("cat/train_00003.ppm")]
    np.testing.assert_array_equal(shown, first[3].reshape(3, 32, 32).transpose(1, 2, 0))
    assert split(images).test.paths[3] == "cat/test_00003.ppm"
    assert images.grey_classes() == []


def test_a_pickle_that_asks_for_more_than_arrays_is_refused():
    evil = pickle.dumps({b"data": print})
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print"):
        benchmarks._Arrays(io.BytesIO(evil), encoding="bytes").load()


@pytest.mark.parametrize("name", ["gtsrb", "gtsrb-full"])
def test_gtsrb_has_tracks_boxes_and_its_own_test_side(serve, tmp_path, name):
    benchmark = {"gtsrb": benchmarks.GTSRB, "gtsrb-full": benchmarks.GTSRB_FULL}[name]
    serve(name, benchmark, *mini_gtsrb())
    sets = tmp_path / "sets"
    images = load_dataset(name, 20, datasets_dir=sets)
    assert images.class_names == tuple(f"{number:02d}" for number in range(43))
    assert set(images.counts().values()) == {5}
    parts = split(images)
    assert parts.test.counts() == dict.fromkeys(images.class_names, 1)
    assert "42/test_00000.ppm" in parts.test.paths  # as its truth says
    assert parts.train.group_counts()["07"] == 2
    # Without the test side: the two frames of a track stay together, whatever the seed.
    for seed in range(5):
        halves = split(parts.train, seed, test_per_class=2)
        tracks = [{path[:8] for path in side.paths} for side in (halves.train, halves.test)]
        assert not set.intersection(*tracks) and set(map(len, tracks)) == {43}
    cropped = load_dataset(f"{name}-roi", 8, datasets_dir=sets)
    assert cropped.name == f"{name}-roi" and (cropped.images[..., 0] == 255).all()
    assert not set(cropped.hashes) & set(images.hashes)
    # What reads files again would get more than the box, of another hash.
    assert images.folder == sets / name and cropped.folder is None
    assert [path.name for path in sets.iterdir()] == [name]


def test_another_file_than_expected_leaves_nothing(serve, tmp_path):
    sets = tmp_path / "sets"
    for wrong in (
        serve("mnist", benchmarks.MNIST, mini_mnist()[0], wrong=True),
        serve("gtsrb-full", benchmarks.GTSRB_FULL, *mini_gtsrb(), wrong=True),
    ):
        with pytest.raises(UserError, match=r"(SHA-256|MD5) differs\), nothing was kept"):
            wrong.fetch(sets / "new", progress=False)
        assert list(sets.iterdir()) == []
    damaged = serve("mnist", benchmarks.MNIST, npz(x_train=np.zeros(3)))
    with pytest.raises(UserError, match=r"mnist\.npz: not of the expected form"):
        damaged.fetch(sets / "new", progress=False)
    assert list(sets.iterdir()) == []


def test_files_that_lie_there_are_used_and_without_a_connection_one_line_names_them(
    serve, served, tmp_path
):
    sets = tmp_path / "sets"
    contents = mini_gtsrb()
    mini = serve("gtsrb", benchmarks.GTSRB, *contents)
    for path in served[0].iterdir():
        path.unlink()
    with pytest.raises(UserError) as error:
        mini.fetch(sets / "gtsrb", progress=False)
    words = str(error.value)
    assert "\n" not in words and f"into {sets}" in words
    assert all(source.name in words for source in mini.sources)
    requests = len(served[2])
    for source, data in zip(mini.sources, contents, strict=True):
        (sets / source.name).write_bytes(data)
    mini.fetch(sets / "gtsrb", progress=False)
    assert len(json.loads((sets / "gtsrb" / FILE).read_text())["test"]) == 43
    assert len(served[2]) == requests  # no new one


def test_a_wrong_file_is_refused_by_the_command(loaded, tmp_path):
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "mnist.npz").write_bytes(b"something else")
    command = ("--dataset=mnist", "--datasets_dir=sets", "--dry_run")
    result = loaded.run("train", *command, folder=tmp_path)
    assert result.code == 2 and "SHA-256 differs" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["mnist.npz"]
    refused = loaded.run("train", "--dataset=demo", "--roi", folder=tmp_path)
    assert refused.code == 2 and "--roi is for --dataset gtsrb and gtsrb-full" in refused.stderr


def test_a_folder_of_ones_own_may_say_so_too(make_folder):
    folder = make_folder({"cats": 6, "dogs": 6})
    said = {"test": ["cats/0.png", "dogs/1.png"], "groups": {"cats/1.png": "a", "cats/2.png": "a"}}
    (folder / FILE).write_text(json.dumps(said))
    images = load_dataset(folder, 8)
    assert sorted(split(images, 3).test.paths) == ["cats/0.png", "dogs/1.png"]
    assert images.of_class("cats").group_counts()["cats"] == 5
    (folder / FILE).write_text('{"test": "cats/0.png"}')
    with pytest.raises(UserError, match="cannot be used"):
        load_dataset(folder, 8)


def test_grey_training_images_make_grey_ones():
    made = RNG.integers(0, 256, (3, 4, 4, 3), np.uint8)
    assert _as_trained_on({"train": []})(made) is made
    grey = _as_trained_on({"train": [], "grey": True})(made)
    assert (grey == grey[..., :1]).all() and grey.dtype == np.uint8
    level = np.full((1, 2, 2, 3), 77, np.uint8)
    np.testing.assert_array_equal(_as_trained_on({"grey": True})(level), level)

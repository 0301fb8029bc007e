import json
import logging
import os
import pickle
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.runs.checkpoints import Checkpoints


def arrays_of(step):
    generator = np.random.default_rng(step)
    return {
        "generator/conv/kernel": generator.standard_normal((3, 3, 4)).astype(np.float32),
        "average/conv/kernel": generator.standard_normal((3, 3, 4)).astype(np.float32),
        "optimizer/iterations": np.array(step, np.int64),
        "seed": np.array([step, 2**63], np.uint64),
        "empty": np.zeros((0, 2), np.float32),
        "flags/é": np.array([True, False]),
    }


def save(checkpoints, step):
    return checkpoints.save(step, arrays_of(step), {"step": step, "history": [1, None, "é"]})


def assert_is(found, step):
    assert found[0] == step
    expected = arrays_of(step)
    assert list(found[1]) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[1][name], array, strict=True)
    assert found[2] == {"step": step, "history": [1, None, "é"]}


def files(folder):
    return sorted(entry.name for entry in Path(folder).iterdir())


@pytest.fixture
def checkpoints(tmp_path):
    checkpoints = Checkpoints(tmp_path / "roses" / "checkpoints")
    for step in (100, 200):
        save(checkpoints, step)
    return checkpoints


def test_what_is_saved_comes_back(checkpoints):
    assert_is(checkpoints.latest(), 200)
    assert_is(checkpoints.load(100), 100)
    assert_is(Checkpoints(checkpoints.directory).load(), 200)
    assert checkpoints.latest_step() == 200


def test_arrays_come_back_writable(checkpoints):
    _, arrays, _ = checkpoints.latest()
    for array in arrays.values():
        array[...] = 0


def test_other_memory_orders_are_stored_by_value(tmp_path):
    value = np.arange(12, dtype=np.float32).reshape(3, 4)
    stored = {"fortran": np.asfortranarray(value), "strided": value[::2, ::-1], "number": 7}
    _, arrays, _ = _saved(tmp_path, stored).latest()
    for name, array in stored.items():
        np.testing.assert_array_equal(arrays[name], array)
    assert arrays["number"].shape == ()


def _saved(folder, arrays):
    checkpoints = Checkpoints(folder)
    checkpoints.save(1, arrays, {})
    return checkpoints


def test_numpy_opens_the_file_without_pickle(checkpoints):
    with np.load(checkpoints.directory / "000200.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["seed"], arrays_of(200)["seed"])
        assert json.loads(file["metadata.json"])["metadata"]["step"] == 200


def test_a_part_is_read_alone(checkpoints, monkeypatch):
    opened = []
    real_open = zipfile.ZipFile.open
    monkeypatch.setattr(
        zipfile.ZipFile,
        "open",
        lambda self, name, *rest, **more: (
            opened.append(name) or real_open(self, name, *rest, **more)
        ),
    )
    step, arrays, metadata = checkpoints.load(only=lambda name: name.startswith("average/"))
    assert (step, list(arrays), metadata["step"]) == (200, ["average/conv/kernel"], 200)
    assert "average/conv/kernel.npy" in opened and "generator/conv/kernel.npy" not in opened


def test_a_mistake_in_the_selection_is_not_taken_for_damage(checkpoints):
    with pytest.raises(KeyError):
        checkpoints.load(only=lambda name: {}[name])


def test_the_cheap_look_reads_no_array_data(checkpoints):
    big = np.zeros(4_000_000, np.float32)
    checkpoints.save(300, {"big": big}, {})
    before = _bytes_read()
    assert checkpoints.latest_step() == 300
    if before is not None:
        assert _bytes_read() - before < 1_000_000


def _bytes_read():
    try:
        lines = Path("/proc/self/io").read_text().splitlines()
    except OSError:
        return None
    return int(lines[0].removeprefix("rchar: "))


def test_an_empty_folder_holds_none(tmp_path):
    checkpoints = Checkpoints(tmp_path / "none")
    assert checkpoints.latest() is None
    assert checkpoints.latest_step() is None
    with pytest.raises(UserError, match="no complete checkpoint"):
        checkpoints.load()


def test_a_missing_or_damaged_step_is_named(checkpoints):
    with pytest.raises(UserError, match=r"no checkpoint of step 7; there are: 200, 100"):
        checkpoints.load(7)
    (checkpoints.directory / "000100.npz").write_bytes(b"garbage")
    with pytest.raises(UserError, match=r"000100\.npz is damaged"):
        checkpoints.load(100)


def test_the_newest_two_are_kept(checkpoints):
    save(checkpoints, 300)
    assert files(checkpoints.directory) == ["000200.npz", "000300.npz"]
    save(checkpoints, 1_000_000)
    assert files(checkpoints.directory) == ["000300.npz", "1000000.npz"]
    assert_is(checkpoints.latest(), 1_000_000)


def test_damaged_ones_do_not_count_among_those_kept(checkpoints):
    flip(checkpoints.directory / "000200.npz", b"kernel.npy", 300)
    # A new object, as after a restart: nothing is known about the files yet.
    checkpoints = Checkpoints(checkpoints.directory)
    save(checkpoints, 300)
    assert files(checkpoints.directory) == ["000100.npz", "000200.npz", "000300.npz"]
    (checkpoints.directory / "000300.npz").write_bytes(b"")
    assert_is(checkpoints.latest(), 100)
    save(checkpoints, 300)
    save(checkpoints, 400)
    assert files(checkpoints.directory) == ["000300.npz", "000400.npz"]


def test_nothing_is_deleted_before_the_new_one_is_complete(checkpoints, monkeypatch):
    def refuse(self, target):
        assert files(checkpoints.directory)[-2:] == ["000100.npz", "000200.npz"]
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(UserError, match=r"000300\.npz: Permission denied"):
            save(checkpoints, 300)
    assert files(checkpoints.directory) == ["000100.npz", "000200.npz"]


def test_the_file_just_saved_is_never_deleted(checkpoints):
    save(checkpoints, 50)
    assert "000050.npz" in files(checkpoints.directory)


def test_saving_a_step_again_replaces_it(checkpoints):
    checkpoints.save(200, {"other": np.ones(3)}, {})
    assert list(checkpoints.latest()[1]) == ["other"]


def test_other_files_are_left_alone(checkpoints):
    for name in ("notes.txt", "best.npz", "000001.npz.bak"):
        (checkpoints.directory / name).write_text("mine")
    save(checkpoints, 300)
    assert {"notes.txt", "best.npz", "000001.npz.bak"} < set(files(checkpoints.directory))
    assert_is(checkpoints.latest(), 300)


def flip(path, after, offset, bit=0):
    data = bytearray(path.read_bytes())
    data[data.index(after) + offset] ^= 1 << bit
    path.write_bytes(data)


def test_truncated_at_any_place_is_ignored_with_one_warning(checkpoints, caplog):
    path = checkpoints.directory / "000200.npz"
    data = path.read_bytes()
    for length in [0, 1, 30, *range(100, len(data), 150), len(data) - 1]:
        path.write_bytes(data[:length])
        caplog.clear()
        fresh = Checkpoints(checkpoints.directory)
        assert fresh.latest_step() == 100, length
        assert_is(fresh.latest(), 100)
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        message = caplog.records[0].getMessage()
        assert str(path) in message and "ignored" in message and "\n" not in message


def test_garbage_and_folders_in_the_place_of_a_file_are_ignored(checkpoints):
    (checkpoints.directory / "000300.npz").write_bytes(os.urandom(5000))
    (checkpoints.directory / "000400.npz").mkdir()
    assert_is(checkpoints.latest(), 200)


def test_a_flipped_bit_anywhere_never_changes_what_is_loaded(checkpoints):
    path = checkpoints.directory / "000200.npz"
    data = path.read_bytes()
    draw = random.Random(0)
    outcomes = set()
    for _ in range(400):
        damaged = bytearray(data)
        damaged[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        fresh = Checkpoints(checkpoints.directory)
        found = fresh.latest()
        # A bit of a zip field that nobody reads, a date say, does no harm.
        assert_is(found, found[0])
        outcomes.add(found[0])
    assert outcomes == {100, 200}


def test_a_flipped_bit_in_an_array_is_found(checkpoints):
    flip(checkpoints.directory / "000200.npz", b"kernel.npy", 300)
    assert_is(checkpoints.latest(), 100)


def rewritten(path, change):
    """Writes the archive anew with whole checksums and the members that `change` returns."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in change(members).items():
            archive.writestr(name, data)


def test_a_whole_archive_with_a_part_missing_is_ignored(checkpoints):
    path = checkpoints.directory / "000200.npz"
    rewritten(path, lambda members: {k: v for k, v in members.items() if k != "seed.npy"})
    assert checkpoints.latest_step() == 100
    assert_is(checkpoints.latest(), 100)


def test_a_whole_archive_with_another_array_in_place_is_ignored(checkpoints):
    path = checkpoints.directory / "000200.npz"
    rewritten(path, lambda members: members | {"seed.npy": members["optimizer/iterations.npy"]})
    assert checkpoints.latest_step() == 100
    assert_is(checkpoints.latest(), 100)


def test_a_checkpoint_under_another_steps_name_is_ignored(checkpoints):
    (checkpoints.directory / "000200.npz").rename(checkpoints.directory / "000900.npz")
    assert checkpoints.latest_step() == 100


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def object_array(bomb):
    from io import BytesIO

    stream = BytesIO()
    np.lib.format.write_array(stream, np.array([bomb], object), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize("described_as", ["|O", "<u8", "<i4"])
def test_a_planted_pickle_is_never_run(checkpoints, tmp_path, described_as):
    mark = tmp_path / "executed"
    planted = object_array(Bomb(mark))

    def change(members):
        manifest = json.loads(members["metadata.json"])
        manifest["arrays"]["seed"] = {"shape": [1], "dtype": described_as}
        return members | {"seed.npy": planted, "metadata.json": json.dumps(manifest)}

    path = checkpoints.directory / "000200.npz"
    rewritten(path, change)
    assert checkpoints.latest_step() == 100
    assert_is(checkpoints.latest(), 100)
    with pytest.raises(UserError, match="damaged"):
        checkpoints.load(200)
    np.savez(checkpoints.directory / "000300.npz", seed=np.array([Bomb(mark)], object))
    (checkpoints.directory / "000400.npz").write_bytes(pickle.dumps(Bomb(mark)))
    assert_is(checkpoints.latest(), 100)
    save(checkpoints, 500)
    assert not mark.exists()

    np.load(path, allow_pickle=True)["seed"]  # the trap is a real one
    assert mark.exists()


@pytest.mark.parametrize("value", [np.array([{}]), np.array(["text"]), np.zeros(2, "V2")])
def test_arrays_that_cannot_be_stored_are_refused_before_writing(checkpoints, value):
    with pytest.raises(TypeError, match="'odd'"):
        checkpoints.save(300, {"odd": value}, {})
    assert files(checkpoints.directory) == ["000100.npz", "000200.npz"]


def test_bfloat16_is_refused():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    with pytest.raises(TypeError, match="bfloat16"):
        Checkpoints("never made").save(1, {"a": np.zeros(2, ml_dtypes.bfloat16)}, {})


@pytest.mark.parametrize("size", [1000, 100_000])
def test_a_full_disk_is_a_clear_error_and_harms_nothing(checkpoints, size):
    resource = pytest.importorskip("resource")
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, earlier[1]))
    try:
        with pytest.raises(UserError) as caught:
            checkpoints.save(300, {"a": np.ones(size), "b": np.ones(size)}, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)
    line = str(caught.value)
    assert line.startswith("cannot save the checkpoint: ") and "\n" not in line
    assert "000300.npz" in line and "File too large" in line
    assert "free some space and run the same command again" in line
    assert files(checkpoints.directory) == ["000100.npz", "000200.npz"]
    assert_is(checkpoints.latest(), 200)


def test_a_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path):
    (tmp_path / "roses").write_text("")
    with pytest.raises(UserError, match=r"roses.*; move what is in the way"):
        save(Checkpoints(tmp_path / "roses" / "checkpoints"), 1)


@pytest.mark.parametrize("metadata", [{"seconds": "abc"}, {"window": [1]}, {"window": {"a": None}}])
def test_one_with_metadata_that_no_training_can_go_on_from_is_damaged(
    checkpoints, metadata, caplog
):
    checkpoints.save(301, {"a": np.ones(2)}, {"seconds": 1.5, "window": {"loss": 2}})
    checkpoints.save(302, {"a": np.ones(2)}, metadata)
    assert checkpoints.latest()[0] == 301
    assert "000302.npz is damaged" in caplog.text

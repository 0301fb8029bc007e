import os
import threading

import numpy as np
import pytest

from ssgan_tf.data import folder as folder_module
from ssgan_tf.data import load_dataset
from ssgan_tf.data.cache import default_cache_dir


@pytest.fixture
def reads(monkeypatch):
    """Return a list that grows by the path of each source file that is opened."""
    opened, original = [], folder_module._read_file

    def counting(folder, file, image_size):
        opened.append(file.path)
        return original(folder, file, image_size)

    monkeypatch.setattr(folder_module, "_read_file", counting)
    return opened


def the_cache_file():
    (path,) = default_cache_dir().iterdir()
    return path


def test_second_start_opens_no_source_file(make_folder, reads):
    folder = make_folder({"cats": {"bad.png": b"x"}, "dogs": 3}, name="pets")
    (folder / "cats" / "0.png").write_bytes((folder / "dogs" / "0.png").read_bytes())
    (folder / "cats" / "1.png").write_bytes((folder / "dogs" / "1.png").read_bytes())
    first = load_dataset(folder, 16)
    assert len(reads) == 6
    second = load_dataset(folder, 16)
    assert len(reads) == 6
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)
    for field in ("class_names", "paths", "hashes", "name", "skipped", "contradictory"):
        assert getattr(first, field) == getattr(second, field), field
    assert second.skipped and second.contradictory


def test_picking_classes_uses_the_same_cache(make_folder, reads):
    folder = make_folder({"cats": 2, "dogs": 2})
    load_dataset(folder, 16)
    assert load_dataset(folder, 16, classes=["dogs"]).counts() == {"dogs": 2}
    assert len(reads) == 4


def test_changes_of_files_are_seen(make_folder, picture, reads):
    folder = make_folder({"cats": 3})
    before = load_dataset(folder, 16)
    changed = folder / "cats" / "0.png"

    changed.write_bytes(picture(99))
    after = load_dataset(folder, 16)
    assert after.hashes[0] != before.hashes[0] and after.hashes[1:] == before.hashes[1:]

    os.utime(changed, ns=(1, 1))  # only the time
    load_dataset(folder, 16)
    assert len(reads) == 9

    changed.unlink()
    assert load_dataset(folder, 16).counts() == {"cats": 2}

    (folder / "dogs").mkdir()
    (folder / "dogs" / "a.png").write_bytes(picture(5))
    (folder / "dogs" / "b.png").write_bytes(picture(6))
    assert load_dataset(folder, 16).counts() == {"cats": 2, "dogs": 2}
    assert len(list(default_cache_dir().iterdir())) == 1  # old states do not pile up


def test_another_size_is_another_cache(make_folder, reads):
    folder = make_folder({"cats": 2})
    for _ in range(2):
        assert load_dataset(folder, 16).images.shape[1] == 16
        assert load_dataset(folder, 32).images.shape[1] == 32
    assert len(reads) == 4


def test_a_damaged_cache_is_rebuilt(make_folder, reads):
    folder = make_folder({"cats": 3})
    good = load_dataset(folder, 16)
    whole = the_cache_file().read_bytes()
    damaged = [b"", b"garbage", whole[:100], whole[: len(whole) // 2], whole[:-1]]
    for place in range(30, len(whole), len(whole) // 40):
        damaged.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for data in damaged:
        the_cache_file().write_bytes(data)
        again = load_dataset(folder, 16)
        np.testing.assert_array_equal(again.images, good.images)
        assert again.hashes == good.hashes and again.paths == good.paths
    assert len(reads) > 3 * 30  # most damage shows, the rest lies where zip files have slack


def test_altered_content_with_valid_zip_sums_is_not_trusted(make_folder, reads):
    folder = make_folder({"cats": 3})
    good = load_dataset(folder, 16)
    with np.load(the_cache_file()) as archive:
        arrays = dict(archive)
    arrays["images"] = arrays["images"][::-1].copy()
    np.savez(the_cache_file(), **arrays)
    np.testing.assert_array_equal(load_dataset(folder, 16).images, good.images)
    assert len(reads) == 6


def test_a_pickle_in_the_cache_is_never_loaded(make_folder, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    folder = make_folder({"cats": 2})
    load_dataset(folder, 16)
    with np.load(the_cache_file()) as archive:
        arrays = dict(archive)
    arrays["images"] = np.array([Bomb()], dtype=object)
    np.savez(the_cache_file(), allow_pickle=True, **arrays)
    assert load_dataset(folder, 16).counts() == {"cats": 2}
    assert not (tmp_path / "exploded").exists()


def test_an_unusable_cache_folder_warns_once(make_folder, tmp_path, capsys):
    folder = make_folder({"cats": 2})
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        assert len(load_dataset(folder, 16, cache_dir=tmp_path / "file" / "cache")) == 2
    assert capsys.readouterr().err.count("cannot write to the cache") == 1


def test_a_failed_write_leaves_nothing_behind(make_folder, monkeypatch, capsys):
    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    assert len(load_dataset(make_folder({"cats": 2}), 16)) == 2
    assert "No space left" in capsys.readouterr().err
    assert list(default_cache_dir().iterdir()) == []


def test_several_at_once(make_folder):
    folder = make_folder({"cats": 4})
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(load_dataset(folder, 16).fingerprint()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(set(results)) == 1


def test_where_the_cache_lies(monkeypatch, tmp_path):
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "a"))
    assert default_cache_dir() == tmp_path / "a"
    monkeypatch.delenv("SSGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert default_cache_dir() == tmp_path / "b" / "ssgan_tf"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_cache_dir() == tmp_path / ".cache" / "ssgan_tf"

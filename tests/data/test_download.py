import dataclasses
import hashlib
import io
import tarfile

import pytest

from ssgan_tf.data import DATASETS, DatasetEntry, load_dataset, web
from ssgan_tf.data.download import Archive
from ssgan_tf.errors import UserError


@pytest.fixture
def publish(served):
    """Return a function that serves `[(name, contents or type)]` as an `Archive`."""
    folder, address, _ = served

    def make(entries, **changes):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, contents in entries:
                member = tarfile.TarInfo(name)
                if contents in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
                    member.type, member.linkname = contents, "/etc/passwd"
                    archive.addfile(member)
                else:
                    member.size = len(contents)
                    archive.addfile(member, io.BytesIO(contents))
        data = buffer.getvalue()
        (folder / "set.tgz").write_bytes(data)
        archive = Archive(
            url=f"{address}/set.tgz",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            top_folder="photos",
            classes=("cats", "dogs"),
        )
        return dataclasses.replace(archive, **changes)

    return make


@pytest.fixture
def entries(picture):
    files = [(f"photos/{c}/{i}.png", picture(i + 10 * (c == "dogs"))) for c in ("cats", "dogs")
             for i in range(3)]  # fmt: skip
    return [("photos/LICENSE.txt", b"free"), *files]


def register(monkeypatch, archive):
    entry = DatasetEntry("for the test", archive.classes, fetch=archive.fetch)
    monkeypatch.setitem(DATASETS, "flower", entry)


def test_downloads_once_verifies_and_unpacks(publish, entries, served, monkeypatch, tmp_path):
    register(monkeypatch, publish(entries))
    for _ in range(2):
        images = load_dataset("flower", 16, datasets_dir=tmp_path / "sets")
        assert images.counts() == {"cats": 3, "dogs": 3}
        assert images.name == "flower"
    assert len(served[2]) == 1
    assert [path.name for path in (tmp_path / "sets").iterdir()] == ["flower"]
    assert sorted(path.name for path in (tmp_path / "sets" / "flower").iterdir()) == [
        "cats",
        "dogs",
    ]


@pytest.mark.parametrize(
    "change", [{"sha256": "0" * 64}, {"size": 100}, {"size": 10**6}], ids=["sum", "long", "short"]
)
def test_an_unexpected_archive_is_thrown_away(publish, entries, tmp_path, change):
    archive = publish(entries, **change)
    with pytest.raises(UserError, match="not the expected archive"):
        archive.fetch(tmp_path / "sets" / "flower", progress=False)
    assert list((tmp_path / "sets").iterdir()) == []


def test_an_interrupted_download_leaves_nothing(publish, entries, tmp_path, monkeypatch):
    def interrupted(url, by_hand):
        yield b"the first bytes"
        raise KeyboardInterrupt

    monkeypatch.setattr(web, "_chunks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(entries).fetch(tmp_path / "sets" / "flower", progress=False)
    assert list((tmp_path / "sets").iterdir()) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/set.tgz", "{server}/missing.tgz"])
def test_without_a_connection_the_error_says_what_to_do(
    publish, entries, served, tmp_path, address
):
    archive = publish(entries, url=address.format(server=served[1]))
    with pytest.raises(UserError) as error:
        archive.fetch(tmp_path / "sets" / "flower", progress=False)
    message = str(error.value)
    assert archive.url in message and str(tmp_path / "sets" / "flower") in message
    assert "cats, dogs" in message and "\n" not in message
    assert list((tmp_path / "sets").iterdir()) == []


def test_nothing_is_written_outside(publish, entries, picture, tmp_path):
    evil = picture(99)
    archive = publish(
        [
            *entries,
            ("../evil.png", evil),
            ("photos/../../evil.png", evil),
            ("photos/cats/../../../evil.png", evil),
            ("photos/../evil.png", evil),
            ("/photos/cats/evil.png", evil),
            (str(tmp_path / "evil.png"), evil),
            ("photos/cats/..\\evil.png", evil),
            ("photos/cats/script.py", b"evil"),
            ("photos/other/evil.png", evil),
            ("photos/cats/link.png", tarfile.SYMTYPE),
            ("photos/cats/hard.png", tarfile.LNKTYPE),
            ("photos/cats/device.png", tarfile.CHRTYPE),
        ]
    )
    folder = tmp_path / "sets" / "flower"
    archive.fetch(folder, progress=False)
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*.*")) == [
        f"{c}/{i}.png" for c in ("cats", "dogs") for i in range(3)
    ]
    assert not list(tmp_path.rglob("*evil*"))


def test_an_archive_without_a_class_is_refused(publish, entries, tmp_path):
    archive = publish([entry for entry in entries if "dogs" not in entry[0]])
    with pytest.raises(UserError, match="no images of dogs"):
        archive.fetch(tmp_path / "sets" / "flower", progress=False)
    assert list((tmp_path / "sets").iterdir()) == []


def test_a_damaged_archive_is_the_users_error(served, tmp_path):
    data = b"no archive at all"
    (served[0] / "set.tgz").write_bytes(data)
    archive = Archive(
        f"{served[1]}/set.tgz", len(data), hashlib.sha256(data).hexdigest(), "photos", ("cats",)
    )
    with pytest.raises(UserError, match="damaged"):
        archive.fetch(tmp_path / "sets" / "flower", progress=False)


def test_files_that_are_in_the_way_are_kept(publish, entries, served, tmp_path):
    folder = tmp_path / "sets" / "flower"
    folder.mkdir(parents=True)
    archive = publish(entries)
    archive.fetch(folder, progress=False)  # an empty folder is no obstacle
    with pytest.raises(UserError, match="move it away"):
        archive.fetch(folder, progress=False)
    assert len(served[2]) == 1


def test_an_unwritable_place_is_the_users_error(publish, entries, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        publish(entries).fetch(tmp_path / "file" / "flower", progress=False)


def test_the_flower_archive_is_pinned():
    archive = DATASETS["flower"].fetch.__self__
    assert archive.size == 228813984 and len(archive.sha256) == 64
    assert archive.classes == ("daisy", "dandelion", "roses", "sunflowers", "tulips")

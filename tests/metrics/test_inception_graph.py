import io
import tarfile

import pytest
from frozen import tiny_graph

from ssgan_tf.errors import UserError
from ssgan_tf.metrics import inception_graph
from ssgan_tf.metrics.inception_graph import open_inception


def archive(path, name="classify_image_graph_def.pb"):
    graph = tiny_graph()
    with tarfile.open(path, "w:gz") as file:
        for entry, data in (("LICENSE", b"free"), (name, graph)):
            member = tarfile.TarInfo(entry)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Publish an archive where the official one is looked for."""
    path = archive(tmp_path / "server.tgz")
    monkeypatch.setattr(inception_graph, "URL", path.as_uri())
    monkeypatch.setattr(inception_graph, "SIZE", path.stat().st_size)
    return path


def test_auto_downloads_once(published, tmp_path):
    first = open_inception("auto", cache_dir=tmp_path / "cache", progress=False)
    published.unlink()
    second = open_inception("auto", cache_dir=tmp_path / "cache", progress=False)
    assert first.digest == second.digest
    assert first.classes == 5
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["inception-2015-12-05.pb"]


def test_an_altered_download_leaves_nothing(published, tmp_path, monkeypatch):
    published.write_bytes(published.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"not the expected archive.*nothing was kept.*--inception"):
        open_inception("auto", cache_dir=tmp_path / "cache", progress=False)
    damaged = bytearray(published.read_bytes())
    damaged[-6] ^= 1  # in gzip's checksum, so that only reading to the end can tell
    published.write_bytes(bytes(damaged))
    monkeypatch.setattr(inception_graph, "SIZE", len(damaged))
    with pytest.raises(UserError, match="damaged"):
        open_inception("auto", cache_dir=tmp_path / "cache", progress=False)
    assert list((tmp_path / "cache").iterdir()) == []


def test_without_a_connection_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(inception_graph, "URL", (tmp_path / "nothing.tgz").as_uri())
    with pytest.raises(UserError, match=r"cannot download.*without internet.*--inception FILE"):
        open_inception("auto", cache_dir=tmp_path / "cache", progress=False)


def test_takes_the_archive_and_the_graph(tmp_path):
    graph = tmp_path / "classify_image_graph_def.pb"
    graph.write_bytes(tiny_graph())
    both = [open_inception(path).digest for path in (archive(tmp_path / "a.tgz"), graph)]
    assert both[0] == both[1]
    with pytest.raises(UserError, match=r"holds no classify_image_graph_def\.pb"):
        open_inception(archive(tmp_path / "b.tgz", name="other.pb"))

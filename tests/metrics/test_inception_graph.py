import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.metrics import inception_graph
from ssgan_tf.metrics.inception_graph import open_inception
from tests.metrics.frozen import tiny_graph

NAME = "classify_image_graph_def.pb"


def archive(path, name=NAME):
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


def altered(path, change):
    """Write the tiny graph, changed by a function of its definition; return the path."""
    definition = tf.compat.v1.GraphDef.FromString(tiny_graph())
    change(definition)
    path.write_bytes(definition.SerializeToString())
    return path


def test_a_graph_that_does_more_than_arithmetic_is_not_run(tmp_path):
    victim = tmp_path / "victim"

    def write_a_file(definition):
        for name, text in (("file", str(victim)), ("text", "owned")):
            node = definition.node.add(name=name, op="Const")
            node.attr["dtype"].type = tf.string.as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(text))
        definition.node.add(name="write", op="WriteFile", input=["file", "text"])
        (pool,) = (node for node in definition.node if node.name == "pool_3")
        pool.input.append("^write")

    def call_a_function(definition):
        definition.library.function.add().signature.name = "anything"

    for change, word in ((write_a_file, "WriteFile"), (call_a_function, "functions of its own")):
        graph = altered(tmp_path / "graph.pb", change)
        with pytest.raises(UserError, match=f"it has {word}.*nothing of it is run"):
            open_inception(graph)
    assert not victim.exists()


def test_constants_that_would_fill_the_memory_are_refused(tmp_path):
    def enlarge(definition):
        (node,) = (node for node in definition.node if node.name == "softmax/weights")
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([1.0]))
        del node.attr["value"].tensor.tensor_shape.dim[:]
        for side in (6, 2**40):
            node.attr["value"].tensor.tensor_shape.dim.add(size=side)

    with pytest.raises(UserError, match="its constants would have"):
        open_inception(altered(tmp_path / "graph.pb", enlarge))


def test_a_graph_that_does_not_fit_together_is_one_line(tmp_path):
    def cut(definition):
        (node,) = (node for node in definition.node if node.name == "pool")
        node.input[0] = "nowhere"

    with pytest.raises(UserError, match="is damaged or no Inception graph"):
        open_inception(altered(tmp_path / "graph.pb", cut))


def test_unpacking_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(inception_graph, "MOST_BYTES", 100_000)
    with gzip.open(tmp_path / "zeros.tgz", "wb") as file:
        file.write(bytes(10**6))
    (tmp_path / "zeros.pb").write_bytes(bytes(10**6))
    for name in ("zeros.tgz", "zeros.pb"):
        with pytest.raises(UserError, match="holds more than"):
            open_inception(tmp_path / name)


@pytest.mark.parametrize("kind", ["folder", "link", "cut"])
def test_a_member_that_is_no_whole_file_is_one_line(tmp_path, kind):
    member = tarfile.TarInfo(NAME)
    member.type = {"folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "cut": tarfile.REGTYPE}[kind]
    member.linkname = "nowhere"
    member.size = 10**6 if kind == "cut" else 0
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(member.tobuf() + b"half")
    with pytest.raises(UserError, match=rf"is damaged|holds no {NAME}"):
        open_inception(tmp_path / "a.tgz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes")
def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(UserError, match="cannot be read: it is no regular file"):
            open_inception(path)


def test_the_first_part_of_the_official_network_is_taken():
    path = Path(__file__).resolve().parents[3] / "shared/weights/inception_2015_12_05_to_mixed_8.pb"
    if not path.exists():
        pytest.skip(f"the network is not in {path}")
    assert open_inception(path, "mixed_7").dimension == 768

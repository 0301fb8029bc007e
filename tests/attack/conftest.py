"""What the attacks share: the process that forks, and a ground of real files to attack."""

import shutil

import pytest
from ground import TINY


@pytest.fixture(scope="session")
def ground(loaded, tmp_path_factory):
    """A folder with a real run, a generated set of it, and odd data sets; not to be changed."""
    from tests.evaluation.folders import write_set
    from tests.metrics.frozen import tiny_graph

    folder = tmp_path_factory.mktemp("ground") / "ground"
    folder.mkdir()
    write_set(folder / "photos", count=12, size=32)
    (folder / "graph.pb").write_bytes(tiny_graph())
    train = ["--dataset=photos/", "--method=acgan", "--iterations=1", "--run_dir=run", *TINY]
    generate = ["--run=run", "--per_class=6", "--out=set"]
    for name, arguments in (("train", train), ("generate", generate)):
        result = loaded.run(name, *arguments, folder=folder)
        assert result.code == 0, result.stderr
    return folder


@pytest.fixture
def field(ground, tmp_path):
    """A copy of the ground that may be changed, `field` in a folder of its own."""
    copy = tmp_path / "field"
    shutil.copytree(ground, copy)
    return copy

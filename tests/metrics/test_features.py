import numpy as np
import pytest

from ssgan_tf.metrics.features import extract, features_of
from ssgan_tf.metrics.inception import Inception
from tests.metrics.frozen import tiny_graph
from tests.training.tiny import painted_squares


class Counting(Inception):
    """A network that counts the images it has seen."""

    seen = 0

    def __call__(self, images):
        self.seen += len(images)
        return super().__call__(images)


@pytest.fixture
def network():
    return Counting(tiny_graph())


def test_many_batches_are_one_result(network):
    images = np.random.default_rng(0).integers(0, 256, (70, 12, 12, 3), np.uint8)
    found = extract(network, images, progress=False)
    np.testing.assert_allclose(found.values[65:], network(images[65:])["features"], rtol=1e-5)
    assert found.values.shape == (70, 6)
    assert found.logits.shape == (70, 5)


def test_the_same_images_are_computed_once_in_any_order(network, tmp_path):
    images = painted_squares(classes=("left", "right"))
    first = features_of(network, images, tmp_path, progress=False)
    assert network.seen == 12
    order = np.random.default_rng(0).permutation(12)
    second = features_of(network, images.select(order), tmp_path, progress=False)
    assert network.seen == 12
    np.testing.assert_array_equal(second.values, first.values[order])
    np.testing.assert_array_equal(second.logits, first.logits[order])


def test_other_images_sizes_tensors_and_graphs_are_computed_anew(network, tmp_path):
    images = painted_squares()
    features_of(network, images, tmp_path, progress=False)
    features_of(network, images.select(range(5)), tmp_path, progress=False)
    assert network.seen == 11
    for other in (Counting(tiny_graph(), "mixed_7"), Counting(tiny_graph("pool_3"))):
        features_of(other, images, tmp_path, progress=False)
        assert other.seen == 6


def test_a_damaged_cache_is_made_again(network, tmp_path):
    images = painted_squares()
    expected = features_of(network, images, tmp_path, progress=False)
    (file,) = tmp_path.glob("features-*.npz")
    file.write_bytes(file.read_bytes()[:100])
    found = features_of(network, images, tmp_path, progress=False)
    np.testing.assert_array_equal(found.values, expected.values)
    assert network.seen == 12


def test_a_cache_that_cannot_be_written_is_said_and_no_error(network, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    found = features_of(network, painted_squares(), tmp_path / "file", progress=False)
    assert len(found.values) == 6
    assert "cannot keep the features" in capsys.readouterr().err

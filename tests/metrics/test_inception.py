from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.metrics.features import extract
from ssgan_tf.metrics.frechet import frechet_distance
from ssgan_tf.metrics.inception import Inception
from ssgan_tf.metrics.inception_graph import open_inception
from tests.metrics.frozen import (
    FIRST,
    SIZE,
    features_of_colour,
    normalised,
    softmax_weights,
    tiny_graph,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"
PARTIAL = SHARED / "weights" / "inception_2015_12_05_to_mixed_8.pb"
FLOWERS = SHARED / "datasets" / "flower"
COLOURS = [(255, 200, 0), (130, 128, 90), (0, 255, 255)]


def plain(colours, size=12):
    return np.stack([np.full((size, size, 3), colour, np.uint8) for colour in colours])


def test_features_and_logits_by_hand_for_any_batch():
    found = Inception(tiny_graph())(plain(COLOURS))
    expected = np.stack([features_of_colour(colour) for colour in COLOURS])
    np.testing.assert_allclose(found["features"], expected, rtol=1e-5, atol=1e-6)
    # Without the bias of 7 that the graph itself adds.
    np.testing.assert_allclose(found["logits"], expected @ softmax_weights(), atol=1e-5)


@pytest.mark.parametrize(
    ("features", "dimension", "name"),
    [("pool_3", 6, "FID"), ("mixed_8", 5, "FID-5"), ("mixed_7", 4, "FID-4"), ("pool", 3, "FID-3")],
)
def test_other_tensors_are_averaged_over_positions_and_named(features, dimension, name):
    network = Inception(tiny_graph(), features)
    assert (network.dimension, network.name("FID"), network.classes) == (dimension, name, 5)
    found = network(plain(COLOURS))["features"]
    expected = np.stack([features_of_colour(colour)[:dimension] for colour in COLOURS])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_from_png_to_network_nothing_touches_the_pixels(tmp_path):
    """One resize, the graph's own, of the values 0-255 as they are in the files."""
    generator = np.random.default_rng(1)
    pixels = generator.integers(0, 256, (2, 20, 20, 3), np.uint8)
    (tmp_path / "set" / "a").mkdir(parents=True)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / "set" / "a" / f"{number}.png")
    loaded = load_dataset(tmp_path / "set", 20, cache_dir=tmp_path / "cache", progress=False)
    found = extract(Inception(tiny_graph("pool"), "pool"), loaded.images, progress=False).values
    resized = tf.raw_ops.ResizeBilinear(
        images=pixels.astype(np.float32), size=(SIZE, SIZE), half_pixel_centers=False
    )
    first = np.maximum(normalised(resized) @ FIRST, 0)
    windows = np.lib.stride_tricks.sliding_window_view(first, (2, 2), axis=(1, 2))
    np.testing.assert_allclose(found, windows.max(axis=(4, 5)).mean(axis=(1, 2)), atol=1e-5)


def test_images_that_are_not_uint8_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        Inception(tiny_graph())(np.zeros((1, 8, 8, 3), np.float32))


def test_a_graph_that_ends_early_says_what_it_has():
    graph = tiny_graph("mixed_8/join")
    with pytest.raises(
        UserError, match=r"no tensor pool_3:0.*--features mixed_8, mixed_7, pool_1, pool"
    ):
        Inception(graph, "pool_3", "part.pb")
    found = Inception(graph, "mixed_8")
    assert found.classes == 0
    assert set(found(plain(COLOURS))) == {"features"}


def test_other_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="--features is pool_2; it must be one of pool_3"):
        Inception(tiny_graph(), "pool_2")
    (tmp_path / "text.pb").write_bytes(b"not a graph at all")
    with pytest.raises(UserError, match="no frozen TensorFlow graph"):
        open_inception(tmp_path / "text.pb")
    with tf.Graph().as_default() as graph:
        tf.constant(1.0)
    (tmp_path / "other.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(UserError, match="not the Inception graph of 2015-12-05"):
        open_inception(tmp_path / "other.pb")
    with pytest.raises(UserError, match="cannot be read: No such file"):
        open_inception(tmp_path / "missing.pb")


@pytest.mark.skipif(not (PARTIAL.exists() and FLOWERS.exists()), reason="needs ../shared")
def test_real_photographs_are_nearer_to_their_own_kind(tmp_path):
    """On real photographs: floor < another class < noise."""
    network = open_inception(PARTIAL, "mixed_7")
    assert network.name("FID") == "FID-768"
    flowers = load_dataset(FLOWERS, 64, cache_dir=tmp_path, progress=False)

    def features(images):
        return extract(network, images, progress=False).values

    daisies, roses = (flowers.of_class(name).images for name in ("daisy", "roses"))
    noise = np.random.default_rng(0).integers(0, 256, (32, 64, 64, 3), np.uint8)
    real = features(daisies[:32])
    floor, other, far = (
        frechet_distance(real, features(images)) for images in (daisies[32:64], roses[:32], noise)
    )
    assert 0 < floor < other < far
    assert far > 3 * floor

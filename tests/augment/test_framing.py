import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ssgan_tf.augment import framing
from ssgan_tf.augment.framing import FlipCrop, Geometric, affine_maps, reframe
from ssgan_tf.augment.geometric import Geometry, draw, transform

SIZE = 64
LAYERS = [FlipCrop, Geometric]


def photographs(count, size=SIZE, seed=0):
    """Smooth coloured pictures, uint8."""
    small = np.random.default_rng(seed).integers(0, 256, (count, 5, 5, 3), np.uint8)
    return np.stack(
        [np.asarray(Image.fromarray(i).resize((size, size), Image.BICUBIC)) for i in small]
    )


def places(height, width):
    """A picture whose red and green say where a pixel is: its column and row."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x, y, np.zeros_like(x)], axis=-1)[None]


def framed(images, linear, centre=(0.5, 0.5), origin=(0.5, 0.5)):
    maps = [[tf.fill((len(images),), float(v)) for v in part] for part in (linear, centre, origin)]
    return reframe(tf.constant(images, tf.float32), *maps).numpy()


def drawn(layer, count):
    """Maps that a layer draws, NumPy: linear `(4, count)`, centre and origin `(2, count)`."""
    return [np.stack(part) for part in layer.draw(count)]


def test_the_identity_changes_nothing():
    images = photographs(3)
    np.testing.assert_allclose(framed(images, (1, 0, 0, 1)), images, atol=1e-3)
    none = [tf.zeros(shape) for shape in ((4, 3), (3,), (3,), (2, 3))]
    maps = affine_maps(none[0], tf.ones((2, 3)), *none[1:])
    still = reframe(tf.constant(images, tf.float32), *maps)
    np.testing.assert_allclose(still, images, atol=1e-3)


def test_positions_worked_out_by_hand():
    picture = places(4, 8)
    # The left half, twice as wide: pixel 0 covers [0, 0.5] pixels, with its centre at 0.25; what
    # lies left of the first pixel's centre, 0.5, is that pixel's colour.
    left_half = framed(picture, (0.5, 0, 0, 1), origin=(0.25, 0.5))[0]
    expected = [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3.25]
    np.testing.assert_allclose(left_half[..., 0], np.tile(expected, (4, 1)), atol=1e-4)
    np.testing.assert_allclose(left_half[..., 1], picture[0, ..., 1], atol=1e-4)
    mirrored = framed(picture, (-1, 0, 0, 1))
    np.testing.assert_allclose(mirrored, picture[:, :, ::-1], atol=1e-4)
    # Two pixels (a quarter) to the right: the two that come in are the mirror images of the first.
    to_the_right = framed(picture, (1, 0, 0, 1), centre=(0.75, 0.5))[0]
    np.testing.assert_allclose(to_the_right[0, :, 0], [1, 0, 0, 1, 2, 3, 4, 5], atol=1e-4)
    # A quarter turn of a square: its first row becomes the last column.
    square = places(4, 4)
    np.testing.assert_allclose(
        framed(square, (0, 1, -1, 0))[0], np.rot90(square[0], k=-1), atol=1e-4
    )


def test_a_map_is_that_of_the_offline_augmentation():
    """Pillow interpolates bicubically; on smooth pictures that makes no difference of a level."""
    rng = np.random.default_rng(0)
    geometries = [draw(rng) for _ in range(30)]
    images = photographs(len(geometries))
    expected = np.stack([transform(i, g) for i, g in zip(images, geometries, strict=True)])
    columns = Geometry(*(np.float32([list(np.atleast_1d(v)) for v in part]).T
                         for part in zip(*geometries, strict=True)))  # fmt: skip
    maps = affine_maps(
        columns.crop,
        columns.scale,
        np.deg2rad(columns.shear[0]),
        np.deg2rad(columns.rotation[0]),
        columns.translation,
    )
    moved = reframe(tf.constant(images, tf.float32), *maps).numpy()
    difference = np.abs(moved - expected)
    assert difference.mean() < 1 and np.quantile(difference, 0.99) < 4
    assert np.abs(moved[:-1] - expected[1:]).mean() > 20  # other pictures differ by much


def test_other_than_square_images_turn_without_shear():
    """A quarter turn about the centre of 4 × 8 pixels shows the middle four columns."""
    turned = framed(places(4, 8), (0, 0.5, -2, 0))[0]
    np.testing.assert_allclose(turned[:, 2:6], np.rot90(places(4, 8)[0, :, 2:6], k=-1), atol=1e-4)


def test_geometric_draws_evenly_within_the_limits_of_the_offline_one():
    (a, b, c, d), centre, origin = drawn(Geometric(seed=0), 4000)
    rng = np.random.default_rng(0)
    offline = [draw(rng) for _ in range(4000)]
    columns = [
        np.float32([np.atleast_1d(v) for v in part]).T for part in zip(*offline, strict=True)
    ]
    columns[2:4] = np.deg2rad(columns[2][0]), np.deg2rad(columns[3][0])
    expected = [np.stack(part) for part in affine_maps(*columns)]
    for one, other in zip([np.stack([a, b, c, d]), centre, origin], expected, strict=True):
        levels = [0.01, 0.25, 0.5, 0.75, 0.99]
        np.testing.assert_allclose(
            np.quantile(one, levels, axis=1), np.quantile(other, levels, axis=1), atol=0.03
        )
        assert np.corrcoef(one[0], one[1])[0, 1] == pytest.approx(
            np.corrcoef(other[0], other[1])[0, 1], abs=0.06
        )
    assert np.abs(centre - 0.5).max() <= 0.2 and np.abs(centre - 0.5).max() > 0.199


def test_half_of_the_images_are_mirrored():
    (across, _, _, down), _, _ = drawn(FlipCrop(seed=0), 4000)
    assert 0.47 < np.mean(across < 0) < 0.53  # 0.5 ± 3.8 standard deviations of 0.0079
    assert np.all(down > 0)


def test_crops_have_the_areas_of_torchvision():
    """Areas are even but for those that no window of the aspect drawn has.

    With L = log 4/3 an area A ≤ 3/4 always fits, a larger one with probability -log(A) / L. So
    0.40 + (0.25 - 0.75 L) / L = 0.519 of 0.65 tries fit, 0.771 of those with an area up to 3/4.
    """
    (across, b, c, height), (x, y), origin = drawn(FlipCrop(seed=0), 20_000)
    width = np.abs(across)
    area, aspect = width * height, width / height
    assert np.all(b == 0) and np.all(c == 0) and np.all(x == 0.5) and np.all(y == 0.5)
    assert area.min() == pytest.approx(0.35, abs=0.002) and area.max() > 0.98
    limit = np.log(4 / 3)
    fitting = 0.4 + (0.25 - 0.75 * limit) / limit
    assert np.mean(area <= 0.75) == pytest.approx(0.4 / fitting, abs=0.012)  # 4 deviations
    assert np.mean(area <= 0.55) == pytest.approx(0.2 / fitting, abs=0.014)
    small = aspect[area <= 0.75]
    assert np.abs(np.log(small)).max() <= limit + 1e-5
    assert np.mean(np.log(small) < limit / 2) == pytest.approx(0.75, abs=0.015)
    # The windows lie within the image, anywhere.
    sides = np.stack([width, height])
    low, high = origin - sides / 2, origin + sides / 2
    assert low.min() >= -1e-6 and high.max() <= 1 + 1e-6
    room = 1 - width
    assert np.mean((low[0] / room)[room > 0.01]) == pytest.approx(0.5, abs=0.01)
    assert np.corrcoef(low[0] / room, low[1] / (1 - height))[0, 1] == pytest.approx(0, abs=0.03)


def test_a_crop_that_never_fits_is_the_whole_image(monkeypatch):
    monkeypatch.setattr(framing, "CROP_AREA", (0.99, 1.0))
    monkeypatch.setattr(framing, "CROP_ASPECT", (2.0, 3.0))
    (across, _, _, height), _, origin = drawn(FlipCrop(seed=0), 20)
    np.testing.assert_array_equal(np.abs(across), 1)
    np.testing.assert_array_equal(height, 1)
    np.testing.assert_array_equal(origin, 0.5)


@pytest.mark.parametrize("make", LAYERS)
def test_each_image_has_its_own_draw_and_keeps_its_label(make):
    images = np.repeat(photographs(1), 24, axis=0)
    batch = {"images": tf.constant(images, tf.float32), "labels": tf.eye(24)}
    layer = make(seed=0)
    changed = tf.function(lambda batch: layer(batch, training=True))(batch)
    assert len({image.tobytes() for image in changed["images"].numpy()}) == 24
    np.testing.assert_array_equal(changed["labels"], np.eye(24))


@pytest.mark.parametrize("make", LAYERS)
def test_white_stays_white_and_black_stays_black(make):
    layer = make(seed=0)
    for value in (0, 255):
        images = tf.fill((16, SIZE, SIZE, 3), float(value))
        for _ in range(3):
            changed = layer({"images": images}, training=True)["images"].numpy()
            assert changed.min() >= 0 and changed.max() <= 255
            np.testing.assert_allclose(changed, value, atol=1e-3)

import numpy as np
import pytest

from ssgan_tf.augment.geometric import CROP_SIDE, Geometry, crop, draw, geometric, transform

SIZE = 64


def gradient():
    """Red grows from left to right, green from top to bottom, 3 levels a pixel."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.stack([20 + 3 * x, 20 + 3 * y, 0 * x], axis=-1).astype(np.uint8)


def dot_at(x, y):
    """A soft white dot with its centre at shares (x, y) of the side."""
    rows, columns = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    brightness = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 0.03**2))
    return np.repeat(np.rint(255 * brightness)[..., None], 3, axis=-1).astype(np.uint8)


def centre_of(image):
    weights = image[..., 0].astype(float)
    rows, columns = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE
    return np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()


def test_a_crop_is_a_square_of_the_image():
    windows = set()
    for image in crop(gradient()[None], 40, np.random.default_rng(0)):
        red, green = image[..., 0].astype(float), image[..., 1].astype(float)
        # Inside, where the edges of the image play no part, the gradient gives the window away.
        step_x, step_y = np.diff(red, axis=1)[:, 4:-4].mean(), np.diff(green, axis=0)[4:-4].mean()
        low, high = CROP_SIDE
        assert step_x == pytest.approx(step_y, abs=0.03)
        assert low - 0.01 <= step_x / 3 <= high + 0.01
        assert np.ptp(red, axis=0).max() <= 1 and np.ptp(green, axis=1).max() <= 1  # not turned
        middle = np.array([red[32, 32], green[32, 32]])
        half = step_x / 3 * SIZE / 2
        place = (middle - 20) / 3  # in pixels of the image
        assert np.all(place - half >= -1) and np.all(place + half <= SIZE + 1)
        windows.add((round(step_x, 2), *middle))
    assert len(windows) == 40


def test_each_image_is_used_once_before_any_is_used_again():
    plain = np.repeat(np.arange(5, dtype=np.uint8), 8 * 8 * 3).reshape(5, 8, 8, 3)
    for make in (crop, geometric):
        values = make(plain, 12, np.random.default_rng(1))[:, 0, 0, 0].tolist()
        assert sorted(values[:5]) == sorted(values[5:10]) == list(range(5))
        assert len(set(values[10:])) == 2
        assert values[:5] != list(range(5))


def test_the_limits_of_the_appendix_are_kept_and_reached():
    rng = np.random.default_rng(0)
    drawn = [draw(rng) for _ in range(2000)]
    limits = {
        "crop": (0, 0.1),
        "scale": (0.8, 1.2),
        "shear": (-8, 8),
        "rotation": (-25, 25),
        "translation": (-0.2, 0.2),
    }
    for field, (low, high) in limits.items():
        values = np.array([getattr(geometry, field) for geometry in drawn])
        assert low <= values.min() < low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) < values.max() <= high
        if values.ndim == 2:  # x and y, or the four sides, are drawn apart
            assert np.abs(np.corrcoef(values.T) - np.eye(values.shape[1])).max() < 0.1


def test_no_change_is_no_change():
    image = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    np.testing.assert_array_equal(transform(image, Geometry()), image)


@pytest.mark.parametrize(
    ("geometry", "before", "after"),
    [
        (Geometry(translation=(0.2, -0.1)), (0.5, 0.5), (0.7, 0.4)),
        (Geometry(scale=(1.2, 0.8)), (0.7, 0.7), (0.74, 0.66)),
        # A point right of the centre goes down when the image turns clockwise.
        (Geometry(rotation=25), (0.8, 0.5), (0.5 + 0.2719, 0.5 + 0.1268)),
        (Geometry(shear=8), (0.5, 0.8), (0.5 - 0.0422, 0.8)),
        (Geometry(shear=8), (0.8, 0.5), (0.8, 0.5)),
        # From [0.1, 0.95] × [0, 0.9] to the whole square.
        (Geometry(crop=(0.1, 0, 0.05, 0.1)), (0.44, 0.45), (0.4, 0.5)),
        # One after another: scaled, turned, then moved.
        (
            Geometry(scale=(1.2, 1), rotation=25, translation=(-0.2, 0.1)),
            (0.7, 0.5),
            (0.5 + 0.24 * 0.9063 - 0.2, 0.5 + 0.24 * 0.4226 + 0.1),
        ),
    ],
)
def test_where_a_point_goes(geometry, before, after):
    np.testing.assert_allclose(centre_of(transform(dot_at(*before), geometry)), after, atol=0.004)


def test_pixels_beyond_the_edge_are_mirrored():
    moved = transform(gradient(), Geometry(translation=(0.125, 0)))  # 8 pixels to the right
    np.testing.assert_array_equal(moved[:, 8:], gradient()[:, :-8])
    np.testing.assert_array_equal(moved[:, :8], gradient()[:, 7::-1])


def test_the_largest_maps_find_pixels_everywhere():
    white = np.full((SIZE, SIZE, 3), 255, np.uint8)
    for signs in np.ndindex(2, 2, 2, 2):
        turn, slant, x, y = 2 * np.array(signs) - 1
        extreme = Geometry(
            scale=(0.8, 0.8),
            shear=slant * 8,
            rotation=turn * 25,
            translation=(x * 0.2, y * 0.2),
        )
        assert transform(white, extreme).min() == 255

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from ssgan_tf.augment import POLICIES, randaugment
from ssgan_tf.augment.cutmix import CutMix

SIZE, BATCH = 16, 12

every_policy = pytest.mark.parametrize("name", POLICIES)


def telling_batch():
    """Image i has the value 10 i everywhere and the label i, so that pixels and labels compare."""
    values = 10.0 * np.arange(BATCH, dtype=np.float32)
    return {
        "images": tf.constant(np.broadcast_to(values[:, None, None, None], (BATCH, SIZE, SIZE, 3))),
        "labels": tf.eye(BATCH),
    }


def photographs(count=4, seed=0):
    """Smooth coloured pictures, uint8, that do not use all of [0, 255]."""
    rng = np.random.default_rng(seed)
    small = rng.integers(20, 230, (count, 4, 4, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(image).resize((SIZE, SIZE))) for image in small])


def compiled(layer):
    return tf.function(lambda batch: layer(batch))


@every_policy
def test_shapes_types_and_range(name):
    batch = {"images": tf.constant(photographs(), tf.float32), "labels": tf.eye(4)}
    changed = compiled(POLICIES[name](seed=0))(batch)
    assert changed["images"].shape == (4, SIZE, SIZE, 3) and changed["labels"].shape == (4, 4)
    assert changed["images"].dtype == changed["labels"].dtype == tf.float32
    assert np.all(changed["images"] >= 0) and np.all(changed["images"] <= 255)
    np.testing.assert_allclose(np.sum(changed["labels"], axis=1), 1, rtol=1e-6)


@every_policy
def test_types_do_not_depend_on_the_policy_of_precision(name):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        changed = compiled(POLICIES[name](seed=0))(telling_batch())
    finally:
        keras.config.set_dtype_policy("float32")
    assert changed["images"].dtype == changed["labels"].dtype == tf.float32


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "balanced-loss"])
def test_the_seed_decides_the_sequence(name):
    batch = {"images": tf.constant(photographs(), tf.float32), "labels": tf.eye(4)}

    def sequence(seed):
        change = compiled(POLICIES[name](seed=seed))
        return [change(batch)["images"].numpy() for _ in range(3)]

    first, second = sequence(1), sequence(1)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first[0], first[1]) and not np.array_equal(first, sequence(2))


@every_policy
def test_batches_of_any_size_in_a_pipeline(name):
    layer = POLICIES[name](seed=0)
    images = tf.data.Dataset.from_tensor_slices(
        {"images": photographs(5).astype(np.float32), "labels": np.eye(5, dtype=np.float32)}
    )
    shapes = [batch["images"].shape[0] for batch in images.batch(3).map(layer)]
    assert shapes == [3, 2]


@every_policy
def test_nothing_happens_outside_of_training(name):
    batch = telling_batch()
    unchanged = POLICIES[name](seed=0)(batch, training=False)
    np.testing.assert_array_equal(unchanged["images"], batch["images"])
    np.testing.assert_array_equal(unchanged["labels"], batch["labels"])


@pytest.mark.parametrize("name", ["mixup-online", "cutmix"])
def test_labels_are_mixed_as_the_pixels_are(name):
    change = compiled(POLICIES[name](seed=0))
    for _ in range(20):
        changed = change(telling_batch())
        # The mean of an image says how much of which images is in it; so does its label.
        means = np.mean(changed["images"], axis=(1, 2, 3))
        expected = changed["labels"].numpy() @ (10.0 * np.arange(BATCH))
        np.testing.assert_allclose(means, expected, atol=1e-3)


def test_mixup_draws_a_weight_for_each_image():
    labels = compiled(POLICIES["mixup-online"](seed=0))(telling_batch())["labels"].numpy()
    assert len(np.unique(labels.max(axis=1).round(4))) > BATCH // 2


def boxes_by_image(batches=60):
    """Which pixels CutMix pasted into each image of telling batches, and the images' labels."""
    change = compiled(CutMix(seed=0))
    for _ in range(batches):
        changed = change(telling_batch())
        images, labels = changed["images"].numpy()[..., 0], changed["labels"].numpy()
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            yield number, image, image != 10 * number, label


def test_cutmix_pastes_one_box_into_half_of_the_images():
    touched = 0
    for number, image, pasted, label in boxes_by_image():
        if pasted.any():
            rows, columns = np.flatnonzero(pasted.any(1)), np.flatnonzero(pasted.any(0))
            (other,) = np.unique(image[pasted])
            assert pasted.sum() == len(rows) * len(columns)
            assert np.ptp(rows) == len(rows) - 1 and np.ptp(columns) == len(columns) - 1
            expected = np.zeros(BATCH)
            expected[number] = 1 - pasted.sum() / SIZE**2
            expected[int(other) // 10] = pasted.sum() / SIZE**2
            np.testing.assert_allclose(label, expected, atol=1e-6)
            touched += 1
        else:
            np.testing.assert_array_equal(label, np.eye(BATCH)[number])
    # Half of them; fewer by those paired with themselves (1 of 12) and by boxes without a pixel
    # (sides below 2 of 16 pixels, 1 of 64): 0.5 · 11/12 · 63/64 = 0.451.
    assert 0.40 < touched / (60 * BATCH) < 0.50


def official_share(size):
    """The exact mean share of a box of CutMix-PyTorch with alpha = 1.

    A side is floor(size · √u), u uniform, so half of it is h with probability (8 h + 4) / size².
    Its centre c is any of the pixels 0 to size - 1. Beyond the first one reach max(h - c, 0)
    pixels, h (h + 1) / 2 over all centres; beyond the last one h (h - 1) / 2. On average
    2 h - h² / size are left, and across and down are independent.
    """
    halves = np.arange(size // 2)
    left = 2 * halves - halves**2 / size
    return np.sum((8 * halves + 4) / size**2 * (left / size) ** 2)


def test_boxes_of_cutmix_have_the_area_of_the_official_code():
    # In the limit of many pixels: the mean of (t - t²/4)² with t = √u is 1/4·2 - 1/5 + 1/48.
    assert official_share(10_000) == pytest.approx(0.5 - 0.2 + 1 / 48, abs=1e-3)
    assert official_share(64) == pytest.approx(0.3101, abs=5e-5)  # its code, run 200,000 times, too
    layer = CutMix(seed=0)
    boxes = np.concatenate([layer._boxes(2000, 64, 64).numpy() for _ in range(5)])
    shares = boxes.mean(axis=(1, 2))
    # Half of the images get a box; the deviation of a mean of 10,000 is at most 0.003.
    assert shares.mean() == pytest.approx(official_share(64) / 2, abs=0.01)
    # A box may lie at an edge, cut off by it: then it is not square.
    height, width = boxes.any(2).sum(1), boxes.any(1).sum(1)
    assert np.mean(height[shares > 0] != width[shares > 0]) > 0.3
    assert shares.max() <= (62 / 64) ** 2  # √u < 1, and two times rounded down


def apply(operation, images, sign=1.0):
    signs = tf.fill((len(images), 1, 1, 1), float(sign))
    return operation(tf.constant(images, tf.float32), signs).numpy()


def with_pillow(change, images):
    return np.stack([np.asarray(change(Image.fromarray(image))) for image in images])


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("operation", "enhancer"),
    [
        (randaugment.brightness, ImageEnhance.Brightness),
        (randaugment.saturation, ImageEnhance.Color),
        (randaugment.contrast, ImageEnhance.Contrast),
    ],
)
def test_enhancements_are_pillows(operation, enhancer, sign):
    """AutoAugment's and RandAugment's reference is Pillow; 9 of 30 steps to 0.9 are 0.27."""
    images = photographs()
    expected = with_pillow(lambda image: enhancer(image).enhance(1 + 0.27 * sign), images)
    np.testing.assert_allclose(apply(operation, images, sign), expected, atol=2)


def test_sharpness_is_pillows_away_from_the_border():
    images = photographs()
    expected = with_pillow(lambda image: ImageEnhance.Sharpness(image).enhance(1.27), images)
    inside = np.s_[:, 1:-1, 1:-1]
    np.testing.assert_allclose(
        apply(randaugment.sharpness, images)[inside], expected[inside], atol=1.5
    )
    assert np.abs(expected.astype(int) - images)[inside].max() > 3
    smooth = with_pillow(lambda image: image.filter(ImageFilter.SMOOTH), images)
    assert np.abs(smooth.astype(int) - images)[inside].max() > 3


@pytest.mark.parametrize(
    ("operation", "change", "tolerance"),
    [
        (randaugment.posterize, lambda image: ImageOps.posterize(image, 7), 0),
        (randaugment.solarize, lambda image: ImageOps.solarize(image, 178.5), 0),
        (randaugment.autocontrast, ImageOps.autocontrast, 1),
        (randaugment.equalize, ImageOps.equalize, 0),
    ],
)
def test_histogram_operations_are_pillows(operation, change, tolerance):
    rng = np.random.default_rng(0)
    few_values = rng.choice(np.array([3, 90, 91, 200], np.uint8), (1, 32, 32, 3))
    flat = np.full((1, 32, 32, 3), 77, np.uint8)
    noise = rng.integers(30, 240, (3, 32, 32, 3), np.uint8)
    images = np.concatenate([few_values, flat, noise])
    np.testing.assert_allclose(
        apply(operation, images), with_pillow(change, images), atol=tolerance
    )


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("operation", "matrix"),
    [
        (randaugment.shear_x, lambda s: [[1, 0.09 * s, 0], [0, 1, 0]]),
        (randaugment.shear_y, lambda s: [[1, 0, 0], [0.09 * s, 1, 0]]),
        (randaugment.translate_x, lambda s: [[1, 0, s * 0.3 * 150 / 331 * SIZE], [0, 1, 0]]),
        (randaugment.translate_y, lambda s: [[1, 0, 0], [0, 1, s * 0.3 * 150 / 331 * SIZE]]),
    ],
)
def test_moves(operation, matrix, sign):
    """A picture whose red is x and green is y shows where each pixel came from."""
    y, x = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    picture = np.stack([x, y, np.full_like(x, 99)], axis=-1)[None]
    moved = apply(operation, picture, sign)[0]
    from_x, from_y = np.tensordot(matrix(sign), np.stack([x, y, np.ones_like(x)]), axes=1)
    known = (from_x >= 0) & (from_x <= SIZE - 1) & (from_y >= 0) & (from_y <= SIZE - 1)
    assert known.mean() > 0.5
    np.testing.assert_allclose(moved[known][:, 0], from_x[known], atol=1e-3)
    np.testing.assert_allclose(moved[known][:, 1], from_y[known], atol=1e-3)
    beyond = (from_x <= -1) | (from_x >= SIZE) | (from_y <= -1) | (from_y >= SIZE)
    assert not moved[beyond].any()


def test_rotation_is_by_nine_degrees_about_the_centre():
    images = photographs()
    expected = with_pillow(lambda image: image.rotate(9, Image.Resampling.BILINEAR), images)
    middle = np.s_[:, 3:-3, 3:-3]
    one, other = (apply(randaugment.rotate, images, sign)[middle] for sign in (1, -1))
    turned, turned_back = sorted((one, other), key=lambda i: np.abs(i - expected[middle]).mean())
    np.testing.assert_allclose(turned, expected[middle], atol=1.5)
    assert np.abs(turned_back - expected[middle]).mean() > 5


def test_an_image_is_changed_by_two_operations_of_its_own():
    """Among equal images of one batch there are many results, and each of them is such a pair."""
    image = photographs(1)
    layer = randaugment.RandAugment(seed=0)
    batch = {"images": tf.constant(np.repeat(image, 80, axis=0), tf.float32)}
    changed = compiled(layer)(batch)["images"].numpy()
    assert len({result.tobytes() for result in changed}) > 40
    signs = (1.0, -1.0)
    once = np.concatenate(
        [apply(operation, image, sign) for operation in randaugment.OPERATIONS for sign in signs]
    )
    twice = np.concatenate(
        [apply(operation, once, sign) for operation in randaugment.OPERATIONS for sign in signs]
    )
    for result in changed:
        assert np.abs(twice - result).max(axis=(1, 2, 3)).min() < 0.01


def test_an_image_does_not_depend_on_its_batch():
    images = photographs(6)
    for operation in randaugment.OPERATIONS:
        np.testing.assert_allclose(
            apply(operation, images)[:1], apply(operation, images[:1]), atol=1e-3
        )


def test_randaugment_takes_few_images_outside_of_compiled_functions():
    """Most of its operations then get no image at all."""
    images = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 3)).astype(np.float32)
    layer = POLICIES["randaugment"](0)
    for _ in range(3):
        changed = layer({"images": images, "labels": np.eye(2, dtype=np.float32)}, training=True)
        assert changed["images"].shape == images.shape

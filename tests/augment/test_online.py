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


@every_policy
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


def test_cutmix_pastes_one_box_into_half_of_the_images():
    change = compiled(CutMix(seed=0))
    touched, areas = 0, []
    for _ in range(60):
        images = change(telling_batch())["images"].numpy()[..., 0]
        for number, image in enumerate(images):
            pasted = image != 10 * number
            if pasted.any():
                rows, columns = np.flatnonzero(pasted.any(1)), np.flatnonzero(pasted.any(0))
                assert len(np.unique(image[pasted])) == 1
                assert pasted.sum() == len(rows) * len(columns)
                assert np.ptp(rows) == len(rows) - 1 and np.ptp(columns) == len(columns) - 1
                areas.append(pasted.mean())
                touched += 1
    # Half of them; fewer by those paired with themselves (1 of 12) and by boxes without a pixel.
    assert 0.4 < touched / (60 * BATCH) < 0.5
    assert 0.42 < np.mean(areas) < 0.58 and np.std(areas) > 0.25  # uniform: 0.5 and 0.29


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

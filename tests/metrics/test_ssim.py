import json

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.metrics.ssim import (
    MeanSimilarity,
    mean_similarity,
    merged_similarity,
    pair_similarities,
    read_super_classes,
    super_class_similarity,
)


def uniform_ssim_by_hand(first, second):
    """scikit-image's default in colour: windows of 7 x 7, covariances over n - 1, each channel."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for channel in range(3):
        for top in range(first.shape[0] - 6):
            for left in range(first.shape[1] - 6):
                x = first[top : top + 7, left : left + 7, channel].astype(float).ravel()
                y = second[top : top + 7, left : left + 7, channel].astype(float).ravel()
                (variance_x, covariance), (_, variance_y) = np.cov(x, y)
                values.append(
                    (2 * x.mean() * y.mean() + c1)
                    * (2 * covariance + c2)
                    / ((x.mean() ** 2 + y.mean() ** 2 + c1) * (variance_x + variance_y + c2))
                )
    return np.mean(values)


def test_the_uniform_window_in_colour_is_that_of_the_papers_tables(noise):
    images = np.concatenate([noise[:2, :9, :10], np.full((1, 9, 10, 3), 200, np.uint8)])
    found = pair_similarities(images, 3, window="uniform7-colour")
    pairs = ((0, 1), (0, 2), (1, 2))
    expected = [uniform_ssim_by_hand(images[one], images[other]) for one, other in pairs]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert pair_similarities(np.stack([images[2]] * 2), 1, window="uniform7-colour")[0] == 1
    with pytest.raises(UserError, match="7 x 7"):
        pair_similarities(images[:, :6], 1, window="uniform7-colour")


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (6, 12, 12, 3), np.uint8)


@pytest.fixture
def drawn_pairs(monkeypatch):
    """The pairs that SSIM is asked for, of images that hold their own number."""
    pairs = []

    def record(firsts, seconds):
        pairs.extend(zip(firsts[:, 0, 0, 0].tolist(), seconds[:, 0, 0, 0].tolist(), strict=True))
        return np.zeros(len(firsts))

    monkeypatch.setattr("ssgan_tf.metrics.ssim._ssim", record)
    return pairs


def numbered(count, size=11):
    numbers = np.arange(count, dtype=np.uint8)
    return np.broadcast_to(numbers[:, None, None, None], (count, size, size, 3))


def ssim_by_hand(first, second):
    """Wang et al. 2004, a loop over the windows of two images in grey."""
    first, second = first @ [0.2989, 0.587, 0.114], second @ [0.2989, 0.587, 0.114]
    axis = np.arange(11) - 5
    window = np.exp(-(axis**2) / (2 * 1.5**2))
    window = np.outer(window, window) / window.sum() ** 2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for top in range(first.shape[0] - 10):
        for left in range(first.shape[1] - 10):
            x = first[top : top + 11, left : left + 11]
            y = second[top : top + 11, left : left + 11]
            mean_x, mean_y = (window * x).sum(), (window * y).sum()
            variance_x = (window * (x - mean_x) ** 2).sum()
            variance_y = (window * (y - mean_y) ** 2).sum()
            covariance = (window * (x - mean_x) * (y - mean_y)).sum()
            values.append(
                (2 * mean_x * mean_y + c1)
                * (2 * covariance + c2)
                / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
            )
    return np.mean(values)


def test_equals_the_definition():
    generator = np.random.default_rng(1)
    first = generator.integers(0, 256, (14, 17, 3))
    second = np.clip(0.5 * first + generator.normal(60, 30, first.shape), 0, 255)
    pair = np.stack([first, second]).astype(np.uint8)
    expected = ssim_by_hand(*pair)
    assert 0.2 < expected < 0.8
    np.testing.assert_allclose(pair_similarities(pair, pairs=5), [expected], atol=1e-4)


def test_equal_images_have_1(noise):
    repeated = np.repeat(noise[:1], 8, axis=0)
    similarity = mean_similarity(repeated, pairs=20)
    assert similarity.mean == pytest.approx(1, abs=1e-6)
    assert similarity.standard_error == pytest.approx(0, abs=1e-6)
    assert similarity.pairs == 20


def test_no_image_meets_itself_and_all_pairs_are_equally_likely(drawn_pairs):
    pair_similarities(numbered(4), pairs=5)  # of 6
    assert len(drawn_pairs) == 5
    drawn_pairs.clear()
    pair_similarities(numbered(100), pairs=4000)
    assert len(drawn_pairs) == 4000
    assert all(first != second for first, second in drawn_pairs)
    counts = np.bincount(np.ravel(drawn_pairs), minlength=100)
    assert counts.min() > 40 and counts.max() < 130  # 80 each, five standard deviations


@pytest.mark.parametrize("pairs", [10, 1000])
def test_each_pair_once_where_there_are_no_more(drawn_pairs, pairs):
    similarity = mean_similarity(numbered(5), pairs)
    assert similarity.pairs == 10
    assert {frozenset(pair) for pair in drawn_pairs} == {
        frozenset((i, j)) for i in range(5) for j in range(i)
    }


def test_batches_change_nothing(noise, monkeypatch):
    at_once = pair_similarities(noise, pairs=14, seed=3)
    monkeypatch.setattr("ssgan_tf.metrics.ssim.PIXELS_AT_ONCE", 4 * 12 * 12)
    np.testing.assert_allclose(pair_similarities(noise, pairs=14, seed=3), at_once, atol=1e-6)


def test_the_seed_decides(noise):
    assert mean_similarity(noise, 8, seed=1) == mean_similarity(noise, 8, seed=1)
    assert mean_similarity(noise, 8, seed=1).mean != mean_similarity(noise, 8, seed=2).mean


def test_mean_and_standard_error(noise):
    values = pair_similarities(noise, 9, seed=4)
    found = mean_similarity(noise, 9, seed=4)
    assert found.mean == pytest.approx(values.mean())
    assert found.standard_error == pytest.approx(values.std() / 3)


def test_more_varied_images_have_less():
    columns = np.arange(24)
    waves = [127 + 100 * np.sin(columns * 0.7 + shift) for shift in np.linspace(0, 3, 12)]
    images = np.array(waves)[:, None, :, None] * np.ones((1, 24, 1, 3))
    varied = mean_similarity(images.astype(np.uint8))
    alike = mean_similarity(images[:3].astype(np.uint8))
    assert varied.mean < alike.mean - 0.2


@pytest.mark.parametrize(
    ("shape", "words"), [((1, 12, 12, 3), "at least two"), ((3, 10, 12, 3), "11 x 11")]
)
def test_what_cannot_be_compared(shape, words):
    with pytest.raises(UserError, match=words):
        pair_similarities(np.zeros(shape, np.uint8), 10)


def test_super_classes_of_painted_images():
    generator = np.random.default_rng(0)
    base = generator.integers(60, 200, (3, 16, 16, 3))
    spread = (40, 5, 40)  # the second kind is much alike
    images = np.concatenate(
        [b + generator.integers(-s, s, (10, 16, 16, 3)) for b, s in zip(base, spread, strict=True)]
    ).astype(np.uint8)
    labels = np.repeat([0, 1, 2], 10)
    alone = super_class_similarity(images, labels, {"a": [0], "b": [1], "c": [2]})
    assert alone.name == "b"
    assert alone.maximum == alone.super_classes["b"].mean > 0.9
    assert alone.super_classes["b"] == mean_similarity(images[10:20], 20)  # 2 x 10 images
    assert {name: found.pairs for name, found in alone.super_classes.items()} == dict.fromkeys(
        "abc", 20
    )

    grouped = super_class_similarity(images, labels, {"mixed": [0, 1], "c": [2]})
    assert grouped.name == "c"  # base images have nothing in common
    assert grouped.super_classes["mixed"] == mean_similarity(images[:20], 40)
    assert merged_similarity(images, seed=5) == mean_similarity(images, 60, seed=5)
    assert merged_similarity(images).mean < grouped.super_classes["mixed"].mean


def test_a_super_class_needs_two_images(noise):
    labels = np.array([0, 0, 0, 0, 0, 1])
    with pytest.raises(UserError, match="lonely"):
        super_class_similarity(noise, labels, {"a": [0], "lonely": [1]})


def test_without_a_file_each_class_is_its_own():
    assert read_super_classes(None, ["daisy", "roses"]) == {"daisy": [0], "roses": [1]}


def test_super_classes_are_read(tmp_path):
    path = tmp_path / "super.json"
    path.write_text(json.dumps({"birds": ["crow", "gull"], "fish": ["eel"]}))
    assert read_super_classes(path, ("crow", "eel", "gull")) == {"birds": [0, 2], "fish": [1]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "must look like"),
        ('{"birds": "crow"}', "must look like"),
        ('{"birds": ["crow"], "fish": []}', "must look like"),
        ('{"birds": ["crow", 3]}', "must look like"),
        ('{"birds": ["crow"]}', "in no super-class: eel, gull"),
        ('{"birds": ["crow", "gull", "eel", "emu"]}', "no such class: emu"),
        ('{"birds": ["crow", "gull"], "fish": ["eel", "gull"]}', "more than once: gull"),
    ],
)
def test_bad_files_of_super_classes(tmp_path, text, words):
    path = tmp_path / "super.json"
    path.write_text(text)
    with pytest.raises(UserError, match=words) as caught:
        read_super_classes(path, ["crow", "eel", "gull"])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_of_super_classes(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_super_classes(tmp_path / "none.json", ["crow"])


def test_a_mean_similarity_is_a_plain_tuple():
    assert MeanSimilarity(0.5, 0.1, 3)._asdict() == {"mean": 0.5, "standard_error": 0.1, "pairs": 3}

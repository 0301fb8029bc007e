import numpy as np
import pytest

from ssgan_tf.data import DATASETS, load_dataset, split
from ssgan_tf.data import demo as demo_module
from ssgan_tf.data.demo import paint_demo


@pytest.fixture(scope="module")
def few():
    return paint_demo(64, progress=False, per_class=6)


def test_five_classes_of_flowers(few):
    assert few.counts() == dict.fromkeys(DATASETS["demo"].classes, 6)
    assert few.images.shape == (30, 64, 64, 3) and few.images.dtype == np.uint8
    assert few.paths[0] == "daisy/000000.png" and few.paths[-1] == "tulips/000005.png"
    assert few.name == "demo"


def test_is_deterministic_and_grows_at_the_end(few):
    again = paint_demo(64, progress=False, per_class=2)
    for name in few.class_names:
        np.testing.assert_array_equal(again.of_class(name).images, few.of_class(name).images[:2])
    assert again.hashes[:2] == few.hashes[:2]


def test_seeds_paint_other_flowers(few):
    other = paint_demo(64, progress=False, per_class=2, seed=1)
    assert not set(other.hashes) & set(few.hashes)


def test_no_two_pictures_are_the_same(few):
    assert len(set(few.hashes)) == 30


def test_another_size_shows_the_same_flowers(few):
    large = paint_demo(128, progress=False, per_class=2)
    halved = large.images.reshape(10, 64, 2, 64, 2, 3).mean((2, 4))
    small = np.concatenate([few.of_class(name).images[:2] for name in few.class_names])
    difference = np.abs(halved - small).mean((1, 2, 3))
    assert difference.max() < 12
    assert np.abs(halved - np.roll(small, 2, axis=0)).mean((1, 2, 3)).min() > 20


def test_classes_show_their_colours(few):
    def middle(name):
        return few.of_class(name).images[:, 24:40, 24:40].astype(float).mean((0, 1, 2))

    red, green, blue = middle("dandelion")
    assert min(red, green) > 2 * blue  # yellow
    assert middle("sunflowers").mean() < middle("dandelion").mean()  # a dark disc


def test_loads_by_name_and_is_painted_once(monkeypatch):
    painted = []

    def quick(class_name, rng, image_size):
        painted.append(class_name)
        return rng.integers(0, 256, (image_size, image_size, 3), np.uint8)

    monkeypatch.setattr(demo_module, "paint", quick)
    first = load_dataset("demo", 8, progress=False)
    second = load_dataset("demo", 8, progress=False, classes=["roses", "daisy"])
    assert len(painted) == 1000
    assert first.counts() == dict.fromkeys(DATASETS["demo"].classes, 200)
    assert second.class_names == ("daisy", "roses")
    assert split(first).test.counts() == dict.fromkeys(DATASETS["demo"].classes, 40)

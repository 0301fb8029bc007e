import numpy as np
import pytest

from benchmarks.sanity_sets import sanity_sets
from ssgan_tf.errors import UserError


def test_halves_are_disjoint_and_the_others_are_worse():
    images = np.arange(10, dtype=np.uint8)[:, None, None, None] + np.zeros((1, 16, 16, 3), np.uint8)
    images[:, ::2] += 100  # stripes, so that there is something to blur
    sets = sanity_sets(images, 5, seed=0)
    assert all(pictures.shape == (5, 16, 16, 3) for pictures in sets.values())
    taken = {name: {picture.tobytes() for picture in pictures} for name, pictures in sets.items()}
    assert len(taken["real"] | taken["half"]) == 10
    assert sets["blurred"].std() < 0.5 * sets["half"].std()
    assert sets["noise"].std() > 60


def test_too_few_images_are_refused():
    with pytest.raises(UserError, match="--per_class 5 needs 10 images, there are 9"):
        sanity_sets(np.zeros((9, 8, 8, 3), np.uint8), 5, seed=0)

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.layers.dropout import Dropout

ONES = np.ones((2, 1000), np.float32)


class Thinned(keras.Model):
    """Two of them in a row, as in a critic."""

    def __init__(self):
        super().__init__(name="thinned")
        self.dropouts = [Dropout(0.5, name=f"dropout_{place}") for place in range(2)]

    def call(self, x, training=None):
        for dropout in self.dropouts:
            x = dropout(x, training=training)
        return x


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    model = Thinned()
    model(ONES)
    return model


def test_it_thins_out_in_training_only():
    layer = Dropout(0.25)
    np.testing.assert_array_equal(layer(ONES), ONES)
    thinned = np.asarray(layer(ONES, training=True))
    assert 0.2 < np.mean(thinned == 0) < 0.3
    np.testing.assert_allclose(thinned[thinned != 0], 1 / 0.75)
    assert not np.array_equal(thinned, layer(ONES, training=True))


def test_its_states_have_names_of_their_own(model):
    names = [variable.path for variable in model.variables]
    assert len(set(names)) == 2
    assert all(name.startswith(f"thinned/dropout_{i}/") for i, name in enumerate(names))


def test_a_restored_state_continues_the_same_masks(model):
    step = tf.function(lambda: model(ONES, training=True))
    step()
    state = [variable.numpy() for variable in model.variables]
    expected = step().numpy()
    keras.utils.set_random_seed(1)
    other = Thinned()
    other(ONES)
    for variable, value in zip(other.variables, state, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(other(ONES, training=True), expected)
    assert not np.array_equal(step(), expected)

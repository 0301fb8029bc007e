import keras
import numpy as np
import pytest

from ssgan_tf.layers.conditional import ConditionalBatchNormalization

MAPS = np.random.default_rng(0).normal(3, 2, (6, 4, 4, 5)).astype(np.float32)
LABELS = np.int32([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("training", [True, False])
def test_it_begins_as_batch_normalisation(training):
    conditional = ConditionalBatchNormalization(classes=3)
    plain = keras.layers.BatchNormalization(epsilon=1e-5)
    conditional(MAPS, LABELS, training=True), plain(MAPS, training=True)
    result = conditional(MAPS, LABELS, training=training)
    np.testing.assert_allclose(result, plain(MAPS, training=training), atol=1e-5)


def test_each_image_is_scaled_and_shifted_as_its_class_wants():
    layer = ConditionalBatchNormalization(classes=3)
    before = np.asarray(layer(MAPS, LABELS))
    gamma, beta = np.random.default_rng(1).normal(size=(2, 3, 5)).astype(np.float32)
    layer.gammas.assign(gamma)
    layer.betas.assign(beta)
    after = np.asarray(layer(MAPS, LABELS))
    for place, label in enumerate(LABELS):
        expected = before[place] * gamma[label] + beta[label]
        np.testing.assert_allclose(after[place], expected, rtol=1e-4, atol=1e-5)


def test_it_computes_in_the_policys_type():
    layer = ConditionalBatchNormalization(classes=3, dtype="mixed_bfloat16")
    assert layer(MAPS, LABELS).dtype == "bfloat16"
    assert layer.gammas.dtype == "float32"

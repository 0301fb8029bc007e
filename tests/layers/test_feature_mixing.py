import numpy as np

from ssgan_tf.layers.feature_mixing import FeatureMixing


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


MAPS = [normal(2, 8, 8, 3), normal(2, 4, 4, 5), normal(2, 2, 2, 7)]


def enlarged(maps):
    """Bilinear up-sampling by 2: three parts of the nearest pixel and one of the next."""
    for axis in (1, 2):
        before = np.concatenate(
            [maps.take([0], axis), maps.take(range(maps.shape[axis] - 1), axis)], axis
        )
        after = np.concatenate(
            [maps.take(range(1, maps.shape[axis]), axis), maps.take([-1], axis)], axis
        )
        pairs = np.stack([0.75 * maps + 0.25 * before, 0.75 * maps + 0.25 * after], axis + 1)
        shape = list(maps.shape)
        shape[axis] *= 2
        maps = pairs.reshape(shape)
    return maps


def test_it_matches_numpy():
    layer = FeatureMixing((4, 6, 8), seed=3)
    layer(MAPS)
    layer.scales.assign([1.0, 2.0, 5.0])
    result = layer(MAPS)
    channels = [np.asarray(kernel)[0, 0] for kernel in layer.across_channels]
    scales = [np.asarray(kernel)[0, 0] for kernel in layer.across_scales]
    smallest = MAPS[2] / 5 @ channels[2]
    middle = MAPS[1] / 2 @ channels[1] + enlarged(smallest @ scales[1])
    # The authors' order, enlarged first, gives the same.
    np.testing.assert_allclose(
        enlarged(smallest @ scales[1]), enlarged(smallest) @ scales[1], rtol=1e-4, atol=1e-5
    )
    largest = MAPS[0] @ channels[0] + enlarged(middle @ scales[0])
    for found, expected in zip(result, (largest, middle, smallest), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_it_is_the_same_for_a_seed_and_never_trained():
    one, again, other = (FeatureMixing((4, 6, 8), seed=seed) for seed in (3, 3, 4))
    for layer in (one, again, other):
        layer(MAPS)
        assert not layer.trainable_weights
    for weight, same, different in zip(one.weights, again.weights, other.weights, strict=True):
        np.testing.assert_array_equal(weight, same)
        if weight is not one.scales:
            assert np.all(np.not_equal(weight, different))
    first, second = one.across_channels[0], one.across_scales[0]
    assert abs(np.corrcoef(np.ravel(first)[:12], np.ravel(second)[:12])[0, 1]) < 0.9


def test_the_convolutions_have_hes_variance():
    layer = FeatureMixing((256, 256), seed=0)
    layer([normal(1, 4, 4, 128), normal(1, 2, 2, 512)])
    for kernel in (*layer.across_channels, *layer.across_scales):
        np.testing.assert_allclose(np.var(kernel), 2 / kernel.shape[2], rtol=0.05)

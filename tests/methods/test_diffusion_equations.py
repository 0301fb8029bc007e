"""The equations of diffusion, by values that are known."""

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.methods.diffusion import augmentation, ddpm, edm, solvers
from ssgan_tf.methods.diffusion.sampler import classifier_free


def ended(solver):
    """The images that a solver ends with, and what it counted down."""
    left = []
    while True:
        try:
            left.append(next(solver))
        except StopIteration as end:
            return end.value, left


def optimal(mean, deviation):
    """The denoiser of images that are normal."""

    def denoise(x, sigma):
        return (deviation**2 * x + sigma**2 * mean) / (deviation**2 + sigma**2)

    return denoise


def test_schedules_have_their_published_values():
    cosine = ddpm.cosine_signal()
    np.testing.assert_allclose(cosine[[0, 499]], [0.9999587, 0.4938436], atol=5e-8)
    np.testing.assert_allclose(ddpm.linear_signal()[999], 4.0358e-5, rtol=2e-5)


def test_the_posterior_of_a_step_is_ddpms():
    cosine = ddpm.cosine_signal()
    step = ddpm.posterior(cosine[500], cosine[499])
    assert step.clean * 0.3 + step.noisy * -0.7 == pytest.approx(-0.69543904, abs=5e-9)
    assert step.variance == pytest.approx(0.00314601, abs=5e-9)
    beta = 1 - cosine[500] / cosine[499]
    expected = beta * (1 - cosine[499]) / (1 - cosine[500])  # DDPM, Eq. 7
    assert step.variance == pytest.approx(expected, abs=1e-12)
    assert ddpm.posterior(cosine[500], cosine[499], eta=0.0).variance == 0.0


def test_kept_steps_have_the_noise_that_they_had():
    cosine = ddpm.cosine_signal()
    kept = ddpm.respaced(cosine, 25)
    betas = 1 - kept / np.concatenate([[1.0], kept[:-1]])
    np.testing.assert_allclose(np.cumprod(1 - betas), kept, rtol=0, atol=1e-12)
    assert len(kept) == 25
    assert (kept[0], kept[-1]) == (cosine[0], cosine[999])

    draw = np.random.default_rng(0)
    images, noise = 0.4 * draw.standard_normal(100_000), draw.standard_normal(100_000)
    for signal in cosine[[10, 500, 900]]:
        noisy = np.sqrt(signal) * (images + ddpm.sigma_of(signal) * noise)
        variance = signal * 0.16 + 1 - signal
        assert abs(noisy.var() - variance) < 4 * variance * np.sqrt(2 / 100_000)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 5.0, 80.0])
def test_what_the_network_sees_and_answers_has_unit_variance(sigma):
    draw = np.random.default_rng(0)
    images = 0.5 * draw.standard_normal((1_000_000, 1, 1, 1))
    noisy = images + sigma * draw.standard_normal(images.shape)
    c = edm.preconditioning(np.float64(sigma))
    assert (c.inside * noisy).var() == pytest.approx(1, abs=0.01)
    assert edm.target(images, noisy, np.float64(sigma)).var() == pytest.approx(1, abs=0.01)
    weight = (sigma**2 + 0.25) / (sigma * 0.5) ** 2
    assert weight * c.out**2 == pytest.approx(1)
    assert c.noise == pytest.approx(np.log(sigma) / 4)


def test_the_denoiser_is_what_the_network_says_preconditioned():
    noisy = tf.constant([[[[2.0]]], [[[1.0]]]])
    sigma = tf.constant([0.5, 0.0001])[:, None, None, None]
    seen = []

    def network(images, noise, training):
        seen.extend([images.numpy().ravel(), noise.numpy()])
        return tf.ones_like(images)

    made = edm.denoised(network, noisy, sigma).numpy().ravel()
    np.testing.assert_allclose(made[0], 0.5 * 2 + 0.25 / 0.5**0.5, rtol=1e-6)
    assert made[1] == pytest.approx(1.0, abs=2e-4)  # hardly any noise: what came in
    np.testing.assert_allclose(seen[0], [2 / 0.5**0.5, 2], rtol=1e-6)
    np.testing.assert_allclose(seen[1], np.log([0.5, 0.0001]) / 4, rtol=1e-6)


def test_training_noise_is_log_normal():
    logs = np.log(edm.training_sigmas(tf.constant([-1.0, 0.0, 2.0])).numpy())
    np.testing.assert_allclose(logs, [-2.4, -1.2, 1.2], rtol=1e-5)


def test_sampling_noise_falls_from_80_to_nothing():
    sigmas = edm.sampling_sigmas(18)
    assert sigmas[0] == pytest.approx(80)
    assert sigmas[17] == pytest.approx(0.002)
    assert sigmas[18] == 0
    half = ((80 ** (1 / 7) + 0.002 ** (1 / 7)) / 2) ** 7
    assert edm.sampling_sigmas(3)[1] == pytest.approx(half)


@pytest.mark.parametrize(("steps", "bound"), [(18, 0.04), (36, 0.01), (72, 0.002)])
def test_heun_leads_noise_to_a_normal_distribution(steps, bound):
    start = np.array([-100.0, 0.0, 55.0])
    made, left = ended(solvers.solve("heun", optimal(0.4, 0.5), start / 80, steps, None))
    exact = 0.4 + 0.5 * (start - 0.4) / np.hypot(0.5, 80)
    assert np.abs(made - exact).max() < bound
    assert left == list(range(2 * steps - 2, -1, -1))
    assert solvers.evaluations("heun", steps) == 2 * steps - 1


def test_ddim_is_repeatable_and_ddpm_has_the_spread_of_images():
    draw = np.random.default_rng(0)
    noise, fresh = draw.standard_normal(20_000), lambda _: draw.standard_normal(20_000)
    seen = []

    def denoise(x, sigma):
        seen.append(sigma)
        return optimal(0.4, 0.5)(x, sigma)

    first, left = ended(solvers.solve("ddim", denoise, noise, 50, None))
    again, _ = ended(solvers.solve("ddim", denoise, noise, 50, None))
    np.testing.assert_array_equal(first, again)
    assert left == list(range(49, -1, -1))
    assert 60 < max(seen) == seen[0] <= 80  # where training ends
    random, _ = ended(solvers.solve("ddpm", denoise, noise, 200, fresh))
    for made in (first, random):
        assert made.mean() == pytest.approx(0.4, abs=0.02)
        assert made.std() == pytest.approx(0.5, abs=0.03)
    assert np.corrcoef(random, noise)[0, 1] < 0.2 < np.corrcoef(first, noise)[0, 1]


def test_guidance_of_two_gaussians():
    """Images are ±1 with variance .25; the classifier knows which, through noise of σ = .7."""
    x, sigma, variance = tf.constant(0.0), 0.7, 0.25

    def logits(x):
        return tf.stack([-((x - mean) ** 2) / (2 * (variance + sigma**2)) for mean in (-1, 1)])

    with tf.GradientTape() as tape:
        tape.watch(x)
        chosen = tf.nn.log_softmax(logits(x))[1]
    slope = tape.gradient(chosen, x).numpy()
    assert slope == pytest.approx(1.3513514, abs=1e-6)
    of_class = optimal(1.0, 0.5)(0.0, sigma)
    of_none = of_class - sigma**2 * slope  # by Bayes' rule
    both = [optimal(mean, 0.5)(0.0, sigma) for mean in (-1.0, 1.0)]
    assert of_none == pytest.approx(np.mean(both), abs=1e-6)  # x = 0 is as far from either
    assert classifier_free(of_class, of_none, 1) == of_class
    assert classifier_free(of_class, of_none, 3) == pytest.approx(of_none + 3 * sigma**2 * slope)


def test_augmentation_is_told_and_leaves_alone_what_it_leaves():
    images = tf.random.stateless_uniform((6, 32, 32, 3), (0, 0), -1, 1)
    draws = np.full((6, augmentation.DRAWS), 0.5, np.float32)
    draws[:, :4] = 0.9  # nothing befalls
    draws[1, 0] = draws[2, 1] = draws[3, 2] = draws[4, 3] = 0.1
    draws[2, 4] = 0.0  # a quarter turn
    draws[3, 5:7] = 1.0, 0.5  # to the right, by an eighth
    draws[4, 7] = 1.0  # enlarged
    changed, labels = augmentation.augment(images, tf.constant(draws), 0.15)
    for place in (0, 5):
        np.testing.assert_allclose(changed[place], images[place], atol=1e-4)
        np.testing.assert_array_equal(labels[place], 0)
    np.testing.assert_allclose(changed[1], images[1][:, ::-1], atol=1e-4)
    np.testing.assert_allclose(changed[2], np.rot90(images[2]), atol=1e-4)
    np.testing.assert_allclose(changed[3][:, 4:], images[3][:, :-4], atol=1e-4)
    expected = [[1, 0, 0, 0, 0, 0], [0, -1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 1]]
    np.testing.assert_allclose(labels[1:5], expected, atol=1e-6)
    centre = tf.image.central_crop(images[4], 26 / 32)
    enlarged = tf.image.resize(centre, (32, 32))
    assert np.corrcoef(enlarged.numpy().ravel(), changed[4].numpy().ravel())[0, 1] > 0.9
    assert abs(labels.numpy()).sum(axis=1).astype(bool).tolist() == [False, *[True] * 4, False]

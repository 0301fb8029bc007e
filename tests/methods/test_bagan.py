import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.device.batches import balanced_indices
from ssgan_tf.errors import UserError
from ssgan_tf.methods import create
from ssgan_tf.methods.contract import Job
from ssgan_tf.methods.gan import autoencoder
from ssgan_tf.methods.gan.bagan import BAGAN
from ssgan_tf.methods.gan.bagan_gp import BAGANGP, wrong_label_loss
from ssgan_tf.methods.gan.base import CriticOutput
from ssgan_tf.methods.gan.class_latents import (
    ClassLatents,
    class_statistics,
    covariance_factor,
    shrinkage_intensity,
)
from ssgan_tf.metrics.complexity import parameter_count
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.runs.state import export
from ssgan_tf.training import Options, fit, load_run, loop
from ssgan_tf.training.plan import describe_plan
from tests.training.tiny import painted_squares, tiny_method

CLASSES = ("left", "right")
NAMES = ("bagan", "bagan-gp")


def normal(count, covariance, seed=0):
    generator = np.random.default_rng(seed)
    return generator.multivariate_normal(np.zeros(len(covariance)), covariance, count)


def random_covariance(size, seed):
    root = np.random.default_rng(seed).normal(size=(size, size))
    return root @ root.T / size


def squares(left=12, right=3):
    images = painted_squares(12, classes=CLASSES)
    return images.select([*range(left), *range(12, 12 + right)])


def phases(name="bagan", images=None, **changes):
    method = tiny_method(name, **changes)
    return method.phases(Job("all_classes", images or squares()))


# Latents of classes


def test_latents_have_the_mean_and_the_covariance_of_the_encoded_class():
    encoded = np.concatenate([normal(300, random_covariance(6, 1)) + 3, normal(40, np.eye(6)) - 1])
    labels = np.repeat([0, 1], [300, 40])
    means, factors, used = class_statistics(encoded, labels, 2, 0.0)
    assert used == [0, 0]
    layer = ClassLatents(2, 6)
    layer.means.assign(means)
    layer.factors.assign(factors)
    for label in range(2):
        noise = tf.random.stateless_normal((100_000, 6), (label, 1), alg="philox")
        latents = layer(noise, np.full(100_000, label, np.int32)).numpy()
        of_class = encoded[labels == label]
        wrong = np.linalg.norm(np.cov(latents.T) - np.cov(of_class.T))
        assert wrong < 0.02 * np.linalg.norm(np.cov(of_class.T))
        distance = np.linalg.norm(latents.mean(0) - of_class.mean(0))
        assert distance < 0.02 * np.linalg.norm(of_class.mean(0))


def test_five_images_give_four_directions_and_one_image_a_point():
    encoded = np.concatenate([normal(5, np.eye(20)), normal(1, np.eye(20), seed=1)])
    labels = np.repeat([0, 1], [5, 1])
    means, factors, _ = class_statistics(encoded, labels, 2, 0.0)
    assert np.linalg.matrix_rank(factors[0]) == 4
    assert np.count_nonzero(np.abs(factors[0]).max(0)) == 4  # noise alone would not change images
    np.testing.assert_allclose(factors[0] @ factors[0].T, np.cov(encoded[:5].T), atol=1e-5)
    assert not factors[1].any()
    np.testing.assert_allclose(means[1], encoded[5], rtol=1e-6)


def test_full_shrinkage_gives_the_pooled_covariance():
    encoded = normal(41, random_covariance(4, 2))
    labels = np.repeat([0, 1, 2], [30, 10, 1])
    rests = [encoded[labels == label] - encoded[labels == label].mean(0) for label in range(2)]
    pooled = sum(rest.T @ rest for rest in rests) / (29 + 9)
    _, factors, used = class_statistics(encoded, labels, 3, 1.0)
    for factor in factors:
        np.testing.assert_allclose(factor @ factor.T, pooled, rtol=1e-5, atol=1e-6)
    _, factors, _ = class_statistics(encoded, labels, 3, 0.25)
    mixed = 0.75 * np.cov(rests[0].T) + 0.25 * pooled
    np.testing.assert_allclose(factors[0] @ factors[0].T, mixed, rtol=1e-5, atol=1e-6)
    _, factors, used = class_statistics(encoded, labels, 3, "auto")
    assert used[2] == 1  # one image says nothing of a covariance
    assert 0 < used[0] <= 1 and 0 < used[1] <= 1
    only = class_statistics(encoded[:2], np.arange(2), 2, "auto")
    assert not only[1].any()  # one image of each class


def test_the_intensity_of_shrinkage_by_hand():
    # x = (3, -3) in one dimension beside a zero: S = 9, W_k = 9 and 9 and 0, their mean 6.
    centred = np.array([[3.0], [-3.0], [0.0]])
    variance = 3 / 8 * (9 + 9 + 36)  # n / (n - 1)³ Σ (W_k - W)²
    found = shrinkage_intensity(centred, np.array([[9.0]]), np.array([[0.0]]))
    assert found == pytest.approx(variance / 81)
    found = shrinkage_intensity(centred, np.array([[9.0]]), np.array([[-11.0]]), share=0.2)
    assert found == pytest.approx(0.8 * variance / 400)


def test_automatic_shrinkage_errs_little_more_than_the_best():
    truths = [random_covariance(10, seed) for seed in (3, 4, 5)]
    deltas, errors = np.linspace(0, 1, 21), np.zeros(22)
    chosen = []
    for seed in range(60):
        groups = [normal(40, truths[0], seed), normal(40, truths[1], seed + 100),
                  normal(8, truths[2], seed + 200)]  # fmt: skip
        labels = np.repeat([0, 1, 2], [40, 40, 8])
        for place, delta in enumerate([*deltas, "auto"]):
            _, factors, used = class_statistics(np.concatenate(groups), labels, 3, delta)
            errors[place] += np.square(factors[2] @ factors[2].T - truths[2]).sum()
        chosen.append(used[2])
    best = deltas[np.argmin(errors[:-1])]
    assert 0.3 < best < 1  # neither of the two is best alone
    assert abs(np.mean(chosen) - best) < 0.2
    assert errors[-1] < 1.1 * errors[:-1].min()
    assert errors[-1] < 0.6 * errors[0]


def test_the_factor_of_a_singular_covariance_is_exact():
    rows = normal(3, np.eye(7))
    covariance = rows.T @ rows
    factor = covariance_factor(covariance)
    np.testing.assert_allclose(factor @ factor.T, covariance, atol=1e-12)
    assert np.linalg.matrix_rank(factor) == 3
    assert not covariance_factor(np.zeros((3, 3))).any()


# Networks


def test_networks_have_the_sizes_of_the_originals():
    method = create("bagan", image_size=32)
    assert (method.settings.batch_size, method.settings.learning_rate) == (128, 5e-5)
    assert method.optimizers()[0].beta_1 == 0.5
    assert method.cost(10).parameters["generator"] == 10_130_944
    for size, widths in ((32, [32, 64, 128, 256]), (64, [32, 64, 128, 256, 256, 256])):
        encoder = create("bagan", image_size=size).build_encoder()
        assert encoder(np.zeros((1, size, size, 3), np.float32)).shape == (1, 100)
        assert [conv.filters for conv in encoder.convs] == widths
        weights = sum(9 * i * o + o for i, o in zip([3, *widths], widths, strict=False))
        assert parameter_count(encoder) == weights + (8 * 8 * 256 + 1) * 100


def test_the_generators_rate_rises_and_the_critics_does_not():
    generator, critic = create("bagan-gp").optimizers()
    rates = []
    for done in (0, 250, 500, 9000):
        generator.iterations.assign(done)
        critic.iterations.assign(done)
        rates.append((float(generator.learning_rate), float(critic.learning_rate)))
    np.testing.assert_allclose(rates, [(0, 2e-4), (1e-4, 2e-4), (2e-4, 2e-4), (2e-4, 2e-4)])
    assert (critic.beta_1, critic.beta_2) == (0.5, 0.9)


@pytest.mark.parametrize("name", NAMES)
def test_labels_and_noise_make_the_images(name):
    generator = tiny_method(name).build_generator(2)
    noise = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    left, right = np.zeros(3, np.int32), np.ones(3, np.int32)
    plain = generator(noise, left)
    assert (plain.shape, plain.dtype) == ((3, 32, 32, 3), tf.float32)
    np.testing.assert_array_equal(plain, generator.decode(noise, left))  # mean 0, factor 1
    generator.class_latents.means.assign(np.float32([[0] * 8, [2] * 8]))
    generator.class_latents.factors.assign(np.stack([np.eye(8), 0 * np.eye(8)]))
    of_right = np.asarray(generator(noise, right))
    np.testing.assert_allclose(of_right, of_right[:1].repeat(3, 0), atol=1e-6)
    assert np.abs(of_right - generator(noise, left)).max() > 1e-4
    assert not {"means", "factors"} & {each.name for each in generator.trainable_variables}


# Batches and losses


def test_balanced_batches_show_classes_equally_often_and_all_their_images():
    of_classes = [np.arange(100), np.arange(100, 105)]
    draw = tf.function(lambda number: balanced_indices(number, 15, of_classes, (1, 2)))
    drawn = np.concatenate([draw(tf.constant(k, tf.int64)).numpy() for k in range(1000)])
    counts = np.bincount(drawn, minlength=105)
    assert abs(counts[:100].sum() - counts[100:].sum()) < 0.03 * 7500
    assert counts[:100].min() > 40 and counts[:100].max() < 115  # 75 on the average
    np.testing.assert_allclose(counts[100:], 1500, rtol=0.1)
    again = balanced_indices(tf.constant(999, tf.int64), 15, of_classes, (1, 2)).numpy()
    np.testing.assert_array_equal(again, drawn[-15:])


@pytest.mark.parametrize(("balanced", "expected"), [(True, 0.5), (False, 0.2)])
def test_the_critic_sees_reals_and_one_classs_share_of_fakes(balanced, expected, monkeypatch):
    step = tiny_method("bagan", balanced_reals=balanced, batch_size=5)
    step = step.adversarial_phase(Job("all", squares())).step
    seen = []

    def judge_both(self, critic, real, fake):
        seen.append((real, fake))
        return original(self, critic, real, fake)

    original = BAGAN.judge_both
    monkeypatch.setattr(BAGAN, "judge_both", judge_both)
    step._last_steps(step.images.tensors)
    ((real, fake),) = seen
    assert (real[0].shape, fake[0].shape) == ((5, 32, 32, 3), (3, 32, 32, 3))
    assert (real[1].shape, fake[1].shape) == ((5,), (3,))
    real_labels, labels = [], []
    draw = tf.function(lambda: step._draw(0, step.images.tensors))
    for _ in range(40):
        batch = draw()
        assert batch.latents.shape == (8, 8)
        real_labels.extend(batch.real[1].numpy())
        labels.extend(batch.labels.numpy())
        step.iteration.assign_add(1)
    assert np.mean(real_labels) == pytest.approx(expected, abs=0.02)
    assert np.mean(labels) == pytest.approx(0.5, abs=0.1)  # uniform whatever the reals are


def logits(*rows):
    return np.log(np.float32(rows))


def test_losses_by_hand():
    method = BAGAN()
    real = CriticOutput(None, np.int32([0, 1]), logits([0.5, 0.3, 0.2], [0.1, 0.8, 0.1]))
    fake = CriticOutput(None, np.int32([1]), logits([0.2, 0.4, 0.4]))
    expected = -(np.log(0.5) + np.log(0.8) + np.log(0.4)) / 3  # the last answer: generated
    np.testing.assert_allclose(method.critic_losses(real, fake)["critic_loss"], expected, rtol=1e-6)
    found = method.generator_losses(fake)["generator_loss"]
    np.testing.assert_allclose(found, -np.log(0.4), rtol=1e-6)

    judged = method.judge(lambda *_, **__: real.details, None, real.labels)
    np.testing.assert_allclose(judged.scores, np.log([0.8 / 0.2, 0.9 / 0.1]), rtol=1e-5)
    parts = method.judge_both(lambda x, *_, **__: x, (real.details, real.labels),
                              (fake.details, fake.labels))  # fmt: skip
    assert [len(part.scores) for part in parts] == [2, 1]
    np.testing.assert_array_equal(parts[1].details, fake.details)


def test_losses_of_the_other_by_hand():
    method = BAGANGP()
    odds = np.float32([[0.9, 0.5, 0.2]])
    judged = method.judge(lambda *_, **__: np.log(odds / (1 - odds)), None, np.int32([0]))
    fake = judged._replace(scores=np.float32([0.0]))
    np.testing.assert_allclose(judged.scores, [np.log(9)], rtol=1e-5)
    wrong = -(np.log(0.5) + np.log(0.8)) / 2
    np.testing.assert_allclose(wrong_label_loss(judged.details, judged.labels), wrong, rtol=1e-5)
    losses = method.critic_losses(judged, fake)
    np.testing.assert_allclose(losses["critic_loss"], wrong - np.log(0.9) - np.log(0.5), rtol=1e-5)
    losses |= method.generator_losses(judged)
    np.testing.assert_allclose(losses["generator_loss"], -np.log(0.9), rtol=1e-5)
    assert set(losses) == set(method.loss_names)
    assert [penalty.weight for penalty in method.penalties()] == [10]
    images, decoded = np.float32([0, 0.5]), np.float32([1, 0])
    assert method.reconstruction_loss(images, decoded) == 0.75
    assert BAGAN().reconstruction_loss(images, decoded) == 0.625


# Phases


@pytest.mark.parametrize("name", NAMES)
def test_the_adversarial_phase_begins_with_what_the_autoencoder_has_learnt(name):
    images = squares()
    of_job = phases(name, images, latent_shrinkage="0", flip=True)
    first = next(of_job)
    assert (first.name, first.iterations) == (autoencoder.NAME, 20)
    assert first.preview().shape == (64, 32, 32, 3)
    second = next(of_job)
    first.hand_over(second.step)
    encoder, critic = (
        [np.asarray(conv.kernel) for conv in network.convs]
        for network in (first.encoder, second.step.critic)
    )
    assert len(encoder) == len(critic) >= 3
    for learnt, new in zip(encoder, critic, strict=True):
        np.testing.assert_array_equal(new, learnt)
    for network in (second.step.generator, second.step.average):
        for learnt, new in zip(
            first.generator.trainable_variables, network.trainable_variables, strict=True
        ):
            np.testing.assert_array_equal(new, learnt)
    mirrored = np.concatenate([images.images, images.images[:, :, ::-1]])
    latents = first.encoder(mirrored / np.float32(127.5) - 1, training=False).numpy()
    for label, mean in enumerate(second.step.generator.class_latents.means.numpy()):
        of_class = latents[np.tile(images.labels, 2) == label]
        np.testing.assert_allclose(mean, of_class.mean(0), atol=1e-5)
        factor = second.step.generator.class_latents.factors.numpy()[label]
        np.testing.assert_allclose(factor @ factor.T, np.cov(of_class.T), atol=1e-5)


PHASES = (autoencoder.NAME, "")
OPTIONS = {"progress": False, "checkpoint_every": 3, "log_every": 3, "sample_every": 3,
           "iterations": 6}  # fmt: skip


def arrays(run_dir, phase=""):
    return RunDirectory(run_dir).checkpoints("all_classes", phase).load()[1]


def stopped_and_resumed(name, folder, monkeypatch):
    """Train at once, and stopped in each phase; require the same bits."""

    def method():
        return tiny_method(name, autoencoder_iterations=6, batch_size=6, latent_shrinkage="auto")

    images = squares()
    whole = fit(method(), images, run_dir=folder / "whole", **OPTIONS)
    check, left = loop._check_finite, []

    def dies(losses, job, done, kept):
        check(losses, job, done, kept)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_check_finite", dies)
    monkeypatch.setattr(loop, "SECONDS_PER_CALL", 0.0)  # a call for each iteration
    run = RunDirectory(folder / "stopped")
    for calls, reached in ((5, (3, None)), (3 + 5, (6, 3))):
        left[:] = [calls]
        with pytest.raises(KeyboardInterrupt):
            fit(method(), images, run_dir=run.path, **OPTIONS)
        steps = [run.checkpoints("all_classes", each).latest_step() for each in PHASES]
        assert tuple(steps) == reached
    left[:] = [1_000_000]
    resumed = fit(method(), images, run_dir=run.path, **OPTIONS)
    for phase in PHASES:
        expected, found = arrays(folder / "whole", phase), arrays(run.path, phase)
        assert found.keys() == expected.keys()
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array, err_msg=key)
    for sampler in (resumed, load_run(run.path).sampler):
        for class_name in CLASSES:
            expected = whole.sample(class_name, 20, seed=1)
            np.testing.assert_array_equal(sampler.sample(class_name, 20, seed=1), expected)
            np.testing.assert_array_equal(sampler.sample(class_name, 7, seed=1), expected[:7])
    return run, resumed


@pytest.mark.parametrize("name", ["bagan", pytest.param("bagan-gp", marks=pytest.mark.long)])
def test_stopped_in_each_phase_it_goes_on_to_the_same_bits(name, tmp_path, monkeypatch):
    run, sampler = stopped_and_resumed(name, tmp_path, monkeypatch)
    state = arrays(run.path)
    labels = squares().labels
    means, factors = state["generator/means"], state["generator/factors"]
    assert means.shape == (2, 8) and factors.shape == (2, 8, 8)
    assert np.abs(means[0] - means[1]).max() > 0 and len(set(labels)) == 2
    assert not np.allclose(factors[0], np.eye(8))  # taken from encoded images, and kept
    for phase in PHASES:
        assert (run.sample_directory("all_classes", phase) / "000006.png").exists()
    assert sampler.walk("right").shape == (96, 32, 32, 3)


# What a user sees


def test_what_cannot_be_is_refused():
    for wrong in ("2", "-0.1", "some", "nan"):
        with pytest.raises(UserError, match=f"--latent_shrinkage is {wrong}; it must be"):
            create("bagan", latent_shrinkage=wrong)
    assert create("bagan-gp", latent_shrinkage=0.5).shrinkage == 0.5
    with pytest.raises(UserError, match="--init is runs/other; these networks begin with"):
        create("bagan-gp", init="runs/other")
    with pytest.raises(UserError, match="--freeze is 2; these networks begin with"):
        create("bagan", freeze=2)
    with pytest.raises(UserError, match="bagan learns to tell classes apart and there is one"):
        create("bagan").jobs(["one"])


@pytest.mark.parametrize("name", NAMES)
def test_the_plan_names_the_autoencoder_and_one_network(name):
    plan = describe_plan(tiny_method(name), squares(), Options(run_dir="there"))
    assert "20 iterations before those of the GAN" in plan
    assert f"{name}, one network for all classes" in plan


def test_seeds_of_the_phases_make_the_networks():
    first, again, other = (next(phases(seed=seed)) for seed in (0, 0, 1))
    state = export(first.variables())
    for name, array in export(again.variables()).items():
        np.testing.assert_array_equal(array, state[name])
    kernels = [np.asarray(each.encoder.convs[0].kernel) for each in (first, other)]
    assert np.abs(kernels[0] - kernels[1]).max() > 0
    assert keras.config.dtype_policy().name == "float32"

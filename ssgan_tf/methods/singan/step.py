"""The compiled training of one scale, for a pack of models at once.

The losses are SinGAN's: WGAN-GP on patches, and the reconstruction of the source from z*. Each is a
vector of one value a model. Gradients of their sum are each model's own, since nothing else joins
them.
"""

import keras
import tensorflow as tf

from ssgan_tf.device.updates import apply_gradients
from ssgan_tf.methods.singan.levels import draw_images, errors
from ssgan_tf.methods.singan.networks import build_critic
from ssgan_tf.methods.singan.settings import NONE, SHARED, STEPS

LOSSES = ("critic_loss", "generator_loss", "gradient_penalty", "reconstruction")
PENALTY = 0.1  # weight of the gradient penalty
BETAS = (0.5, 0.999)
LATE = 0.8  # share of the iterations after which the learning rate is a tenth
NOISE, PREVIOUS, MIX = range(3)  # what random numbers are for


def gradient_penalty(critic, real, fake, mix):
    """Return the mean over pixels of (‖∇D‖₂ over colours - 1)², model by model, `(M,)`.

    Args:
        critic: from images `(1, height, width, 3M)` to scores of patches.
        real: such images.
        fake: such images.
        mix: `(M,)` in [0, 1], the share of the real image in the point where ∇D is taken.
    """
    models = mix.shape[0]
    mix = tf.repeat(mix, 3)
    between = mix * real + (1.0 - mix) * fake
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(between)
        scores = critic(between)
    slopes = tf.reshape(tape.gradient(scores, between), (-1, models, 3))
    norms = tf.sqrt(tf.reduce_sum(slopes**2, -1) + 1e-12)
    return tf.reduce_mean((norms - 1.0) ** 2, 0)


def mean_scores(scores):
    """Return the means of patches' scores `(batch, height, width, M)`, `(batch, M)`."""
    return tf.reduce_mean(scores, (1, 2))


class ScaleStep:
    """Generator, critic, their optimisers, and the iteration that trains them at one scale.

    Args:
        settings: the `Settings`.
        level: the `Level` to train.
        coarser: the `Level`s below it, which stay as they are.
        real: the source images at this scale, `(1, size, size, 3M)` in [-1, 1].
        reconstructed: the reconstructions of the scale below, enlarged, of the same shape.
        seed: two integers.
        jit: compile with XLA.
    """

    def __init__(self, settings, level, coarser, real, reconstructed, seed, jit=False):
        self.settings, self.level, self.coarser = settings, level, coarser
        self.real, self.reconstructed = real, reconstructed
        self.seed = tf.constant(seed, tf.int32)
        self.generator = level.generator
        self.critic = build_critic(level.models, level.scale.channels, settings)
        # The last update at the full rate, counted from 0.
        late = max(round(LATE * settings.iterations) * STEPS - 1, 0)
        self.generator_optimizer, self.critic_optimizer = (
            keras.optimizers.Adam(
                keras.optimizers.schedules.PiecewiseConstantDecay(
                    [late], [settings.learning_rate, settings.learning_rate / 10]
                ),
                *BETAS,
                epsilon=1e-8,
            )
            for _ in range(2)
        )
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.iteration = tf.Variable(0, dtype=tf.int64, trainable=False, name="iteration")
        self._compiled = tf.function(self._run, jit_compile=jit or None)

    def compile(self):
        """Trace the iteration, which otherwise the first call does."""
        self._compiled.get_concrete_function(tf.TensorSpec((), tf.int32))

    def run_iterations(self, count):
        """Run `count` iterations; return the means of `LOSSES`, an array `(losses, M)`."""
        return self._compiled(tf.constant(count, tf.int32)).numpy()

    def _run(self, count):
        totals = tf.zeros((len(LOSSES), self.level.models))
        for _ in tf.range(count):
            totals += self._shared() if self.settings.schedule == SHARED else self._separate()
            self.iteration.assign_add(1)
        return totals / tf.cast(count, tf.float32)

    def _shared(self):
        """Train both networks on one generated image; return the losses `(losses, M)`.

        The critic is updated three times. The generator's gradient is then taken once and applied
        three times (ConSinGAN).
        """
        noise, previous = self._draw_noise(), self._draw_previous(0)
        with tf.GradientTape() as tape:
            fake, reconstruction = self._generate(noise, previous)
            with tape.stop_recording():
                critic = self._train_critic(fake)
            losses, loss = self._generator_losses(fake, reconstruction)
        gradients = tape.gradient(loss, self.generator.trainable_variables)
        for _ in tf.range(STEPS):
            apply_gradients(self.generator_optimizer, gradients, self.generator.trainable_variables)
        return tf.stack([critic[0], losses[0], critic[1], losses[1]])

    def _train_critic(self, fake):
        critic = tf.zeros((2, self.level.models))
        for number in tf.range(STEPS):
            critic = self._update_critic(fake, number)
        return critic

    def _separate(self):
        """Train the critic on three generated images, then the generator on three more.

        The noise of this scale is the same for all of them.
        """
        noise, previous = self._draw_noise(), tf.zeros_like(self.real)
        critic, losses = (tf.zeros((2, self.level.models)) for _ in range(2))
        for number in tf.range(STEPS):
            previous = self._draw_previous(number)
            inputs = self.level.padded(noise, previous)
            fake = self.generator(inputs, training=True) + previous
            critic = self._update_critic(fake, number)
        for _ in tf.range(STEPS):
            with tf.GradientTape() as tape:
                losses, loss = self._generator_losses(*self._generate(noise, previous))
            gradients = tape.gradient(loss, self.generator.trainable_variables)
            apply_gradients(self.generator_optimizer, gradients, self.generator.trainable_variables)
        return tf.stack([critic[0], losses[0], critic[1], losses[1]])

    def _generate(self, noise, previous):
        """Return generated images and reconstructions, `(1, size, size, 3M)` each."""
        inputs = (
            self.level.padded(noise, previous),
            self.level.padded(self.level.reconstructing_noise(), self.reconstructed),
        )
        fake, reconstruction = self._each(self.generator, *inputs)
        return fake + previous, reconstruction + self.reconstructed

    def _generator_losses(self, fake, reconstruction):
        """Return the adversarial loss and the reconstruction's error, and what is minimised."""
        adversarial = -mean_scores(self.critic(fake, training=True))[0]
        error = errors(reconstruction, self.real)
        squares = tf.reduce_mean(
            tf.reshape((reconstruction - self.real) ** 2, (-1, self.level.models, 3)), (0, 2)
        )
        loss = tf.reduce_sum(adversarial + self.settings.alpha * squares)
        return tf.stack([adversarial, error]), loss

    def _update_critic(self, fake, number):
        """Update the critic once; return its loss and the penalty, `(2, M)`."""
        shape = (self.level.models,)
        mix = tf.random.stateless_uniform(shape, self._seed(MIX, number), alg="philox")
        with tf.GradientTape() as tape:
            losses, loss = self._critic_losses(fake, mix)
        gradients = tape.gradient(loss, self.critic.trainable_variables)
        apply_gradients(self.critic_optimizer, gradients, self.critic.trainable_variables)
        return losses

    def _critic_losses(self, fake, mix):
        """Return the critic's loss and the penalty, `(2, M)`, and what is minimised."""
        real_scores, fake_scores = self._each(self.critic, self.real, fake)
        penalty = gradient_penalty(
            lambda images: self.critic(images, training=True), self.real, fake, mix
        )
        losses = (mean_scores(fake_scores) - mean_scores(real_scores))[0] + PENALTY * penalty
        return tf.stack([losses, penalty]), tf.reduce_sum(losses)

    def _each(self, network, *images):
        """Return a network's outputs; in one call where there are no statistics to keep apart."""
        if self.settings.norm == NONE:
            return tf.split(network(tf.concat(images, 0), training=True), len(images))
        return [network(one, training=True) for one in images]

    def _draw_noise(self):
        return self.level.draw_noise(1, self._seed(NOISE, 0))

    def _draw_previous(self, number):
        """Return what the scales below make of random noise, enlarged."""
        images = draw_images(self.coarser, 1, self._seed(PREVIOUS, number))
        return self.level.enlarge(images)

    def _seed(self, use, number):
        seed = tf.random.experimental.stateless_fold_in(self.seed, self.iteration, alg="philox")
        return tf.random.experimental.stateless_fold_in(
            seed, use * STEPS + tf.cast(number, tf.int32), alg="philox"
        )

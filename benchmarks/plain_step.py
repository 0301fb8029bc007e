"""A training iteration as one would first write it, for `train_step.py` to compare with."""

import tensorflow as tf

from ssgan_tf.layers.small_maps import plain_layers
from ssgan_tf.methods.gan.losses import gradient_penalty


class PlainStep:
    """The iteration as one would write it first: float32, one compiled call an update.

    Networks, losses and optimisers are the method's, its layers Keras's own. The savings of
    `TrainingStep` are not here, nor its moving average and gradient norms; that these cost it
    nothing is in its favour.

    Args:
        method: the `GAN`.
        images: uint8 `(count, size, size, 3)` to learn from.
    """

    def __init__(self, method, images):
        self.method, self.settings = method, method.settings
        self.perceptual = method.build_perceptual()
        with plain_layers():
            self.generator, self.critic = method.build()
        self.labels = tf.zeros((self.settings.batch_size,), tf.int32)  # of one class
        self.critic(self.generator(self._latents()))
        self.generator_optimizer, self.critic_optimizer = method.optimizers()
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.batches = iter(
            tf.data.Dataset.from_tensor_slices(images)
            .shuffle(len(images))
            .repeat()
            .batch(self.settings.batch_size)
            .map(lambda batch: tf.cast(batch, tf.float32) / 127.5 - 1.0)
            .prefetch(tf.data.AUTOTUNE)
        )

    def run(self, count):
        """Run `count` iterations; return the losses of the last, a dict of floats."""
        for _ in range(count):
            for _ in range(self.settings.critic_steps):
                real_images = next(self.batches)
                mix = tf.random.uniform((self.settings.batch_size, 1, 1, 1))
                losses = self.critic_step(real_images, self._latents(), mix)
            losses |= self.generator_step(real_images, self._latents())
        return {name: float(loss) for name, loss in losses.items()}

    @tf.function
    def critic_step(self, real_images, latents, mix):
        """Update the critic once; return its losses."""
        fake_images = self.generator(latents, training=True)
        mixed_images = mix * real_images + (1.0 - mix) * fake_images
        with tf.GradientTape() as tape:
            real = self.method.judge(self.critic, real_images, self.labels)
            fake = self.method.judge(self.critic, fake_images, self.labels)
            with tf.GradientTape() as penalty_tape:
                penalty_tape.watch(mixed_images)
                mixed_scores = self.critic(mixed_images, training=True)
            gradients = penalty_tape.gradient(mixed_scores, mixed_images)
            losses = self.method.critic_losses(real, fake)
            losses["penalty"] = gradient_penalty(gradients)
            losses["critic_loss"] += self.method.settings.lambda_ * losses["penalty"]
        weights = self.critic.trainable_variables
        self.critic_optimizer.apply(tape.gradient(losses["critic_loss"], weights), weights)
        return losses

    @tf.function
    def generator_step(self, real_images, latents):
        """Update the generator once; return its losses."""
        real_features = self.perceptual(real_images)
        with tf.GradientTape() as tape:
            fake_images = self.generator(latents, training=True)
            fake = self.method.judge(self.critic, fake_images, self.labels)
            fake_features = self.perceptual(fake_images)
            losses = self.method.generator_losses(fake, real_features, fake_features)
        weights = self.generator.trainable_variables
        self.generator_optimizer.apply(tape.gradient(losses["generator_loss"], weights), weights)
        return losses

    def _latents(self):
        return tf.random.normal((self.settings.batch_size, self.settings.latent_dim))

"""The compiled training step: Algorithm 1 of WGAN-GP with the networks and losses of the method.

One call runs several iterations, so the host has nothing to do but log. Every random number is a
pure function of (seed, iteration), so that a resumed run continues as if it had never stopped.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf

from ssgan_tf.device import averages
from ssgan_tf.device.batches import draw_labels, draw_uniform_labels
from ssgan_tf.device.updates import apply_gradients
from ssgan_tf.methods.gan import critic_augment
from ssgan_tf.methods.gan.build import build, build_generator, follow
from ssgan_tf.methods.gan.latents import draw_latents
from ssgan_tf.methods.gan.penalties import CriticBatch, GeneratorBatch

GRADIENT_NORMS = ("generator_gradient_norm", "critic_gradient_norm")
# Images on their way to the critic, each with random numbers of its own where it augments them.
REAL, FAKE, BETWEEN, FAKE_FOR_GENERATOR = range(4)
PATHS = 4  # random numbers of the generator's penalty


class BatchPlan(NamedTuple):
    """What the updates see, over all replicas together.

    Attributes:
        fakes: generated images in a critic update; with fewer than the batch, the method's
            `judge_both` takes them so.
        generated: images that a generator update learns from, `fakes` or more.
        balanced: real images come from each class equally often, not as often as there are.
        uniform: labels of generated images are of each class equally often.
    """

    fakes: int
    generated: int
    balanced: bool = False
    uniform: bool = False


class Batch(NamedTuple):
    """What one critic update is drawn from, a replica's share of it."""

    real: tuple  # images (batch, size, size, 3) in [-1, 1] and labels (batch,)
    real_features: Any  # of the perceptual network, or None
    latents: Any  # (generated, latent_dim)
    labels: Any  # of the generated images (generated,)
    seed: Any  # of what else is drawn
    update: Any  # critic updates before this one


class TrainingStep:
    """Networks, optimisers and the iteration that trains them.

    Construct it inside `strategy.scope()` and the dtype policy wanted.

    Args:
        method: the `GAN` whose networks and losses these are.
        images: `DeviceImages` to train on, with their labels.
        perceptual: the network that `images` holds features of, or, where the method
            `judges_features`, the frozen one in front of its critic; or None.
        seed: two integers, of the batches, the latents and the interpolation.
        jit: compile with XLA (for GPUs; it made CPUs many times slower).
        classes: how many classes the images have.
    """

    def __init__(self, method, images, perceptual=None, seed=(0, 0), jit=False, classes=1):
        settings = method.settings
        self.method, self.images = method, images
        self.features = perceptual if method.judges_features else None
        self.perceptual = None if method.judges_features else perceptual
        self.classes, self.plan = classes, method.batch_plan(classes)
        self.settings, self.seed = settings, tf.constant(seed, tf.int32)
        self.strategy = tf.distribute.get_strategy()
        self.replicas = self.strategy.num_replicas_in_sync
        self.generator, self.critic = build(method, classes)
        method.freeze(self.critic)
        self.average = self._copy_of_generator() if settings.ema else None
        for network in (self.generator, self.critic):
            self._synchronize(network)
        self.augment = critic_augment.create(settings.augment_critic)
        self.penalties = method.penalties()
        self.reported = (
            *method.loss_names,
            *(penalty.name for penalty in self.penalties),
            *(self.augment.report() if self.augment else ()),
            *GRADIENT_NORMS,
        )
        self.generator_optimizer, self.critic_optimizer = method.optimizers()
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.critic_optimizer.build(self.critic.trainable_variables)
        self.iteration = tf.Variable(0, dtype=tf.int64, trainable=False, name="iteration")
        for network in (self.generator, self.critic):
            follow(network, self.iteration)
        self._compiled = tf.function(self._run, jit_compile=jit or None)

    def _copy_of_generator(self):
        copy = build_generator(self.method, self.classes)
        for weight, value in zip(copy.variables, self.generator.variables, strict=True):
            weight.assign(value)
        return copy

    def _synchronize(self, network):
        """Take batch normalisation's statistics over the global batch, not a replica's share."""
        for layer in network._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = self.replicas > 1

    def compile(self):
        """Trace the iteration, which otherwise the first call does."""
        self._compiled.get_concrete_function(tf.TensorSpec((), tf.int32))

    def run_iterations(self, count):
        """Run `count` iterations; return the means of their losses, a dict of floats."""
        losses = self._compiled(tf.constant(count, tf.int32))
        return {name: float(loss) for name, loss in losses.items()}

    def _run(self, count):
        totals = tf.zeros(len(self.reported))
        for _ in tf.range(count):
            if self.settings.critic_steps > 1:  # else it need not be compiled
                for number in tf.range(self.settings.critic_steps - 1):
                    self.strategy.run(self._critic_step, args=(number, self.images.tensors))
            losses = self.strategy.run(self._last_steps, args=(self.images.tensors,))
            totals += self.strategy.reduce(tf.distribute.ReduceOp.MEAN, losses, axis=None)
            if self.average is not None:
                self._update_average()
            self.iteration.assign_add(1)
        means = tf.unstack(totals / tf.cast(count, tf.float32))
        return dict(zip(self.reported, means, strict=True))

    def _critic_step(self, number, tensors):
        """Update the critic once, against images that the generator learns nothing from."""
        batch = self._draw(number, tensors)
        latents, labels = self._for_critic(batch.latents), self._for_critic(batch.labels)
        self._update_critic(batch, self.generator(latents, labels, training=True))

    def _last_steps(self, tensors):
        """Update the critic a last time and the generator once; return the losses, stacked.

        Both use the same generated images: the generator has not changed in between.
        """
        batch = self._draw(self.settings.critic_steps - 1, tensors)
        with tf.GradientTape() as tape:
            fake_images = self.generator(batch.latents, batch.labels, training=True)
            # A pass through the features is dear, and they do not change: one serves both updates.
            seen = self._seen(fake_images, batch.seed, FAKE) if self.features else None
            with tape.stop_recording():
                losses = self._update_critic(batch, self._for_critic(fake_images), seen)
            if not self.features:
                seen = self._seen(fake_images, batch.seed, FAKE_FOR_GENERATOR)
            judged = self.method.judge(self.critic, seen, batch.labels)
            fake_features = (
                self.perceptual(fake_images, training=False) if self.perceptual else None
            )
            losses |= self.method.generator_losses(judged, batch.real_features, fake_features)
            paths = GeneratorBatch(lambda: self._style_gradients(batch))
            losses |= self._penalized(losses, "generator", paths, self.iteration)
            loss = losses["generator_loss"] / self.replicas
        losses["generator_gradient_norm"] = self._apply(
            self.generator_optimizer, tape, loss, self.generator
        )
        return tf.stack([losses[name] for name in self.reported])

    def _update_critic(self, batch, fake_images, fake_seen=None):
        """Update the critic once; return its losses and its gradient's norm.

        Args:
            batch: the `Batch`.
            fake_images: what the generator made of it, for the critic.
            fake_seen: these as the critic sees them, where that is at hand.
        """
        (real_images, real_labels), seed = batch.real, batch.seed
        with tf.GradientTape() as tape:
            real, fake = self.method.judge_both(
                self.critic,
                (self._seen(real_images, seed, REAL), real_labels),
                (fake_seen or self._seen(fake_images, seed, FAKE), self._for_critic(batch.labels)),
            )
            losses = self.method.critic_losses(real, fake)
            judged = CriticBatch(
                real.scores,
                fake.scores,
                lambda: self._gradients(real_images, real_labels, seed, REAL),
                lambda: self._gradients_between(batch, fake_images),
            )
            losses = self._penalized(losses, "critic", judged, batch.update)
            loss = losses["critic_loss"] / self.replicas
        losses["critic_gradient_norm"] = self._apply(self.critic_optimizer, tape, loss, self.critic)
        if self.augment:
            self.augment.observe(real.scores)
            losses |= self.augment.report()
        return losses

    def _penalized(self, losses, role, batch, update):
        """Return losses with the penalties of a network added to its own, and beside it.

        Args:
            losses: a dict of scalars.
            role: of the network, see `Penalty`.
            batch: what its penalties look at.
            update: how many updates of the network came before this one.
        """
        losses = dict(losses)
        for penalty in self.penalties:
            if penalty.role == role:
                losses[penalty.name] = self._penalty(penalty, batch, update)
                losses[f"{role}_loss"] += penalty.weight * losses[penalty.name]
        return losses

    def _penalty(self, penalty, batch, update):
        """Return a penalty in the network's update of that number, without its weight."""
        if penalty.every == 1:
            return penalty(batch)
        # Counted from 1, so that the last of an iteration's updates, which is logged, has its turn.
        due = (update + 1) % penalty.every == 0
        kept = list(penalty.variables().values())
        value, new = tf.cond(
            due,
            lambda: penalty.measure(batch),
            lambda: (0.0, [tf.identity(variable.value) for variable in kept]),
        )
        for variable, now in zip(kept, new, strict=True):
            variable.assign(now)
        return penalty.every * value

    def _gradients_between(self, batch, fake_images):
        """Return ∇D(x̂), `(batch, size, size, 3)`, at random points between pairs of images."""
        real_images, labels = batch.real
        shape = (self.settings.batch_size, 1, 1, 1)
        mix = self._share(tf.random.stateless_uniform(shape, batch.seed, alg="philox"))
        between = mix * real_images + (1.0 - mix) * fake_images
        return self._gradients(between, labels, batch.seed, BETWEEN)

    def _gradients(self, images, labels, seed, side):
        """Return the gradients of the critic's scores with respect to images."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            seen = self._seen(images, seed, side)
            scores = self.method.judge(self.critic, seen, labels).scores
        return tape.gradient(scores, images)

    def _style_gradients(self, batch):
        """Return the gradients of half a batch's images, projected on noise, by their styles."""
        half = -(-batch.latents.shape[0] // 2)
        styles = self.generator.styles(batch.latents[:half], batch.labels[:half], training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(styles)
            images = self.generator.synthesize(styles)
            seed = tf.random.experimental.stateless_fold_in(batch.seed, PATHS, alg="philox")
            noise = tf.random.stateless_normal(images.shape, seed, alg="philox")
            projected = tf.reduce_sum(images * noise) / self.settings.image_size
        return tape.gradient(projected, styles)

    def _seen(self, images, seed, side):
        """Return images as the critic sees them: augmented, as features, where that is wanted."""
        if self.augment is not None:
            images = self._augmented(images, seed, side)
        return self.features(images, training=False) if self.features else images

    def _augmented(self, images, seed, side):
        seed = tf.random.experimental.stateless_fold_in(seed, side, alg="philox")
        shape = (images.shape[0] * self.replicas, self.augment.draws)
        uniforms = tf.random.stateless_uniform(shape, seed, alg="philox")
        return self.augment(images, self._share(uniforms))

    def _draw(self, number, tensors):
        """Return the `Batch` of an iteration's critic update.

        The whole batch is drawn the same on every replica, which then keeps its share of it; so
        the number of replicas does not change what is learnt, but where a critic drops values at
        random (ACGAN) or images of a batch are compared or mixed (ReACGAN, StyleGAN2): within a
        replica.
        """
        step = self.iteration * self.settings.critic_steps + tf.cast(number, tf.int64)
        seeds = [
            tf.random.experimental.stateless_fold_in(
                tf.random.experimental.stateless_fold_in(self.seed, step, alg="philox"),
                use,
                alg="philox",
            )
            for use in range(4)
        ]
        size = self.settings.batch_size
        indices = self.images.indices(step, size, self.seed, self.plan.balanced)
        *real, real_features = self.images.gather(tensors, indices, seeds[0])
        count = self._even(self.plan.generated)
        latents = draw_latents(self.settings.noise, (count, self.settings.latent_dim), seeds[1])
        if self.plan.uniform:
            labels = draw_uniform_labels(self.classes, count, seeds[3])
        else:
            labels = draw_labels(self.images.labels_of(tensors), count, seeds[3])
        if real_features is not None:
            real_features = self._share(real_features)
        real = tuple(self._share(part) for part in real)
        return Batch(real, real_features, self._share(latents), self._share(labels), seeds[2], step)

    def _even(self, count):
        """Return a number of images that the replicas can share, `count` or a little more."""
        return -(-count // self.replicas) * self.replicas

    def _for_critic(self, generated):
        """Return a replica's generated images, or what belongs to them, that the critic sees."""
        if self.plan.fakes == self.plan.generated:
            return generated
        return generated[: self._even(self.plan.fakes) // self.replicas]

    def _share(self, batch):
        if self.replicas == 1:
            return batch
        share = batch.shape[0] // self.replicas
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        batch = batch[replica * share : (replica + 1) * share]
        return tf.ensure_shape(batch, (share, *batch.shape[1:]))

    def _apply(self, optimizer, tape, loss, network):
        """Update a network from a tape; return the norm of this replica's gradient.

        Args:
            optimizer: the network's.
            tape: what recorded the loss.
            loss: this replica's, divided by their number, since Keras sums gradients over replicas.
            network: whose weights are updated.
        """
        gradients = tape.gradient(loss, network.trainable_variables)
        apply_gradients(optimizer, gradients, network.trainable_variables)
        return tf.linalg.global_norm(gradients) * self.replicas

    def _update_average(self):
        """Move the averaged generator on.

        What is no weight, such as statistics, is measured anew for the weights (`standing`).
        """
        settings = self.settings
        decay = averages.decay_of(
            self.iteration, settings.ema, settings.batch_size, settings.ema_images
        )
        weights = self.generator.trainable_variables
        averages.move(self.strategy, self.average.trainable_variables, weights, decay)

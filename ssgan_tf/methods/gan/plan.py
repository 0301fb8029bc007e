"""What the training of a GAN takes: parameters, operations, memory, disk."""

import math

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.methods.gan.build import build
from ssgan_tf.metrics.complexity import activation_bytes, flops, parameter_count, products

MIB = 2**20


def describe(method, image_set, replicas):
    """Build everything that training would; return rows of a name and words.

    Operations are counted by SSGAN's Eq. 10 and, because that overstates transposed
    convolutions, also as they are really done. Memory is an estimate.

    Args:
        method: the `GAN`.
        image_set: the images to train on.
        replicas: how many devices share a batch.
    """
    settings = method.settings
    with dtype_policy(method.precision):
        perceptual = method.build_perceptual("random")  # sizes need no download
        networks = build(method, method.classes_of_network(len(image_set.class_names)))
    generator, critic = networks
    parts = _memory(method, networks, perceptual, image_set, replicas)
    state = parts["weights and optimisers"]
    classes = method.classes_of_network(len(image_set.class_names))
    work = iteration_flops(method, *networks, perceptual, classes)
    begins = []
    if method.initial:
        jobs = method.jobs(image_set.class_names)
        begins = [("begins with", method.initial.plan(method, networks, jobs))]
    return [
        *begins,
        ("perceptual network", _perceptual_words(settings, perceptual)),
        ("parameters (Eq. 9)", f"{parameter_count(generator) / 1e6:.2f} M generator, "
         f"{parameter_count(critic) / 1e6:.2f} M critic, "
         f"{parameter_count(generator, critic) / 1e6:.2f} M together"),
        ("FLOPs an image (Eq. 10)", f"{flops(generator) / 1e9:.2f} G generator, "
         f"{flops(critic) / 1e9:.2f} G critic"),
        ("FLOPs an iteration", f"about {work / 1e9:.0f} G really done, "
         f"batch {settings.batch_size}, {settings.critic_steps} critic steps"),
        ("memory per device", f"about {sum(parts.values()) / MIB:.0f} MiB: " + ", ".join(
            f"{name} {size / MIB:.0f}" for name, size in parts.items())),
        ("disk", f"two checkpoints of {state / MIB:.0f} MiB per network"),
    ]  # fmt: skip


def _perceptual_words(settings, perceptual):
    if perceptual is None:
        return "none"
    words = f"VGG-19 to block5_conv4, {settings.vgg_weights} weights"
    return words + (" - RANDOM, to try things out only" * (settings.vgg_weights == "random"))


def iteration_flops(method, generator, critic, perceptual=None, classes=1):
    """Return the operations that one iteration of our training step really does.

    A backward pass to inputs and weights costs twice a forward pass; to the inputs only, once.
    The critic step: G forward (1); D on real and generated images, forward and backward (2 × 3).
    Penalties: their passes of D or G, shared out among the updates. The
    generator step takes over the last critic step's images: G backward (2), D forward and
    backward to its input (2), φ likewise (2). φ of the real images is cached. Where φ lies in
    front of the critic, both kinds of images go through it in each critic step (2), and the
    generator step only goes back through it (1).

    Args:
        method: the `GAN`, for the batch, the critic steps and the penalties.
        generator: G, built.
        critic: D, built.
        perceptual: φ, or None.
        classes: that the networks learn.
    """
    g, d, phi = (products(network) if network else 0 for network in (generator, critic, perceptual))
    passes = {"critic": 0, "generator": 0}
    for penalty in method.penalties():
        passes[penalty.role] += penalty.passes / penalty.every
    real, steps = method.settings.batch_size, method.settings.critic_steps
    fakes, generated, *_ = method.batch_plan(classes)
    critic_step = fakes * g + (3 * (real + fakes) + passes["critic"] * real) * d
    generator_step = generated * ((2 + passes["generator"]) * g + 2 * d + 2 * phi)
    generator_step += (generated - fakes) * g
    if method.judges_features:
        critic_step += (real + fakes) * phi
        generator_step -= generated * phi
    return steps * critic_step + generator_step


def _memory(method, networks, perceptual, image_set, replicas):
    """Return an estimate of the bytes on one device, by what they are for."""
    settings = method.settings
    weights = [4 * network.count_params() for network in networks]
    averages = weights[0] if settings.ema else 0
    width = 2 if method.precision != "float32" else 4
    share = settings.batch_size // replicas
    generator, critic = (activation_bytes(network, width) for network in networks)
    counts = image_set.counts()
    largest = max(
        sum(counts[name] for name in names) for names in method.jobs(image_set.class_names).values()
    )
    parts = {
        "weights and optimisers": 3 * sum(weights) + averages,
        "gradients": sum(weights),
        # G once, D on real, generated and mixed images and their second backward pass; and as
        # much again for what the backward passes make themselves.
        "activations": 2 * share * (generator + 6 * critic),
        "images": largest * 3 * settings.image_size**2,
    }
    if perceptual:
        parts["activations"] += 2 * share * activation_bytes(perceptual, width)
        features = 0
        if not method.judges_features:  # else φ of the real images is cached
            features = 4 * math.prod(perceptual.output_shape[1:]) * (2 if settings.flip else 1)
        parts["VGG-19 and its features"] = 4 * perceptual.count_params() + largest * features
    return parts

"""What a training is going to do, said before it begins."""

import math

import tensorflow as tf

from ssgan_tf.jobs import share
from ssgan_tf.methods import recreate
from ssgan_tf.metrics.complexity import activation_bytes, flops, layer_costs, parameter_count
from ssgan_tf.training.precision import dtype_policy, resolve_for_gan
from ssgan_tf.training.run_directory import default_run_path
from ssgan_tf.training.step import build
from ssgan_tf.training.strategy import make_workers

MIB = 2**20


def describe_data(parts):
    """Return lines that say which images are learnt from and which are held out.

    Args:
        parts: the `Split`.
    """
    learnt, held = parts.train.counts(), parts.test.counts()
    width = max(len(name) for name in learnt)
    lines = [f"{parts.train.name}: {len(learnt)} classes, {parts.train.image_size} px"]
    lines += [
        f"  {name:{width}}  {count:5d} to learn from, {held.get(name, 0):4d} held out"
        for name, count in learnt.items()
    ]
    return "\n".join(lines)


def describe_plan(method, image_set, options):
    """Build everything that training would, and return lines with sizes and costs.

    Operations are counted by SSGAN's Eq. 10 and, because that overstates transposed
    convolutions, also as they are really done. Memory is an estimate.

    Args:
        method: the `GAN`.
        image_set: the images to learn from.
        options: the `Options`.
    """
    settings = method.settings
    if "vgg_weights" in method.uses and settings.vgg_weights == "imagenet":
        flags = {**method.as_flags(), "vgg_weights": "random"}  # sizes need no download
        method = recreate({"method": method.name, **flags})
    workers = make_workers(options.strategy, settings.batch_size)
    precision = resolve_for_gan(settings.precision)
    with workers.strategy.scope(), dtype_policy(precision):
        perceptual = method.build_perceptual()
        networks = build(method, len(image_set.class_names) if method.conditional else 1)
    generator, critic = networks
    replicas = workers.strategy.num_replicas_in_sync
    parts = _memory(method, networks, perceptual, image_set, precision, replicas)
    state = parts["weights and optimisers"]
    work = iteration_flops(method, *networks, perceptual)
    names = share(method.networks_of(image_set.class_names), options.jobs)
    folder = options.run_dir or default_run_path(image_set.name, method.name)
    rows = [
        ("method", f"{method.name}, one network " + ("for all classes" if method.conditional else
         "per class")),
        ("device", f"{_device()}, {replicas} replica{'s' * (replicas > 1)}, {precision}"),
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
        ("work", f"{options.iterations} iterations" + (f" or {options.minutes:g} minutes" if
         options.minutes else "") + f" for each of {len(names)} networks: {', '.join(names)}"),
        ("disk", f"{folder}: two checkpoints of {state / MIB:.0f} MiB per network"),
    ]  # fmt: skip
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {words}" for name, words in rows)


def _device():
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")


def _perceptual_words(settings, perceptual):
    if perceptual is None:
        return "none"
    words = f"VGG-19 to block5_conv4, {settings.vgg_weights} weights"
    return words + (" - RANDOM, to try things out only" * (settings.vgg_weights == "random"))


def iteration_flops(method, generator, critic, perceptual=None):
    """Return the operations that one iteration of our training step really does.

    A backward pass to inputs and weights costs twice a forward pass; to the inputs only, once.
    The critic step: G forward (1); D on real and generated images, forward and backward (2 × 3);
    where there is a gradient penalty, its D forward (1), backward to its input (1), and backward
    through both (4). The
    generator step takes over the last critic step's images: G backward (2), D forward and
    backward to its input (2), φ likewise (2). φ of the real images is cached. Where φ lies in
    front of the critic, both kinds of images go through it in each critic step (2), and the
    generator step only goes back through it (1).

    Args:
        method: the `GAN`, for the batch, the critic steps and the penalty.
        generator: G, built.
        critic: D, built.
        perceptual: φ, or None.
    """
    g, d, phi = (
        2 * sum(cost.multiply_adds for cost in layer_costs(network)) if network else 0
        for network in (generator, critic, perceptual)
    )
    critic_step = g + (6 + 6 * method.needs_gradients) * d
    generator_step = 2 * g + 2 * d + 2 * phi
    if method.judges_features:
        critic_step += 2 * phi
        generator_step -= phi
    settings = method.settings
    return settings.batch_size * (settings.critic_steps * critic_step + generator_step)


def _memory(method, networks, perceptual, image_set, precision, replicas):
    """Return an estimate of the bytes on one device, by what they are for."""
    settings = method.settings
    weights = [4 * network.count_params() for network in networks]
    averages = weights[0] if settings.ema else 0
    width = 2 if precision != "float32" else 4
    share = settings.batch_size // replicas
    generator, critic = (activation_bytes(network, width) for network in networks)
    counts = image_set.counts()
    largest = max(
        sum(counts[name] for name in names)
        for names in method.networks_of(image_set.class_names).values()
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

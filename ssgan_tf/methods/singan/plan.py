"""What a training of SinGANs takes: parameters, operations, disk, hours."""

import itertools
import math
import time

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.methods.contract import Cost
from ssgan_tf.methods.singan.phases import ScalePhase
from ssgan_tf.methods.singan.settings import BATCH, SHARED, STEPS

TRIED = 2  # iterations that are measured
COMPILING = 10.0  # seconds for each pack and scale, about
MIB = 2**20


def convolutions(settings, scale, outputs):
    """Return the convolutions of a network as (inputs, outputs, output pixels) of each.

    Args:
        settings: the `Settings`.
        scale: the `Scale`.
        outputs: channels: 3 of a generator, whose images are padded, 1 of a critic.
    """
    channels = [3, *[scale.channels] * (settings.layers - 1), outputs]
    edge = 2 * settings.layers if outputs == 3 else 0
    return [
        (before, after, (scale.size + edge - 2 * number) ** 2)
        for number, (before, after) in enumerate(itertools.pairwise(channels), 1)
    ]


def parameters(settings, scale, outputs):
    """Return the trained parameters of a network of a scale."""
    weights = sum(
        9 * before * after + after for before, after, _ in convolutions(settings, scale, outputs)
    )
    return weights + (settings.norm == BATCH) * 2 * scale.channels * (settings.layers - 1)


def products(settings, scale, outputs):
    """Return the products that a forward pass of a network forms for one image."""
    return sum(
        9 * before * after * pixels
        for before, after, pixels in convolutions(settings, scale, outputs)
    )


def iteration_flops(settings, scales):
    """Return the operations of one model's iteration at the last of some scales, about.

    A forward pass of the networks counts once and a backward pass to inputs and weights twice. The
    critic's update: real, generated and mixed image forward and back, and the penalty's second
    backward pass (13 passes). The generator's: two images forward and back, and the critic there
    and back to its input. Frozen scales once for each draw.
    """
    generator, critic = (products(settings, scales[-1], outputs) for outputs in (3, 1))
    draws, updates = (1, 1) if settings.schedule == SHARED else (STEPS, STEPS)
    frozen = draws * sum(products(settings, scale, 3) for scale in scales[:-1])
    extra = 0 if settings.schedule == SHARED else STEPS * generator
    return 2 * (STEPS * 13 * critic + updates * (6 * generator + 2 * critic) + frozen + extra)


def model_flops(settings, scales):
    """Return the operations of a whole training of one model, about."""
    return settings.iterations * sum(
        iteration_flops(settings, scales[: number + 1]) for number in range(len(scales))
    )


def iterations_later(method, count, pack, scale):
    """Return the work that follows a phase in its class, in iterations of the phase, about.

    Args:
        method: the `SinGAN`.
        count: models of the class.
        pack: the phase's.
        scale: the phase's.
    """
    settings, scales = method.settings, method.scales
    each = [iteration_flops(settings, scales[: number + 1]) for number in range(len(scales))]
    models = min(method.pack, count - pack * method.pack)
    after = max(count - (pack + 1) * method.pack, 0)
    work = models * sum(each[scale + 1 :]) + after * sum(each)
    return settings.iterations * work / (models * each[scale])


def cost(settings, scales):
    """Return the `Cost` of one model: all its scales."""
    names = {"generator": 3, "critic": 1}
    weights = {
        name: sum(
            9 * before * after + after
            for scale in scales
            for before, after, _ in convolutions(settings, scale, outputs)
        )
        for name, outputs in names.items()
    }
    flops = {
        name: sum(
            (2 * 9 * before * after + after) * pixels
            for scale in scales
            for before, after, pixels in convolutions(settings, scale, outputs)
        )
        for name, outputs in names.items()
    }
    return Cost(
        weights | {"together": sum(weights.values())},
        flops | {"batch": sum(flops.values()), "batch_size": 1},
    )


def describe(method, image_set):
    """Return rows of a name and words for `train.py --dry_run`.

    Args:
        method: the `SinGAN`.
        image_set: the images to train on.
    """
    settings, scales = method.settings, method.scales
    models = _models(method, image_set)
    held = [sum(parameters(settings, scale, outputs) for outputs in (3, 1)) for scale in scales]
    return [
        ("models", ", ".join(f"{name} {count}" for name, count in models.items())
         + f"; {method.pack} at a time at most"),
        ("scales", ", ".join(f"{scale.size} px" for scale in scales)
         + f"; {settings.iterations} iterations each"),
        ("parameters", f"{sum(held) / 1e3:.0f} k a model, generators and critics"),
        ("FLOPs", f"about {model_flops(settings, scales) / 1e12:.1f} T a model"),
        ("disk", f"about {sum(models.values()) * 24 * sum(held) / MIB:.0f} MiB of checkpoints"),
        ("hours", f"about {seconds(method, image_set) / 3600:.1f} by {TRIED} iterations here; "
         "--minutes does not shorten them"),
    ]  # fmt: skip


def seconds(method, image_set):
    """Return how long a training takes, by a moment's training of the finest scale.

    Args:
        method: the `SinGAN`.
        image_set: the images to train on.
    """
    settings, scales = method.settings, method.scales
    models = _models(method, image_set)
    images = method.modelled(image_set.with_classes([max(models, key=models.get)])).images
    phase = finest_phase(method, images[: method.pack])
    phase.run(1)
    start = time.perf_counter()
    phase.run(TRIED)
    taken = (time.perf_counter() - start) / TRIED / phase.images_per_iteration
    rate = taken / iteration_flops(settings, scales)
    packs = sum(math.ceil(count / method.pack) for count in models.values())
    return rate * model_flops(settings, scales) * sum(models.values()) + (
        COMPILING * packs * len(scales)
    )


def finest_phase(method, images):
    """Return the phase of the finest scale above untrained ones, to be measured.

    Args:
        method: the `SinGAN`.
        images: uint8 `(M, size, size, 3)`, one for each model of the pack.
    """
    phases = []
    with dtype_policy(method.precision):
        for scale in method.scales:
            phases.append(
                ScalePhase(method.settings, 0, scale, images, [""] * len(images), phases, (0, 0))
            )
    return phases[-1]


def _models(method, image_set):
    """Return how many models each class gets, a dict."""
    return {
        name: len(method.modelled(image_set.with_classes([name]))) for name in image_set.class_names
    }

"""What the tests of training share: a small image set, a small method, looks into a run."""

import hashlib

import numpy as np

from ssgan_tf.data import ImageSet
from ssgan_tf.methods import METHODS, create
from ssgan_tf.methods.gan.base import GAN

GANS = [name for name in METHODS if issubclass(METHODS[name], GAN)]

TINY = {
    "image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 4, "critic_steps": 1,
    "mu": 0.0, "precision": "float32", "transition": "2,6", "autoencoder_iterations": 20,
}  # fmt: skip


def painted_squares(per_class=6, size=32, classes=("left",)):
    """An image set of bright squares on dark ground, at places that tell the classes apart."""
    images, hashes = [], []
    for label, _ in enumerate(classes):
        for number in range(per_class):
            image = np.full((size, size, 3), 20 + 5 * number, np.uint8)
            left = size // 2 * label + number % 4
            image[8:20, left : left + 8] = (250, 200, 40 + 10 * number)
            images.append(image)
            hashes.append(hashlib.sha256(image.tobytes()).hexdigest())
    labels = np.repeat(np.arange(len(classes)), per_class).astype(np.int32)
    paths = tuple(f"{classes[label]}/{place:03d}.png" for place, label in enumerate(labels))
    return ImageSet(np.stack(images), labels, tuple(classes), paths, tuple(hashes), "squares")


def tiny_method(name="ssgan", **changes):
    """A method that trains in no time; SSGAN without its perceptual loss, unless named."""
    settings = {key: TINY[key] for key in TINY if hasattr(METHODS[name].defaults, key)}
    if getattr(METHODS[name], "judges_features", False):
        settings["vgg_weights"] = "random"
    return create(name, **(settings | changes))


def make_step(method, name, images):
    """The `TrainingStep` of a network."""
    from ssgan_tf.methods.contract import Job

    return next(method.phases(Job(name, images))).step


def untrained(method, counts):
    """The `Sampler` of the networks as they begin."""
    from ssgan_tf.methods.contract import Job, Trained
    from ssgan_tf.runs.state import export

    images = painted_squares(max(counts.values()), classes=tuple(counts))
    trained = {}
    for name, names in method.jobs(list(counts)).items():
        job = Job(name, images.with_classes(names))
        begun = {phase.name: export(phase.variables()) for phase in method.phases(job)}
        trained[name] = Trained(
            job.images.counts(), 0,
            lambda phase="", only=None, begun=begun: {
                key: array for key, array in begun[phase].items() if only is None or only(key)
            },
        )  # fmt: skip
    return method.sampler(trained, None)


def saved_arrays(run_dir, class_name="left"):
    """The arrays of a run's newest checkpoint."""
    from ssgan_tf.runs.run_directory import RunDirectory

    return RunDirectory(run_dir).checkpoints(class_name).latest()[1]

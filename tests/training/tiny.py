"""What the tests of training share: a small image set, a small method, looks into a run."""

import hashlib

import numpy as np

from ssgan_tf.data import ImageSet
from ssgan_tf.methods import METHODS, create
from ssgan_tf.methods.gan.base import GAN

GANS = [name for name in METHODS if issubclass(METHODS[name], GAN)]

TINY = {
    "image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 4, "critic_steps": 1,
    "mu": 0.0, "precision": "float32",
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
    if METHODS[name].judges_features:
        settings["vgg_weights"] = "random"
    return create(name, **(settings | changes))


def make_step(method, name, images):
    """The `TrainingStep` of a network."""
    from ssgan_tf.methods.contract import Job

    return next(method.phases(Job(name, images))).step


def untrained(method, counts):
    """The `Sampler` of generators as they begin."""
    from ssgan_tf.methods.contract import Trained
    from ssgan_tf.methods.gan.state import named_weights
    from ssgan_tf.methods.gan.step import build_generator
    from ssgan_tf.runs.state import export

    def weights(phase, only):
        return export(named_weights("generator", build_generator(method, len(of_job)).variables))

    trained = {}
    for name, names in method.jobs(list(counts)).items():
        of_job = {each: counts[each] for each in names}
        trained[name] = Trained(of_job, 0, weights)
    return method.sampler(trained, None)


def saved_arrays(run_dir, class_name="left"):
    """The arrays of a run's newest checkpoint."""
    from ssgan_tf.runs.run_directory import RunDirectory

    return RunDirectory(run_dir).checkpoints(class_name).latest()[1]

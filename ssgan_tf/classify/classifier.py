"""A trained classifier on disk: its network, and the record of its training."""

from pathlib import Path

import keras
import tensorflow as tf

from ssgan_tf.classify.training import predictor
from ssgan_tf.errors import UserError, first_line
from ssgan_tf.files import temporary_folder, write_json
from ssgan_tf.json_files import Damaged, Each, read_json
from ssgan_tf.perceptual import weights_fingerprint

NETWORK, RECORD = "classifier.keras", "classifier.json"
SHAPE = {  # of the record
    "class_names": [str], "image_size": int, "condition": str, "kind?": str, "seed": int,
    "settings": dict, "dataset": {"source": str, "datasets_dir": (str, None)},
    "learnt_from": Each([str]), "held_out?": Each([str]), "spared?": Each([str]),
}  # fmt: skip


class Classifier:
    """A network that tells classes apart, with its record.

    Args:
        network: from images to logits, see `build_network`.
        record: the contents of `classifier.json`; see docs/classification.md.

    Attributes:
        class_names: the classes in the order of the logits.
        image_size: height and width of the images in pixels.
    """

    def __init__(self, network, record):
        self.network, self.record = network, record
        self.class_names = tuple(record["class_names"])
        self.image_size = record["image_size"]
        self._logits = predictor(network)

    def probabilities(self, images):
        """Return the probability of each class, float32 `(n, classes)`.

        Args:
            images: uint8 `(n, image_size, image_size, 3)`.
        """
        return tf.nn.softmax(self._logits(images)).numpy()

    def fingerprint(self):
        """Return a short hash of the weights, which tells one classifier from another."""
        return weights_fingerprint(self.network)

    def save(self, folder):
        """Write `classifier.keras` and `classifier.json` into a folder that exists."""
        folder = Path(folder)
        # Keras writes to a path that ends in .keras, so it cannot be handed a file.
        with temporary_folder(folder) as aside:
            written = aside / NETWORK
            self.network.save(written)
            written.replace(folder / NETWORK)
        write_json(folder / RECORD, self.record)  # last: it marks the pair as complete

    @classmethod
    def load(cls, folder):
        """Return the classifier that `classify.py`, or a round of filtering, left in a folder.

        Raises:
            UserError: there is none, or it is damaged.
        """
        # Keras finds the backbone's class by name once KerasHub has been imported.
        import keras_hub  # noqa: F401

        folder = Path(folder).expanduser()
        try:
            record = read_json(folder / RECORD, SHAPE)
            if "spared" in record:  # as earlier versions called them
                record.setdefault("held_out", record.pop("spared"))
            if "held_out" not in record:
                raise Damaged("it has no 'held_out'")
            network = keras.saving.load_model(folder / NETWORK, compile=False)
            size, classes = record["image_size"], len(record["class_names"])
            if (network.input_shape[1:], network.output_shape[1:]) != ((size, size, 3), (classes,)):
                raise Damaged(f"its network is not of {classes} classes and {size} pixels")
            return cls(network, record)
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(
                f"{folder} holds no classifier; name a folder such as "
                "results/flower-classify/runs/original/seed-0 that classify.py has written"
            ) from None
        except Exception as error:  # damaged bytes can fail anywhere in zip, HDF5 or Keras
            raise UserError(
                f"{folder}: the classifier in it is damaged ({first_line(error)})"
            ) from error

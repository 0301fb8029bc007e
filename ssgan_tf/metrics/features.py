"""The features of whole image sets, computed once and kept."""

import hashlib
import json
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssgan_tf.data.cache import FORMAT_VERSION, default_cache_dir
from ssgan_tf.files import sweep_temporaries, write_atomically
from ssgan_tf.progress import progress_bar

BATCH = 32


class Features(NamedTuple):
    """What the network says of each image, in the order of the images."""

    values: np.ndarray  # float32 (N, dimension)
    logits: np.ndarray | None  # float32 (N, classes); None where the graph ends before them


def extract(network, images, label="features", progress=True):
    """Return the `Features` of uint8 images `(N, height, width, 3)`.

    The images reach the network as they are; it resizes and normalises them itself.

    Args:
        network: an `Inception`.
        images: the images.
        label: what the progress bar says.
        progress: show it.
    """
    parts = []
    with progress_bar(len(images), label, "img", progress) as bar:
        for start in range(0, len(images), BATCH):
            batch = images[start : start + BATCH]
            parts.append(network(batch))
            bar.update(len(batch))
    values, *logits = (np.concatenate([part[key] for part in parts]) for key in parts[0])
    return Features(values, logits[0] if logits else None)


def features_of(network, image_set, cache_dir=None, label=None, progress=True):
    """Return the `Features` of an image set, from the cache if the same were computed before.

    They are kept by the set's fingerprint, the graph's hash and the tensor, so any change of the
    images, of their size or of the network makes new ones.

    Args:
        network: an `Inception`.
        image_set: the `ImageSet`.
        cache_dir: default: as `load_dataset`.
        label: what the progress bar says.
        progress: show it.
    """
    key = [FORMAT_VERSION, image_set.fingerprint(), network.digest, network.features]
    name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    path = Path(cache_dir or default_cache_dir()).expanduser() / f"features-{name}.npz"
    # The fingerprint says nothing of the order, so each row is kept with its file's hash.
    hashes = np.array(image_set.hashes)
    kept = _read(path, hashes)
    if kept is not None:
        return kept
    found = extract(network, image_set.images, label or image_set.name, progress)
    arrays = {"hashes": hashes, "values": found.values}
    if found.logits is not None:
        arrays["logits"] = found.logits
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(path.parent, below=False)
        write_atomically(path, partial(np.savez, **arrays))
    except OSError as error:
        print(f"cannot keep the features in {path.parent} ({error.strerror})", file=sys.stderr)
    return found


def _read(path, hashes):
    """Return the kept `Features` in the order of the hashes, or None."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            rows = {file_hash: row for row, file_hash in enumerate(archive["hashes"].tolist())}
            order = [rows[file_hash] for file_hash in hashes.tolist()]
            logits = archive["logits"][order] if "logits" in archive else None
            return Features(archive["values"][order], logits)
    except Exception:  # no file, or damaged bytes, which can fail anywhere in zip or NumPy
        return None

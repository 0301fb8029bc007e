"""Decoded data sets kept on disk, so that a second start reads one file instead of thousands.

A cache file is an uncompressed .npz without pickled objects. Nothing in it is believed before its
key (what it was made from) and its checksum agree; a file that fails is made again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.files import sweep_temporaries, write_atomically

#: Raise this when the decoding or the layout of the file changes.
FORMAT_VERSION = 1


def default_cache_dir() -> Path:
    """Return `$SSGAN_CACHE`, else `ssgan_tf` in `$XDG_CACHE_HOME` or in `~/.cache`."""
    if chosen := os.environ.get("SSGAN_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ssgan_tf"


def cached(
    cache_dir: Path, source: str, image_size: int, state: object, make: Callable[[], ImageSet]
) -> ImageSet:
    """Return what `make()` returned for the same source, image size and state, or call it now.

    Args:
        cache_dir: the folder of the cache files, made if need be.
        source: where the images come from. With the image size it names the cache file, so a new
            state of the same source takes the place of the old one.
        image_size: height and width in pixels.
        state: all else that the images depend on, such as file sizes and times; for JSON.
        make: makes the image set from scratch.
    """
    key = _digest(json.dumps([FORMAT_VERSION, source, image_size, state]).encode())
    label = re.sub(r"[^\w.-]", "_", Path(source).name, flags=re.ASCII)[:40]
    place = _digest(source.encode(errors="surrogatepass"))[:12]
    path = cache_dir / f"{label}-{image_size}-{place}.npz"
    image_set = _read(path, key, image_size)
    if image_set is None:
        image_set = make()
        try:
            _write(path, key, image_set)
        except OSError as error:
            _warn_once(
                f"cannot write to the cache {cache_dir} ({error.strerror}); going on "
                "without it: each start decodes the images again"
            )
    return image_set


def _read(path: Path, key: str, image_size: int) -> ImageSet | None:
    """Return the image set in the file, or None if it is missing, of another key, or damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            facts_json = archive["facts"].tobytes()
            facts = json.loads(facts_json)
            if facts["key"] != key:
                return None
            images, labels = archive["images"], archive["labels"]
            if archive["checksum"].tobytes().decode() != _checksum(images, labels, facts_json):
                return None
        if images.shape != (len(facts["paths"]), image_size, image_size, 3):
            return None
        return ImageSet(
            images=images,
            labels=labels,
            class_names=tuple(facts["class_names"]),
            paths=tuple(facts["paths"]),
            hashes=tuple(facts["hashes"]),
            name=facts["name"],
            skipped=tuple((path, reason) for path, reason in facts["skipped"]),
            contradictory=frozenset(facts["contradictory"]),
            tested=frozenset(facts.get("tested", ())),
            groups=facts.get("groups", {}),
        )
    except Exception:  # damaged bytes can fail anywhere in zip, NumPy or JSON: make it again
        return None


def _write(path: Path, key: str, image_set: ImageSet) -> None:
    facts = {
        "key": key,
        "class_names": image_set.class_names,
        "paths": image_set.paths,
        "hashes": image_set.hashes,
        "name": image_set.name,
        "skipped": image_set.skipped,
        "contradictory": sorted(image_set.contradictory),
        "tested": sorted(image_set.tested),
        "groups": dict(image_set.groups),
    }
    facts_json = json.dumps(facts).encode()
    checksum = _checksum(image_set.images, image_set.labels, facts_json)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "images": image_set.images,
        "labels": image_set.labels,
        "facts": np.frombuffer(facts_json, np.uint8),
        "checksum": np.frombuffer(checksum.encode(), np.uint8),
    }
    sweep_temporaries(path.parent, below=False)
    write_atomically(path, functools.partial(np.savez, **arrays))


def _checksum(images: np.ndarray, labels: np.ndarray, facts_json: bytes) -> str:
    return _digest(
        np.ascontiguousarray(images), str(images.shape).encode(), labels.tobytes(), facts_json
    )


def _digest(*parts) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


@functools.cache  # an equal message is printed once in a process
def _warn_once(message: str) -> None:
    print(message, file=sys.stderr)

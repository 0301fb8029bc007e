"""KerasHub presets: what they are, what they need, and one line where they cannot be had."""

import contextlib
import functools
import gc
import hashlib
import importlib.metadata
import json
from pathlib import Path

from ssgan_tf.device.precision import resolve_precision
from ssgan_tf.errors import UserError
from ssgan_tf.json_files import Damaged, read_json
from ssgan_tf.methods.sgid.memory import GIB, available

WEIGHTS = ("model.weights.h5", "model.weights.json")
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


def keras_hub_version():
    """Return the version of KerasHub, without importing it."""
    return importlib.metadata.version("keras-hub")


def dtype_of(precision):
    """Return the type that models compute and lie in: "float32", "bfloat16" or "float16"."""
    return resolve_precision(precision).removeprefix("mixed_")


class Preset:
    """A preset that a flag names; nothing is imported or downloaded before it is asked for.

    Args:
        flag: that named it, for messages.
        name: a name that KerasHub knows, a handle such as `hf://owner/name`, or a folder that
            `save_to_preset` wrote.
        working: bytes that computing takes beside the weights.
        ways: what else the user can do, as a clause; it ends the line where it cannot be had.
    """

    def __init__(self, flag, name, working=GIB, ways=""):
        self.flag, self.name, self.working, self.ways = flag, name, working, ways

    @property
    def folder(self):
        """Its folder, or None where it is no path here."""
        return Path(self.name).expanduser() if "://" not in self.name and self._is_path else None

    @property
    def _is_path(self):
        return "/" in self.name or "\\" in self.name or Path(self.name).is_dir()

    def require_plausible(self):
        """Refuse a folder that is missing or damaged, without loading anything.

        Raises:
            UserError: it is.
        """
        if self.folder is None:
            return
        if not self.folder.is_dir():
            raise self._refused("there is no such folder")
        try:
            read_json(self.folder / "config.json", {"class_name": str})
        except (OSError, Damaged) as error:
            raise self._refused(f"the folder is damaged (config.json: {_short(error)})") from None
        if not any((self.folder / name).is_file() for name in WEIGHTS):
            raise self._refused(f"the folder is damaged (it has no {WEIGHTS[0]})")

    @property
    def identity(self):
        """Its name and fingerprint, wherever its folder lies."""
        return f"{self.folder.name if self.folder else self.name} ({self.fingerprint()})"

    def fingerprint(self):
        """Return what tells its weights from others.

        Of a folder a SHA-256 of its files; of a name the version that KerasHub asks for.
        """
        if self.folder is None:
            known = self._known()
            return known["kaggle_handle"] if known else self.name
        return _fingerprint(str(self.folder.resolve()))

    def class_name(self):
        """Return the class of its task or backbone, as its files say; None without a folder."""
        for file in ("task.json", "config.json"):
            with contextlib.suppress(OSError, Damaged, AttributeError):
                return read_json(self.folder / file, {"class_name": str})["class_name"]
        return None

    def parameters(self):
        """Return how many parameters are published or recorded of it; None where none are."""
        if self.folder is not None:
            with contextlib.suppress(OSError, Damaged):
                shape = {"parameter_count": int}
                return read_json(self.folder / "metadata.json", shape)["parameter_count"]
            return None
        known = self._known()
        return known["metadata"]["params"] if known else None

    def memory(self, dtype):
        """Return the bytes that it takes, estimated; None where its parameters are not known."""
        count = self.parameters()
        return count and count * BYTES[dtype] + self.working

    def plan(self, dtype):
        """Return in words its size, what is downloaded, and what memory it takes."""
        count, needed = self.parameters(), self.memory(dtype)
        if count is None:
            return f"{self.name}: size unknown"
        here = "here" if self.folder else f"about {2 * count / 1e9:.1f} GB to download, once"
        size = f"{count / 1e9:.2f} billion" if count >= 1e8 else f"{count:,}"
        return (
            f"{self.name}: {size} parameters ({here}), about {needed / GIB:.1f} GiB of memory in "
            f"{dtype}"
        )

    def require_memory(self, dtype):
        """Refuse a preset that will not fit, before it is loaded.

        Raises:
            UserError: it needs more memory than is free.
        """
        needed = self.memory(dtype)
        free, where = available()
        if needed is not None and free is not None and needed > free:
            raise self._refused(
                f"it needs about {needed / GIB:.1f} GiB in {dtype} and {where} has "
                f"{free / GIB:.1f} GiB free; close other programs, choose --precision bfloat16 or "
                "a smaller --resolution and --batch_size, or take a larger machine"
            )

    def load(self, cls, dtype, **options):
        """Return `cls.from_preset` of it.

        Args:
            cls: name of a class of `keras_hub.models`.
            dtype: see `dtype_of`.
            **options: of `from_preset`.

        Raises:
            UserError: there is no connection, no licence, no such preset, too little memory, or
                the folder is damaged.
        """
        self.require_plausible()
        self.require_memory(dtype)
        models = _models()
        try:
            return getattr(models, cls).from_preset(
                str(self.folder or self.name), dtype=dtype, **options
            )
        except (MemoryError, KeyboardInterrupt):
            raise
        except Exception as error:  # KerasHub, hubs and HDF5 raise nearly every kind
            raise self._refused(self._reason(error)) from error

    def _reason(self, error):
        """Return why it cannot be had, and what to do, in words."""
        if self.folder is not None:
            return f"the folder is damaged ({_short(error)}); put a good copy back"
        text = str(error)
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            return (
                f"there is no connection to download it ({_short(error)}); connect once, or name a "
                "folder that holds the preset"
            )
        if "Unknown preset" in text or "Could not find preset" in text:
            return "KerasHub knows no such preset; name one of its presets, or a folder"
        if "has no config.json" in text or "not accessible" in text or "401" in text:
            return (
                "it does not exist or its licence has not been accepted; accept it on the model's "
                "page at kaggle.com and log in (~/.kaggle/kaggle.json), or name a folder that "
                "holds the preset"
            )
        return f"it cannot be loaded ({_short(error)}); name another preset or a folder"

    def _refused(self, reason):
        return UserError(f"--{self.flag} {self.name}: {reason}{self.ways and '; ' + self.ways}")

    def _known(self):
        """Return KerasHub's entry of a name, or None."""
        models = _models()
        for cls in ("StableDiffusion3Backbone", "CLIPBackbone", "BLIP2Backbone"):
            if found := getattr(models, cls).presets.get(self.name):
                return found
        return None


def released(*models):
    """Free the memory of models that nothing refers to any more; call it with none left."""
    del models
    gc.collect()


def _models():
    import keras_hub

    return keras_hub.models


@functools.lru_cache(maxsize=8)
def _fingerprint(folder):
    digest = hashlib.sha256()
    for path in sorted(Path(folder).rglob("*")):
        # These have the date of their saving.
        if path.is_file() and path.name not in ("metadata.json", "README.md"):
            digest.update(json.dumps([str(path.relative_to(folder)), path.stat().st_size]).encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _short(error):
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:157]}..."

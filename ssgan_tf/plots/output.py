"""Where pictures go: to a path or to a binary file."""

from pathlib import Path


def write_bytes(path, encoded):
    """Write an encoded picture to a path or a binary file, at once.

    Encoders do not all recover from a disk that fills up under them, so they write to memory.
    """
    if hasattr(path, "write"):
        path.write(encoded)
    else:
        Path(path).write_bytes(encoded)

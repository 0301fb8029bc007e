"""One file from the web, whole and verified, or none."""

from __future__ import annotations

import hashlib
import http.client
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from ssgan_tf.errors import UserError

_CHUNK_BYTES = 1024**2
_TIMEOUT_SECONDS = 30


def download(
    url: str, path: Path, size: int, sha256: str | None, *, label: str, by_hand: str, progress: bool
) -> None:
    """Download a file and compare its length and SHA-256 with what is expected.

    Args:
        url: where it is.
        path: where to write. What is there after an error must not be used.
        size: its length in bytes.
        sha256: its SHA-256 (hex); None where its publisher never named one.
        label: what the progress bar calls it.
        by_hand: what to do without a connection, for the error message.
        progress: show a bar (only ever on a terminal).

    Raises:
        UserError: no connection, or another file than expected.
        OSError: the disk refuses.
    """
    digest = hashlib.sha256()
    received = 0
    bar = tqdm(
        desc=f"downloading {label}",
        total=size,
        unit="B",
        unit_scale=True,
        disable=None if progress else True,
    )
    with bar, path.open("wb") as file:
        for chunk in _chunks(url, by_hand):
            received += len(chunk)
            if received > size:
                break
            file.write(chunk)
            digest.update(chunk)
            bar.update(len(chunk))
    if received != size or sha256 not in (None, digest.hexdigest()):
        differs = "its size differs" if sha256 is None else "size or SHA-256 differ"
        raise UserError(
            f"what {url} sent is not the expected archive ({differs}), nothing was kept; "
            f"try again, or {by_hand}"
        )


def _chunks(url: str, by_hand: str) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            while chunk := response.read(_CHUNK_BYTES):
                yield chunk
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UserError(f"cannot download {url} ({reason}); without internet {by_hand}") from error

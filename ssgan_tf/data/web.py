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
    url: str,
    path: Path,
    size: int | None,
    sha256: str | None,
    *,
    label: str,
    by_hand: str,
    progress: bool,
    md5: str | None = None,
) -> None:
    """Download a file and compare its length and SHA-256 with what is expected.

    Args:
        url: where it is.
        path: where to write. What is there after an error must not be used.
        size: its length in bytes; None where its publisher never named one.
        sha256: its SHA-256 (hex); None where its publisher never named one.
        label: what the progress bar calls it.
        by_hand: what to do without a connection, for the error message.
        progress: show a bar (only ever on a terminal).
        md5: its MD5 (hex), where that is all its publisher named.

    Raises:
        UserError: no connection, or another file than expected.
        OSError: the disk refuses.
    """
    digest, weak = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
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
            if size is not None and received > size:
                break
            file.write(chunk)
            digest.update(chunk)
            weak.update(chunk)
            bar.update(len(chunk))
    found = {"SHA-256": (sha256, digest.hexdigest()), "MD5": (md5, weak.hexdigest())}
    named = [name for name, (wanted, _) in found.items() if wanted is not None]
    same = all(found[name][0] == found[name][1] for name in named)
    if not same or size not in (None, received):
        what = ["size"] * (size is not None) + named
        differs = f"its {what[0]} differs" if len(what) == 1 else f"{' or '.join(what)} differ"
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

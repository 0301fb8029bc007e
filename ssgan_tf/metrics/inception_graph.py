"""Where the Inception graph comes from: the official archive, downloaded once, or a file."""

import errno
import gzip
import io
import stat
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from ssgan_tf.data.cache import default_cache_dir
from ssgan_tf.data.web import download
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, sweep_temporaries, temporary_folder
from ssgan_tf.metrics.inception import Inception, require_known

URL = (
    "https://storage.googleapis.com/download.tensorflow.org/"
    "models/image/imagenet/inception-2015-12-05.tgz"
)
SIZE = 88_931_400  # bytes, as its many downloads have reported; no SHA-256 of it is published
MOST_BYTES = 256 * 2**20  # that are unpacked; the graph has 91 MiB
GRAPH = "classify_image_graph_def.pb"
CACHED = "inception-2015-12-05.pb"


def open_inception(path="auto", features="pool_3", cache_dir=None, progress=True):
    """Return the `Inception` of a file, or of the official archive, downloaded once.

    Args:
        path: "auto", or a file: the official archive (.tgz), its graph (.pb), or the first part
            of that graph under the same tensor names.
        features: a key of `FEATURES`.
        cache_dir: where the download is kept; default: as `load_dataset`.
        progress: show the download.

    Raises:
        UserError: no such file, no connection, another file than expected, or a missing tensor.
    """
    require_known(features)  # before anything is downloaded for it
    if path == "auto":
        path = _fetch(Path(cache_dir or default_cache_dir()).expanduser(), progress)
    path = Path(path).expanduser()
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # reading a pipe would wait for ever
            raise OSError(errno.EINVAL, "it is no regular file")
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"  # as gzip begins, and no graph
            file.seek(0)
            graph = _from_archive(path) if packed else _read(file, path)
    except OSError as error:
        raise UserError(
            f"--inception {path} cannot be read: {error.strerror or error}; it must be the file "
            f"{GRAPH}, the archive from {URL}, or auto"
        ) from error
    return Inception(graph, features, source=str(path))


def _fetch(folder, progress):
    """Return the cached graph, downloaded and unpacked if it is not there yet."""
    target = folder / CACHED
    if not target.exists():
        by_hand = f"get that file by other means and name it: --inception FILE (or {GRAPH} from it)"
        with disk_errors("cannot keep the Inception network"):
            folder.mkdir(parents=True, exist_ok=True)
            sweep_temporaries(folder, below=False)
            with temporary_folder(folder) as work:
                archive, graph = work / "archive.tgz", work / "graph.pb"
                download(
                    URL, archive, SIZE, None,
                    label="Inception", by_hand=by_hand, progress=progress,
                )  # fmt: skip
                graph.write_bytes(_from_archive(archive))
                # Whole, and the right one:
                Inception(graph.read_bytes(), "pool_3", f"what {URL} sent")
                graph.replace(target)
    return target


def _from_archive(path):
    """Return the bytes of the graph in the official archive; gzip's own checksum guards them."""
    try:
        # To the very end, where the checksum is.
        with gzip.open(path) as stream:
            contents = io.BytesIO(_read(stream, path))
        with tarfile.open(fileobj=contents, mode="r:") as archive:
            for member in archive:
                if PurePosixPath(member.name).name == GRAPH and _is_plain(member):
                    return archive.extractfile(member).read()
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError) as error:
        raise UserError(f"the archive {path} is damaged: {error}") from error
    raise UserError(f"the archive {path} holds no {GRAPH}; name the archive from {URL}")


def _is_plain(member):
    """Whether an entry of an archive is a file that lies there in full length."""
    return member.isreg() and not member.issparse()


def _read(file, path):
    """Return all bytes of an open file, if they are so few that they fit in memory.

    Raises:
        UserError: it is larger than the network of 2015 is by far.
    """
    contents = file.read(MOST_BYTES + 1)
    if len(contents) > MOST_BYTES:
        raise UserError(
            f"{path} holds more than {MOST_BYTES // 2**20} MiB, and the Inception network of 2015 "
            f"has 91; name {GRAPH} or the archive from {URL}"
        )
    return contents

"""Where the Inception graph comes from: the official archive, downloaded once, or a file."""

import gzip
import io
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
        graph = _from_archive(path) if tarfile.is_tarfile(path) else path.read_bytes()
    except OSError as error:
        raise UserError(
            f"--inception {path} cannot be read: {error.strerror}; it must be the file {GRAPH}, "
            f"the archive from {URL}, or auto"
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
        with gzip.open(path) as stream:
            contents = io.BytesIO(stream.read())  # to the very end, where the checksum is
        with tarfile.open(fileobj=contents) as archive:
            names = [name for name in archive.getnames() if PurePosixPath(name).name == GRAPH]
            if names:
                return archive.extractfile(names[0]).read()
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(f"the archive {path} is damaged: {error}") from error
    raise UserError(f"the archive {path} holds no {GRAPH}; name the archive from {URL}")

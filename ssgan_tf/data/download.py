"""Archives of images, downloaded, verified and unpacked so that nothing half-made is left."""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ssgan_tf.data.folder import IMAGE_SUFFIXES
from ssgan_tf.data.web import download
from ssgan_tf.errors import UserError
from ssgan_tf.files import sweep_temporaries, temporary_folder


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Gives two paths, a folder to work in and one to make, which becomes `folder` at the end.

    All work is done in a hidden folder beside it, which vanishes whatever happens; nothing is left
    where the block raises.

    Raises:
        UserError: something is there already, or the disk refuses.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise UserError(f"{folder} is there, but has no class folders; move it away first")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(folder.parent, below=False)
        with temporary_folder(folder.parent) as work:
            yield work, work / "unpacked"
            if folder.is_dir():
                folder.rmdir()  # empty, see above
            (work / "unpacked").rename(folder)
    except OSError as error:
        raise UserError(f"cannot write the data set to {folder}: {error.strerror}") from error


@dataclass(frozen=True)
class Archive:
    """A tar archive on the web that holds `top_folder/class/image` files.

    Attributes:
        url: where it is.
        size: its length in bytes.
        sha256: its SHA-256 (hex).
        top_folder: the folder inside it that holds the class folders.
        classes: the class folders to take.
    """

    url: str
    size: int
    sha256: str
    top_folder: str
    classes: tuple[str, ...]

    def fetch(self, folder: Path, progress: bool = True) -> None:
        """Download the archive and unpack it as `folder`, which has no images yet.

        Raises:
            UserError: no connection, a broken or altered archive, or no room on the disk.
        """
        with whole_folder(folder) as (work, unpacked):
            archive = work / "archive"
            download(
                self.url,
                archive,
                self.size,
                self.sha256,
                label=folder.name,
                by_hand=self._by_hand(folder),
                progress=progress,
            )
            self._unpack(archive, unpacked)

    def _by_hand(self, folder: Path) -> str:
        return (
            f"get that file by other means and put its folders {', '.join(self.classes)} "
            f"into {folder}"
        )

    def _unpack(self, archive_path: Path, target: Path) -> None:
        """Write the image files of the wanted classes to `target/class/`.

        Only plain files whose path inside the archive is exactly `top_folder/class/name` are
        written, so no entry (`..`, absolute, link, device) can reach outside.
        """
        for class_name in self.classes:
            (target / class_name).mkdir(parents=True)
        try:
            with tarfile.open(archive_path) as archive:
                for member in archive:
                    parts = PurePosixPath(member.name.removeprefix("./")).parts
                    if not member.isreg() or len(parts) != 3 or parts[0] != self.top_folder:
                        continue
                    _, class_name, file_name = parts
                    if class_name in self.classes and _is_plain_image_name(file_name):
                        with (target / class_name / file_name).open("wb") as file:
                            shutil.copyfileobj(archive.extractfile(member), file)
        except (tarfile.TarError, zlib.error, EOFError) as error:
            raise UserError(f"the archive from {self.url} is damaged: {error}") from error
        empty = [name for name in self.classes if not any((target / name).iterdir())]
        if empty:
            raise UserError(f"the archive from {self.url} has no images of {', '.join(empty)}")


def _is_plain_image_name(name: str) -> bool:
    """Whether it is one image file's name, on Windows too (no backslash, no colon)."""
    return Path(name).suffix.lower() in IMAGE_SUFFIXES and not set(name) & set("\\:/")

"""`load_dataset`: from a name or a path to an `ImageSet`."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from ssgan_tf.data.cache import cached, default_cache_dir
from ssgan_tf.data.description import read_description
from ssgan_tf.data.folder import (
    class_folders,
    read_folder,
    require_enough_images,
    scan_flat_folder,
    scan_folder,
)
from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.data.notices import report
from ssgan_tf.data.registry import DATASETS
from ssgan_tf.errors import UserError


def load_dataset(
    dataset: str | os.PathLike,
    image_size: int = 64,
    *,
    datasets_dir: str | os.PathLike | None = None,
    classes: Iterable[str] | None = None,
    cache_dir: str | os.PathLike | None = None,
    progress: bool = True,
    notices: bool = True,
    least: int = 2,
) -> ImageSet:
    """Load a data set by name or path, decoded to squares of `image_size` pixels.

    A name is first looked for as a folder in `datasets_dir`; if it is not there, a data set of the
    registry is downloaded or painted. Anything with a path separator is a path. What was left out
    (unusable files) and what looks wrong (duplicates) is said once on standard error. The decoded
    images are cached, and the cache follows changes of the files.

    Args:
        dataset: a name (see `DATASETS`), or a folder with one sub-folder of images per class.
        image_size: height and width of the images in pixels.
        datasets_dir: where named data sets live. Default: `$SSGAN_DATASETS`, else `datasets/`.
        classes: take only these.
        cache_dir: default: `$SSGAN_CACHE`, else `ssgan_tf` in the user's cache folder.
        progress: show progress bars (only ever on a terminal).
        notices: say on standard error what was left out and what looks wrong.
        least: images that each class must have; two, where a class is to be divided.

    Raises:
        UserError: unknown name or class, a folder that is no data set, a class with too few usable
            images, or a download that failed.
    """
    _require_size(image_size)
    datasets_dir = datasets_folder(datasets_dir)
    cache_dir = Path(cache_dir) if cache_dir else default_cache_dir()
    try:
        folder = _find(os.fspath(dataset), datasets_dir, progress)
    except OSError as error:
        raise UserError(f"{dataset}: cannot be looked at: {error.strerror}") from error
    if folder is None:
        return _make(os.fspath(dataset), image_size, classes, cache_dir.expanduser(), progress)

    scan = scan_folder(folder)
    # A link keeps its own name: datasets/flower may lead to a folder called otherwise.
    name = folder.name if folder.name not in ("", "..") else scan.folder.name
    crop = _is_cropped(os.fspath(dataset), folder)
    name = os.fspath(dataset) if crop else name
    image_set = _read_cached(cache_dir, scan, str(scan.folder), image_size, name, progress, crop)
    # The cache may know it by another link.
    image_set = replace(image_set, name=name, folder=None if crop else scan.folder)
    if classes is not None:
        image_set = image_set.with_classes(classes)
    nested = tuple(path for path in scan.nested if path.split("/")[0] in image_set.class_names)
    if notices:
        report(image_set, nested)
    require_enough_images(image_set, scan, least)
    return image_set


def load_flat_folder(
    folder: str | os.PathLike,
    image_size: int,
    *,
    class_name: str,
    cache_dir: str | os.PathLike | None = None,
    progress: bool = True,
    notices: bool = True,
) -> ImageSet:
    """Load a folder of images without classes as an `ImageSet` of one class.

    Args:
        folder: the folder; images in folders below it are not taken.
        image_size: height and width of the images in pixels.
        class_name: what the one class is called.
        cache_dir: as `load_dataset`.
        progress: as `load_dataset`.
        notices: as `load_dataset`.

    Raises:
        UserError: it holds fewer than two usable images.
    """
    _require_size(image_size)
    scan = scan_flat_folder(Path(folder).expanduser())
    image_set = _read_cached(
        Path(cache_dir) if cache_dir else default_cache_dir(),
        scan,
        f"{scan.folder / scan.class_names[0]}/*",  # the same folder may hold class folders too
        image_size,
        scan.class_names[0],
        progress,
    )
    if notices:
        report(image_set)
    require_enough_images(image_set, scan)
    return replace(image_set, class_names=(class_name,))


def datasets_folder(datasets_dir: str | os.PathLike | None = None) -> Path:
    """Return where named data sets live: the folder given, `$SSGAN_DATASETS`, or `datasets/`."""
    return Path(datasets_dir or os.environ.get("SSGAN_DATASETS") or "datasets").expanduser()


def places_of(
    dataset: str | os.PathLike | None, datasets_dir: str | os.PathLike | None = None
) -> list[Path]:
    """Return the folders that a data set's name or path may stand for; none for None."""
    if not dataset:  # an empty name stands for no place, least of all for this one
        return []
    return [datasets_folder(datasets_dir) / dataset, Path(dataset).expanduser()]


def lasting_name(dataset: str | os.PathLike, datasets_dir: str | os.PathLike | None = None) -> str:
    """Return what stands for the same data set in any folder: its name, or its absolute path."""
    path = Path(dataset)
    known = dataset in DATASETS or (datasets_folder(datasets_dir) / path).is_dir()
    return str(dataset if len(path.parts) == 1 and known else path.expanduser().absolute())


def source_of(
    dataset: str | os.PathLike, datasets_dir: str | os.PathLike | None = None
) -> tuple[str, str | None]:
    """Return `lasting_name` and the folder of named data sets, absolute where it was given."""
    folder = datasets_dir and str(Path(datasets_dir).expanduser().absolute())
    return lasting_name(dataset, datasets_dir), folder


def _require_size(image_size):
    if not 1 <= image_size <= 1024:
        raise UserError(f"image_size must be from 1 to 1024 pixels, not {image_size}")


def _read_cached(cache_dir, scan, source, image_size, name, progress, crop=False) -> ImageSet:
    state = [scan.class_names, [(file.path, file.size, file.mtime_ns) for file in scan.files]]
    said = read_description(scan.folder)
    if said.digest:
        state.append([said.digest, crop])
    return cached(
        cache_dir.expanduser(),
        source=source + "#boxes" * crop,
        image_size=image_size,
        state=state,
        make=lambda: read_folder(scan, image_size, name, progress, said, crop),
    )


def _is_cropped(dataset, folder):
    """Whether a name stands for the boxes of another data set's images, whose folder was found."""
    entry = DATASETS.get(dataset)
    return entry is not None and entry.boxes_of is not None and folder.name == entry.boxes_of


def _find(dataset: str, datasets_dir: Path, progress: bool) -> Path | None:
    """Return the folder of a data set, fetched if need be, or None if it is made without files."""
    separators = {os.sep, os.altsep} - {None}
    if dataset in (".", "..", "~") or any(separator in dataset for separator in separators):
        return Path(dataset).expanduser()
    entry = DATASETS.get(dataset)
    folder = datasets_dir / ((entry and entry.boxes_of) or dataset)
    if dataset and folder.is_dir() and (entry is None or class_folders(folder)):
        return folder
    if entry is not None:
        if entry.fetch is None:
            return None
        entry.fetch(folder, progress)
        return folder
    if dataset and Path(dataset).exists():
        return Path(dataset)
    close = difflib.get_close_matches(dataset, DATASETS, n=1)
    raise UserError(
        f"unknown data set {dataset!r}{f', did you mean {close[0]}?' if close else ''}; known: "
        f"{', '.join(sorted(DATASETS))}, a folder in {datasets_dir}, or a path such as ./{dataset}"
    )


def _make(name, image_size, classes, cache_dir, progress) -> ImageSet:
    entry = DATASETS[name]
    image_set = cached(
        cache_dir,
        source=name,
        image_size=image_size,
        state=entry.version,
        make=lambda: entry.make(image_size, progress),
    )
    return image_set if classes is None else image_set.with_classes(classes)

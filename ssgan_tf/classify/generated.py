"""Folders of generated images, as `generate.py` or any other program wrote them."""

from dataclasses import dataclass
from pathlib import Path

from ssgan_tf.data import ImageSet, load_dataset
from ssgan_tf.data.folder import class_folders, image_files, picture_sizes
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.errors import UserError


@dataclass(frozen=True, eq=False)
class Generated:
    """A generated set.

    Attributes:
        name: what the user calls it.
        path: its folder.
        images: its images of the classes that are classified; a class may have none.
        manifest: what `generate.py` wrote of it, or None.
    """

    name: str
    path: Path
    images: ImageSet
    manifest: dict | None = None


def common_size(folders):
    """Return the height and width in pixels that the images of generated sets share.

    Args:
        folders: dict from the name of a set to its folder.

    Returns:
        the size that most images of each set have, or None without sets.

    Raises:
        UserError: the sets differ, or one has no images.
    """
    sizes = {
        name: min(picture_sizes(folder).most_common(1)[0][0]) for name, folder in folders.items()
    }
    if len(set(sizes.values())) > 1:
        each = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise UserError(f"the generated sets differ in pixels ({each}); choose with --image_size")
    return next(iter(sizes.values()), None)


def load_generated(condition_folders, image_size, class_names, cache_dir=None, progress=True):
    """Load generated sets, cropped to squares and scaled to the size of the real images.

    A class that is not in a folder counts as one without images, because filling up to the
    largest class adds nothing to that one. Other classes in the folder are left out.

    Args:
        condition_folders: dict from the name of a generated set to its folder.
        image_size: height and width in pixels.
        class_names: the classes of the real images, which the sets then have too.
        cache_dir: of decoded images.
        progress: show bars.

    Returns:
        dict from name to `Generated`.

    Raises:
        UserError: a folder cannot be read, has none of the classes.
    """
    generated = {}
    for name, folder in condition_folders.items():
        present = [class_name for class_name in _classes(folder) if class_name in class_names]
        if not present:
            raise UserError(
                f"{folder} has images of none of the classes {', '.join(class_names)}; "
                f"{name}=DIR needs a folder with a sub-folder of images for each"
            )
        images = load_dataset(
            folder.absolute(),  # a path even where it looks like a name
            image_size,
            classes=present,
            cache_dir=cache_dir,
            progress=progress,
            least=1,
        )
        images = images.relabelled(class_names)
        generated[name] = Generated(name, folder, images, read_manifest(folder))
    return generated


def _classes(folder):
    """Return the names of the sub-folders with images in them."""
    try:
        return [path.name for path in class_folders(folder) if image_files(path)]
    except OSError as error:
        raise UserError(f"{folder} cannot be read: {error.strerror}") from error

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
        name: chosen by the user.
        path: its folder.
        images: its images of the study's classes; a class may have none.
        manifest: that of `generate.py`, or None.
    """

    name: str
    path: Path
    images: ImageSet
    manifest: dict | None = None


def common_size(folders):
    """Return the common height and width of generated sets, in pixels.

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


def load_generated(folders, image_size, class_names, cache_dir=None, progress=True):
    """Load generated sets, cropped to squares and scaled to the size of the real images.

    A class without a folder has no images, because `balance` generates none of the largest class.
    Classes that the real images lack are left out.

    Args:
        folders: dict from the name of a generated set to its folder.
        image_size: height and width in pixels.
        class_names: the classes of the real images, which the sets then have too.
        cache_dir: of decoded images.
        progress: show bars.

    Returns:
        dict from name to `Generated`.

    Raises:
        UserError: a folder cannot be read, or has none of the classes.
    """
    generated = {}
    for name, folder in folders.items():
        try:
            with_images = [path.name for path in class_folders(folder) if image_files(path)]
        except OSError as error:
            raise UserError(f"{folder} cannot be read: {error.strerror}") from error
        present = [class_name for class_name in with_images if class_name in class_names]
        if not present:
            raise UserError(
                f"{folder} has images of none of the classes {', '.join(class_names)}; "
                f"{name}=DIR needs a folder with a sub-folder of images for each"
            )
        images = load_dataset(  # an absolute path, as folders may look like names of data sets
            folder.absolute(), image_size, classes=present, cache_dir=cache_dir, least=1,
            progress=progress,
        )  # fmt: skip
        manifest = read_manifest(folder)
        generated[name] = Generated(name, folder, images.relabelled(class_names), manifest)
    return generated

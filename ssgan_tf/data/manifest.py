"""What a generated set says of itself."""

from pathlib import Path

from ssgan_tf.json_files import Each, find_json

MANIFEST = "manifest.json"


_HASHES = Each([str], plain=True)  # of images, by class
_SHAPE = {
    "made_by": str,
    "method?": str,
    "run?": (str, None),
    "dataset?": str,
    "seed?": int,
    "complete?": bool,
    "settings?": {"classes?": [str]},
    "cost?": (dict, None),
    "data?": {
        "classes?": Each({"train": [str], "test": [str]}, plain=True),
        "before?": _HASHES,  # trained on by the run that the generator began with
    },
    "filter?": {"learnt_from?": _HASHES},
    "classes?": Each({"count?": int, "checkpoint_step?": int}, plain=True),
}


def read_manifest(folder):
    """Return what `generate.py` wrote of a generated folder, or None where it did not.

    What is damaged counts as not written by it.
    """
    manifest = find_json(Path(folder) / MANIFEST, _SHAPE)
    return manifest if manifest and manifest["made_by"].startswith("ssgan_tf") else None


def what_is_missing(manifest, counts):
    """Return why a generated set is not complete, in words; None where it is, or says nothing.

    Args:
        manifest: what `read_manifest` returned, or None.
        counts: dict from classes to how many images of them were found; of other classes nothing
            is said.
    """
    manifest = manifest or {}
    if not manifest.get("complete", True):
        return "generate.py was interrupted"
    different = [
        f"{name} {counts[name]} instead of {entry['count']}"
        for name, entry in manifest.get("classes", {}).items()
        if name in counts and entry.get("count", counts[name]) != counts[name]
    ]
    if not different:
        return None
    return f"its images are not those of its manifest ({', '.join(different)})"

"""What a generated set says of itself."""

import json
from pathlib import Path

from ssgan_tf.files import is_plain_name

MANIFEST = "manifest.json"


def read_manifest(folder):
    """Return what `generate.py` wrote of a generated folder, or None where it did not."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text())
    except (OSError, ValueError):
        return None
    return manifest if _is_manifest(manifest) else None


def _is_manifest(manifest):
    """Return whether a value from a JSON file has the shape of a manifest of ours."""
    try:
        for sides in manifest.get("data", {}).get("classes", {}).values():
            if not all(isinstance(sides[side], list) for side in ("train", "test")):
                return False
        learnt = manifest.get("filter", {}).get("learnt_from", {})
        lists = all(isinstance(hashes, list) for hashes in learnt.values())
        entries = all(
            is_plain_name(name) and isinstance(entry, dict)
            for name, entry in manifest.get("classes", {}).items()
        )
        return lists and entries and manifest["made_by"].startswith("ssgan_tf")
    except (AttributeError, KeyError, TypeError):
        return False

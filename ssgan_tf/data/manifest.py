"""What a generated set says of itself."""

import json
from pathlib import Path

MANIFEST = "manifest.json"


def read_manifest(folder):
    """Return what `generate.py` wrote of a generated folder, or None where it did not."""
    try:
        manifest = json.loads((Path(folder) / MANIFEST).read_text())
    except (OSError, ValueError):
        return None
    ours = isinstance(manifest, dict) and str(manifest.get("made_by", "")).startswith("ssgan_tf")
    return manifest if ours else None

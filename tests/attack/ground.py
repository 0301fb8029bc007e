"""What commands are attacked on, and what an attack looks at afterwards."""

import hashlib
from pathlib import Path

TINY = ("--image_size=32", "--base_channels=32", "--latent_dim=8", "--batch_size=4",
        "--precision=float32")  # fmt: skip


def contents(folder):
    """Return what a folder holds: names and hashes of its files."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def refused(result, name, words=""):
    """Check that a `Result` is a refusal: one line that says these words, and exit code 2."""
    assert "Traceback" not in result.stderr, result.stderr
    assert result.code == 2, (result.code, result.stderr)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith(f"{name}.py: ") and words in lines[0], lines[0]
    assert lines[0].isprintable()

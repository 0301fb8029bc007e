import pytest

from tests.generation.chosen import record_of, untrained_run


@pytest.fixture
def run_dir(tmp_path, monkeypatch):
    """A run whose generators show their latents."""
    return untrained_run(tmp_path / "run", monkeypatch)


@pytest.fixture
def record(tmp_path, monkeypatch):
    """The record of a classifier, and its images in a folder."""
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    return record_of(tmp_path / "real")

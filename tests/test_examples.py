"""The notebook, executed as a reader would, with a budget that trains next to nothing."""

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]


def parameters(preset):
    return {
        "classes": ["daisy", "roses"],
        "pictures_per_class": 10,
        "image_size": 32,
        "base_channels": 32,
        "iterations": 2,
        "generated_per_class": 3,
        "real_per_class": 3,
        "seeds": 1,
        "epochs": 1,
        "weights": preset,
    }


@pytest.mark.long
def test_the_notebook_leads_from_a_folder_to_a_verdict(tmp_path, preset, monkeypatch):
    book = nbformat.read(ROOT / "examples" / "quickstart.ipynb", as_version=4)
    (cell,) = [cell for cell in book.cells if "parameters" in cell.metadata.get("tags", [])]
    own = parameters(preset)
    assert [target.id for line in ast.parse(cell.source).body for target in line.targets] == [*own]
    cell.source = "\n".join(f"{name} = {value!r}" for name, value in own.items())
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    metadata = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=None, kernel_name="python3", resources=metadata).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    printed = "".join(output.text for output in outputs if output.output_type == "stream")
    shown = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(shown) == 4  # real images, curves, real and generated ones, neighbours
    for words in ("contrast  likeness", "daisy: ", "one seed is no evidence", "ssgan (3 a class)"):
        assert words in printed
    written = tmp_path / "quickstart"
    assert len(list((written / "my_pictures" / "roses").iterdir())) == 10
    assert len(list((written / "generated" / "roses").glob("*.png"))) == 3
    assert (written / "verdict" / "report.html").exists()

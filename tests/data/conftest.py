import functools
import http.server
import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.data import ImageSet


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep every test away from the user's cache and data sets."""
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("SSGAN_DATASETS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve a folder from 127.0.0.1; return it, its address and the requests made."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder, requests = tmp_path / "server", []
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            requests.append(self.path)

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


@pytest.fixture
def picture():
    """Return a function that makes the bytes of a colourful image file."""

    def make(seed=0, size=(40, 30), file_format="PNG", **options):
        pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, file_format, **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def make_folder(tmp_path, picture):
    """Return a function that writes `{"class": count}` or `{"class": {"file": bytes}}` to disk."""

    def make(contents, name="pets"):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, (class_name, files) in enumerate(contents.items()):
            (folder / class_name).mkdir()
            if isinstance(files, int):
                files = {f"{i}.png": picture(1000 * number + i) for i in range(files)}
            for file_name, data in files.items():
                (folder / class_name / file_name).write_bytes(data)
        return folder

    return make


@pytest.fixture
def made_up_set():
    """Return a function that makes an `ImageSet` from `{"class": ["hash", ...]}`."""

    def make(hashes_of, name="made_up", order=None):
        rows = [(c, h, i) for c in sorted(hashes_of) for i, h in enumerate(hashes_of[c])]
        if order is not None:
            rows = [rows[i] for i in order]
        class_names = tuple(sorted(hashes_of))
        return ImageSet(
            images=np.zeros((len(rows), 4, 4, 3), np.uint8),
            labels=np.array([class_names.index(c) for c, _, _ in rows], np.int32),
            class_names=class_names,
            paths=tuple(f"{c}/{i}.png" for c, _, i in rows),
            hashes=tuple(h for _, h, _ in rows),
            name=name,
        )

    return make


@pytest.fixture
def real_datasets():
    """Return the folder of real photographs that may lie beside the repository."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "datasets"
    if not (folder / "flower").is_dir():
        pytest.skip(f"the real photographs are not in {folder / 'flower'}")
    return folder

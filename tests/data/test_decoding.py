import io
import struct
import threading
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.data import decoding
from ssgan_tf.data.decoding import UnreadableImageError, decode


def saved(image, file_format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def quarters():
    """Red, green, blue and white quarters: every turn and mirroring looks different."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8, :8, 0] = pixels[:8, 8:, 1] = pixels[8:, :8, 2] = 255
    pixels[8:, 8:] = 255
    return pixels


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF", "JPEG", "MPO", "WEBP", "PPM"])
def test_reads_the_formats(file_format):
    data = saved(Image.fromarray(quarters()).resize((64, 64), 0), file_format)
    image = decode(data, 64)
    assert image.shape == (64, 64, 3) and image.dtype == np.uint8
    assert np.abs(image[8, 8].astype(int) - [255, 0, 0]).max() < 12
    assert np.abs(image[56, 56].astype(int) - 255).max() < 12


def test_an_image_of_the_right_size_keeps_its_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(decode(saved(Image.fromarray(pixels)), 64), pixels)


def test_takes_the_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(data, 8)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (8, 8), 77), [77] * 3),
        (Image.new("1", (8, 8), 1), [255] * 3),
        (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), [255] * 3),
        (Image.new("RGBA", (8, 8), (255, 0, 0, 51)), [255, 204, 204]),
        (Image.new("LA", (8, 8), (0, 0)), [255] * 3),
        (Image.fromarray(np.full((8, 8), 65535, np.uint16)), [255] * 3),
        (Image.fromarray(np.full((8, 8), 257 * 100, np.uint16)), [100] * 3),
        (Image.fromarray(np.full((8, 8), 0, np.uint16)), [0] * 3),
    ],
    ids=["gray", "bit", "clear", "rgba", "la", "white16", "middle16", "black16"],
)
def test_modes_become_rgb(image, expected):
    assert decode(saved(image), 8)[4, 4].tolist() == expected


def test_palette_and_its_transparency():
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert decode(saved(image), 8)[4, 4].tolist() == [10, 20, 30]
    assert decode(saved(image, transparency=1), 8)[4, 4].tolist() == [255, 255, 255]


def test_cmyk_jpeg():
    data = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
    assert np.abs(decode(data, 16)[8, 8].astype(int) - [255, 0, 0]).max() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(orientation):
    undo = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, 1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(quarters()), "PNG", exif=exif)
    np.testing.assert_array_equal(decode(data, 16), undo(quarters()))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_does_not_matter():
    data = saved(Image.fromarray(quarters()), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(decode(data, 16), quarters())


def test_crops_the_centre():
    pixels = np.zeros((20, 60, 3), np.uint8)
    pixels[:, 20:40] = 200
    assert (decode(saved(Image.fromarray(pixels)), 20) == 200).all()
    assert (decode(saved(Image.fromarray(pixels.swapaxes(0, 1))), 20) == 200).all()


def test_reduces_without_aliasing():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255  # the finest pattern there is averages to gray
    image = decode(saved(Image.fromarray(stripes)), 64)
    assert np.abs(image[8:-8, 8:-8].astype(int) - 127).max() <= 3


def test_large_jpegs_are_reduced_as_other_formats_are():
    ramp = np.linspace(0, 255, 1600)[None, :, None] * np.linspace(0.2, 1, 1200)[:, None, None]
    large = Image.fromarray(np.repeat(ramp, 3, axis=2).astype(np.uint8))
    from_jpeg = decode(saved(large, "JPEG", quality=95), 64).astype(int)
    assert np.abs(from_jpeg - decode(saved(large), 64)).max() <= 3


def test_enlarges_small_images():
    image = decode(saved(Image.new("RGB", (3, 5), (9, 8, 7))), 64)
    assert (image == [9, 8, 7]).all() and image.shape == (64, 64, 3)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "GIF", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_truncated_files_are_refused(picture, file_format, share):
    data = picture(size=(90, 80), file_format=file_format)
    with pytest.raises(UnreadableImageError):
        decode(data[: int(share * len(data))], 16)


def test_empty_text_and_other_formats_are_refused():
    with pytest.raises(UnreadableImageError, match="empty"):
        decode(b"", 16)
    with pytest.raises(UnreadableImageError, match="not a JPEG, PNG"):
        decode(b"just some words", 16)
    with pytest.raises(UnreadableImageError, match="not a JPEG, PNG"):
        decode(saved(Image.new("RGB", (8, 8)), "EPS"), 16)


@pytest.mark.parametrize("width", [10_000, 60_000])  # Pillow warns of the first, refuses the second
def test_decompression_bombs_are_refused_without_a_warning_left_on(width):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, 9_999, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    limit = Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(UnreadableImageError, match="too large"):
            decode(data, 16)
    assert limit == Image.MAX_IMAGE_PIXELS


def test_damaged_bytes_never_raise_anything_else(picture):
    rng = np.random.default_rng(0)
    for file_format in ("PNG", "BMP", "GIF", "JPEG", "WEBP"):
        original = np.frombuffer(picture(size=(30, 30), file_format=file_format), np.uint8)
        for _ in range(40):
            damaged = original.copy()
            places = rng.integers(0, len(damaged), 6)
            damaged[places] = rng.integers(0, 256, 6)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    assert decode(damaged.tobytes(), 16).shape == (16, 16, 3)
                except UnreadableImageError as error:
                    assert str(error)


def test_what_finds_no_room_waits():
    budget, entered = decoding.Budget(100), threading.Event()

    def second():
        with budget.room(60):
            entered.set()

    with budget.room(60):
        with budget.room(40):  # what fits goes on
            pass
        thread = threading.Thread(target=second)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(60)
    thread.join()
    with pytest.raises(KeyError), budget.room(10**9):  # more than there is: alone
        raise KeyError
    with budget.room(100):  # it was given back
        pass


def test_pixels_in_flight_are_bounded_over_all_threads(picture, monkeypatch):
    monkeypatch.setattr(decoding, "pixels_in_flight", decoding.Budget(2500))
    real_to_rgb, lock, sizes = decoding._to_rgb, threading.Lock(), {"now": 0, "most": 0}

    def to_rgb(image):
        with lock:
            sizes["now"] += image.width * image.height
            sizes["most"] = max(sizes["most"], sizes["now"])
        time.sleep(0.01)
        with lock:
            sizes["now"] -= image.width * image.height
        return real_to_rgb(image)

    monkeypatch.setattr(decoding, "_to_rgb", to_rgb)
    data = [picture(seed) for seed in range(12)]  # 1,200 pixels each
    with ThreadPoolExecutor(6) as pool:
        decoded = list(pool.map(lambda one: decode(one, 8), data))
    assert [image.shape for image in decoded] == [(8, 8, 3)] * 12
    assert sizes == {"now": 0, "most": 2400}

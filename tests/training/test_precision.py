import keras
import pytest
import tensorflow as tf

from ssgan_tf.device import precision
from ssgan_tf.device.precision import dtype_policy, resolve_precision


@pytest.fixture
def machine(monkeypatch):
    """Return a function that pretends a machine with these GPUs and processor flags."""

    def pretend(capabilities=(), cpu_flags="", system="Linux"):
        class Processor:
            def __init__(self, path):
                assert (path, system) == ("/proc/cpuinfo", "Linux")

            def read_text(self, **_):
                return f"model name : A 1\nflags\t: fpu {cpu_flags} sse\n"

        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: list(range(len(capabilities)))
        )
        monkeypatch.setattr(
            tf.config.experimental,
            "get_device_details",
            lambda gpu: {"compute_capability": capabilities[gpu]} if capabilities[gpu] else {},
        )
        monkeypatch.setattr(precision.platform, "system", lambda: system)
        monkeypatch.setattr(precision, "Path", Processor)

    return pretend


@pytest.mark.parametrize(
    ("pretended", "expected"),
    [
        ({"cpu_flags": "avx512f avx512_bf16"}, "mixed_bfloat16"),
        ({"cpu_flags": "amx_bf16"}, "mixed_bfloat16"),
        ({"cpu_flags": "avx2 avx512f"}, "float32"),
        ({"cpu_flags": "avx512_bf16", "system": "Darwin"}, "float32"),
        ({"capabilities": [(8, 0)]}, "mixed_bfloat16"),
        ({"capabilities": [(9, 0), (8, 6)]}, "mixed_bfloat16"),
        ({"capabilities": [(7, 5)], "cpu_flags": "amx_bf16"}, "float32"),
        ({"capabilities": [(9, 0), (7, 0)]}, "float32"),
        ({"capabilities": [None]}, "float32"),
    ],
)
def test_auto_follows_the_machine(machine, pretended, expected):
    machine(**pretended)
    assert resolve_precision("auto") == expected


def test_auto_resolves_here():
    assert resolve_precision("auto") in ("float32", "mixed_bfloat16")


@pytest.mark.parametrize("name", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_named_types_are_kept(name):
    assert resolve_precision(name) == name


def test_policy_holds_inside_and_not_after():
    former = keras.config.dtype_policy().name
    with dtype_policy("mixed_bfloat16"):
        layer = keras.layers.Dense(1)
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert keras.config.dtype_policy().name == former
    with pytest.raises(RuntimeError), dtype_policy("mixed_float16"):
        raise RuntimeError
    assert keras.config.dtype_policy().name == former

"""Runs `python without_tensorflow.py SCRIPT [ARGUMENT...]`, where SCRIPT is Python source.

The script imports single modules of the package, while the packages' own imports, TensorFlow among
them, which take seconds and print, are left out.
"""

import sys
import types
from pathlib import Path

for name in ("ssgan_tf", "ssgan_tf.training"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).parents[2].joinpath(*name.split(".")))]
    sys.modules[name] = package

del sys.argv[0]
exec(compile(sys.argv[0], "<script>", "exec"))

import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.bounds import BOUNDS, require
from ssgan_tf.data.balance import parse_per_class
from ssgan_tf.errors import UserError

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", BOUNDS)
def test_the_bounds_themselves_hold_and_what_lies_beyond_is_named(name):
    bound = BOUNDS[name]
    inside = [(bound.low + bound.high) / 2] + [bound.low] * (not bound.above)
    for value in [None, *inside, *[bound.high] * (not bound.below)]:
        require(name, value)
    outside = [bound.low - 1, bound.high + 1, float("nan"), float("inf"), 10**30, True, "1"]
    for value in outside + [bound.low] * bound.above + [bound.high] * bound.below:
        with pytest.raises(UserError, match=f"^--{name} is .*; it must be .* (most|less than) "):
            require(name, value)


def test_images_of_a_class_as_text_are_bounded_too():
    assert parse_per_class("100000") == 100_000
    for text in ("1000000000", "9" * 50):
        with pytest.raises(UserError, match=r"--per_class is .*at most 100000"):
            parse_per_class(text)


# All scripts in one process, which starts TensorFlow once.
LIST = """
import runpy, sys
from absl import flags
from ssgan_tf import command_line
command_line.run = lambda main: None
own = set(flags.FLAGS)
for script in sys.argv[1:]:
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
    for name in set(flags.FLAGS) - own:
        if flags.FLAGS[name].flag_type() in ("int", "float"):
            print(name)
        delattr(flags.FLAGS, name)
"""


def test_every_number_that_a_flag_takes_has_bounds():
    scripts = ("train", "generate", "evaluate", "classify", "compare")
    listed = subprocess.run(
        [sys.executable, "-c", LIST, *(f"{ROOT / name}.py" for name in scripts)],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert listed.returncode == 0, listed.stderr
    names = set(listed.stdout.split())
    assert names <= set(BOUNDS)
    assert {"latent_dim", "seeds", "filter_tolerance", "minutes"} <= names

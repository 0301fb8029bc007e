import importlib

import pytest

from ssgan_tf.bounds import BOUNDS, require
from ssgan_tf.command_line import COMMANDS
from ssgan_tf.data.balance import parse_per_class
from ssgan_tf.errors import UserError


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


def test_every_number_that_a_flag_takes_has_bounds():
    commands = [importlib.import_module(f"ssgan_tf.commands.{name}") for name in COMMANDS]
    every = [command.flags.values[name] for command in commands for name in command.flags.values]
    names = {flag.name for flag in every if flag.flag_type() in ("int", "float")}
    assert names <= set(BOUNDS)
    assert {"latent_dim", "seeds", "filter_tolerance", "minutes"} <= names

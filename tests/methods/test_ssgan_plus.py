"""SSGAN with additions: the same method but for three settings."""

import dataclasses

import numpy as np

from ssgan_tf.methods import create
from ssgan_tf.methods.gan.ssgan import SSGAN
from ssgan_tf.methods.gan.ssgan_plus import SSGANPlus
from tests.training.tiny import make_step, painted_squares, tiny_method

OFF = {"augment_critic": "none", "penalty": "none", "flip": False}


def test_three_settings_differ_and_nothing_else():
    ours, theirs = (dataclasses.asdict(one.defaults) for one in (SSGANPlus, SSGAN))
    assert {name: value for name, value in ours.items() if value != theirs[name]} == {
        "augment_critic": "diffaugment", "penalty": "lecam", "flip": True,
    }  # fmt: skip
    assert set(vars(SSGANPlus)) - set(vars(type("Bare", (SSGAN,), {"__doc__": ""}))) == {
        "name", "label", "defaults",
    }  # fmt: skip


def test_without_the_additions_it_trains_as_ssgan_and_with_them_otherwise():
    def weights(name, **settings):
        step = make_step(tiny_method(name, **settings), "left", painted_squares())
        losses = step.run_iterations(1)
        return {one.path: np.array(one) for one in step.critic.variables}, losses

    expected, _ = weights("ssgan")
    found, losses = weights("ssgan-plus", **OFF)
    assert "lecam" not in losses
    for path, value in expected.items():
        np.testing.assert_array_equal(found[path], value, err_msg=path)
    other, losses = weights("ssgan-plus")
    assert losses["lecam"] > 0
    assert any(np.any(other[path] != value) for path, value in expected.items())


def test_an_addition_that_is_taken_away_is_recorded():
    flags = create("ssgan-plus", **OFF).as_flags()
    assert {name: flags[name] for name in OFF} == OFF
    flags = create("ssgan-plus").as_flags()
    assert {flags["augment_critic"], flags["penalty"]} == {"diffaugment", "lecam"}

"""The methods that can be trained, by name."""

import dataclasses

from ssgan_tf.errors import UserError
from ssgan_tf.methods.acgan import ACGAN
from ssgan_tf.methods.base import GAN, Settings
from ssgan_tf.methods.dcgan import DCGAN
from ssgan_tf.methods.projected import Projected
from ssgan_tf.methods.reacgan import ReACGAN
from ssgan_tf.methods.sagan import SAGAN
from ssgan_tf.methods.ssgan import SSGAN
from ssgan_tf.methods.wgan import WGAN
from ssgan_tf.methods.wgan_gp import WGANGP

METHODS = {
    method.name: method for method in (SSGAN, WGANGP, WGAN, DCGAN, SAGAN, ACGAN, ReACGAN, Projected)
}


def create(name, **changes):
    """Return an untrained method by its name.

    Args:
        name: a key of `METHODS`.
        **changes: settings that differ from the method's defaults, see `Settings`.

    Raises:
        UserError: no such method, no such setting, or an impossible value.
    """
    if name not in METHODS:
        raise UserError(f"unknown method {name!r}; choose one of {', '.join(METHODS)}")
    return METHODS[name](**changes)


def recreate(flags):
    """Return the untrained method that recorded settings describe.

    Args:
        flags: dict keyed by the flags of `train.py`, with the method's name as `method`: the
            section "settings" of a run's `config.json`. Other keys are passed over.
    """
    if not isinstance(flags.get("method"), str):
        raise UserError("the settings that were recorded name no method; train again")
    fields = {field.name: field.name.rstrip("_") for field in dataclasses.fields(Settings)}
    return create(
        flags["method"], **{name: flags[flag] for name, flag in fields.items() if flag in flags}
    )


def load(run, average=True):
    """Return a trained method from a run directory, ready for `sample`.

    Args:
        run: a folder that `train.py` or `fit` wrote.
        average: sample from the moving average of the weights, where the run kept one.

    Raises:
        UserError: the folder is no run, or holds no checkpoint.
    """
    from ssgan_tf.training.sampling import load_run  # methods stand below training

    return load_run(run, average)


__all__ = ["GAN", "METHODS", "Settings", "create", "load", "recreate"]

"""The state of a training as named arrays, and back."""

import numpy as np

from ssgan_tf.errors import UserError


def named_weights(role, variables):
    """Return a network's Keras variables by names such as `generator/deconv_0/kernel`."""
    return {f"{role}/{variable.path.partition('/')[2]}": variable for variable in variables}


def export(variables):
    """Return the values of variables, a dict of arrays by the same names."""
    return {name: np.asarray(variable.numpy()) for name, variable in variables.items()}


def assign(variables, arrays):
    """Assign arrays to the variables of the same names.

    Raises:
        UserError: a name is missing or a shape differs.
    """
    for name, variable in variables.items():
        if name not in arrays or tuple(arrays[name].shape) != tuple(variable.shape):
            raise UserError(
                f"the checkpoint does not fit the network: {name} of shape {tuple(variable.shape)} "
                "is not in it; it was written with other settings or another version"
            )
        variable.assign(arrays[name])

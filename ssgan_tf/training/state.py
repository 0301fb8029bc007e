"""The state of training as named arrays, and back."""

from ssgan_tf.errors import UserError

NETWORKS = ("generator", "critic", "average")
OPTIMIZERS = ("generator_optimizer", "critic_optimizer")


def named_weights(role, network):
    """Return a network's variables by names such as `generator/deconv_0/kernel`."""
    return {f"{role}/{weight.path.partition('/')[2]}": weight for weight in network.variables}


def of_generators(name):
    """Return whether a name is that of a weight that images are sampled with."""
    return name.startswith(("generator/", "average/"))


def export_state(step, only=lambda name: True):
    """Return everything that `TrainingStep` needs to continue, as a dict of arrays.

    Args:
        step: the `TrainingStep`.
        only: which names to export.
    """
    return {name: variable.numpy() for name, variable in _variables(step).items() if only(name)}


def restore_state(step, arrays):
    """Put arrays from `export_state` back into a `TrainingStep`.

    Raises:
        UserError: they are those of another kind of network.
    """
    assign(_variables(step), arrays)


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


def _variables(step):
    variables = {"iteration": step.iteration}
    for role in NETWORKS:
        network = getattr(step, role)
        if network is not None:
            variables |= named_weights(role, network)
    for role in OPTIMIZERS:
        # Keras numbers optimisers' names within a process, so their place is what tells them.
        for place, variable in enumerate(getattr(step, role).variables):
            variables[f"{role}/{place:03d}"] = variable
    return variables

"""The state of a GAN's training by name, and a generator's share of it."""

from ssgan_tf.runs.state import assign, named_weights

OPTIMIZERS = ("generator_optimizer", "critic_optimizer")


def of_generators(name):
    """Return whether a name is that of a weight that images are sampled with."""
    return name.startswith(("generator/", "average/"))


def assign_generator(generator, arrays, average=True):
    """Give a generator the weights of a checkpoint.

    Statistics and other variables that are not trained come from the trained generator, also where
    the weights are the averaged ones.

    Args:
        generator: the network.
        arrays: by name, of which those are used that `of_generators` picks.
        average: take the averaged weights, where there are some.

    Raises:
        UserError: they are those of another kind of network.
    """
    averaged = average and any(name.startswith("average/") for name in arrays)
    role = "average" if averaged else "generator"
    assign(named_weights(role, generator.trainable_variables), arrays)
    assign(named_weights("generator", generator.non_trainable_variables), arrays)


def variables_of(step):
    """Return everything that a `TrainingStep` needs to go on, variables by name."""
    variables = {"iteration": step.iteration}
    for role in ("generator", "critic"):
        variables |= named_weights(role, getattr(step, role).variables)
    if step.average is not None:
        variables |= named_weights("average", step.average.trainable_variables)
    components = {"augment": step.augment} if step.augment else {}
    components |= {f"penalty/{penalty.name}": penalty for penalty in step.penalties}
    for role, component in components.items():
        variables |= {f"{role}/{name}": kept for name, kept in component.variables().items()}
    for role in OPTIMIZERS:
        # Keras numbers optimisers' names within a process, so their place is what tells them.
        for place, variable in enumerate(getattr(step, role).variables):
            variables[f"{role}/{place:03d}"] = variable
    return variables

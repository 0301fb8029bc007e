"""What the networks behind a generated set cost, beside the paper's Table 2."""

from ssgan_tf import methods
from ssgan_tf.metrics.complexity import flops, parameter_count
from ssgan_tf.published import TABLE_2
from ssgan_tf.training.step import build


def cost(settings):
    """Return parameters (SSGAN, Eq. 9) and operations (Eq. 10) of a method's networks.

    Args:
        settings: the section "settings" of a run's `config.json`, or of a manifest.

    Returns:
        dict for JSON; `published` holds the figures of Table 2, where the method is in it.
    """
    method = methods.recreate(settings)
    generator, critic = build(method, len(settings.get("classes", [None])))
    published = TABLE_2.get(method.name)
    return {
        "method": method.name,
        "parameters": {
            "generator": parameter_count(generator),
            "critic": parameter_count(critic),
            "together": parameter_count(generator, critic),
        },
        "flops": {
            "generator": flops(generator),
            "critic": flops(critic),
            "batch": method.settings.batch_size * flops(generator, critic),
            "batch_size": method.settings.batch_size,
        },
        "published": published and {"parameters": published.parameters, "flops": published.flops},
    }

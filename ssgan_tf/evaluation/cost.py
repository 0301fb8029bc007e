"""What the networks behind a generated set cost, beside the paper's Table 2."""

import functools
import json

from ssgan_tf import methods
from ssgan_tf.errors import UserError
from ssgan_tf.published import TABLE_2


def cost(manifest):
    """Return the cost that a manifest records; that of its settings where it is an older one.

    Args:
        manifest: of a generated set; None where the folder has none.

    Returns:
        dict for JSON: `method`, and what `ssgan_tf.methods.contract.Cost` holds; `published` has
        the figures of Table 2 where the method is in it. None where nothing is known.
    """
    settings = (manifest or {}).get("settings")
    if not settings:
        return None
    name, recorded = settings.get("method"), manifest.get("cost")
    if recorded is None:
        recorded = of_settings(settings)
    if recorded is None:
        return None
    published = TABLE_2.get(name)
    return {
        "method": name,
        **recorded,
        "published": published and {"parameters": published.parameters, "flops": published.flops},
    }


def of_settings(settings):
    """Return the cost of the networks that recorded settings describe, a dict, or None.

    Args:
        settings: the section "settings" of a run's `config.json`, or of a manifest.
    """
    try:
        methods.recreate(settings)
    except UserError:  # it came from somewhere else; its images can be judged all the same
        return None
    found = _counted(json.dumps(settings, sort_keys=True))
    return found and found._asdict()


@functools.lru_cache(maxsize=8)  # to be counted, layers have to be built
def _counted(text):
    settings = json.loads(text)  # as text, since lists have no hash
    return methods.recreate(settings).cost(len(settings.get("classes", [None])))

"""Features in, every measure of them out, as plain numbers for `metrics.json`."""

import time
from collections import defaultdict
from contextlib import contextmanager

from ssgan_tf.evaluation.cross_check import tfgan_distance
from ssgan_tf.metrics.frechet import frechet_distance, halves_distance
from ssgan_tf.metrics.inception_score import inception_score
from ssgan_tf.metrics.kernel import kernel_distance
from ssgan_tf.metrics.manifold import manifold_scores

NEIGHBOURS = 5  # k of precision, recall, density and coverage (Naeem et al., 2020)
SPLITS = 10  # of the Inception Score
ENOUGH_IMAGES = 2048  # below, FID's bias is too large for comparisons across sample sizes


class Seconds:
    """The time that each measure took, in total."""

    def __init__(self):
        self.by_name = defaultdict(float)

    @contextmanager
    def of(self, name):
        """Add the seconds inside the block to a name."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.by_name[name] += time.perf_counter() - start


def feature_scores(name, generated, training, held_out, seed=0, seconds=None):
    """Return the measures that compare features, for one class or for all together.

    Args:
        name: turns a measure's name into the one it has with these features; `Inception.name`.
        generated: `Features` of the generated images.
        training: those of the real images that were trained on.
        held_out: those of held-out real images, perhaps none.
        seed: of halves, subsets and shuffles.
        seconds: a `Seconds` to add the times to.

    Returns:
        dict by measure, see `docs/evaluation.md`; what too few images allow no figure for is None.
    """
    seconds = seconds or Seconds()
    real, made, fresh = training.values, generated.values, held_out.values
    scores = {"images": {"generated": len(made), "training": len(real), "held_out": len(fresh)}}
    with seconds.of("FID"):
        scores[name("FID")] = {
            "training": _if(len(made) > 1, frechet_distance, real, made),
            "held_out": _if(min(len(made), len(fresh)) > 1, frechet_distance, fresh, made),
            "floor": _if(len(real) > 3, halves_distance, real, seed),
        }
    with seconds.of("FID by TensorFlow-GAN"):
        ours = scores[name("FID")]["training"]
        scores[name("FID")]["tfgan"] = tfgan_distance(real, made, ours)
    with seconds.of("KID"):
        enough = min(len(real), len(made)) > 3
        distance = _if(enough, kernel_distance, real, made, seed=seed)
        scores[name("KID")] = distance and distance._asdict()
    with seconds.of("precision, recall, density, coverage"):
        enough = min(len(real), len(made)) > NEIGHBOURS
        manifold = _if(enough, manifold_scores, real, made, NEIGHBOURS)
        for measure in ("precision", "recall", "density", "coverage"):
            scores[name(measure)] = manifold and getattr(manifold, measure)
    with seconds.of("IS"):
        scores["IS"] = {
            "generated": _inception_score(generated.logits, seed),
            "training": _inception_score(training.logits, seed),
        }
    return scores


def _if(possible, measure, *arguments, **options):
    return measure(*arguments, **options) if possible else None


def _inception_score(logits, seed):
    """Return the score as a dict, or None without logits or with too few images for ten splits."""
    if logits is None or len(logits) < SPLITS:
        return None
    return inception_score(logits, SPLITS, seed)._asdict() | {"splits": SPLITS}

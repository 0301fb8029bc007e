"""Only the generated images that a classifier takes for their class (GM-augCls, section 3.4)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ssgan_tf import plots
from ssgan_tf.errors import UserError

EXAMPLES = 10  # of each kind and class in the picture


@dataclass(frozen=True, eq=False)
class Filter:
    """Accepts a generated image where a classifier is sure enough of its class.

    Attributes:
        classifier: a `Classifier`.
        threshold: the least probability to be accepted with, in (0, 1]; α in GM-augCls.
        limit: look at no more than so many candidates for each image that is wanted.
        path: the folder of the classifier, for the manifest.
        between: called before each batch of candidates; what it raises ends the search.

    Raises:
        UserError: the threshold or the limit is out of range.
    """

    classifier: object
    threshold: float = 0.8
    limit: int = 20
    path: str = ""
    between: Callable[[], None] = lambda: None

    def __post_init__(self):
        if not 0 < self.threshold <= 1:
            raise UserError(f"--threshold is {self.threshold}; it must be above 0 and at most 1")
        if self.limit < 1:
            raise UserError(f"--filter_limit is {self.limit}; it must be at least 1")

    def require(self, class_names, image_size):
        """Check that the classifier can judge such images.

        Args:
            class_names: what the images are meant to show.
            image_size: their height and width in pixels.

        Raises:
            UserError: another size than that of its images, a class that it does not know, or it
                was trained on generated images whose origin its record does not tell.
        """
        if self.classifier.record.get("kind") == "generated":
            # What their generators were trained on would hide behind the classifier.
            raise UserError(
                f"--filter: the classifier in {self.path} was trained on generated images; name "
                "one trained on real or classical ones only, such as runs/original/seed-0"
            )
        expected, known = self.classifier.image_size, self.classifier.class_names
        if image_size != expected:
            raise UserError(
                f"--filter: the classifier takes images of {expected} pixels, and the generated "
                f"ones have {image_size}; train it with classify.py --image_size {image_size}"
            )
        for name in class_names:
            if name not in known:
                raise UserError(
                    f"--filter: the classifier does not know the class {name!r}; it knows "
                    f"{', '.join(known)}"
                )

    def judge(self, images, class_name):
        """Return the probability of one class, and whether it suffices.

        Args:
            images: uint8 `(n, height, width, 3)`, of the classifier's size.
            class_name: what they are meant to show.

        Returns:
            float32 `(n,)` in [0, 1] and bool `(n,)`.

        Raises:
            UserError: as `require`.
        """
        self.require([class_name], images.shape[1])
        label = self.classifier.class_names.index(class_name)
        probabilities = self.classifier.probabilities(images)[:, label]
        return probabilities, probabilities >= self.threshold

    def record(self):
        """Return what a manifest says of the filter, a dict for JSON.

        `learnt_from` holds the hashes of the real images that the classifier was trained on, by
        class: through it they decide about the generated images. So do, where it is that of a round
        of filtering, those that the generator of the images accepted in it was trained on.
        """
        record = self.classifier.record
        return {
            "classifier": str(self.path),
            "threshold": self.threshold,
            "limit": self.limit,
            "rounds": [],
            "learnt_from": merged(record["learnt_from"], record.get("generator_learnt_from", {})),
        }


def merged(*hashes_by_class):
    """Return dicts from class to hashes as one, without repetitions, in the order they came."""
    names = dict.fromkeys(name for hashes in hashes_by_class for name in hashes)
    return {
        name: list(dict.fromkeys(d for hashes in hashes_by_class for d in hashes.get(name, ())))
        for name in names
    }


class Selection:
    """The accepted images of one class, found among ever more candidates.

    Args:
        filtered: the `Filter`.
        class_name: the class.
        wanted: how many images to find.

    Attributes:
        sampled: how many candidates have been looked at.
        accepted: how many of these were accepted.
        examples: dict from "accepted" and "rejected" to lists of the first of each.
    """

    def __init__(self, filtered, class_name, wanted):
        self.filtered, self.class_name, self.wanted = filtered, class_name, wanted
        self.sampled = self.accepted = 0
        self.examples = {"accepted": [], "rejected": []}
        self._highest = 0.0

    def accepted_batches(self, candidates):
        """Yield the accepted images of each batch, until enough are found or the limit is reached.

        Whole batches are judged, so that rounding, too, is the same however many are wanted.

        Args:
            candidates: batches without end, uint8 `(n, size, size, 3)`.
        """
        most = self.filtered.limit * self.wanted
        for images in candidates:
            self.filtered.between()
            probabilities, accepted = self.filtered.judge(images, self.class_name)
            looked_at = min(len(images), most - self.sampled)
            places = np.flatnonzero(accepted[:looked_at])[: self.wanted - self.accepted]
            self.accepted += len(places)
            enough = self.accepted == self.wanted
            if enough:
                looked_at = places[-1] + 1
            self.sampled += int(looked_at)
            self._highest = max(self._highest, float(probabilities[:looked_at].max()))
            rejected = np.flatnonzero(~accepted[:looked_at])
            for kind, some in (("accepted", places), ("rejected", rejected)):
                shown = self.examples[kind]
                shown.extend(images[some[: EXAMPLES - len(shown)]])
            yield images[places]
            if enough or self.sampled == most:
                return

    def report(self):
        """Return what a manifest says of the class, a dict for JSON.

        `acceptance_rate` is the share of the candidates in [0, 1], None where there was none;
        `shortfall` a sentence where fewer were found than wanted, else None.
        """
        return {
            "count": self.accepted,
            "wanted": self.wanted,
            "sampled": self.sampled,
            "acceptance_rate": self.accepted / self.sampled if self.sampled else None,
            "shortfall": self._shortfall() if self.accepted < self.wanted else None,
        }

    def _shortfall(self):
        threshold = f"a probability of {self.filtered.threshold:g}"
        if self.accepted:
            reached = f"{100 * self.accepted / self.sampled:.3g} % reach {threshold}"
        else:
            reached = (
                f"none reaches {threshold}, the highest is {self._highest:.2g}, and the set lacks "
                "the class"
            )
        return (
            f"{self.accepted} of {self.wanted} found among {self.sampled:,} candidates; {reached}: "
            "lower --threshold, raise --filter_limit, or train longer"
        )


def examples_sheet(selections):
    """Return rows of accepted and rejected images of each class, uint8 `(height, width, 3)`.

    Args:
        selections: the `Selection` of each class, after it has run.

    Returns:
        the picture, or None where there was no candidate.
    """
    rows = {
        f"{selection.class_name}: {kind}": np.stack(images)
        for selection in selections
        for kind, images in selection.examples.items()
        if images
    }
    return plots.labelled_rows(rows) if rows else None

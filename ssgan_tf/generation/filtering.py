"""Keep the generated images that a classifier recognises (GM-augCls, section 3.4)."""

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
        threshold: minimum probability of an accepted image, in (0, 1]; α in GM-augCls.
        limit: maximum number of candidates for each wanted image.
        path: the folder of the classifier, for the manifest.
        between: called before each batch of candidates; may raise to end the search.

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
        """Check that the classifier fits the images.

        Args:
            class_names: the classes of the images.
            image_size: their height and width in pixels.

        Raises:
            UserError: the classifier takes another size, lacks a class, or was trained on
                generated images whose provenance its record does not tell.
        """
        if self.classifier.record.get("kind") == "generated":
            # The classifier would hide the training images of their generators.
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

    def accept(self, images, class_name):
        """Return the probability of a class, and whether it reaches the threshold.

        Args:
            images: uint8 `(n, height, width, 3)`, of the classifier's size.
            class_name: the class that they were generated for.

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
        """Return the manifest's entry of the filter, a dict for JSON.

        `learnt_from` has the hashes of the real images behind the decisions, by class: those that
        the classifier was trained on, and where it is that of a round of filtering, those that the
        generator of the accepted images was trained on.
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
    """Merge dicts from class to hashes into one, without repetitions, in their order."""
    names = dict.fromkeys(name for hashes in hashes_by_class for name in hashes)
    return {
        name: list(dict.fromkeys(d for hashes in hashes_by_class for d in hashes.get(name, ())))
        for name in names
    }


class Selection:
    """Finds accepted images of one class among its candidates.

    Args:
        filtered: the `Filter`.
        class_name: the class.
        wanted: the number of images to find.

    Attributes:
        sampled: the number of candidates so far.
        accepted: the number of accepted ones.
        kept: their numbers among the candidates, from 0.
        examples: dict from "accepted" and "rejected" to the first images of each, lists.
    """

    def __init__(self, filtered, class_name, wanted):
        self.filtered, self.class_name, self.wanted = filtered, class_name, wanted
        self.sampled, self.accepted, self.kept = 0, 0, []
        self.examples = {"accepted": [], "rejected": []}
        self._highest = 0.0

    def accepted_batches(self, candidates):
        """Yield the accepted images of each batch, until enough are found or the limit is reached.

        Whole batches are classified, so that rounding does not depend on the number wanted.

        Args:
            candidates: endless batches, uint8 `(n, size, size, 3)`.
        """
        most = self.filtered.limit * self.wanted
        for images in candidates:
            self.filtered.between()
            probabilities, accepted = self.filtered.accept(images, self.class_name)
            looked_at = min(len(images), most - self.sampled)
            indices = np.flatnonzero(accepted[:looked_at])[: self.wanted - self.accepted]
            self.accepted += len(indices)
            self.kept += (indices + self.sampled).tolist()
            enough = self.accepted == self.wanted
            if enough:
                looked_at = indices[-1] + 1
            self.sampled += int(looked_at)
            self._highest = max(self._highest, float(probabilities[:looked_at].max()))
            rejected = np.flatnonzero(~accepted[:looked_at])
            for kind, some in (("accepted", indices), ("rejected", rejected)):
                shown = self.examples[kind]
                shown.extend(images[some[: EXAMPLES - len(shown)]])
            yield images[indices]
            if enough or self.sampled == most:
                return

    def report(self):
        """Return the manifest's entry of the class, a dict for JSON.

        `acceptance_rate` is the share of the candidates in [0, 1], None without candidates;
        `shortfall` is a sentence where fewer were found than wanted, else None.
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
        the picture, or None without candidates.
    """
    rows = {
        f"{selection.class_name}: {kind}": np.stack(images)
        for selection in selections
        for kind, images in selection.examples.items()
        if images
    }
    return plots.labelled_rows(rows) if rows else None

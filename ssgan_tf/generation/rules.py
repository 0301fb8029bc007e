"""Rules that decide whether a classifier is better than the former one, on held-out images."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ssgan_tf.errors import UserError
from ssgan_tf.statistics.scores import classification_scores

MCNEMAR, PAPER = "mcnemar", "paper"
RULES = (MCNEMAR, PAPER)
LEVEL = 0.05  # of McNemar's test, one-sided
TOLERANCE = 0.005  # ε of GM-augCls, of the validation accuracy; the paper names no value


def mcnemar(gained, lost):
    """Return the one-sided p-value of McNemar's exact test (McNemar 1947, Psychometrika 12).

    Only images count that one classifier gets right and the other wrong. Where both are equally
    good, the gains among these are binomial with probability 1/2. Dietterich (1998, Neural
    Computation 10) recommends the test for classifiers that are trained once.

    Args:
        gained: images that the new classifier gets right and the former one got wrong.
        lost: images that the former one got right and the new one gets wrong.

    Returns:
        the probability of so many gains or more, in (0, 1]; 1 where the two never differ.
    """
    if gained + lost == 0:
        return 1.0
    return float(binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue)


@dataclass(frozen=True)
class Rule:
    """Decides whether a new classifier replaces the former one.

    Attributes:
        name: "mcnemar": the new one is better at a level of 5 %, one-sided, by McNemar's exact
            test, and its accuracy has risen too; "paper": its accuracy has risen by more than ε
            (GM-augCls, section 3.4).
        tolerance: ε, from 0 to below 1; None, which stands for 0.005, with the other rule.

    Raises:
        UserError: the name is unknown, or the tolerance does not fit.
    """

    name: str = MCNEMAR
    tolerance: float | None = None

    def __post_init__(self):
        if self.name not in RULES:
            raise UserError(f"--filter_rule is {self.name!r}; choose one of {', '.join(RULES)}")
        if self.tolerance is None:
            return
        if self.name != PAPER:
            raise UserError(
                f"--filter_tolerance belongs to --filter_rule {PAPER}; leave it out, or choose "
                "that rule"
            )
        if not 0 <= self.tolerance < 1:
            raise UserError(f"--filter_tolerance is {self.tolerance}; it must be from 0 to below 1")

    def record(self):
        """Return the manifest's entry of the rule, a dict for JSON."""
        if self.name == MCNEMAR:
            return {"rule": MCNEMAR, "level": LEVEL}
        return {"rule": PAPER, "tolerance": self._epsilon}

    @property
    def _epsilon(self):
        return TOLERANCE if self.tolerance is None else self.tolerance

    def compare(self, labels, former, predictions, class_names):
        """Return the manifest's entry of a new classifier, a dict for JSON.

        The accuracy is the mean recall of the classes; the test counts images. So that a large
        class cannot pass the test at the cost of a small one, the accuracy has to rise too.

        Args:
            labels: of the held-out images, integers `(n,)`.
            former: the former classifier's predictions for them, or None where there is none.
            predictions: the new one's.
            class_names: of the labels.

        Returns:
            `validation_accuracy`, `kept`, and, None without a former classifier, `discordant`
            (`gained` and `lost` images), `p` of McNemar's test, and `rule`.
        """

        def mean_recall(of):
            return classification_scores(labels, of, class_names)["recall"]

        accuracy = mean_recall(predictions)
        entry = {"validation_accuracy": accuracy, "discordant": None, "p": None, "rule": None}
        if former is None:
            return entry | {"kept": True}
        right, was_right = predictions == labels, former == labels
        gained, lost = int(np.sum(right & ~was_right)), int(np.sum(~right & was_right))
        p, gain = mcnemar(gained, lost), accuracy - mean_recall(former)
        kept = p <= LEVEL and gain > 0 if self.name == MCNEMAR else gain > self._epsilon
        return entry | {
            "discordant": {"gained": gained, "lost": lost},
            "p": p,
            "rule": self.name,
            "kept": bool(kept),
        }

"""How long a comparison is going to take, by how long its stages have taken so far."""


class Estimate:
    """Seconds that stages are going to take.

    What works of the comparison have taken tells: for a training those of the same method, if there
    are any. Where none has been trained yet, `measure` finds out how long an update takes. Of the
    other stages nothing is known until one work has been through them.

    Args:
        works: the `Work`s of the comparison.

    Attributes:
        measured: the `ContestantWork` that was measured, or None.
    """

    def __init__(self, works):
        self.works = works
        self.measured, self._update = None, None

    def seconds(self, work, stages):
        """Return the seconds that stages of a `Work` will take, as far as anything is known."""
        return sum(self._of_stage(work, stage) or 0 for stage in stages)

    def total(self, todo):
        """Return the seconds of a dict from `Work`s to stages."""
        return sum(self.seconds(work, stages) for work, stages in todo.items())

    def unknown(self, todo):
        """Return the stages in a dict from `Work`s to stages of which nothing is known."""
        each = ((work, stage) for work, stages in todo.items() for stage in stages)
        return list(
            dict.fromkeys(stage for work, stage in each if self._of_stage(work, stage) is None)
        )

    def measure(self, work):
        """Train a `ContestantWork` for a moment, to tell how long trainings take."""
        self.measured, self._update = work, work.seconds_an_update()

    def _of_stage(self, work, stage):
        minutes = work.comparison.terms.minutes
        if stage == "train" and minutes is not None:
            return max(60 * minutes - work.state()["seconds"].get("train", 0), 0)
        rate = self._seconds_each(work, stage)
        return None if rate is None else rate * _left(work, stage)

    def _seconds_each(self, work, stage):
        """Return the seconds of an update, a classifier or a whole stage, or None."""
        taken = {
            other: (seconds, _done(other, stage)) for other in self.works
            if (seconds := other.state()["seconds"].get(stage)) and _done(other, stage)
        }  # fmt: skip
        if stage == "train":
            alike = {
                one: each for one, each in taken.items() if one.method.name == work.method.name
            }
            taken = alike or taken
        if taken:
            return sum(seconds for seconds, _ in taken.values()) / sum(
                count for _, count in taken.values()
            )
        return self._update if stage == "train" else None


def _done(work, stage):
    if stage == "train":
        return sum(work.updates().values())
    return len(work.finished_classifiers()) if stage == "classify" else 1


def _left(work, stage):
    if stage == "train":
        return max(len(work.networks) * work.iterations - _done(work, stage), 0)
    return len(work.classifiers) - _done(work, stage) if stage == "classify" else 1


def in_words(seconds):
    """Return a time such as "about 1 h 20 min"."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"about {hours / 24:.1f} days"
    return f"about {hours} h" + (f" {minutes} min" if minutes and hours < 10 else "")

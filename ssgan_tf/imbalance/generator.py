"""One training of a generator for one cell of the study, and the images that it made."""

import gc
import time

import keras

from ssgan_tf.classify.conditions import row_name
from ssgan_tf.data.manifest import read_manifest
from ssgan_tf.files import write_json
from ssgan_tf.generation import write_generated_set
from ssgan_tf.json_files import NUMBER, find_json
from ssgan_tf.runs.continuation import as_read
from ssgan_tf.training import fit

DONE = "done.json"
SHAPE = {"wanted": dict, "seconds": {"training": NUMBER, "generating": NUMBER}}


class Generator:
    """A method that learns what is left of a class, and fills it up.

    A method that learns each class for itself is trained on that class alone; one that learns
    classes together is trained on all of them, with the class as it was cut down.

    Args:
        name: of the method.
        number: of its training in this cell, from 0.
        cell: the `Cell`.

    Attributes:
        run: the run directory.
        images: the folder of the generated set.
    """

    def __init__(self, name, number, cell):
        self.name, self.number, self.cell = name, number, cell
        self.folder = cell.folder / "generators" / row_name(name, f"seed-{number}")
        self.run, self.images = self.folder / "run", self.folder / "generated"

    def __str__(self):
        several = f" seed {self.number}" * (self.cell.study.terms.generators > 1)
        return f"{self.cell}, {self.name}{several}"

    def is_done(self):
        """Whether the images are there, of a training as it would be now."""
        done, manifest = find_json(self.folder / DONE, SHAPE), read_manifest(self.images)
        return bool(
            done and manifest and manifest.get("complete") and done["wanted"] == self._wanted()
        )

    def seconds(self):
        """Return the seconds that training and generating took, a dict; None where unfinished."""
        done = find_json(self.folder / DONE, SHAPE)
        return done and done["seconds"]

    def make(self, division):
        """Train, or go on training, and write the images.

        Args:
            division: the `Division` of the cell.

        Raises:
            UserError: something does not fit; the run directory was begun with other settings.
            Interrupted: a signal; the training's state has been saved.
        """
        cell, study = self.cell, self.cell.study
        method = self._method()
        learnt = {
            name
            for of_job in method.jobs(study.images.class_names).values()
            for name in of_job
            if cell.class_name in of_job
        }
        cell.forget(self.name)  # so that a process that ends before the classifiers loses nothing
        start = time.perf_counter()
        try:
            fit(
                method, division.training.with_classes(learnt),
                held_out=division.test.with_classes(learnt), source=study.source,
                run_dir=self.run, progress=study.progress, **study.terms.budget(self.name),
            )  # fmt: skip
            trained = time.perf_counter()
            write_generated_set(
                self.run, self.images, cell.missing, seed=self.number,
                classes=[cell.class_name], progress=study.progress,
            )  # fmt: skip
        finally:
            keras.backend.clear_session()
            gc.collect()  # compiled functions refer to themselves
        seconds = {"training": trained - start, "generating": time.perf_counter() - trained}
        earlier = find_json(self.folder / DONE, SHAPE)
        if earlier:  # trained on, with a larger budget
            seconds["training"] += earlier["seconds"]["training"]
        rounded = {name: round(value, 1) for name, value in seconds.items()}
        write_json(self.folder / DONE, {"wanted": self._wanted(), "seconds": rounded})

    def _method(self):
        study = self.cell.study
        return study.terms.method(self.name, study.images.image_size, self.number)

    def _wanted(self):
        """Return what decides the images beside the data set, as a file keeps it."""
        return as_read(
            {
                "settings": self._method().as_flags(),
                "budget": self.cell.study.terms.budget(self.name),
                "count": self.cell.missing,
            }
        )

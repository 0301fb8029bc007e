"""Pictures: grids and rows of images, animations, and charts of numbers."""

from ssgan_tf.plots.charts import write_curves, write_distances, write_embedding
from ssgan_tf.plots.classification import write_means, write_training
from ssgan_tf.plots.comparison import (
    write_complexity,
    write_losses,
    write_settings,
    write_spectra,
)
from ssgan_tf.plots.pictures import (
    image_grid,
    labelled_rows,
    neighbour_sheet,
    write_gif,
    write_png,
)

__all__ = [
    "image_grid",
    "labelled_rows",
    "neighbour_sheet",
    "write_complexity",
    "write_curves",
    "write_distances",
    "write_embedding",
    "write_gif",
    "write_losses",
    "write_means",
    "write_png",
    "write_settings",
    "write_spectra",
    "write_training",
]

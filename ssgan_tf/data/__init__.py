"""Small image data sets: read from folders, downloaded or painted; and their splits."""

from ssgan_tf.data.image_set import ImageSet
from ssgan_tf.data.loading import load_dataset
from ssgan_tf.data.registry import DATASETS, DatasetEntry
from ssgan_tf.data.splits import Split, split

__all__ = ["DATASETS", "DatasetEntry", "ImageSet", "Split", "load_dataset", "split"]

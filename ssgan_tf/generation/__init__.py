"""Generated sets: writing them, and filtering them with a classifier, in rounds if wanted."""

from ssgan_tf.generation.generated_set import write_generated_set

__all__ = ["write_generated_set"]

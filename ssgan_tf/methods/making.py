"""What a sampler may do and say around the images that it makes; by default nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Making:
    """Hooks of `ssgan_tf.methods.contract.Sampler`, for methods whose images take long.

    `write_generated_set` calls `prepare` once, then `batches` for each class, then the others.
    """

    def plan(self, counts: Mapping[str, int]) -> list[tuple[str, str]]:
        """Return what making images will take, as rows of a name and words; writes nothing.

        Args:
            counts: dict from class to how many images.
        """
        return []

    def prepare(
        self,
        counts: Mapping[str, int],
        seed: int = 0,
        folder: Path | None = None,
        progress: bool = False,
        overwrite: bool = False,
    ):
        """Do what takes long before these images are asked for; `batches` may yield more.

        Args:
            counts: dict from class to how many images.
            seed: which images.
            folder: of the generated set. Names in it that begin with `_` are the sampler's own, for
                what a later call goes on with.
            progress: show bars.
            overwrite: move aside what an earlier call with other settings left there.

        Raises:
            UserError: it cannot be done, or an earlier call had other settings. Nothing in the
                folder has changed then.
        """
        return

    def sources(self, class_name: str, count: int, seed: int = 0) -> list[str] | None:
        """Return the SHA-256 of each first image's training image; None where it has no such."""
        return None

    def records(self, class_name: str, indices, seed: int = 0) -> list[dict[str, Any]]:
        """Return what is known of single images that `batches` yielded, for JSON.

        Args:
            class_name: the class.
            indices: their numbers, from 0.
            seed: which images.

        Returns:
            a dict for each, or no list at all where there is nothing to say.
        """
        return []

    def made_with(self) -> dict[str, Any]:
        """Return what the manifest says of the making beside the settings, for JSON."""
        return {}

    def shortfall(self, class_name: str) -> str:
        """Return in words why `batches` of a class ended."""
        return "no more can be made"

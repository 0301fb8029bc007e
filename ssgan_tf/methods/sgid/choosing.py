"""Which of several candidates becomes the image: the closest one, or the one that a person took."""

import re

from ssgan_tf.errors import UserError
from ssgan_tf.json_files import Damaged, Each, read_json
from ssgan_tf.methods.sgid.records import Key
from ssgan_tf.methods.sgid.similarity import best


class Choosing:
    """Chooses among candidates.

    Args:
        candidates: how many there are for each image.
        min_similarity: least cosine with the source, or None.
        file: JSON of a person's choices, `{"roses/000003": 2}`, or None.
        class_names: of the data set.

    Raises:
        UserError: the file cannot be read, or names what does not exist.
    """

    def __init__(self, candidates, min_similarity, file, class_names):
        self._count, self._least, self._by_hand = candidates, min_similarity, {}
        if file is None:
            return
        try:
            given = read_json(file, Each(int))
        except OSError as error:
            raise UserError(f"--choices {file} cannot be read: {error.strerror}") from None
        except Damaged as error:
            raise UserError(
                f'--choices {file}: {error}; it must be like {{"roses/000003": 2}}'
            ) from None
        for name, candidate in given.items():
            found = re.fullmatch(r"(.+)/(\d{1,9})(\.png)?", name)
            if not found or found[1] not in class_names or not 0 <= candidate < candidates:
                raise UserError(
                    f"--choices {file}: {name!r}: {candidate} is no choice; name an image such as "
                    f"{class_names[0]}/000003 and a candidate from 0 to {candidates - 1}"
                )
            self._by_hand[found[1], int(found[2])] = candidate

    def choice(self, cosines, class_name, image):
        """Return the `Key` of the candidate that becomes an image; None where none is close enough.

        Args:
            cosines: dict from `Key`.
            class_name: the class.
            image: number of the image among those that candidates were made for.
        """
        if (class_name, image) in self._by_hand:
            return Key(class_name, image, self._by_hand[class_name, image])
        keys = [Key(class_name, image, number) for number in range(self._count)]
        scores = [cosines[key] for key in keys]
        place = best(scores)
        if self._least is not None and scores[place] < self._least:
            return None
        return keys[place]

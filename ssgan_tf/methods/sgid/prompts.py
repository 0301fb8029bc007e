"""Prompts: from caption and class words to tokens with weights, and to a guidance scale."""

import re
from typing import NamedTuple

import numpy as np

from ssgan_tf.errors import UserError

LENGTH = 77  # tokens that CLIP reads, with one at either end
_PLACE = re.compile(r"(\{caption\}|\{label\})")


class Fragment(NamedTuple):
    """A part of a prompt.

    Attributes:
        kind: "caption", "label" or "text".
        text: its words.
        weight: of its tokens.
    """

    kind: str
    text: str
    weight: float = 1.0


class Tokens(NamedTuple):
    """A prompt as CLIP reads it.

    Attributes:
        ids: int32 `(77,)`.
        weights: float32 `(77,)`, 1 where nothing is weighted.
        truncated: whether the caption was cut.
    """

    ids: np.ndarray
    weights: np.ndarray
    truncated: bool


def require_template(template):
    """Refuse a `--prompt` without `{label}`, or with other braces.

    Raises:
        UserError: the template does not fit.
    """
    parts = _PLACE.split(template)
    once = all(parts.count(place) <= 1 for place in ("{label}", "{caption}"))
    rest = "".join(part for part in parts if not _PLACE.fullmatch(part))
    if "{label}" not in parts or not once or {"{", "}"} & set(rest):
        raise UserError(
            f"--prompt {template!r} must contain {{label}} once, and {{caption}} at most once"
        )


def fragments(template, caption, label, caption_weight=0.9, label_weight=1.5):
    """Return the `Fragment`s of a prompt.

    Args:
        template: such as `"{caption}. A picture of {label}"`.
        caption: "" leaves out the caption and what stands before the label's sentence.
        label: words of the class.
        caption_weight: of the caption's tokens.
        label_weight: of the label's tokens.
    """
    caption = caption.strip().rstrip(".,;:!? ")
    if not caption:
        template = re.sub(r"^[^\w{]+", "", template.replace("{caption}", ""))
    filled = {
        "{caption}": Fragment("caption", caption, caption_weight),
        "{label}": Fragment("label", label, label_weight),
    }
    parts = [part for part in _PLACE.split(template) if part]
    return [filled.get(part, Fragment("text", part)) for part in parts]


def text_of(parts):
    """Return the prompt that fragments make."""
    return "".join(part.text for part in parts)


def tokens_of(parts, tokenizer):
    """Return the `Tokens` of fragments; where they are too many, the caption is cut.

    Fragments meet where CLIP's tokenizer separates words anyway, so that their tokens are those of
    the whole text.

    Args:
        parts: from `fragments`.
        tokenizer: a KerasHub `CLIPTokenizer`.

    Raises:
        UserError: they are too many without any caption.
    """
    pieces = [list(_ids(tokenizer, part.text)) for part in parts]
    over = sum(map(len, pieces)) - (LENGTH - 2)
    truncated = over > 0
    if truncated:
        place = next((i for i, part in enumerate(parts) if part.kind == "caption"), None)
        if place is None or len(pieces[place]) < over:
            raise UserError(
                f"the prompt {text_of(parts)[:60]!r} has more than {LENGTH - 2} tokens without its "
                "caption; shorten --prompt or the words in --names"
            )
        del pieces[place][len(pieces[place]) - over :]
    ids = np.full(LENGTH, tokenizer.pad_token_id, np.int32)
    weights = np.ones(LENGTH, np.float32)
    ids[0], place = tokenizer.start_token_id, 1
    for part, piece in zip(parts, pieces, strict=True):
        ids[place : place + len(piece)] = piece
        weights[place : place + len(piece)] = part.weight
        place += len(piece)
    ids[place] = tokenizer.end_token_id
    return Tokens(ids, weights, truncated)


def _ids(tokenizer, text):
    """Return the token ids of a text, lower case as CLIP's preprocessors make it."""
    if not text.strip():
        return []
    return np.asarray(tokenizer(text.lower())).tolist()


def guidance_map(similarity):
    """Return SGID's guidance scale, max(1, −4s² + 2s + 1), at least 1 and at most 1.25.

    Args:
        similarity: s*, the cosine of image and caption in [-1, 1].
    """
    return max(1.0, -4 * similarity**2 + 2 * similarity + 1)

"""Strategies of Hypothesis for files that were damaged or edited."""

import copy
import json

from hypothesis import strategies as st

_numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(10**400)
_texts = st.text(max_size=8) | st.sampled_from(["../x", "/etc", "a\nb", "\x1b[31m", "\udcff", "1"])
anything = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
deep = st.integers(10, 200_000).map(lambda levels: b"[" * levels + b"]" * levels)


@st.composite
def bytes_of(draw, data):
    """Return bytes of which some are changed, lost, added or cut off."""
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.sampled_from(["flip", "cut", "lose", "add"]))
        if how == "flip" and data:
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del data[place:]
        elif how == "lose":
            del data[place : place + draw(st.integers(1, 64))]
        else:
            data[place:place] = draw(st.binary(min_size=1, max_size=16))
    return bytes(data)


@st.composite
def json_of(draw, document):
    """Return the bytes of a JSON document in which a value is another, or is lost."""
    holder = [copy.deepcopy(document)]
    place, key = holder, 0
    while True:
        inside = place[key]
        keys = list(inside) if isinstance(inside, dict) else []
        if isinstance(inside, list):
            keys = list(range(len(inside)))
        if not keys or draw(st.integers(0, 3)) == 0:
            break
        place, key = inside, draw(st.sampled_from(list(keys)))
    if place is not holder and draw(st.booleans()):
        del place[key]
    else:
        place[key] = draw(anything)
    return json.dumps(holder[0]).encode()


def file_of(document):
    """Return a strategy for the bytes of a JSON file that was damaged or edited."""
    return json_of(document) | json_of(document) | bytes_of(json.dumps(document).encode()) | deep

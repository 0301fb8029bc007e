"""What SGID decides without any model."""

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.methods import create
from ssgan_tf.methods.sgid.captions import GivenCaptions, seed_of
from ssgan_tf.methods.sgid.choosing import Choosing
from ssgan_tf.methods.sgid.journal import Journal
from ssgan_tf.methods.sgid.memory import available
from ssgan_tf.methods.sgid.noise import flow_sigmas, stable_diffusion_ratio, starting
from ssgan_tf.methods.sgid.presets import GIB, Preset
from ssgan_tf.methods.sgid.prompts import fragments, guidance_map, text_of
from ssgan_tf.methods.sgid.records import Candidates, Key
from ssgan_tf.methods.sgid.settings import SGIDSampling, class_words, fixed_guidance
from ssgan_tf.methods.sgid.similarity import best
from ssgan_tf.methods.sgid.sources import Sources, resized
from tests.training.tiny import painted_squares


@pytest.mark.parametrize(
    ("similarity", "scale"),
    [(0.25, 1.25), (0.301, 1.2396), (0.396, 1.1647), (0.9, 1.0), (-0.3, 1.0)],
)
def test_guidance_follows_from_similarity(similarity, scale):
    assert guidance_map(similarity) == pytest.approx(scale, abs=1e-4)


def test_guidance_can_be_fixed():
    assert fixed_guidance("map") is None
    assert fixed_guidance("7.5") == 7.5
    for text in ("much", "0.5", "nan"):
        with pytest.raises(UserError, match=f"--guidance is {text}; it must be map, or a number"):
            SGIDSampling(guidance=text)


def test_a_rate_of_stable_diffusion_becomes_a_step_of_its_own():
    assert stable_diffusion_ratio(0.3, 50) == pytest.approx(0.779, abs=1e-3)
    start = starting(50, rate=0.3)
    assert (start.step, start.run) == (39, 11)
    assert start.sigma == pytest.approx(0.4384, abs=1e-4)
    assert starting(50, strength=0.3).step == 35
    assert starting(50, strength=0.3).sigma == pytest.approx(0.548, abs=1e-3)
    assert starting(50, strength=1.0).step == 0
    assert starting(1, rate=0.01).run == starting(1, strength=0.01).run == 1
    # Esser et al., Eq. 23: without any shift all that is left is the even range.
    np.testing.assert_allclose(flow_sigmas(5, shift=1.0), np.linspace(1, 0.001, 5))


def test_prompts():
    template = SGIDSampling().prompt
    parts = fragments(template, " a fluffy white dog. ", "Great Pyrenees")
    assert text_of(parts) == "a fluffy white dog. A picture of Great Pyrenees"
    assert [(part.kind, part.weight) for part in parts] == [
        ("caption", 0.9), ("text", 1.0), ("label", 1.5),
    ]  # fmt: skip
    assert text_of(fragments(template, "", "rose")) == "A picture of rose"
    assert text_of(fragments("{label}", "a", "rose")) == "rose"
    for template in ("{caption}", "{label} {label}", "{label} {name}", "{label"):
        with pytest.raises(UserError, match=r"must contain \{label\} once"):
            SGIDSampling(prompt=template)


def test_words_of_classes():
    assert class_words(None, ("left_hand", "roses")) == {"left_hand": "left hand", "roses": "roses"}
    assert class_words("roses=rose", ("roses",)) == {"roses": "rose"}
    with pytest.raises(UserError, match="there is no class 'tulips'; classes: roses"):
        class_words("tulips=tulip", ("roses",))
    for names in ("roses", "roses=", "a=b,a=c"):
        with pytest.raises(UserError, match="give each class once with its words"):
            SGIDSampling(names=names)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"noise": 0.3, "strength": 0.3}, "--noise and --strength both say"),
        ({"noise": 0.0}, "--noise is 0.0; it must be more than 0"),
        ({"noise": "much"}, "--noise is much; it must be a number"),
        ({"resolution": 500}, "--resolution is 500; it must be a multiple of 16"),
        ({"precision": "int8"}, "--precision is int8; it must be one of auto, float32"),
        ({"steps": 0}, "--steps is 0"),
        ({"similarity_limit": 5}, "--similarity_limit belongs to --min_similarity"),
    ],
)
def test_impossible_settings(changes, words):
    with pytest.raises(UserError, match=words):
        create("sgid").choose_sampling(**changes)


def test_the_highest_score_is_the_best_and_the_first_of_equals():
    assert best([0.1, 0.4, 0.3]) == 1
    assert best([0.4, 0.1, 0.4]) == 0


def test_choice_among_candidates(tmp_path):
    scores = {Key("roses", image, number): score
              for image, row in enumerate([(0.1, 0.7, 0.2), (0.3, 0.3, 0.1)])
              for number, score in enumerate(row)}  # fmt: skip
    closest = Choosing(3, None, None, ("roses",))
    assert closest.choice(scores, "roses", 0) == Key("roses", 0, 1)
    assert closest.choice(scores, "roses", 1) == Key("roses", 1, 0)
    strict = Choosing(3, 0.5, None, ("roses",))
    assert strict.choice(scores, "roses", 0) == Key("roses", 0, 1)
    assert strict.choice(scores, "roses", 1) is None
    file = tmp_path / "choices.json"
    file.write_text('{"roses/000001.png": 2, "roses/000000": 0}')
    by_hand = Choosing(3, 0.5, file, ("roses",))
    assert [by_hand.choice(scores, "roses", image).candidate for image in (0, 1)] == [0, 2]
    for text in ('{"roses/000001": 3}', '{"tulips/000001": 0}', '{"roses": 0}'):
        file.write_text(text)
        with pytest.raises(UserError, match="is no choice; name an image such as roses/000003"):
            Choosing(3, None, file, ("roses",))
    file.write_text("[]")
    with pytest.raises(UserError, match="it must be like"):
        Choosing(3, None, file, ("roses",))
    with pytest.raises(UserError, match="cannot be read"):
        Choosing(3, None, tmp_path / "none.json", ("roses",))


def test_a_journal_bears_lines_that_are_not_whole(tmp_path):
    journal = Journal(tmp_path / "sub" / "lines.jsonl", {"n": int})
    assert journal.read() == []
    journal.append([{"n": 1}, {"n": 2}])
    with journal.path.open("a") as file:
        file.write('{"n": 3')  # a process that was killed
    assert journal.read() == [{"n": 1}, {"n": 2}]
    journal.append([{"n": 4}])
    assert journal.read() == [{"n": 1}, {"n": 2}, {"n": 4}]


def row(image=0, candidate=0, **changes):
    return {
        "class": "a", "image": image, "candidate": candidate, "source": "a/1.png", "sha256": "0",
        "variant": 0, "caption": "", "similarity": 0.1, "guidance": 1.0, "noise_seed": 1,
        "truncated": False, "sigma": 0.4, "first_step": 1, "steps": 2, **changes,
    }  # fmt: skip


def test_candidates_of_other_settings_are_refused_and_named(tmp_path):
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    candidates = Candidates(tmp_path)
    candidates.open({"noise": 0.3, "seed": 0}, {"a": "1"})
    candidates.add([(row(), image)])
    candidates.add_cosine(Key("a", 0, 0), 0.5)
    again = Candidates(tmp_path)
    again.open({"noise": 0.3, "seed": 0}, {"b": "2"})
    assert again.holds(Key("a", 0, 0)) and not again.holds(Key("a", 0, 1))
    assert again.cosines == {Key("a", 0, 0): 0.5}
    np.testing.assert_array_equal(again.image(Key("a", 0, 0)), image)
    for settings, classes, words in [
        ({"noise": 0.4, "seed": 0}, {"a": "1"}, "--noise was 0.3, is now 0.4"),
        ({"noise": 0.3, "seed": 0}, {"a": "3"}, "the training images of a are others"),
    ]:
        with pytest.raises(UserError, match=words):
            Candidates(tmp_path).open(settings, classes)
    # What is gone or damaged counts as not made, or is one line.
    (again.path / "a" / "000000-0.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match="is gone or damaged; delete it"):
        again.image(Key("a", 0, 0))
    (again.path / "a" / "000000-0.png").unlink()
    assert not again.holds(Key("a", 0, 0))
    again.open({"noise": 0.4, "seed": 0}, {"a": "1"}, overwrite=True)
    assert again.rows == {}
    (aside,) = tmp_path.glob("_candidates.old-*")
    assert len(Journal(aside / "candidates.jsonl", {}).read()) == 1


def test_sources_are_distinct_in_the_order_of_the_split_and_read_from_their_files(photos, tmp_path):
    from ssgan_tf.data import load_dataset, split

    images = load_dataset(photos, 32, progress=False, notices=False, cache_dir=tmp_path)
    parts = split(images, seed=3, test_per_class=2)
    train, tested = parts.train, set(parts.test.hashes)
    sources = Sources(train, 3)
    for label, name in enumerate(train.class_names):
        expected = [train.hashes[i] for i in np.flatnonzero(train.labels == label)]
        found = [source.sha256 for source in sources.of[name]]
        assert found == expected and not tested & set(found)
    # The same order where a run's images come in another one, with copies.
    mixed = train.select([*reversed(range(len(train))), 0, 1])
    assert [one.path for one in Sources(mixed, 3).of["left"]] == [
        one.path for one in sources.of["left"]
    ]
    source = sources.of["right"][0]
    np.testing.assert_array_equal(  # the file has 40 pixels, the image set 32
        sources.image(source, 80), resized(sources.image(source, 40), 80)
    )
    without = dataclasses.replace(train, folder=None)
    np.testing.assert_array_equal(
        Sources(without, 3).image(source, 64), resized(train.images[source.place], 64)
    )
    moved = Sources(dataclasses.replace(train, folder=tmp_path), 3)
    with pytest.raises(UserError, match="cannot be read again"):
        moved.image(source, 64)


def test_captions_made_elsewhere(photos, captions, tmp_path):
    images = painted_squares(8, classes=("left", "right"))
    sources = Sources(images, 0)
    given = GivenCaptions(captions, sources.of.values())
    source = sources.of["left"][0]
    stem = source.path[5:8]
    assert given[source.sha256] == [
        f"a bright square {stem}", f"something yellow on a dark ground {stem}",
    ]  # fmt: skip
    assert given.missing([source.sha256]) == []
    with pytest.raises(
        UserError, match="has no caption of 1 of 2 images, the first with SHA-256 x"
    ):
        given.missing([source.sha256, "x"])
    by_hash = tmp_path / "hash.jsonl"
    by_hash.write_text(json.dumps({"sha256": source.sha256, "caption": " a  square "}) + "\n\n")
    assert GivenCaptions(by_hash, [])[source.sha256] == ["a square"]
    by_hash.write_text('{"path": "a"}')
    with pytest.raises(UserError, match=r"hash.jsonl, line 1: it has no 'caption'; each line is"):
        GivenCaptions(by_hash, [])
    with pytest.raises(UserError, match="cannot be read"):
        GivenCaptions(tmp_path / "none", [])


def test_seeds_differ_in_every_part():
    seeds = {seed_of(0, "a", 0, 0), seed_of(1, "a", 0, 0), seed_of(0, "b", 0, 0),
             seed_of(0, "a", 1, 0), seed_of(0, "a", 0, 1)}  # fmt: skip
    assert len(seeds) == 5 and all(0 <= seed < 2**31 for seed in seeds)


def test_a_preset_that_does_not_fit_the_memory_is_refused_before_it_is_loaded(
    tmp_path, monkeypatch
):
    (tmp_path / "metadata.json").write_text('{"parameter_count": 3000000000}')
    preset = Preset("diffusion", str(tmp_path), working=2 * GIB)
    assert preset.memory("bfloat16") == 6_000_000_000 + 2 * GIB
    monkeypatch.setattr("ssgan_tf.methods.sgid.presets.available", lambda: (4 * GIB, "the GPU"))
    with pytest.raises(UserError) as refused:
        preset.require_memory("bfloat16")
    line = str(refused.value)
    assert line.startswith(f"--diffusion {tmp_path}: it needs about 7.6 GiB in bfloat16")
    assert "the GPU has 4.0 GiB free" in line and "\n" not in line
    free, where = available()
    assert free > 2**20 and where == "this machine"


def test_folders_that_are_no_presets(tmp_path):
    preset = Preset("clip", str(tmp_path / "none"))
    with pytest.raises(UserError, match=r"--clip .*none: there is no such folder"):
        preset.require_plausible()
    preset = Preset("clip", str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match=r"is damaged \(config.json: it is no JSON"):
        preset.require_plausible()
    (tmp_path / "config.json").write_text('{"class_name": "CLIPBackbone"}')
    with pytest.raises(UserError, match=r"it has no model.weights.h5"):
        preset.require_plausible()


def test_commands_and_other_methods_do_not_import_keras_hub():
    script = (
        "import sys; from ssgan_tf.commands import generate, train, evaluate\n"
        "from ssgan_tf import methods; methods.create('sgid')\n"
        "assert 'keras_hub' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

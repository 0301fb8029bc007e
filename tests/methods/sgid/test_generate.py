"""Whole sets by SGID: `generate.py --method sgid`, killed and gone on with, filtered and judged."""

import contextlib
import json
import os
import shutil
import signal
import time
import weakref

import numpy as np
import pytest

from ssgan_tf.classify.generated import load_generated
from ssgan_tf.classify.leaks import provenance
from ssgan_tf.data import load_dataset
from ssgan_tf.data.splits import split
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import evaluate
from ssgan_tf.generation import write_generated_set
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.methods import create
from ssgan_tf.methods.sgid import img2img, stages
from ssgan_tf.training.trained import without_training
from tests.metrics.frozen import tiny_graph

FLAGS = {"resolution": 64, "steps": 8, "batch_size": 2, "precision": "float32"}
SIZE = 32


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSGAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def prepared(presets, photos, captions):
    """A function from choices to the `TrainedRun` of SGID, with captions of a file."""
    images = load_dataset(photos, SIZE, progress=False, notices=False)

    def make(seed=0, all_images=False, **changes):
        parts = split(images, seed=0, test_per_class=2, all_images=all_images)
        method = create("sgid", image_size=SIZE, seed=seed)
        named = {name: presets[name] for name in ("clip", "diffusion")}
        method.choose_sampling(**FLAGS | named | {"captions": str(captions)} | changes)
        return without_training(method, parts.train, parts.test)

    return make


@pytest.fixture(scope="module")
def five(prepared, tmp_path_factory):
    """A set of five images a class; six are sources, of which four are whole batches."""
    out, opened = tmp_path_factory.mktemp("five") / "set", []

    def alone(make):
        """Make a model, once all earlier ones have been freed."""

        def made(*given):
            assert not [one for one in opened if one() is not None]
            model = make(*given)
            opened.append(weakref.ref(model))
            return model

        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "ImageToImage", alone(stages.ImageToImage))
        patch.setattr(stages.SimilarityStore, "open", alone(stages.SimilarityStore.open))
        write(prepared(), out, 5)
    assert len(opened) == 3  # captions compared, images made, images compared
    return out


def write(run, out, per_class, **options):
    return write_generated_set(run, out, per_class, progress=False, **options)


def pictures(out):
    found = {str(path.relative_to(out)): path.read_bytes()
             for path in sorted(out.glob("[!_]*/*.png"))}  # fmt: skip
    assert found
    return found


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def no_model(*_, **__):
    raise AssertionError("a model was loaded")


def test_a_set_and_what_is_known_of_its_images(five, prepared, photos):
    manifest = json.loads((five / "manifest.json").read_text())
    assert (manifest["method"], manifest["run"], manifest["complete"]) == ("sgid", None, True)
    made_with = manifest["made_with"]
    assert made_with["presets"].keys() == {"clip", "diffusion"}  # captions came from a file
    assert all(len(one["fingerprint"]) == 32 for one in made_with["presets"].values())
    assert made_with["steps_run"] == 2
    assert made_with["sigma"] == pytest.approx(0.338, abs=1e-3)
    assert len(pictures(five)) == 10
    tested = set(split(load_dataset(photos, SIZE, progress=False), 0, 2).test.hashes)
    records = lines(five / "sgid.jsonl")
    assert [record["image"] for record in records][:2] == ["left/000000.png", "left/000001.png"]
    for record in records:
        assert record["sha256"] not in tested
        assert record["caption"].startswith(("a bright square", "something yellow"))
        expected = max(1, -4 * record["similarity"] ** 2 + 2 * record["similarity"] + 1)
        assert record["guidance"] == pytest.approx(expected)
        assert -1 <= record["cosine"] <= 1 and record["candidate"] == 0
    assert len({record["sha256"] for record in records}) == 10
    assert (five / "_candidates" / "left-000.png").exists()


def test_a_smaller_set_is_the_beginning_and_another_seed_is_another_set(five, prepared, tmp_path):
    write(prepared(), tmp_path / "three", 3)
    write(prepared(seed=1), tmp_path / "other", 3, seed=1)
    whole, part, other = map(pictures, (five, tmp_path / "three", tmp_path / "other"))
    assert part == {name: whole[name] for name in part} and len(part) == 6
    assert all(other[name] != part[name] for name in part)
    # More than there are sources: the second variants of the first ones.
    write(prepared(), tmp_path / "three", 7)
    records = lines(tmp_path / "three" / "sgid.jsonl")[:7]
    assert [record["variant"] for record in records] == [0] * 6 + [1]
    assert records[6]["sha256"] == records[0]["sha256"]
    assert pictures(tmp_path / "three")["left/000004.png"] == whole["left/000004.png"]


def test_the_closest_candidate_stays_unless_a_person_chooses(prepared, tmp_path, monkeypatch):
    out = tmp_path / "set"
    write(prepared(candidates=3), out, 2)
    before, kept = pictures(out), lines(out / "_candidates" / "cosines.jsonl")
    assert len(list((out / "_candidates").glob("*/*.png"))) == 12
    for record in lines(out / "sgid.jsonl"):
        name, number = record["image"].split("/")
        scores = [each["cosine"] for each in kept
                  if (each["class"], each["image"]) == (name, int(number[:6]))]  # fmt: skip
        assert len(scores) == 3
        assert (record["candidate"], record["cosine"]) == (int(np.argmax(scores)), max(scores))
    (tmp_path / "choices.json").write_text('{"left/000001": 0, "right/000000": 2}')
    monkeypatch.setattr(stages, "ImageToImage", no_model)
    monkeypatch.setattr(stages.SimilarityStore, "open", no_model)
    write(prepared(candidates=3, choices=str(tmp_path / "choices.json")), out, 2)
    chosen = {record["image"]: record["candidate"] for record in lines(out / "sgid.jsonl")}
    assert chosen["left/000001.png"] == 0 and chosen["right/000000.png"] == 2
    folder = out / "_candidates"
    assert (out / "left/000001.png").read_bytes() == (folder / "left/000001-0.png").read_bytes()
    assert pictures(out)["left/000000.png"] == before["left/000000.png"]
    # One that is out of reach leaves nothing, and the manifest says why.
    manifest = write(prepared(candidates=3, min_similarity=1.0, similarity_limit=1), out, 2)
    assert manifest["classes"]["left"]["count"] == 0
    assert manifest["classes"]["left"]["shortfall"] == (
        "0 of 2; of 2 variants 0 reach --min_similarity 1.0: lower it or --noise, or raise "
        "--similarity_limit"
    )


class Half:
    """Accepts the second image of each batch."""

    class_names, image_size, record = ("left", "right"), SIZE, {"learnt_from": {}, "kind": "x"}

    def probabilities(self, images):
        sure = np.arange(len(images)) % 2 == 1
        return np.repeat(np.where(sure, 0.9, 0.1)[:, None], 2, axis=1)


def test_a_filter_takes_images_of_it_and_the_lines_are_those_of_the_images(
    prepared, five, tmp_path
):
    out = tmp_path / "set"
    shutil.copytree(five, out)
    manifest = write(prepared(), out, 2, filtered=Filter(Half(), path="x"))
    assert manifest["classes"]["left"]["sampled"] == 4
    whole, kept = pictures(five), pictures(out)
    assert kept["left/000001.png"] == whole["left/000003.png"]
    records, before = lines(out / "sgid.jsonl"), lines(five / "sgid.jsonl")
    assert records[1] == before[3] | {"image": "left/000001.png"}


def test_what_made_it_is_clean_and_test_images_are_found(five, prepared, photos, tmp_path):
    parts = split(load_dataset(photos, SIZE, progress=False), 0, 2)
    names = parts.train.class_names

    def finding(out):
        generated = load_generated({"set": out}, SIZE, names, progress=False)["set"]
        return provenance(generated, parts.train, parts.test).finding

    assert finding(five) == "clean"
    out = tmp_path / "all"
    write(prepared(all_images=True), out, 1)
    assert finding(out) == "LEAKED"
    (tmp_path / "graph.pb").write_bytes(tiny_graph())
    measured = evaluate(five, tmp_path / "measured", dataset=str(photos), progress=False,
                        inception=tmp_path / "graph.pb")  # fmt: skip
    images = {"generated": 10, "training": 12, "held_out": 4}
    assert measured["overall"]["images"] == images
    assert np.isfinite(measured["overall"]["FID"]["training"])


def test_other_settings_are_refused_before_anything_changes(five, prepared, tmp_path):
    before = pictures(five)
    for changes, words in [
        ({"noise": 0.5}, "--noise was 0.3, is now 0.5"),
        ({"label_weight": 1.0}, "--label_weight was 1.5, is now 1.0"),
        ({"captions": None, "captioner": "none"}, "--captioner was .*, is now none"),
    ]:
        with pytest.raises(UserError, match=words):
            write(prepared(**changes), five, 5)
    assert pictures(five) == before
    assert json.loads((five / "manifest.json").read_text())["complete"]


@pytest.fixture
def arguments(presets, photos, captions):
    def flags(**changes):
        named = {"dataset": photos, "method": "sgid", "test_per_class": 2, "image_size": SIZE,
                 "caption_count": 2, "out": "set", "per_class": 3}  # fmt: skip
        values = {**FLAGS, **presets, **named, **changes}
        return [f"--{name}={value}" for name, value in values.items() if value is not None]

    return flags


def test_a_killed_set_goes_on_and_equals_one_in_peace(loaded, arguments, five, tmp_path):
    peace, killed = tmp_path / "peace", tmp_path / "killed"
    for folder in (peace, killed):
        folder.mkdir()
    options = {"SSGAN_CACHE": str(tmp_path / "cache")}
    done = loaded.run("generate", *arguments(), folder=peace, **options)
    assert done.code == 0, done.stderr
    assert "left: 3 generated, beside 6 real ones" in done.stdout
    shutil.rmtree(options["SSGAN_CACHE"])

    pid = loaded.start("generate", *arguments(), folder=killed, **options)
    journal = killed / "set" / "_candidates" / "candidates.jsonl"
    while not (journal.exists() and len(journal.read_bytes().splitlines()) >= 4):
        assert not loaded.ended(), loaded.wait()
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert loaded.wait().code == -signal.SIGKILL
    manifest = json.loads((killed / "set" / "manifest.json").read_text())
    assert manifest["complete"] is False
    kept = len(journal.read_bytes().splitlines())
    captions = next((tmp_path / "cache" / "sgid").glob("captions-*.jsonl")).read_bytes()

    refused = loaded.run("generate", *arguments(noise=0.5), folder=killed, **options)
    warning, line = refused.stderr.splitlines()
    assert refused.code == 2 and "is gone; taking over" in warning
    assert "--noise was 0.3, is now 0.5; use the old settings" in line
    again = loaded.run("generate", *arguments(), folder=killed, **options)
    assert again.code == 0, again.stderr
    assert pictures(killed / "set") == pictures(peace / "set")
    for name in ("sgid.jsonl", "_candidates/candidates.jsonl"):
        assert (killed / "set" / name).read_bytes() == (peace / "set" / name).read_bytes(), name
    assert next((tmp_path / "cache" / "sgid").glob("captions-*.jsonl")).read_bytes() == captions
    assert kept >= 4
    assert "variants, 2 of 8 steps: 100%" in again.stderr and "captions:" not in again.stderr


def test_step_counts_in_one_process_are_those_of_fresh_ones(
    loaded, arguments, prepared, captions, five, tmp_path
):
    write(prepared(steps=12), tmp_path / "here", 1)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    flags = arguments(out="twelve", steps=12, captions=captions, captioner=None, per_class=1)
    done = loaded.run("generate", *flags, folder=fresh)
    assert done.code == 0, done.stderr
    eight, twelve = pictures(five), pictures(fresh / "twelve")  # eight were the first here
    assert twelve == pictures(tmp_path / "here")
    assert all(eight[name] != twelve[name] for name in twelve)


def test_a_plan_writes_nothing_and_bad_flags_are_one_line(
    loaded, arguments, presets, photos, tmp_path
):
    done = loaded.run("generate", *arguments(dry_run="true"), folder=make(tmp_path / "plan"))
    assert done.code == 0, done.stderr
    assert "SGID would write 6 images into set" in done.stdout
    assert "steps: 2 of 8, from step 6" in done.stdout
    assert "2,0" in done.stdout and "GiB of memory in float32" in done.stdout
    assert list((tmp_path / "plan").iterdir()) == []
    broken = tmp_path / "broken"
    shutil.copytree(presets["diffusion"], broken)
    (broken / "model.weights.h5").write_bytes(b"no weights")
    for number, (changes, words) in enumerate([
        ({"run": "x"}, "--run and --method exclude each other"),
        ({"method": None, "run": "x"}, "--test_per_class needs --method; a run has its own"),
        ({"method": "ssgan"}, "--method ssgan has to be trained first: train.py --method ssgan"),
        ({"noise": 0.3, "strength": 0.3}, "--noise and --strength both say"),
        ({"diffusion": "stable_diffusion_3.5_large_turbo"}, "turbo models know no guidance"),
        ({"clip": tmp_path / "none"}, "there is no such folder"),
        ({"captioner": "none", "diffusion": broken}, "the folder is damaged ("),
        ({"names": "tulips=tulip"}, "--names: there is no class 'tulips'"),
        ({"out": photos / "x"}, "where its pictures would count as images"),
    ]):  # fmt: skip
        folder = make(tmp_path / f"bad-{number}")
        done = loaded.run("generate", *arguments(**changes), folder=folder)
        assert done.code == 2, (changes, done)
        last = done.stderr.splitlines()[-1]
        assert words in last and "Traceback" not in done.stderr, done.stderr


def make(folder):
    folder.mkdir()
    return folder


def test_it_makes_images_from_a_run_and_in_a_notebook_too(prepared, five, photos, tmp_path):
    method = prepared().method
    parts = split(load_dataset(photos, SIZE, progress=False), 0, 2)
    method.fit(parts.train, held_out=parts.test, run_dir=tmp_path / "run", progress=False,
               source=(photos, None))  # fmt: skip
    choices = {name: getattr(method.sampling, name) for name in
               (*FLAGS, "clip", "diffusion", "captions")}  # fmt: skip
    write(tmp_path / "run", tmp_path / "set", 1, sampling=choices)
    assert pictures(tmp_path / "set") == {name: pictures(five)[name] for name in
                                          ("left/000000.png", "right/000000.png")}  # fmt: skip
    assert method.sample("left", 1).shape == (1, SIZE, SIZE, 3)


def test_working_memory_grows_with_pixels_and_batch():
    assert img2img.working_memory(512, 1) == 2 * 2**30
    assert img2img.working_memory(1024, 4) == 17 * 2**30

import json

from ssgan_tf.comparison.contestants import choose
from ssgan_tf.comparison.records import known_contestants, make_config, make_results


def test_what_was_asked_for_adds_up_over_calls(make, tmp_path):
    first = make_config(make(tmp_path, tables=[3], terms={"seeds": 3}))
    assert first["options"] == {
        "tables": [3], "classification": {"sizes": ["4"], "seeds": 1}, "seeds": 3,
    }  # fmt: skip
    later = make_config(make(tmp_path, tables=[6], classify=False), first)
    assert later["options"] == first["options"] | {"tables": [3, 6]}
    del first["options"]["seeds"]  # as earlier versions have left it
    assert make_config(make(tmp_path, classify=False), first)["options"]["seeds"] == 1


def test_a_configuration_has_what_all_share(make, tmp_path):
    settings = {"vgg_weights": "random", "seed": 4}
    config = make_config(make(tmp_path, settings=settings, classify=False))
    assert config["settings"] == {
        "classes": "blue,red", "iterations": 1, "minutes": None, "per_class": 5,
        "train_per_class": 400, "features": "pool_3", "image_size": 32, "base_channels": 32,
        "latent_dim": 8, "batch_size": 2, "critic_steps": 1, "precision": "float32", "seed": 4,
    }  # fmt: skip
    counts = {
        name: (len(part["train"]), len(part["test"]))
        for name, part in config["data"]["classes"].items()
    }
    assert counts == {"blue": (11, 3), "red": (11, 3)}


def test_contestants_of_a_folder_are_those_that_have_begun(tmp_path):
    for name in ("wgan", "wgan-seed-1", "dcgan-seed-1", "baselines", "of-a-later-version"):
        (tmp_path / "members" / name).mkdir(parents=True)
        (tmp_path / "members" / name / "state.json").write_text("{}")
    (tmp_path / "members" / "sagan").mkdir()
    found = [one.name for one in known_contestants(tmp_path, choose(["ssgan"]))]
    assert found == ["ssgan", "wgan", "wgan-seed-1"]  # no further training without its first


def test_results_tell_how_far_each_training_has_come(make, tmp_path):
    comparison = make(tmp_path, names=["dcgan"], terms={"seeds": 2}, classify=False, tables=[7])
    first, further = comparison.works
    first.fail("evaluate", ValueError("too few"))
    further.remember(seconds={"train": 30.04})
    results = make_results(comparison, comparison.works, make_config(comparison))
    assert list(results["members"]) == ["dcgan"]
    dcgan = results["members"]["dcgan"]
    assert (dcgan["state"], dcgan["stage"]) == ("failed", "evaluate")
    assert dcgan["failure"] == "ValueError: too few"
    (again,) = dcgan["further"]
    assert (again["seed"], again["state"], again["stage"]) == (1, "unfinished", "train")
    assert again["learnt_from"] == {"blue": 11, "red": 11}
    assert (again["metrics"], again["iterations"]) == (None, {})
    assert again["paths"] == {
        "run": "members/dcgan-seed-1/run", "generated": "members/dcgan-seed-1/generated",
        "evaluation": "members/dcgan-seed-1/evaluation", "classification": "classification",
    }  # fmt: skip
    assert results["budget"] == {"iterations": 1, "minutes": None, "train_per_class": 400}
    assert results["classifiers_learn_from"] == {"blue": 11, "red": 11}
    assert (results["seconds"], results["seeds"], results["tables"]) == (30.0, 2, [7])
    assert results["evaluation"] == {"features": "pool_3", "suffix": "", "per_class": 5}
    assert results["order"] == results["against_baseline"] == []
    assert json.loads(json.dumps(results)) == results

from ssgan_tf.comparison.wording import (
    advantages,
    images_in_words,
    main_result,
    unequal_terms,
)


def test_images_in_words():
    assert images_in_words({"daisy": 400, "roses": 400}) == "800 real images (400 of each class)"
    assert images_in_words({"a": 1000, "b": 20}) == "1,020 real images (a 1,000, b 20)"


def test_a_member_that_learnt_from_more_real_images_is_told_in_the_verdict(invented):
    results = invented.study({"ssgan": 9.0, "wgan": 8.0, "dcgan": 7.0}, [2])
    assert advantages(results) == []
    assert "UNEQUAL" not in main_result(results)
    for name in ("ssgan", "dcgan"):
        results["members"][name]["learnt_from"] = {"daisy": 533, "roses": 541}
    words = (
        "UNEQUAL: SSGAN, DCGAN were trained on 1,074 real images (daisy 533, roses 541), 34% more "
        "than classifiers, which train on 800 real images (400 of each class); so what these "
        "images add may be the real ones that the baselines lack."
    )
    assert advantages(results) == [words]
    assert main_result(results).endswith(words)
    results["members"]["wgan"]["learnt_from"] = {"daisy": 20, "roses": 400}
    assert advantages(results) == [words]  # fewer are no advantage


def test_updates_beside_the_budget(invented):
    results = invented.study({"ssgan": 9.0, "wgan": 8.0, "dcgan": None}, [])
    results["members"]["wgan"]["iterations"] = {"daisy": 100, "roses": 150}
    results["members"]["dcgan"]["iterations"] = {"daisy": 50}  # still at it
    (found,) = unequal_terms(results)
    assert found.startswith("WGAN was trained for 250 generator updates in all, and the budget is")
    results["budget"] = {"iterations": None, "minutes": 3.0}
    assert list(unequal_terms(results)) == []

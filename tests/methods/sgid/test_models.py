"""The models of SGID with random weights: what weights, steps and noise do to images."""

import gc

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.errors import UserError
from ssgan_tf.methods.sgid.captions import Captioner, CaptionStore
from ssgan_tf.methods.sgid.img2img import ImageToImage, require_guided, weighted
from ssgan_tf.methods.sgid.presets import Preset
from ssgan_tf.methods.sgid.prompts import LENGTH, Fragment, fragments, text_of
from ssgan_tf.methods.sgid.settings import SGIDSampling
from ssgan_tf.methods.sgid.similarity import Clip, SimilarityStore
from ssgan_tf.methods.sgid.stages import presets_of

PARTS = fragments("{caption}. A picture of {label}", "a red rose, that grows", "rose bush")


def plain(parts):
    return [part._replace(weight=1.0) for part in parts]


@pytest.fixture(scope="module")
def model(presets):
    return ImageToImage(Preset("diffusion", presets["diffusion"]), "float32", 64, 50, rate=0.3)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def noise():
    return tf.random.stateless_normal((2, 8, 8, 16), [0, 1], alg="philox")


def ids_and_weights(prompt):
    ids = {name: tokens.ids[None] for name, tokens in prompt.items()}
    return ids, tf.constant(prompt["clip_l"].weights[None])


def test_weights_lie_on_the_tokens_of_label_and_caption_and_nowhere_else(model):
    prompt = model.tokens(PARTS)
    tokenizer = model.task.preprocessor.clip_l_preprocessor.tokenizer
    count = [len(tokenizer(part.text.lower())) for part in PARTS]
    expected = np.ones(LENGTH, np.float32)
    expected[1 : 1 + count[0]] = 0.9
    expected[1 + sum(count[:2]) : 1 + sum(count)] = 1.5
    np.testing.assert_array_equal(prompt["clip_l"].weights, expected)
    # The tokens are those that KerasHub finds in the whole text.
    whole = model.task.preprocessor.generate_preprocess([text_of(PARTS)])
    for name, tokens in prompt.items():
        np.testing.assert_array_equal(tokens.ids, np.asarray(whole[name])[0], err_msg=name)
        np.testing.assert_array_equal(tokens.weights, expected, err_msg=name)
        assert not tokens.truncated


def test_only_weighted_rows_change_and_pooled_embeddings_stay(model):
    ids, weights = ids_and_weights(model.tokens(PARTS))
    z, negative, pooled, _ = model.embeddings(ids, tf.ones_like(weights))
    found, also_negative, also_pooled, _ = model.embeddings(ids, weights)
    backbone = model.task.backbone
    of_backbone = backbone.encode_text_step(ids, model._negative)
    np.testing.assert_allclose(z, of_backbone[0], atol=1e-6)  # all weights 1
    changed = np.any(np.asarray(found != z), axis=-1)[0]
    np.testing.assert_array_equal(changed[:LENGTH], weights[0] != 1)
    assert not changed[LENGTH:].any()
    np.testing.assert_array_equal(negative, also_negative)
    np.testing.assert_array_equal(pooled, also_pooled)
    empty = backbone.encode_text_step(model._empty, model._empty)[0]
    row = int(np.argmax(weights[0]))
    by_hand = empty[0, row] + 1.5 * (z[0, row] - empty[0, row])
    np.testing.assert_allclose(found[0, row], by_hand, atol=1e-5)
    half = weighted(tf.fill((1, 80, 2), 3.0), tf.ones((1, 80, 2)), tf.fill((1, 77), 0.5))
    np.testing.assert_array_equal(half[0, :, 0], [2.0] * 77 + [3.0] * 3)


def test_a_long_caption_leaves_every_token_of_the_label(model):
    parts = fragments("{caption}. A picture of {label}", "word " * 200, "great pyrenees")
    tokenizer = model.task.preprocessor.clip_l_preprocessor.tokenizer
    for name, tokens in model.tokens(parts).items():
        label = list(tokenizer("great pyrenees"))
        place = np.flatnonzero(tokens.weights == 1.5)
        assert tokens.ids[place].tolist() == label, name
        assert place[-1] == LENGTH - 2 and tokens.ids[-1] == tokenizer.end_token_id
        assert tokens.truncated
    with pytest.raises(UserError, match="has more than 75 tokens without its caption"):
        model.tokens([Fragment("label", "word " * 80)])


def test_it_is_what_keras_hub_generates_and_guidance_is_of_each_image(model, images, noise):
    prompts = [model.tokens(plain(PARTS)), model.tokens([Fragment("caption", "a tulip")])]
    made = model.with_noise(images, prompts, [3.0, 3.0], noise)
    strength = 1 - 39.5 / 50
    assert int(50 * (1.0 - strength)) == model.start.step
    task = model.task
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras.random.normal", lambda *_, **__: noise)
        theirs = task.generate(
            {"images": images / 127.5 - 1, "prompts": [text_of(PARTS), "a tulip"],
             "negative_prompts": ["", ""]},
            num_steps=50, strength=strength, guidance_scale=3.0,
        )  # fmt: skip
    assert theirs.std() > 20
    assert np.abs(theirs.astype(int) - made).max() <= 1
    row = model.with_noise(images, prompts, [3.0, 6.0], noise)
    other = model.with_noise(images, prompts, [6.0, 6.0], noise)
    assert np.abs(row[0].astype(int) - made[0]).max() <= 1
    assert np.abs(row[1].astype(int) - other[1]).max() <= 1
    assert np.abs(row[1].astype(int) - made[1]).max() > 1  # so that the scale matters
    heavier = [model.tokens([part._replace(weight=2.0) for part in PARTS]), prompts[1]]
    weighed = model.with_noise(images, heavier, [3.0, 3.0], noise)
    assert np.abs(weighed[0].astype(int) - made[0]).max() > 1
    np.testing.assert_array_equal(weighed[1], made[1])


def test_noise_follows_from_the_seed_of_each_image(model, images):
    prompts = [model.tokens(PARTS)] * 2
    made = model(images[[0, 0]], prompts, [1.2, 1.2], [5, 6])
    swapped = model(images[[0, 0]], prompts, [1.2, 1.2], [6, 5])
    assert np.any(made[0] != made[1])
    # To the bit in the same place of a batch; in another one rounding may differ.
    np.testing.assert_array_equal(made, model(images[[0, 0]], prompts, [1.2, 1.2], [5, 6]))
    assert np.abs(made.astype(int) - swapped[::-1]).max() <= 1


def test_models_that_do_not_fit(presets, tmp_path):
    with pytest.raises(UserError, match="turbo models know no guidance"):
        require_guided(Preset("diffusion", "stable_diffusion_3.5_large_turbo"))
    with pytest.raises(UserError, match="is a CLIPBackbone, and captions are made by BLIP-2"):
        Captioner(Preset("captioner", presets["clip"]), 2, "float32")
    with pytest.raises(UserError) as refused:
        Preset("clip", presets["diffusion"]).load("CLIPBackbone", "float32")
    assert str(refused.value).startswith(f"--clip {presets['diffusion']}: the folder is damaged")
    assert "\n" not in str(refused.value)
    assert Preset("clip", "clip_vit_base_patch32").parameters() == 151_277_363
    assert "kaggle://" in Preset("clip", "clip_vit_base_patch32").fingerprint()
    with pytest.raises(UserError, match="KerasHub knows no such preset"):
        Preset("clip", "clip_of_nobody").load("CLIPBackbone", "float32")


def test_a_preset_without_a_connection_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGGLE_API_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    with pytest.raises(UserError) as refused:
        Preset("clip", "clip_vit_base_patch32", ways="or else").load("CLIPBackbone", "float32")
    line = str(refused.value)
    assert line.startswith("--clip clip_vit_base_patch32: there is no connection to download it")
    assert line.endswith("name a folder that holds the preset; or else") and "\n" not in line
    with pytest.raises(UserError, match="--diffusion stable_diffusion_3_medium: there is no conn"):
        Preset("diffusion", "stable_diffusion_3_medium").require_reachable()
    # All that a user without a connection sees of the defaults.
    monkeypatch.setattr("ssgan_tf.methods.sgid.presets.available", lambda: (None, ""))
    captioner = presets_of(SGIDSampling())["captioner"]
    with pytest.raises(UserError) as refused:
        Captioner(captioner, 10, "bfloat16")
    line = str(refused.value)
    assert line.startswith("--captioner blip2_opt_2.7b: there is no connection to download it")
    assert line.endswith("--captioner none does without") and "\n" not in line
    for preset in presets_of(SGIDSampling()).values():
        assert preset.class_name() is None and "kaggle://" in preset.fingerprint()


def test_similarity_is_that_of_the_head_and_is_kept(presets, images, tmp_path):
    preset = Preset("clip", presets["clip"])
    clip = Clip(preset, "float32")
    texts = ["a rose", "two dogs"]
    cosines = clip.texts(texts) @ clip.image(images[0])
    inputs = clip._preprocess({"prompts": texts, "images": images[[0, 0]].astype(np.float32)})
    logits = clip._backbone({"images": inputs["images"], "token_ids": inputs["token_ids"]})
    scale = np.exp(clip._backbone.clip_head.logit_scale)
    np.testing.assert_allclose(np.asarray(logits["vision_logits"])[0] / scale, cosines, atol=1e-5)
    store = SimilarityStore(tmp_path, preset, "float32", 64)
    assert not store.knows("x", texts)
    store.add(clip, "x", texts, images[0])
    again = SimilarityStore(tmp_path, preset, "float32", 64)
    assert again.knows("x", texts) and not again.knows("x", texts[:1])
    assert again.choice("x", texts) == (texts[int(np.argmax(cosines))], float(max(cosines)))
    np.testing.assert_array_equal(again.vector("x"), clip.image(images[0]))
    assert not SimilarityStore(tmp_path, preset, "float32", 128).knows("x", texts)


def test_captions_follow_from_image_and_seed_and_are_kept(presets, images, tmp_path):
    preset = Preset("captioner", presets["captioner"])
    store = CaptionStore(tmp_path, preset, 3, "float32", 64, seed=0)
    captioner = store.open()
    first = captioner(images[0], 4)
    assert 3 < len(first) <= 6 and len(set(first)) == len(first)
    assert captioner(images[1], 4) != first
    assert captioner(images[0], 4) == first
    assert captioner(images[0], 5)[-3:] == first[-3:] != captioner(images[0], 5)[:3]  # beams
    store.add(captioner, "x", images[0])
    again = CaptionStore(tmp_path, preset, 3, "float32", 64, seed=0)
    assert again.missing(["x", "y"]) == ["y"] and again["x"] == store["x"]
    assert CaptionStore(tmp_path, preset, 4, "float32", 64, seed=0).missing(["x"]) == ["x"]
    del captioner
    gc.collect()


@pytest.fixture
def without_values():
    """Variables have shapes but no values, so that models of any size fit."""
    import keras
    from keras.src.backend.common import global_state

    with keras.StatelessScope(initialize_variables=False):
        yield
    global_state.set_global_attribute("uninitialized_variables", [])


@pytest.mark.long  # of KerasHub's models, which change with its version alone
def test_models_of_full_size_have_as_many_parameters_as_is_published(without_values):
    import keras_hub
    from keras_hub.src.models.vae.vae_backbone import VAEBackbone

    models = keras_hub.models
    found = {
        "stable_diffusion_3_medium": models.StableDiffusion3Backbone(
            2, 1536, 24, 24, 192, None, None, image_shape=(512, 512, 3),
            vae=VAEBackbone([128, 256, 512, 512], [2] * 4, [512, 512, 256, 128], [3] * 4),
            clip_l=models.CLIPTextEncoder(49408, 768, 768, 12, 12, 3072, "quick_gelu", -2),
            clip_g=models.CLIPTextEncoder(49408, 1280, 1280, 32, 20, 5120, "gelu", -2),
        ),
        "clip_vit_base_patch32": models.CLIPBackbone(
            models.CLIPVisionEncoder(32, 768, 12, 12, 3072, image_shape=(224, 224, 3)),
            models.CLIPTextEncoder(49408, 512, 512, 12, 8, 2048),
            projection_dim=512,
        ),
        "blip2_opt_2.7b": models.BLIP2Backbone(
            models.BLIP2VisionEncoder(
                224, 14, 39, 16, 1408, 6144, True, True, True, True, 0.0, 1e-6, 0.02
            ),
            models.BLIP2QFormer(32, 12, 12, 768, 3072, 1408, 2, 0.0, 1e-12),
            models.BLIP2CustomOPT(50304, 32, 32, 2560, 10240, 32, 0.0, 2048, 768),
        ),
    }  # fmt: skip
    for name, backbone in found.items():
        assert backbone.count_params() == Preset("", name).parameters(), name

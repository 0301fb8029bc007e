"""Presets with random weights, small enough for tests."""

import string

LETTERS = list(string.ascii_lowercase + string.digits + ".,'-!")


def clip_preprocessor(end=False, **options):
    import keras_hub

    tokens = LETTERS + [letter + "</w>" for letter in LETTERS]
    tokens += ["th", "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = keras_hub.models.CLIPTokenizer(vocabulary, ["t h"], pad_with_end_token=end)
    return keras_hub.models.CLIPPreprocessor(tokenizer, **options)


def save_diffusion(folder):
    """Stable Diffusion 3 with 2 million parameters."""
    import keras
    import keras_hub
    from keras_hub.src.models.vae.vae_backbone import VAEBackbone

    keras.utils.set_random_seed(1)
    models, n = keras_hub.models, len(clip_preprocessor().tokenizer.get_vocabulary())
    backbone = models.StableDiffusion3Backbone(
        mmdit_patch_size=2, mmdit_hidden_dim=32, mmdit_num_layers=2, mmdit_num_heads=2,
        mmdit_position_size=192, mmdit_qk_norm=None, mmdit_dual_attention_indices=None,
        vae=VAEBackbone([32] * 4, [1] * 4, [32] * 4, [1] * 4, sampler_method="mode", name="vae"),
        clip_l=models.CLIPTextEncoder(n, 64, 64, 2, 2, 128, "quick_gelu", -2, name="clip_l"),
        clip_g=models.CLIPTextEncoder(n, 128, 128, 2, 2, 256, "gelu", -2, name="clip_g"),
        image_shape=(64, 64, 3),
    )  # fmt: skip
    preprocessor = models.StableDiffusion3TextToImagePreprocessor(
        clip_preprocessor(True), clip_preprocessor()
    )
    # At 0, as it begins, the last layer would give no noise to remove whatever the prompt is.
    for variable in backbone.diffuser.trainable_variables:
        if not variable.numpy().any():
            variable.assign(0.2 * keras.random.normal(variable.shape, seed=2))
    models.StableDiffusion3ImageToImage(backbone, preprocessor).save_to_preset(str(folder))
    return str(folder)


def save_clip(folder):
    import keras
    import keras_hub

    keras.utils.set_random_seed(2)
    models = keras_hub.models
    converter = keras_hub.layers.CLIPImageConverter((32, 32), scale=1 / 127.5, offset=-1.0)
    preprocessor = clip_preprocessor(True, image_converter=converter)
    n = len(preprocessor.tokenizer.get_vocabulary())
    backbone = models.CLIPBackbone(
        models.CLIPVisionEncoder(8, 32, 2, 2, 64, image_shape=(32, 32, 3), name="vision_encoder"),
        models.CLIPTextEncoder(n, 32, 32, 2, 2, 64, name="text_encoder"),
        projection_dim=16,
    )
    backbone.save_to_preset(str(folder))
    preprocessor.save_to_preset(str(folder))
    return str(folder)


def save_captioner(folder):
    import keras
    import keras_hub

    keras.utils.set_random_seed(3)
    models = keras_hub.models
    tokens = ["<pad>", "</s>", "<image>", "\u010a", "\u0120", *LETTERS, "th"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = models.BLIP2OPTTokenizer(vocabulary, ["t h"])
    preprocessor = models.BLIP2CausalLMPreprocessor(
        tokenizer, keras_hub.layers.BLIP2ImageConverter((28, 28)), sequence_length=40
    )
    backbone = models.BLIP2Backbone(
        models.BLIP2VisionEncoder(28, 14, 1, 2, 16, 32, True, True, True, True, 0.0, 1e-6, 0.1),
        models.BLIP2QFormer(4, 1, 2, 16, 32, 16, 1, 0.0, 1e-6),
        models.BLIP2CustomOPT(len(vocabulary), 1, 2, 16, 32, 4, 0.0, 64, 16, initializer_range=0.5),
    )
    models.BLIP2CausalLM(preprocessor, backbone).save_to_preset(str(folder))
    return str(folder)

"""The commands: `ssgan-train` and `python train.py` are `ssgan_tf.commands.train`, and so on."""

"""Train a GAN on an image folder: one network per class, or one for all.

python train.py --dataset flower --mu 0.01 --lambda 1
"""

from ssgan_tf.commands import train_command

if __name__ == "__main__":
    train_command()

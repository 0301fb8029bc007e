"""Cut a class down to a few images, fill it up again, and see what classifiers make of it.

python imbalance.py --dataset flower --classes roses,tulips --keep 10,5 --conditions geometric,dcgan
"""

from ssgan_tf.commands import imbalance_command

if __name__ == "__main__":
    imbalance_command()

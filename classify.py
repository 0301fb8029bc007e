"""Find out whether augmentation makes a classifier better, with error bars and a leak check.

python classify.py --dataset flower --augment ssgan=augmented/flower --augment flip-crop --seeds 5
"""

from ssgan_tf.commands import classify_command

if __name__ == "__main__":
    classify_command()

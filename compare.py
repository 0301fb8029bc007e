"""Compare methods, ablations and settings: train, generate, evaluate, classify, one report.

python compare.py --dataset flower --methods ssgan,wgan-gp,dcgan --iterations 20000
"""

from ssgan_tf.commands import compare_command

if __name__ == "__main__":
    compare_command()

"""Balance an imbalanced set as GM-augCls does, and find out whether that makes classifiers better.

python augcls.py --dataset flower --imbalance roses=40,tulips=40 --run runs/flower/transitional
"""

from ssgan_tf.commands import augcls_command

if __name__ == "__main__":
    augcls_command()

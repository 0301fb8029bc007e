"""Measure how good generated images are: FID, KID, variety, memorisation, with a report.

python evaluate.py --dataset flower --generated augmented/flower --out results/flower-ssgan
python evaluate.py --dataset flower --run runs/flower/ssgan --out results/flower-ssgan
"""

from ssgan_tf.commands import evaluate_command

if __name__ == "__main__":
    evaluate_command()

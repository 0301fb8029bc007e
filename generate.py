"""Write labelled synthetic images from a trained run.

python generate.py --run runs/flower/ssgan --per_class 400 --out augmented/flower
"""

from ssgan_tf.commands import generate_command

if __name__ == "__main__":
    generate_command()

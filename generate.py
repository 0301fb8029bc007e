"""Write labelled synthetic images from a trained run.

python generate.py --run runs/flower/ssgan --per_class 400 --out augmented/flower
"""

from ssgan_tf.commands.generate import run

if __name__ == "__main__":
    run()

"""What augmentation does for one class that has lost most of its images.

The study of Zhang, Li and Li, "SinGAN Data Augmentation Approach in Extremely Imbalanced Dataset
for Small Images": a class is cut down to a few images, filled up again by one kind of augmentation
after the other, and classifiers are asked how well they recognise it.
"""

"""SGID: semantic-guided image-to-image diffusion (Li et al., arXiv 2302.02070), on KerasHub.

Each image is captioned, the caption that fits best is chosen by CLIP, and caption and class words
guide Stable Diffusion 3 from the image with some noise to a variant of it. Nothing is trained.
KerasHub is imported when the first model is loaded, not before.
"""

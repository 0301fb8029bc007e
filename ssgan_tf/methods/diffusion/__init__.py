"""Diffusion: a network that takes noise out of images, and what makes images with it."""

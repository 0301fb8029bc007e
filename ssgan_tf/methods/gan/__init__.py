"""Generative adversarial networks: one training step, and a file for each method."""

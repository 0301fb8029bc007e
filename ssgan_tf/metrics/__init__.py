"""Measures of images and of networks, as pure functions."""

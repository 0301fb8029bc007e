"""The comparison of methods, ablations and settings with one another."""

from ssgan_tf.comparison.contestants import FIGURES, TABLES, Contestant, choose, parse_contestant

__all__ = ["FIGURES", "TABLES", "Contestant", "choose", "parse_contestant"]

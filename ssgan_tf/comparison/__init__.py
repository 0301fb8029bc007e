"""The study that compares methods, ablations and settings with one another."""

from ssgan_tf.comparison.members import FIGURES, TABLES, Member, choose, parse_member

__all__ = ["FIGURES", "TABLES", "Member", "choose", "parse_member"]

"""Reports: one HTML file that needs nothing else, and tables for page, terminal and CSV alike."""

from ssgan_tf.report.columns import Column, make_table
from ssgan_tf.report.page import (
    Callout,
    Definitions,
    Details,
    Figure,
    Gallery,
    Section,
    write_report,
)
from ssgan_tf.report.table import Cell, Table

__all__ = [
    "Callout",
    "Cell",
    "Column",
    "Definitions",
    "Details",
    "Figure",
    "Gallery",
    "Section",
    "Table",
    "make_table",
    "write_report",
]

"""Reports: one HTML file that needs nothing else, and tables for page, terminal and CSV alike."""

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
    "Definitions",
    "Details",
    "Figure",
    "Gallery",
    "Section",
    "Table",
    "write_report",
]

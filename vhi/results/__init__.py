"""A measurement on disk: folder, record (`vhi.json`), tables, pictures, report."""

from vhi.results.batch import measure_all
from vhi.results.report import write_result

__all__ = [
    "measure_all",
    "write_result",
]

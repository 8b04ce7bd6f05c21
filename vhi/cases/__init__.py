"""Where scans come from: a table, the paper's supplement, a folder.

Here belong finding, fetching and verifying files, and the tables that name them. Reading a
scan's voxels belongs in `vhi.images`.
"""

from vhi.cases.supplement import fetch, manifest

__all__ = [
    "fetch",
    "manifest",
]

"""Reading and writing files: whole or not at all, and one encoder for each kind.

The only place that turns values into bytes (JSON, CSV, PNG, SVG) and bytes into files.
"""

"""A phantom (simulated): STIR and T1w scans of the sacroiliac joints with known truth.

Made by code from a seed; nothing in it comes from a patient. `grid` is the oblique grid, `anatomy`
and `soft_tissue` the body, `lesions` and `decoys` are put into it, `acquisition` is the scanner;
`simulate` puts them together, `simulated_readers` reads them, and `case_files` writes cases.
`reference_object` is the same physics on small grids: one lesion of known volume, scanned again.
"""

from vhi.phantom.acquisition import SLOPE, acquire, make_texture
from vhi.phantom.anatomy import TISSUES
from vhi.phantom.case_files import (
    PHANTOM_CASES,
    PhantomCase,
    ensure_cases,
    write_objects,
    write_phantom,
)
from vhi.phantom.grid import SHAPE, oblique_affine
from vhi.phantom.lesions import AFTER_CONTRAST, AFTER_VOLUME
from vhi.phantom.reference_object import (
    Condition,
    ObjectScan,
    ReferenceObject,
    design_objects,
    scan_object,
)
from vhi.phantom.simulate import Decoy, Lesion, Phantom, make_phantom
from vhi.phantom.simulated_readers import Reading, simulate_readings

__all__ = [
    "AFTER_CONTRAST",
    "AFTER_VOLUME",
    "PHANTOM_CASES",
    "SHAPE",
    "SLOPE",
    "TISSUES",
    "Condition",
    "Decoy",
    "Lesion",
    "ObjectScan",
    "Phantom",
    "PhantomCase",
    "Reading",
    "ReferenceObject",
    "acquire",
    "design_objects",
    "ensure_cases",
    "make_phantom",
    "make_texture",
    "oblique_affine",
    "scan_object",
    "simulate_readings",
    "write_objects",
    "write_phantom",
]

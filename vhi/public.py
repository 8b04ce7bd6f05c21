"""The public names of `vhi`, which imports them from here when one is first used."""

from vhi.cases.case import Case, ReaderMask, case_names, find_case, load_cases
from vhi.errors import InputError
from vhi.images.image import Image, check_same_grid, resample
from vhi.images.nifti import load_image, load_mask, save_labels
from vhi.images.scans import Scans
from vhi.masks.areas import Areas, find_areas
from vhi.measurement import Measurement
from vhi.segmentation.propose_edits import Proposal, propose_edits
from vhi.steps.candidates import Candidates, find_candidates, label_candidates
from vhi.steps.cleaning import apply_edits, remove_regions
from vhi.steps.edits import REASONS, Edit, Edits, candidates_sha256, load_edits, save_edits
from vhi.steps.normal_bone import draw_normal_bone
from vhi.steps.regions import Region, Regions, find_regions
from vhi.steps.small_regions import label_regions, remove_small_regions
from vhi.steps.thresholds import (
    Thresholds,
    estimate_thresholds,
    normal_bone_intensities,
    thresholds_at,
)
from vhi.steps.volume import Vhi, measure_volume
from vhi.workflow import clean, load_scans, measure, measure_images

"""Simulated marrow with bright spots, measured."""

import numpy as np

from vhi.images.image import Image
from vhi.workflow import measure_images

AFFINE = np.diag([1.0, 1.0, 3.3, 1.0])


def images(stir, normal, region):
    return [Image(np.asarray(a), AFFINE, n) for a, n in ((stir, "S"), (normal, "N"), (region, "D"))]


def marrow(seed=0, **options):
    """Marrow 100 +- 10 with texture, normal bone on 40 x 30 mm of two slices, six bright spots."""
    random = np.random.default_rng(seed)
    stir = random.normal(100, 10, (60, 50, 6))
    normal = np.zeros(stir.shape, bool)
    normal[5:45, 10:40, 1:3] = True
    region = np.zeros(stir.shape, bool)
    region[2:58, 2:48, 3:] = True
    for n in range(6):
        stir[8 + 8 * n : 14 + 8 * n, 10:18, 4] += 15 + 4 * n
    return measure_images(*images(stir, normal, region), **options)


def images_of(measurement):
    return measurement.stir, measurement.normal_bone, measurement.disease_region

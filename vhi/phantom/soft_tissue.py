"""What the phantom's bones lie in: fat rim, muscle, pelvic and abdominal contents.

Measures in mm in slice coordinates (see `vhi.phantom.grid`), chosen by eye.
"""

from __future__ import annotations

import numpy as np

from vhi.phantom.grid import Array, ellipse, ellipsoid, fraction


def soft_tissue(
    u: Array,
    v: Array,
    w: Array,
    a: Array,
    front: Array,
    ilium: Array,
    rough: Array,
    patch: Array,
    septa: Array,
) -> list[tuple[str, Array]]:
    """Return the layers below the bones: fat rim, muscle, pelvic and abdominal contents."""
    cleft = 9.0 * np.exp(-((u / 5.0) ** 2))
    skin = -92.0 + 1.3 * w + 0.0018 * u**2 + cleft
    body = (skin - v) / 1.6
    rim = skin + 25.0 + 0.0012 * u**2 - 0.4 * cleft + 1.5 * rough
    muscle = (rim - v) / 1.6
    cavity = np.maximum(ellipse(u, v + 18, 44.0, 66.0) + 5.0 * patch + 1.5 * rough, w - front + 1.5)
    above = np.maximum(41.0 + 0.14 * a - v + 1.5 * np.maximum(w, 0) + 4 * patch, w - 16)
    muscle = np.maximum(muscle, -np.minimum(cavity, above))
    iliacus = np.maximum.reduce([ilium - 9.0, w + 10, -v - 5])
    psoas = ellipse(a - 47 - 0.3 * (w + 20), v - 62 - 0.9 * (w + 20), 18.5, 20.0)
    psoas = np.maximum(psoas + 2 * patch + 0.8 * rough, w - 6)
    muscle = np.minimum.reduce([muscle, iliacus, psoas])
    # Fat between muscle bundles: thin lines that fan out from the wing, here and there.
    phase = (v + (0.55 + 0.004 * v) * a) / 6.5 + 0.45 * patch
    lines = np.exp(-((np.sin(np.pi * phase) / 0.22) ** 2)) * np.clip(0.3 + 0.5 * rough, 0, 0.7)
    lines *= np.clip(psoas / 3, 0, 1)
    bowel = np.minimum.reduce([
        ellipsoid(u - 14, v + 8, w + 30, (17.0, 19.0, 18.0)),
        ellipsoid(u + 20, v + 30, w + 26, (15.0, 14.0, 16.0)),
        ellipsoid(u + 4, v + 62, w + 14, (20.0, 13.0, 17.0)),
    ])  # fmt: skip
    bowel = np.maximum(bowel + 1.2 * rough + 2 * patch, cavity + 2)
    loops = np.minimum(
        ellipsoid(u + 66, v - 86, w + 26, (26.0, 15.0, 26.0)),
        ellipsoid(u - 72, v - 92, w + 22, (22.0, 17.0, 30.0)),
    )
    bowel = np.minimum(bowel, np.maximum(loops + 2 * rough + 3 * patch, 3 - psoas))
    gas = bowel + 4.5 + rough + 1.5 * patch
    vessels = np.minimum.reduce([
        ellipse(u - 20 - 0.9 * (w + 30), v - 28 - 1.1 * (w + 30), 4.5, 5.5),
        ellipse(u + 17 + 0.9 * (w + 30), v - 30 - 1.1 * (w + 30), 5.0, 5.5),
        ellipse(a - 38 + 0.2 * w, v + 30 + 0.5 * w, 2.2, 2.6),
    ])  # fmt: skip
    vessels = np.maximum(vessels, w + 8)
    share = fraction(muscle)
    # Septa and small vessels in fat: where a smooth random field passes through zero.
    septa = 0.45 * np.exp(-((septa / 0.12) ** 2)) * np.clip(0.5 + patch, 0, 1)
    return [
        ("fat", fraction(body)),
        ("muscle", np.maximum(share * (1 - lines), (1 - share) * septa * (body < -3))),
        ("bowel", fraction(bowel)),
        ("air", fraction(gas) * 0.75),
        ("vessel", fraction(vessels)),
    ]

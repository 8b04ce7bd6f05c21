"""Draw the picture of the README and of the book's first page, from the phantom: `make picture`.

The phantom only: this picture is committed, and no pixel of a patient's scan ever is.
"""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

import vhi
from vhi.files.atomic import write_whole
from vhi.files.encode import encode_figure
from vhi.images import orientation
from vhi.results import figures

PICTURE = Path(__file__).resolve().parent / "picture.png"
CASE, VISIT = "P01", "before"


def main() -> None:
    """Measure one phantom case, clean it with its truth, draw one slice of each stage."""
    case = vhi.find_case("phantom", CASE, VISIT)
    automatic = vhi.measure(case)
    truth = vhi.load_mask(case.reader_masks[0].path)
    # The truth plays the reader: a region stays when it touches a simulated lesion.
    edits = vhi.remove_regions(
        automatic.edits, automatic.kept, truth.array, reason="other", reader="truth"
    )
    cleaned = vhi.measure(case, edits=edits)

    stir, region = automatic.stir, automatic.disease_region
    (index,) = orientation.fullest_slices(cleaned.inflammation.array, stir.slice_axis, 1)
    box = orientation.box_of(region, orientation.view_of(stir))
    window = orientation.window_of(stir, region.array)
    panels = (
        ("simulated STIR scan, bone in blue", None, region.array),
        ("candidates: brighter than normal bone", automatic.kept.array, None),
        (f"after cleaning: VHI = {cleaned.vhi.mm3:,.0f} mm³", cleaned.inflammation.array, None),
    )
    figure = Figure(figsize=(9, 2.95))
    for axes, (title, labels, outline) in zip(figure.subplots(1, 3), panels, strict=True):
        figures.draw_slice(
            axes, stir, index, labels=labels, outline=outline, window=window, box=box, title=title
        )
        axes.title.set_fontsize(9.5)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=0.92, wspace=0.02)
    write_whole(PICTURE, encode_figure(figure, dpi=150))
    print(f"{PICTURE.name}: slice {index} of {case.folder}, VHI {cleaned.vhi.mm3:,.1f} mm³")


if __name__ == "__main__":
    main()

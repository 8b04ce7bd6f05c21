from matplotlib.figure import Figure

from vhi import measure_images
from vhi.results.figures import draw_histogram, draw_slice


def test_a_slice_has_its_number_and_candidates_over_the_scan(tiny):
    m = measure_images(*tiny)
    axes = Figure().subplots()
    draw_slice(axes, m.stir, 2, labels=m.kept.array, outline=m.normal_bone.array)
    assert axes.get_title() == "slice 2" and len(axes.images) == 2


def test_the_histogram_names_both_thresholds(tiny):
    m = measure_images(*tiny)
    axes = Figure().subplots()
    draw_histogram(axes, m.intensities, m.thresholds)
    lines = [line.get_label() for line in axes.lines]
    assert any("lower threshold 9" in text for text in lines)
    assert any("upper threshold 100" in text for text in lines)

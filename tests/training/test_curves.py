from matplotlib.figure import Figure

from vhi.training.curves import CurveRow, draw_curves, read_curves, write_curves


def test_curves_are_written_read_and_drawn(tmp_path):
    curves = [[CurveRow(100, 0.5, 0.2, 0.8), CurveRow(200, 0.3, 0.25, 0.9)], [CurveRow(100, 0.6)]]
    write_curves(tmp_path / "curves.csv", curves)
    assert read_curves(tmp_path / "curves.csv") == curves
    axes = Figure().subplots(1, 2)
    for curve in curves:
        draw_curves(axes, curve, loss="bce")
    assert len(axes[0].lines) == 3 and len(axes[1].lines) == 1
    assert axes[1].lines[0].get_ydata().tolist() == [0.8, 0.9]
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert labels == ["training (bce)", "held out (cross-entropy)"]

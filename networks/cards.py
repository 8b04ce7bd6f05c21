"""Fill the scores of the model cards from `results/`, so that no number is typed by hand."""

from __future__ import annotations

import csv
import json
import re
from statistics import mean, median

from networks.results import RESULTS
from vhi.files.atomic import write_whole
from vhi.segmentation.registry import shipped_folder

BLOCK = re.compile(r"(<!-- scores -->\n).*?(\n<!-- /scores -->)", re.DOTALL)


def fill_cards() -> None:
    """Write the available scores into the cards of the shipped networks."""
    disease = [*_test_set(), *_cross_validation()]
    by_name = {
        "study": disease,
        "default": [
            "Of `study` and of the cross-validation; `default` has none of its own.",
            "",
            *disease,
        ],
        "normal-bone": _normal_bone(),
    }
    for name, lines in by_name.items():
        card = shipped_folder() / name / "card.md"
        if card.exists():
            text = BLOCK.sub(
                lambda block, lines=lines: block[1] + "\n".join(lines) + block[2], card.read_text()
            )
            write_whole(card, text.encode())


def _test_set() -> list[str]:
    path = RESULTS / "test-summary.json"
    if not path.exists():
        return []
    summary = json.loads(path.read_text())
    dice = summary["per_slice"]["dice"]
    return [
        f"- Test set: Dice per slice mean {dice['mean']:.4f}, median {dice['median']:.4f}, "
        f"{dice['min']:.4f} to {dice['max']:.4f} (n = {dice['n']} slices of "
        f"{summary['subjects']} subjects)."
    ]


def _cross_validation() -> list[str]:
    rows = _table("cross-validation-slices")
    lines = []
    for change in dict.fromkeys(row["change"] for row in rows):
        dice = [float(row["dice"]) for row in rows if row["change"] == change and row["dice"]]
        lines.append(
            f"- Cross-validation, {change}: Dice per slice mean {mean(dice):.4f}, median "
            f"{median(dice):.4f}, {min(dice):.4f} to {max(dice):.4f} (n = {len(dice)} slices of "
            f"{len({row['subject'] for row in rows})} subjects)."
        )
    return lines


def _normal_bone() -> list[str]:
    lines = []
    for name, what in (
        ("normal-bone", "Proposed area, leave one subject out"),
        ("normal-bone-halved", "For comparison: each half of the hand-drawn area"),
    ):
        rows = _table(name)
        if not rows:
            continue
        lower = [abs(float(row["lower_error_percent"])) for row in rows]
        volume = [abs(float(row["vhi_change_percent"])) for row in rows]
        lines.append(
            f"- {what}: absolute error of the lower threshold median {median(lower):.1f} %, "
            f"worst {max(lower):.1f} %; change of VHI before cleaning median "
            f"{median(volume):.0f} %, worst {max(volume):.0f} % (n = {len(rows)} areas of "
            f"{len({row['case'] for row in rows})} subjects)."
        )
    return lines


def _table(name: str) -> list[dict[str, str]]:
    path = RESULTS / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))

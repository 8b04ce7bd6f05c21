"""Make the shipped networks again: ``python -m networks --help``.

Every step continues where it was stopped. README.md gives the order and what each step shows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from networks import beyond_bone, calibrate, cards, cleaning, results, runs, ship
from vhi.cases.case import load_cases


def main() -> None:
    """Run the step that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m networks", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/networks"))
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("list", help="names of all trainings, in order")
    train = steps.add_parser("train", help="train some runs (default: those that are shipped)")
    train.add_argument("names", nargs="*")
    score = steps.add_parser("cross-validate", help="score the eight by networks new to them")
    score.add_argument("--runs", default="cv", help="cv, or the recipe tried: wide, near")
    steps.add_parser("calibrate", help="set the warning about poor slices")
    steps.add_parser("beyond-bone", help="judge the warning about more than bone")
    steps.add_parser("normal-bone", help="score normal bone, leave one subject out")
    steps.add_parser("cleaning", help="train and judge the model that proposes cleaning")
    make = steps.add_parser("ship", help="put networks into the package")
    make.add_argument("names", nargs="*", default=["study", "default", "normal-bone"])
    steps.add_parser("test", help="score `study` on the test set; meant to be done once")
    steps.add_parser("cards", help="fill the scores of the model cards from the results")
    asked = parser.parse_args()

    cases = load_cases("study")
    every_run = runs.all_runs(cases)
    if asked.step == "list":
        print("\n".join(every_run))
    elif asked.step == "train":
        shipped, every_run = list(every_run), every_run | runs.tried_runs(cases)
        if unknown := set(asked.names) - set(every_run):
            raise SystemExit(f"no run is called {', '.join(sorted(unknown))}")
        for name in asked.names or shipped:
            runs.run_training(every_run[name], cases, asked.work)
        ship.keep_curves(cases, asked.work)
    elif asked.step == "cross-validate":
        evaluation = results.score_cross_validation(cases, asked.work, name=asked.runs)
        table = "cross-validation" if asked.runs == "cv" else f"cross-validation-{asked.runs}"
        results.write_table(f"{table}-slices", evaluation.slices)
        results.write_table(f"{table}-scans", evaluation.scans)
    elif asked.step == "calibrate":
        calibrate.calibrate(results.warning_signs(cases, asked.work, calibrate.CHANGES))
    elif asked.step == "beyond-bone":
        beyond_bone.measure_beyond_bone(cases)
    elif asked.step == "normal-bone":
        evaluation, spread = results.score_normal_bone(cases, asked.work)
        results.write_table("normal-bone", evaluation.scans)
        results.write_table("normal-bone-spread", spread)
        results.write_table("normal-bone-halved", results.halved_normal_bone(cases))
    elif asked.step == "cleaning":
        cleaning.make_cleaning(cases)
    elif asked.step == "ship":
        for name in asked.names:
            ship.ship(name, cases, asked.work)
    elif asked.step == "test":
        ship.score_test_set(cases)
    else:
        cards.fill_cards()


if __name__ == "__main__":
    main()

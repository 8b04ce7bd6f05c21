"""Make the shipped networks again: ``python -m networks --help``.

Every step goes on where it was stopped. See README.md for the order and what each step shows.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from networks import calibrate, cards, results, runs, ship
from vhi.cases.case import load_cases


def main() -> None:
    """Parse, call, print."""
    parser = argparse.ArgumentParser(prog="python -m networks", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/networks"))
    steps = parser.add_subparsers(dest="step", required=True)
    steps.add_parser("list", help="names of all trainings, in order")
    train = steps.add_parser("train", help="train some (default: all that are not done)")
    train.add_argument("names", nargs="*")
    steps.add_parser("cross-validate", help="score the eight, each by networks that never saw it")
    steps.add_parser("calibrate", help="when a slice needs a look, from the cross-validation")
    steps.add_parser("normal-bone", help="score normal bone, leave one subject out")
    make = steps.add_parser("ship", help="put networks into the package")
    make.add_argument("names", nargs="*", default=["study", "default", "normal-bone"])
    steps.add_parser("test", help="score `study` on the test set; meant to be done once")
    steps.add_parser("cards", help="fill the scores of the model cards from the results")
    asked = parser.parse_args()

    cases = load_cases("study")
    every = runs.all_runs(cases)
    if asked.step == "list":
        print("\n".join(run.name for run in every))
    elif asked.step == "train":
        for run in runs.named(asked.names, every):
            if not runs.is_done(run, asked.work):
                runs.train_run(run, cases, asked.work)
        ship.keep_curves(cases, asked.work)
    elif asked.step == "cross-validate":
        evaluation = results.score_cross_validation(cases, asked.work)
        results.write_table("cross-validation-slices", evaluation.slices)
        results.write_table("cross-validation-scans", evaluation.scans)
    elif asked.step == "calibrate":
        calibrate.calibrate(results.doubts(cases, asked.work, calibrate.CHANGES))
    elif asked.step == "normal-bone":
        results.write_table("normal-bone", results.score_normal_bone(cases, asked.work).scans)
        results.write_table("normal-bone-halved", results.halved_normal_bone(cases))
    elif asked.step == "ship":
        for name in asked.names:
            ship.ship(name, cases, asked.work)
    elif asked.step == "test":
        ship.score_test_set(cases)
    else:
        cards.fill_cards()


if __name__ == "__main__":
    main()

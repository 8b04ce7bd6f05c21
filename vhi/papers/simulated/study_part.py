"""The part of `vhi study` on simulated patients: the table of 29 patients is not published."""

from __future__ import annotations

from collections.abc import Callable

from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.many import conclusions_over, simulate_cohorts
from vhi.papers.simulated.simulate import simulate_cohort
from vhi.reader_study.from_patients import study_of_patients
from vhi.reader_study.patients import Patients
from vhi.reader_study.report import SIMULATED, StudyResult, Table

SEED = 1


def simulated_patients(seed: int = SEED) -> Patients:
    """Return a simulated cohort as a table of patients."""
    table = simulate_cohort(seed)
    answers = table["response_clinical"].map({"yes": 1.0, "no": 0.0})
    return Patients("simulated cohort", table.assign(response_clinical=answers), simulated=True)


def simulated_part(
    cohorts: int, progress: Callable[[str, int | None], None], advance: Callable[[], None]
) -> StudyResult:
    """Analyse one simulated cohort, and test the paper's conclusions in `cohorts` more (0: none).

    `progress` and `advance` are those of `vhi.reader_study.from_masks.study_of_cases`.
    """
    progress("Simulating a cohort", None)
    patients = simulated_patients()
    result = study_of_patients(patients)
    tables = [
        *result.tables,
        Table(
            f"{SIMULATED}patients", "The simulated cohort",
            simulate_cohort(SEED).assign(simulated="yes"),
            "29 simulated patients; these are not measurements of anybody.",
        ),
        Table(
            f"{SIMULATED}asked-and-reached", "Printed numbers, and those of the simulated cohort",
            asked_and_reached(patients.table),
        ),
    ]  # fmt: skip
    lines = []
    if cohorts:
        progress("Simulating many cohorts", None)
        many = simulate_cohorts(cohorts, seed=SEED)
        progress("Testing the paper's conclusions", cohorts)
        conclusions = conclusions_over(many, advance=advance)
        tables.append(
            Table(
                f"{SIMULATED}conclusions",
                f"The paper's conclusions in {cohorts} simulated cohorts",
                conclusions,
                "Every cohort has all printed numbers; everything else varies between cohorts, "
                "within the family of models described in the book.",
            )
        )  # fmt: skip
        holding = conclusions["verdict"].str.startswith("holds").sum()
        lines.append(
            f"Of {len(conclusions)} conclusions {holding} hold in 95 % of {cohorts} simulated "
            "cohorts"
        )
    return StudyResult(
        tables=tuple(tables),
        pictures=result.pictures,
        summary={"simulated": result.summary},
        notes=(f"Files named {SIMULATED}… hold simulated patients, not the study's.",),
        lines=tuple(lines),
    )

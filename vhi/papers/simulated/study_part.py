"""What needs the unpublished table of 29 patients: the same analyses on a simulated cohort."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vhi.papers.simulated.check import asked_and_reached
from vhi.papers.simulated.many import conclusions_over, simulate_cohorts
from vhi.papers.simulated.simulate import simulate_cohort
from vhi.reader_study.from_patients import study_of_patients
from vhi.reader_study.patients import Patients
from vhi.reader_study.report import SIMULATED, Part, Table

SEED = 1
NAME = "simulated cohort"


def simulated_patients(seed: int = SEED) -> Patients:
    """Return a simulated cohort as a table of patients."""
    table = simulate_cohort(seed)
    answers = table["response_clinical"].map({"yes": 1.0, "no": 0.0})
    return Patients(NAME, table.assign(response_clinical=answers), simulated=True)


def simulated_part(
    cohorts: int, progress: Callable[[str, int | None], None], advance: Callable[[], None]
) -> Part:
    """Return the analyses of one simulated cohort, and of many the paper's conclusions."""
    progress("Simulating a cohort", None)
    patients = simulated_patients()
    result = study_of_patients(patients)
    asked = asked_and_reached(patients.table)
    table = simulate_cohort(SEED).assign(simulated="yes")
    tables = [
        *result.tables,
        Table(f"{SIMULATED}patients", "The simulated cohort", list(table.columns),
              table.to_dict("records"), "29 simulated patients: nobody's measurements."),
        Table(f"{SIMULATED}asked-and-reached", "What the simulated cohort was to have, and has",
              list(asked[0]), asked),
    ]  # fmt: skip
    summary: dict[str, Any] = {"simulated": result.summary}
    lines = []
    if cohorts:
        progress("Simulating many cohorts", None)
        many = simulate_cohorts(cohorts, seed=SEED)
        progress("Testing the paper's conclusions", cohorts)
        rows = conclusions_over(many, advance=advance)
        tables.append(
            Table(
                f"{SIMULATED}conclusions",
                f"The paper's conclusions in {cohorts} simulated cohorts",
                list(rows[0]),
                rows,
                "Every cohort has all printed numbers; what these leave open varies from one to "
                "the next. Relative to the family of models described in the book.",
            )
        )
        held = sum(row["verdict"].startswith("holds") for row in rows)
        lines.append(
            f"Of {len(rows)} conclusions {held} hold in 95 % of {cohorts} simulated cohorts"
        )
    return Part(
        tables=tables,
        pictures=list(result.pictures),
        summary=summary,
        notes=[f"Files called {SIMULATED}… hold simulated patients, not the study's."],
        lines=lines,
    )

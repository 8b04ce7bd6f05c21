"""Options that take several values."""

from typing import Annotated

import pytest
import typer

from vhi.commands.options import SeveralValues


@pytest.fixture
def parse():
    """Parse the arguments of a small command; give its values."""
    app, calls = typer.Typer(), []

    @app.command(cls=SeveralValues)
    def command(
        test: Annotated[list[str] | None, typer.Option()] = None,
        radius: Annotated[list[float] | None, typer.Option()] = None,
        seed: int = 0,
        full: bool = False,
    ) -> None:
        calls.append((test, radius, seed, full))

    def run(*arguments):
        app(args=list(arguments), standalone_mode=False)
        return calls.pop()

    return run


def test_several_values_after_one_option(parse):
    assert parse("--test", "A", "B", "--seed", "-1", "--test", "C") == (
        list("ABC"),
        None,
        -1,
        False,
    )
    assert parse("--radius", "-1.5", "-2", "--full") == (None, [-1.5, -2.0], 0, True)
    assert parse("--test=A", "--test", "B") == (["A", "B"], None, 0, False)


@pytest.mark.parametrize("arguments", [["--test"], ["--test", "--full"], ["--test", "A", "--test"]])
def test_an_option_without_a_value_is_named(parse, arguments):
    with pytest.raises(typer.TyperException, match="'--test' requires an argument"):
        parse(*arguments)


def test_a_value_after_an_option_that_takes_one_is_refused(parse):
    with pytest.raises(typer.TyperException, match="unexpected"):
        parse("--test", "A", "--seed", "1", "2")

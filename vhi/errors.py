"""What a user's mistake raises."""


class InputError(ValueError):
    """The input cannot be used.

    The message is a single line a reader can act on: which file or argument, what is wrong
    with it, and what to do next. Commands print it on standard error and exit with status 2.
    """


class NothingFound(InputError):
    """A network's answer is empty: it finds nowhere what it looks for."""


class EditsError(InputError):
    """A reader's record does not fit the candidates it is replayed on."""

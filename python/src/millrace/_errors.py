"""What can go wrong, in four kinds that want four different reactions."""

from __future__ import annotations

from typing import NamedTuple


class Diagnostic(NamedTuple):
    """One problem, as `millrace --json` tells it; lines and columns count from 1, 0: unknown."""

    code: str
    kind: str
    message: str
    suggestion: str = ""
    file: str = ""
    line: int = 0
    column: int = 0


class Error(Exception):
    """Base of all errors of the engine. Its text is what the command line would show."""

    def __init__(self, text: str, diagnostics: tuple[Diagnostic, ...], exit_code: int) -> None:
        super().__init__(text, diagnostics, exit_code)
        self.text = text
        self.diagnostics = diagnostics
        self.exit_code = exit_code
        #: Of an operator in Python that failed: the rows of its batch.
        self.row_ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def code(self) -> str:
        """The stable code of the first problem, for example "MR1203"."""
        return self.diagnostics[0].code


class UserError(Error):
    """The config or the call is wrong: `diagnostics` has every problem with its place."""


class DataError(Error):
    """The data is not what the config allows, for example too many rows were rejected."""


class EnvError(Error):
    """Disk, network, permissions or another run. With exit code 75 a retry may help."""


class BugError(Error):
    """A check inside Millrace failed."""


for _public in (Diagnostic, Error, UserError, DataError, EnvError, BugError):
    _public.__module__ = "millrace"  # as tracebacks are to call them

_CLASSES = {"user": UserError, "data": DataError, "environment": EnvError, "bug": BugError}


def from_engine(json_text: str, shown: str) -> Error:
    """The exception for an error of the engine; the binding calls this."""
    import json

    told = json.loads(json_text)
    diagnostics = tuple(Diagnostic(**item) for item in told["errors"])
    return _CLASSES[diagnostics[0].kind](shown, diagnostics, told["exit_code"])

"""The doors that every golden case goes through: the command line and the Python package."""

from __future__ import annotations

import argparse
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import millrace as package
from cases import rendering
from command import Millrace


@dataclass(frozen=True)
class CommandLine:
    """`millrace ...` as a process; what it prints is expected to the letter."""

    millrace: Millrace

    def __call__(self, args: list[str], folder: Path) -> str:
        outcome = self.millrace(*args, cwd=folder)
        text = rendering.transcript(outcome.out + outcome.err, folder)
        return f"{text}[exit {outcome.code}]"

    def expects(self, args: list[str], text: str) -> str:
        return text


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _call_of(args: list[str]) -> argparse.Namespace | None:
    """A command that Python has as a function; None of others, and of misuse of the shell."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("command", choices=["run", "validate"])
    parser.add_argument("config")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--memory")
    parser.add_argument("--offline", action="store_true")
    parser.add_argument("--snapshot", action="append", default=[])
    try:
        call = parser.parse_args(args)
        call.params = dict(text.split("=", 1) for text in call.set)
        call.snapshots = dict(text.split("=", 1) for text in call.snapshot)
    except ValueError:
        return None
    return call


@dataclass(frozen=True)
class Package:
    """`import millrace` in this process: same exit codes, same errors to the letter. What Python
    has no function for goes through the command line."""

    command_line: CommandLine

    def __call__(self, args: list[str], folder: Path) -> str:
        call = _call_of(args)
        if call is None:
            return self.command_line(args, folder)
        try:
            with contextlib.chdir(folder):
                self._make(call)
        except package.Error as error:
            count = len(error.diagnostics)
            problems = f"\n{count} problems" if count > 1 else ""
            text = rendering.transcript(f"{error}{problems}\n", folder)
            return f"{text}[exit {error.exit_code}]"
        return "[exit 0]"

    @staticmethod
    def _make(call: argparse.Namespace) -> None:
        if call.command == "validate":
            package.validate(call.config, call.params)
            return
        run = package.run(
            Path(call.config),
            call.params,
            threads=call.threads,
            memory=call.memory,
            offline=call.offline,
            snapshots=call.snapshots,
        )
        # What the run recorded of its config is enough to find all of it again.
        assert package.open_run(run.folder).exports == run.exports
        for export in run.exports.values():
            assert export.files is not None
            assert all(os.path.isfile(file) for file in export.files)
            if export.type == "parquet" and not any("=" in file for file in export.files):
                assert run.to_arrow(export=export.name).read_all().num_rows == export.rows

    def expects(self, args: list[str], text: str) -> str:
        """Of a success only that it is one: how it is shown is the command line's own."""
        return "[exit 0]" if _call_of(args) and text.endswith("[exit 0]") else text


Door = CommandLine | Package

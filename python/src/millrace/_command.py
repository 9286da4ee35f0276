"""The command `millrace` of a wheel: the program that lies in the package takes over at once."""

from __future__ import annotations

import os
import sys


def main() -> None:
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "millrace")
    try:
        os.execv(program, [program, *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"millrace: {program} cannot be started: {error.strerror}")

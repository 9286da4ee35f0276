"""Runs the C++ tests (ctest) and the Python tests (pytest) and gives one verdict.

The last line is `N passed, N failed[, N skipped]`: test cases of both, alone on its line.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCTEST_SUMMARY = re.compile(
    r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed \|\s*(\d+) skipped"
)


@dataclass
class Tally:
    """How many test cases ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def verdict(self) -> str:
        line = f"{self.passed} passed, {self.failed} failed"
        return f"{line}, {self.skipped} skipped" if self.skipped else line


def doctest_tally(output: str) -> Tally | None:
    """The counts of a doctest program's closing lines, or None where there are none."""
    found = DOCTEST_SUMMARY.findall(re.sub(r"\x1b\[[0-9;]*m", "", output))
    if not found:
        return None
    tally = Tally()
    for passed, failed, skipped in found:
        tally.add(Tally(int(passed), int(failed), int(skipped)))
    return tally


def ctest_tally(report: Path) -> Tally:
    """Counts doctest's test cases inside each program; any other program is one test case."""
    total = Tally()
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        ended_badly = case.find("failure") is not None or case.get("status") == "fail"
        inner = doctest_tally(case.findtext("system-out") or "")
        if inner is None:
            inner = Tally(failed=1) if ended_badly else Tally(passed=1)
        elif ended_badly and inner.failed == 0:
            inner.failed = 1  # it crashed after its summary, for example in a destructor
        total.add(inner)
    return total


def pytest_tally(report: Path) -> Tally:
    total = Tally()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        count = {
            key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors", "skipped")
        }
        failed = count["failures"] + count["errors"]
        total.add(
            Tally(max(0, count["tests"] - failed - count["skipped"]), failed, count["skipped"])
        )
    return total


def run_ctest(build: Path, only: str = "") -> Tally:
    report = build / "ctest.xml"
    report.unlink(missing_ok=True)
    command = ["ctest", "--test-dir", str(build), "--output-on-failure", "--no-tests=error"]
    command += ["--output-junit", str(report.resolve()), "--timeout", "600"]
    command += ["--test-output-size-passed", "1000000", "--test-output-size-failed", "1000000"]
    command += ["-j", str(len(os.sched_getaffinity(0)))]
    if only:
        command += ["-R", f"^{re.escape(only)}$"]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    tally = ctest_tally(report) if report.is_file() else Tally()
    if code != 0 and tally.failed == 0:
        tally.failed = 1
    return tally


def run_pytest(build: Path, arguments: list[str]) -> Tally:
    report = build / "pytest.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, MILLRACE_BIN=str((build / "cli" / "millrace").resolve()))
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    tally = pytest_tally(report) if report.is_file() else Tally()
    if code != 0 and tally.failed == 0:
        tally.failed = 1
    return tally


def build_targets(build: Path, *targets: str) -> bool:
    command = ["ninja", "-C", str(build), "--quiet", *targets]
    return subprocess.run(command, check=False).returncode == 0


def run_one(build: Path, one: str) -> Tally:
    """`io` is a room; `cases/0007` and `crash/test_kill.py` are below tests/."""
    if (ROOT / "engine" / one).is_dir():
        if not build_targets(build, f"millrace_{one}_test"):
            return Tally(failed=1)
        return run_ctest(build, one)
    if not build_targets(build, "millrace", "millrace_python"):
        return Tally(failed=1)
    one = one.removeprefix("tests/").rstrip("/")
    if (ROOT / "tests" / one.split("::")[0]).exists() and not one.startswith("cases/"):
        return run_pytest(build, [f"tests/{one}"])
    folder, _, name = one.rpartition("/")
    return run_pytest(build, [f"tests/{folder}", "-k", name])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=Path("build"), help="the build folder")
    parser.add_argument("--one", default="", help="a room, or a test below tests/")
    options = parser.parse_args()
    os.chdir(ROOT)

    started = time.monotonic()
    total = Tally()
    if options.one:
        total.add(run_one(options.build, options.one))
    else:
        total.add(run_ctest(options.build))
        total.add(run_pytest(options.build, []))
    if total.passed + total.failed == 0:
        print("no test was run", file=sys.stderr)
        total.failed = 1
    print(f"\n{time.monotonic() - started:.0f} s in all")
    print(total.verdict(), flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""What it takes to run a command: the clock, the processors, memory; medians of rounds, tables."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
THREADS = 2


@dataclass
class Sample:
    seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass
class Series:
    name: str
    megabytes: float = 0  # that it works on
    samples: list[Sample] = field(default_factory=list)

    def median(self, attribute: str) -> float:
        return float(statistics.median(getattr(sample, attribute) for sample in self.samples))


def measured(
    command: list[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> tuple[Sample, str]:
    """Runs a command to its end; what the kernel accounts for it, and its standard output."""
    read_end, write_end = os.pipe()
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=write_end, stderr=subprocess.PIPE
    )
    os.close(write_end)
    with os.fdopen(read_end) as out:
        text = out.read()
    assert process.stderr is not None
    errors = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{errors}")
    cpu = usage.ru_utime + usage.ru_stime
    return Sample(seconds, cpu, usage.ru_maxrss / 1024), text


def print_measured(work: Callable[[], int]) -> None:
    """What work takes in this process and those that it starts and waits for, and the rows that it
    gives, for `measured_inside`."""
    started, before = time.perf_counter(), os.times()
    rows = work()
    seconds, after = time.perf_counter() - started, os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "rows": rows}))


def measured_inside(
    command: list[str], cwd: Path, environment: Mapping[str, str] | None = None
) -> tuple[Sample, dict[str, float]]:
    """As `measured`, of a program that prints as JSON the `seconds` of its work, and perhaps the
    `cpu_seconds`: without its start, then. What else it prints there comes along."""
    sample, text = measured(command, cwd, environment)
    printed: dict[str, float] = json.loads(text)
    sample.seconds = printed["seconds"]
    sample.cpu_seconds = printed.get("cpu_seconds", sample.cpu_seconds)
    return sample, printed


def in_turn(title: str, rounds: int, works: Mapping[str, Callable[[], Sample]]) -> list[Series]:
    """Rounds of all works in turn, after one that warms the page cache and is not counted."""
    series = [Series(name) for name in works]
    for number in range(rounds + 1):
        for one in series:
            sample = works[one.name]()
            print(f"{title} round {number} {one.name}: {sample}", file=sys.stderr, flush=True)
            if number > 0:
                one.samples.append(sample)
    return series


def table(series: list[Series]) -> str:
    """Markdown; the first of the series is what the others are compared with, by megabyte."""
    ours = series[0]
    lines = [
        "| | MB | seconds (median; min to max) | MB/s | CPU seconds | peak RSS MiB "
        f"| {ours.name.capitalize()} is, by the clock | by CPU seconds |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in series:
        seconds, cpu = one.median("seconds"), one.median("cpu_seconds")
        values = [sample.seconds for sample in one.samples]
        ratios = " | "
        if one is not ours:
            scale = ours.megabytes / one.megabytes
            clock = f"{scale * seconds / ours.median('seconds'):.2f} times as fast"
            ratios = f"{clock} | {scale * cpu / ours.median('cpu_seconds'):.2f} times"
        lines.append(
            f"| {one.name} | {one.megabytes:,.0f} "
            f"| {seconds:.2f} ({min(values):.2f} to {max(values):.2f}) "
            f"| {one.megabytes / seconds:.3g} | {cpu:.2f} | {one.median('peak_mib'):.0f} "
            f"| {ratios} |"
        )
    return "\n".join(lines) + "\n"


def machine(packages: list[str]) -> str:
    """The machine and the versions of the packages, in words."""
    model = "unknown CPU"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    return f"{os.cpu_count()} cores ({model}, {platform.machine()}), {THREADS} threads; {versions}"


def apart(module: str, function: str, *arguments: object) -> Any:
    """What a function of a module of this folder gives, called in a process of its own: the peak
    that the kernel tells of a command begins with that of the process that starts it, so this one
    is to stay small."""
    code = (
        f"import json, sys; sys.path.insert(0, {str(ROOT / 'bench')!r}); import {module};"
        f"print(json.dumps({module}.{function}(*json.loads(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", code, json.dumps(arguments, default=str)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def family_cpu_seconds() -> float:
    """What this process, its living descendants and those that they waited for have spent."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        parents[int(stat.parent.name)] = int(words[1])
        ticks = sum(int(word) for word in words[11:15])  # user and system, own and of children
        spent[int(stat.parent.name)] = ticks / os.sysconf("SC_CLK_TCK")

    def descends(process: int) -> bool:
        while process != os.getpid():
            if process not in parents:
                return False
            process = parents[process]
        return True

    return sum(seconds for process, seconds in spent.items() if descends(process))


class Others:
    """What else keeps the machine busy from its making on."""

    def __init__(self) -> None:
        self._began = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Seconds of the clock, of all processors at work, and of this process's children."""
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in words)
        busy = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        spent = os.times()
        own = spent.user + spent.system + spent.children_user + spent.children_system
        return time.perf_counter(), busy, own

    def state(self) -> str:
        """In words."""
        clock, busy, own = (now - then for now, then in zip(self._now(), self._began, strict=True))
        share = max(0.0, busy - own) / (clock * (os.cpu_count() or 1))
        quiet = "quiet" if share < 0.05 else "busy: wall times mean little, CPU seconds more"
        return f"other work took {100 * share:.0f} % of the processors meanwhile ({quiet})"

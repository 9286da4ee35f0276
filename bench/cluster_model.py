"""How long a run takes on a cluster: a formula, and a simulation of the scheduler beside it.

    python bench/cluster_model.py --units 100000 --seconds-per-unit 4 --slots 256

The simulation has a clock of its own and does what a run does: a number of threads of the driver
take the units in their order, each asks for one and waits for its reply; a cluster gives units to
slots in the order in which they were asked for; a slot's first unit takes the time of planning; the
driver spends some of its one processor on every unit. docs/guides/distributed.md has the formula.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """A stage of so many units on so many slots. Times in seconds."""

    units: int
    slots: int
    unit: float  # of work, in the mean
    spread: float = 0.0  # of it: standard deviation by mean
    driver: float = 0.003  # of the driver's processor, for each unit
    latency: float = 0.01  # between a slot's reply and the driver, and back
    plan: float = 0.0  # a worker's, before its first unit
    reduce: float = 0.0  # the driver's, when all units are done
    in_flight: int = 0  # units asked for at a time; 0: two for each slot


def predicted(load: Load) -> float:
    """The formula."""
    in_flight = load.in_flight or 2 * load.slots
    busy = min(in_flight, load.slots, load.units)
    # A slot waits for its next unit only when none is waiting there for it.
    waits = load.latency if in_flight < 2 * load.slots else 0.0
    work = load.units * (load.unit + waits) / busy
    hand_out = load.units * load.driver
    # Half a unit until the last slot is done, about; more where units differ.
    tail = load.unit * (0.5 + load.spread) if load.units > busy else 0.0
    return load.plan + max(work, hand_out) + tail + load.latency + load.reduce


def simulated(load: Load, seed: int = 0) -> float:
    """The scheduler under a clock of its own."""
    choose = random.Random(seed)

    def unit_seconds() -> float:
        if load.spread == 0:
            return load.unit
        shape = 1 / load.spread**2
        return choose.gammavariate(shape, load.unit / shape)

    in_flight = min(load.in_flight or 2 * load.slots, load.units)
    driver_free = 0.0  # when the driver's processor is free
    asked: list[float] = [0.0] * in_flight  # when each thread may ask for its next unit
    heapq.heapify(asked)
    slots = [0.0] * load.slots  # when each is free
    heapq.heapify(slots)
    fresh = load.slots  # that have not planned yet
    end = 0.0
    for _ in range(load.units):
        driver_free = max(driver_free, heapq.heappop(asked)) + load.driver
        arrives = driver_free + load.latency / 2
        begins = max(heapq.heappop(slots), arrives)
        seconds = unit_seconds() + (load.plan if fresh > 0 else 0.0)
        fresh -= 1
        heapq.heappush(slots, begins + seconds)
        told = begins + seconds + load.latency / 2
        heapq.heappush(asked, told)
        end = max(end, told)
    return end + load.reduce


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--slots", type=int, default=256)
    parser.add_argument("--seconds-per-unit", type=float, default=4.0)
    parser.add_argument("--spread", type=float, default=0.5)
    parser.add_argument("--driver-ms", type=float, default=3.0)
    parser.add_argument("--plan-seconds", type=float, default=2.0)
    parser.add_argument("--reduce-seconds", type=float, default=0.0)
    parser.add_argument("--in-flight", type=int, default=0)
    told = parser.parse_args()
    load = Load(
        told.units,
        told.slots,
        told.seconds_per_unit,
        told.spread,
        told.driver_ms / 1000,
        plan=told.plan_seconds,
        reduce=told.reduce_seconds,
        in_flight=told.in_flight,
    )
    formula, clock = predicted(load), simulated(load)
    busy = load.units * load.unit / (load.slots * clock)
    print(f"formula    {formula:10.1f} s")
    print(f"simulated  {clock:10.1f} s   {formula / clock - 1:+.1%}")
    print(f"slots busy {busy:10.1%}")


if __name__ == "__main__":
    main()

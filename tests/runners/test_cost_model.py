"""The formula by which a cluster is sized, against the scheduler with a clock of its own."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import pytest

from command import ROOT

SPEC = importlib.util.spec_from_file_location("cluster_model", ROOT / "bench/cluster_model.py")
assert SPEC is not None and SPEC.loader is not None
model: Any = importlib.util.module_from_spec(SPEC)
sys.modules[SPEC.name] = model  # dataclasses look there
SPEC.loader.exec_module(model)
Load, predicted, simulated = model.Load, model.predicted, model.simulated

LOADS = [
    Load(100_000, 256, 4.0, 0.5, plan=2.0),
    Load(100_000, 1024, 4.0, 0.5, plan=2.0),
    Load(100_000, 4096, 4.0, 0.5, plan=2.0),  # the driver is what takes longest
    Load(100_000, 64, 0.2, 1.0, plan=10.0),
    Load(100_000, 256, 4.0, 0.5, in_flight=64),  # fewer units are asked for than there are slots
    Load(100_000, 16, 0.05, 0.2, reduce=120.0),
]


@pytest.mark.parametrize("load", LOADS, ids=str)
def test_the_formula_is_near_the_simulation(load: Any) -> None:
    assert predicted(load) == pytest.approx(simulated(load), rel=0.05)


def test_what_the_formula_says_of_two_slots_of_which_one_is_asked_for() -> None:
    """By hand: ten units of a second, each asked for when the one before is told."""
    load = Load(10, 2, 1.0, driver=0.0, latency=0.1, in_flight=1)
    assert simulated(load) == pytest.approx(11.0)
    assert predicted(load) == pytest.approx(11.6, abs=0.01)

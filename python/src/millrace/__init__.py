"""Millrace: raw, messy data into data that a model can be trained on.

    import millrace

    run = millrace.run("pipeline.yaml", params={"dt": "2026-11-21"})
    print(run.counts, run.exports["drop"].path)
    for batch in run.to_arrow(export="drop"):
        ...

The engine and pyarrow load on first use. docs/python.md has the whole.
"""

from typing import TYPE_CHECKING

from millrace import ops
from millrace._door import rethreshold, run, validate
from millrace._errors import BugError, DataError, Diagnostic, EnvError, Error, UserError
from millrace._hooks import Hook
from millrace._operator import Context, PythonInstance, PythonOperator, RowError, operator
from millrace._pipeline import Pipeline
from millrace._run import Counts, Export, Funnel, FunnelRow, OperatorCounts, Run, StageRun, open_run
from millrace._stage import Operator, Stage, curriculum

__all__ = [
    "BugError",
    "Context",
    "Counts",
    "DataError",
    "Diagnostic",
    "EnvError",
    "Error",
    "Export",
    "Funnel",
    "FunnelRow",
    "Hook",
    "Operator",
    "OperatorCounts",
    "Pipeline",
    "PythonInstance",
    "PythonOperator",
    "RowError",
    "Run",
    "Stage",
    "StageRun",
    "UserError",
    "curriculum",
    "open_run",
    "operator",
    "ops",
    "rethreshold",
    "run",
    "validate",
]

if TYPE_CHECKING:
    #: That of the engine, which is loaded to tell.
    __version__: str
else:

    def __getattr__(name: str) -> str:
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from millrace._loader import engine

        return engine().version()

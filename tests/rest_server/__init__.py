"""A REST API to test against: pages every way, checks every kind of auth, misbehaves on request.

    with RestServer(records=1000, seed=7) as server:
        server.settings.auth = "bearer"
        server.add(Fault("cut", match=r"page=3", times=2))
        ... f"{server.url}/page/items" ...
        server.log                      # every request, in the order of arrival

By hand: `python -m rest_server --help` (with PYTHONPATH=tests). Endpoints are listed in api.py.
"""

from rest_server.faults import Fault
from rest_server.server import LogEntry, RestServer
from rest_server.settings import Settings

__all__ = ["Fault", "LogEntry", "RestServer", "Settings"]

"""Runs the server until its standard input ends or it is interrupted."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys

from rest_server.server import RestServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="rest_server", description=__doc__)
    parser.add_argument("--records", type=int, default=95)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--set", metavar="NAME=VALUE", action="append", default=[])
    arguments = parser.parse_args()
    with RestServer(arguments.records, arguments.seed, arguments.port) as server:
        for assignment in arguments.set:
            name, _, value = assignment.partition("=")
            kind = type(getattr(server.settings, name))
            setattr(server.settings, name, value == "true" if kind is bool else kind(value))
        print(json.dumps({"url": server.url, "other_url": server.other_url}), flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            sys.stdin.read()


main()

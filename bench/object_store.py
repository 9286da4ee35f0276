"""Times a run over files in S3 beside the same run over the same files on disk.

Usage: bench/object_store.py [--mb 1000] [--files 8] [--rounds 3] [--moto-mb 100]

The S3 server is one of this script's own, `serve` below: it lists, looks and sends ranges of files
by sendfile(), because moto, the server of the tests, reads an object to its end for every range of
it and would be all that is measured (--moto-mb shows how much). `raw` downloads the same files by
the same ranges, four at a time, and throws them away: what server and machine can do at most.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from storage.s3 import ENVIRONMENT, S3Server, free_port  # noqa: E402

RANGE_BYTES = 2 << 20


def etag_of(path: Path) -> str:
    return hashlib.md5(f"{path.name} {path.stat().st_size}".encode()).hexdigest()


def serve(folder: Path, port: int) -> None:
    """`folder` as the bucket `b`: ListObjectsV2, HEAD and ranged GET. Takes any signature."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 0

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            key = urllib.parse.unquote(url.path).removeprefix("/b/")
            if not key:
                self.list_objects(urllib.parse.parse_qs(url.query).get("prefix", [""])[0])
                return
            path = folder / key
            if not path.is_file():
                self.head(404, 0, {})
                return
            size = path.stat().st_size
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            first, last = 0, size - 1
            if wanted:
                first, last = int(wanted[1]), min(int(wanted[2]), size - 1)
            headers = {
                "ETag": f'"{etag_of(path)}"',
                "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
            }
            self.head(206 if wanted else 200, last - first + 1, headers)
            if self.command == "HEAD":
                return
            with path.open("rb") as file:
                at = first
                while at <= last:
                    at += os.sendfile(self.connection.fileno(), file.fileno(), at, last + 1 - at)

        def list_objects(self, prefix: str) -> None:
            entries = [
                f"<Contents><Key>{escape(path.name)}</Key><Size>{path.stat().st_size}</Size>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>&quot;{etag_of(path)}&quot;</ETag></Contents>"
                for path in sorted(folder.iterdir())
                if path.name.startswith(prefix)
            ]
            body = f"<ListBucketResult>{''.join(entries)}</ListBucketResult>".encode()
            self.head(200, len(body), {})
            self.wfile.write(body)

        def head(self, status: int, length: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(length))
            self.end_headers()

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def make_files(folder: Path, megabytes: int, files: int) -> None:
    words = ("refund", "parcel", "invoice", "login", "password", "crash", "slow", "thanks")
    bytes_each = (megabytes << 20) // files
    for number in range(files):
        with (folder / f"part-{number:02}.csv").open("wb") as file:
            file.write(b"id,opened,amount,subject,body\n")
            block: list[str] = []
            row = 0
            while file.tell() < bytes_each:
                block.clear()
                for _ in range(20_000):
                    row += 1
                    text = " ".join(words[(row * k) % 8] for k in (1, 3, 5, 7, 11, 13))
                    block.append(
                        f"{number}-{row},2026-0{row % 9 + 1}-1{row % 9},{row * 37 % 99999}.50,"
                        f"{words[row % 8]} {row},{text}\n"
                    )
                file.write("".join(block).encode())


def write_config(path: Path, source: str, endpoint: str) -> None:
    path.write_text(
        f"version: 1\nname: bench\nworkspace: {path.parent}/ws\n"
        f"sources: {{rows: {{type: csv, path: '{source}'}}}}\n"
        "contract:\n  columns:\n    id: {type: string, required: true}\n    opened: {type: date}\n"
        "    amount: {type: 'decimal(12,2)'}\n    subject: {type: string}\n"
        "    body: {type: string}\n"
        f"storage: {{s3: {{type: s3, url: 's3://', endpoint: '{endpoint}', allow_http: true}}}}\n"
    )


def run(binary: Path, source: str, endpoint: str) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "p.yaml"
        write_config(config, source, endpoint)
        started = time.perf_counter()
        done = subprocess.run(
            [str(binary), "run", str(config), "--threads", "2", "--json", "--quiet"],
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            check=False,
        )
        seconds = time.perf_counter() - started
        if done.returncode != 0:
            raise SystemExit(done.stderr.decode())
        return seconds, int(json.loads(done.stdout)["rows_written"])


def raw(port: int, bucket: str, sizes: dict[str, int]) -> float:
    """Seconds to download it all by the same ranges, four at a time."""
    pieces = [
        (key, first, min(first + RANGE_BYTES, size) - 1)
        for key, size in sizes.items()
        for first in range(0, size, RANGE_BYTES)
    ]

    def worker(part: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        buffer = bytearray(RANGE_BYTES)
        for key, first, last in pieces[part::4]:
            connection.request(
                "GET", f"/{bucket}/{key}", headers={"Range": f"bytes={first}-{last}"}
            )
            answer = connection.getresponse()
            view = memoryview(buffer)
            while (got := answer.readinto(view)) > 0:
                view = view[got:]

    started = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    return time.perf_counter() - started


def table(title: str, megabytes: float, series: dict[str, list[float]]) -> None:
    print(f"\n{title}\n\n| What | Seconds (median) | MB/s |\n| --- | --- | --- |")
    for name, seconds in series.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {megabytes / median:.0f} |")
    share = statistics.median(series["disk"]) / statistics.median(series["S3"])
    print(f"\nThroughput over S3 is {share:.0%} of that from disk.", flush=True)


def compare(
    title: str, binary: Path, folder: Path, endpoint: str, port: int, bucket: str, rounds: int
) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    series: dict[str, list[float]] = {"disk": [], "S3": [], "raw download": []}
    run(binary, f"{folder}/*.csv", endpoint)  # the page cache is warm for all
    for _ in range(rounds):
        local = run(binary, f"{folder}/*.csv", endpoint)
        remote = run(binary, f"s3://{bucket}/*.csv", endpoint)
        if local[1] != remote[1]:
            raise SystemExit("the rows differ")
        series["disk"].append(local[0])
        series["S3"].append(remote[0])
        series["raw download"].append(raw(port, bucket, sizes))
    table(title, sum(sizes.values()) / 1e6, series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "build" / "cli" / "millrace")
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--files", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--moto-mb", type=int, default=0, help="also over moto, with this much")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        folder.mkdir()
        make_files(folder, options.mb, options.files)
        port = free_port()
        command = [sys.executable, __file__, "--serve", str(folder), "--port", str(port)]
        server = subprocess.Popen(command)
        try:
            time.sleep(1)
            endpoint = f"http://127.0.0.1:{port}"
            title = f"{options.mb} MB in {options.files} CSV files, server with sendfile"
            compare(title, options.binary, folder, endpoint, port, "b", options.rounds)
        finally:
            server.kill()
            server.wait()
        if options.moto_mb:
            small = Path(name) / "small"
            small.mkdir()
            make_files(small, options.moto_mb, options.files)
            with S3Server(Path(name) / "moto.log") as moto:
                moto.make_bucket("bench")
                moto.put_folder("bench", "", small)
                title = f"{options.moto_mb} MB in {options.files} CSV files, moto"
                compare(title, options.binary, small, moto.endpoint, moto.port, "bench", 1)


if __name__ == "__main__":
    main()

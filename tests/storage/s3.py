"""A real S3-speaking server (moto) of the tests' own, and what tests do with its buckets."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from xml.sax.saxutils import unescape

#: What the server is told; it takes any. The secret is searched for in everything written.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIATESTCANARYID",
    "AWS_SECRET_ACCESS_KEY": "canary-secret-5f1d9c7e",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class S3Server:
    """Starts moto in a process of its own; ends with the `with` block."""

    def __init__(self, log: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._log = log.open("wb")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> S3Server:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        for _ in range(600):
            try:
                self.request("GET", "/")
                return self
            except OSError:
                assert self._process.poll() is None, "moto ended at its start"
                time.sleep(0.1)
        raise AssertionError("moto does not answer")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._log.close()

    def request(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        sent = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/s3/aws4_request"}
        sent["Content-Type"] = "application/octet-stream"  # a form would be emptied
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.endpoint + path, body, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def make_bucket(self, bucket: str) -> None:
        status, body = self.request("PUT", f"/{bucket}")
        assert status == 200, body

    def put(self, bucket: str, key: str, body: bytes) -> None:
        status, answer = self.request("PUT", f"/{bucket}/{urllib.parse.quote(key)}", body)
        assert status == 200, answer

    def put_folder(self, bucket: str, prefix: str, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix}{path.relative_to(folder).as_posix()}"
                self.put(bucket, key, path.read_bytes())

    def get(self, bucket: str, key: str) -> bytes:
        status, body = self.request("GET", f"/{bucket}/{urllib.parse.quote(key)}")
        assert status == 200, f"{key}: {status} {body!r}"
        return body

    def delete(self, bucket: str, key: str) -> None:
        self.request("DELETE", f"/{bucket}/{urllib.parse.quote(key)}")

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        found: list[str] = []
        token = ""
        while True:
            query = f"list-type=2&prefix={urllib.parse.quote(prefix)}"
            if token:
                query += f"&continuation-token={urllib.parse.quote(token)}"
            status, body = self.request("GET", f"/{bucket}?{query}")
            assert status == 200, body
            text = body.decode()
            found += [unescape(key) for key in re.findall(r"<Key>(.*?)</Key>", text, re.S)]
            if "<IsTruncated>true" not in text:
                return found
            match = re.search(r"<NextContinuationToken>(.*?)</", text)
            assert match
            token = match.group(1)

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        return {key[len(prefix) :]: self.get(bucket, key) for key in self.keys(bucket, prefix)}

    def requests_since(self, begin: int) -> list[tuple[str, str, int]]:
        """Method, path and status of the requests that stand in the log behind its byte `begin`."""
        text = self.log.read_bytes()[begin:].decode("utf-8", "replace")
        line = r'"(?:\x1b\[\d+m)*([A-Z]+) (\S+) HTTP/1\.1(?:\x1b\[\d+m)*" (\d{3})'
        found = re.findall(line, text)
        return [(method, path, int(status)) for method, path, status in found]

    def delete_all(self, bucket: str) -> None:
        for key in self.keys(bucket):
            self.delete(bucket, key)

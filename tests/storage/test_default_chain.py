"""Azure's and Google's default chains against fakes of their metadata services and stores: which
token a request carries, and that none is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_server import Asked, Handler, Listener

from command import Millrace

ROWS = b"id,name\n1,Ann\n2,Bob\n"
TOKEN = "token-canary-51c7"
AZURE_LIST = """<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>in/rows.csv</Name>
<Properties><Last-Modified>Tue, 24 Nov 2026 23:41:40 GMT</Last-Modified><Etag>"v1"</Etag>
<Content-Length>{size}</Content-Length></Properties></Blob></Blobs><NextMarker/>
</EnumerationResults>"""
GOOGLE_LIST = """<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents>
<Key>in/rows.csv</Key><LastModified>2026-11-24T23:41:40.000Z</LastModified><ETag>"v1"</ETag>
<Size>{size}</Size></Contents></ListBucketResult>"""


class Cloud(Listener):
    """One container or bucket `box` with one object, and the metadata service of a machine."""

    def __init__(self) -> None:
        super().__init__(_Cloud)
        self.log: list[Asked] = []
        self.refuse = False


class _Cloud(Handler):
    server: Cloud

    def serve(self, asked: Asked) -> None:
        self.server.log.append(asked)
        if "/token" in asked.path:
            proven = "metadata" in asked.headers or "metadata-flavor" in asked.headers
            if not proven or self.server.refuse:
                self.send(403, {}, b'{"error": "no identity"}')
                return
            told = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": "3600"}
            self.send(200, {}, json.dumps(told).encode())
        elif asked.headers.get("authorization") != f"Bearer {TOKEN}":
            self.send(401, {}, b"")
        elif asked.path.endswith("in/rows.csv"):
            self._give(asked.headers)
        else:
            listing = AZURE_LIST if "restype" in asked.query else GOOGLE_LIST
            self.send(200, {}, listing.format(size=len(ROWS)).encode())

    def _give(self, headers: dict[str, str]) -> None:
        more = {"ETag": '"v1"', "Last-Modified": "Tue, 24 Nov 2026 23:41:40 GMT"}
        wanted = headers.get("range", headers.get("x-ms-range", ""))
        if not wanted:
            self.send(200, more, ROWS)
            return
        first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
        last = min(last, len(ROWS) - 1)
        more["Content-Range"] = f"bytes {first}-{last}/{len(ROWS)}"
        self.send(206, more, ROWS[first : last + 1])


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    server = Cloud()
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("kind", ["azure", "gcs"])
def test_the_machine_proves_itself(
    millrace: Millrace, tmp_path: Path, cloud: Cloud, kind: str
) -> None:
    scheme = "abfs" if kind == "azure" else "gs"
    endpoint = cloud.origin + ("/acct" if kind == "azure" else "")
    account = ", account: acct" if kind == "azure" else ""
    (tmp_path / "p.yaml").write_text(
        f"version: 1\nname: chain\nworkspace: ./ws\n"
        f"sources: {{rows: {{type: csv, path: '{scheme}://box/in/*.csv'}}}}\n"
        f"contract: {{columns: {{id: {{type: int64}}, name: {{type: string}}}}}}\n"
        f"storage: {{box: {{type: {kind}, url: '{scheme}://box', endpoint: '{endpoint}', "
        f"allow_http: true{account}}}}}\n"
    )
    host = cloud.origin.removeprefix("http://")
    env = {
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": cloud.origin,
        "GCE_METADATA_HOST": host,
        "HOME": str(tmp_path),
    }
    run = ("run", "p.yaml", "--json", "--log-level", "debug")
    outcome = millrace(*run, cwd=tmp_path, env=env)
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["rows_written"] == 2
    assert sum("/token" in asked.path for asked in cloud.log) <= 2  # not for every request
    cloud.refuse = True
    (tmp_path / "p.yaml").write_text((tmp_path / "p.yaml").read_text().replace("./ws", "./other"))
    refused = millrace(*run, cwd=tmp_path, env=env)
    assert refused.code == 75
    assert "MR3003" in refused.err and "of this machine" in refused.err
    said = (outcome.out + outcome.err + refused.out + refused.err).encode()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [text for text in [said, *written] if TOKEN.encode() in text]

"""Histograms of what filters looked at, in manifests, report.json and on the card."""

from __future__ import annotations

import json
from pathlib import Path

from command import Millrace
from stages.staged import config, make

STAGE = """\
  - name: quality
    operators:
      - {id: stats, type: text_stats, field: text}
      - {id: words, type: threshold, field: stats.words, min: 3}
      - {id: low, type: where, expr: "id < 2000 and stats.words < 6", action: tag}
      - {id: mail, type: where, expr: "mail is not null"}
"""


def test_every_row_is_in_a_bin(millrace: Millrace, tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "pipeline.yaml").write_text(
        config(STAGE, exports="  train: {type: parquet, path: out/train}\n")
    )
    millrace.ok("run", "pipeline.yaml", cwd=tmp_path)
    (report,) = tmp_path.glob("workspace/runs/*/report.json")
    (stage,) = json.loads(report.read_text())["stages"]
    (manifest,) = tmp_path.glob("workspace/stages/quality/*/manifest.json")
    stored = {one["id"]: one for one in json.loads(manifest.read_text())["instances"]}
    seen = {}
    for operator in stage["operators"]:
        assert operator.get("histograms") == stored[operator["id"]].get("histograms")
        for histogram in operator.get("histograms", []):
            kept = sum(row[1] for row in histogram["bins"]) + histogram["without_number"][0]
            against = sum(row[2] for row in histogram["bins"]) + histogram["without_number"][1]
            assert kept + against == operator["reached"]
            assert against == operator["dropped"] + operator["tagged"]
            seen[operator["id"], histogram["of"]] = histogram
    assert set(seen) == {("words", "stats.words"), ("low", "id"), ("low", "stats.words")}
    words = seen["words", "stats.words"]["bins"]
    assert all((row[1] == 0) == (row[0] < 3) for row in words)
    html = report.with_suffix(".html").read_text()
    assert html.count('class="spread"') == 3
    assert "stats.words" in html

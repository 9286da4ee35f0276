"""The example of a pipeline with stages, and the config of docs/stages.md."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from command import Millrace

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_runs(millrace: Millrace, tmp_path: Path) -> None:
    folder = tmp_path / "curate"
    shutil.copytree(
        ROOT / "examples" / "curate",
        folder,
        ignore=shutil.ignore_patterns("out", "workspace"),
    )
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=folder).json()
    stages = {stage["name"]: stage for stage in run["stages"]}
    quality = {o["id"]: o for o in stages["quality"]["operators"]}
    assert stages["quality"]["rows_read"] == 18
    assert quality["english"]["dropped"] == 4
    assert quality["enough"]["dropped"] == 3
    assert stages["unique"]["rows_rejected"] == 2
    release = folder / "out" / "corpus" / "latest"
    rows = [
        json.loads(line)
        for path in sorted(release.glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert len(rows) == stages["unique"]["rows_written"] == 9
    texts = [row["text"] for row in rows]
    assert len(set(texts)) == 9
    assert "Cookies must be accepted before this page can be read." in texts
    assert all(("wide" in row["__fdf__/tags"]) == (len(row["text"]) >= 100) for row in rows)
    # Done once: a second run finds every stage as it was left.
    again = millrace.ok("run", "pipeline.yaml", "--json", cwd=folder).json()
    assert again["splits_skipped"] == again["splits_done"] > 0
    assert again["run_id"] == run["run_id"]


def test_the_guide_is_a_config(millrace: Millrace, tmp_path: Path) -> None:
    guide = (ROOT / "docs" / "stages.md").read_text()
    config = re.search(r"^```yaml\n(version: 1\n.*?)^```$", guide, re.M | re.S)
    assert config is not None
    (tmp_path / "pipeline.yaml").write_text(config[1])
    for source in ("web", "code"):
        (tmp_path / "data" / source).mkdir(parents=True)
        lines = [{"id": i, "lang": "EN", "text": f"{source} has row {i % 3}."} for i in range(9)]
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / "data" / source / "a.jsonl").write_text(text)
    millrace.ok("validate", "pipeline.yaml", cwd=tmp_path)
    run = millrace.ok("run", "pipeline.yaml", "--json", cwd=tmp_path).json()
    assert [export["rows"] for export in run["exports"]] == [6, 18]

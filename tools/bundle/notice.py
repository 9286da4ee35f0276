"""Writes a bundle's NOTICE: each part of others that is in it, its version and its licence.

Fails where a library is in the bundle and the licence of the package it comes from is not.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

LICENSES = Path("files/share/doc/millrace/licenses")
LIBRARIES = Path("files/lib/millrace")
HEAD = """Millrace is licensed under the Apache License 2.0 (LICENSE). This bundle also holds parts
of others. They are unchanged; the paths below are those of the bundle.
"""
DEBIAN = """
From Debian, as shared libraries that may be replaced or linked into the program. The full text of
each licence is {licenses}/PACKAGE.txt. Sources, also of
those under the LGPL: https://snapshot.debian.org/package/SOURCE/VERSION/
"""
ARROW = """
Apache Arrow, in {libraries}: {names}.
Its licence and those of what it holds: {licenses}/arrow-LICENSE.txt, arrow-NOTICE.txt.
"""
WHEELS = """
Python packages. Licences are inside each wheel, which is a zip archive:
"""


def query(*arguments: str) -> str:
    done = subprocess.run(
        ["dpkg-query", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def source_of(package: str) -> tuple[str, str]:
    """The name and version of the source package."""
    shown = query("--show", "--showformat=${source:Package} ${source:Version}\n", package)
    name, _, version = shown.splitlines()[0].partition(" ")
    return name, version


def package_of(library: str) -> str | None:
    """The Debian package that a library of this name is from."""
    try:
        found = query("--search", f"*/{library}")
    except subprocess.CalledProcessError:
        return None
    return found.split(":")[0]


def debian_lines(stage: Path, libraries: list[str]) -> list[str]:
    licensed = {
        path.stem: source_of(path.stem)
        for path in (stage / LICENSES).glob("*.txt")
        if not path.name.startswith("arrow-")
    }
    places: dict[tuple[str, str], list[str]] = {source: [] for source in licensed.values()}
    missing = []
    for library in libraries:
        package = package_of(library)
        source = source_of(package) if package else None
        if source in places:
            places[source].append(library)
        else:
            missing.append(f"{library} ({package or 'of no Debian package'})")
    if missing:
        raise SystemExit(f"notice: no licence in {LICENSES} of: {', '.join(missing)}")
    lines = []
    for package, source in sorted(licensed.items()):
        # Of headers and static archives something is in the program, whatever else is shipped.
        parts = (["bin/millrace"] if package.endswith("-dev") else []) + places[source]
        lines.append(f"  {package:<22} {source[0]} {source[1]}: {', '.join(parts)}")
    return lines


def wheel_lines(wheel: Path) -> list[str]:
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        texts = sorted(
            entry
            for entry in archive.namelist()
            if "licen" in entry.lower() or entry.endswith("NOTICE.txt")
            if not entry.endswith((".py", ".pyi", "/"))
        )
    if not texts:
        raise SystemExit(f"notice: no licence in {wheel.name}")
    folders = sorted({entry.rpartition("/")[0] for entry in texts})
    return [f"  {name} {version}, wheels/{wheel.name}: {', '.join(folders)}"]


def main() -> int:
    stage = Path(sys.argv[1])
    names = sorted(path.name for path in (stage / LIBRARIES).iterdir() if not path.is_symlink())
    arrow = [name for name in names if name.startswith(("libarrow", "libparquet"))]
    licenses = LICENSES.as_posix()
    text = HEAD + ARROW.format(libraries=LIBRARIES, names=", ".join(arrow), licenses=licenses)
    text += DEBIAN.format(licenses=licenses)
    text += "\n".join(debian_lines(stage, [name for name in names if name not in arrow])) + "\n"
    text += WHEELS
    for wheel in sorted((stage / "wheels").glob("*.whl")):
        text += "\n".join(wheel_lines(wheel)) + "\n"
    (stage / "NOTICE").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

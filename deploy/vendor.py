"""Copy the third-party scripts and styles the pages need from node_modules into static/vendor.

Run after ``npm ci``. Only the standard library, so that any Python can run it. The table below is
the whole list: what is not named is not served, and what is named but missing is an error.
"""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION_FILE = "versions.json"

# npm package -> (its files, its licence files). A trailing slash names a whole folder. Files
# keep their path inside the package, without a leading "dist/", since style sheets name images
# and fonts relative to themselves.
VENDORED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # Drawn on the server into marked copies of photos; a whole font, for rare names of places.
    "@expo-google-fonts/noto-sans-sc": (
        ("500Medium/NotoSansSC_500Medium.ttf",),
        ("LICENSE", "LICENSE_FONT"),
    ),
    "@fortawesome/fontawesome-free": (
        (
            "css/all.min.css",
            "webfonts/fa-brands-400.woff2",
            "webfonts/fa-regular-400.woff2",
            "webfonts/fa-solid-900.woff2",
            "webfonts/fa-v4compatibility.woff2",
            "webfonts/fa-brands-400.ttf",
            "webfonts/fa-regular-400.ttf",
            "webfonts/fa-solid-900.ttf",
            "webfonts/fa-v4compatibility.ttf",
        ),
        ("LICENSE.txt",),
    ),
    "bootstrap": (("dist/css/bootstrap.min.css", "dist/js/bootstrap.bundle.min.js"), ("LICENSE",)),
    "gcoord": (("dist/gcoord.global.prod.js", "dist/gcoord.esm-browser.prod.js"), ("LICENSE",)),
    "idb": (("build/index.js", "build/umd.js"), ("LICENSE",)),
    "jquery": (("dist/jquery.min.js",), ("LICENSE.txt",)),
    "leaflet": (("dist/leaflet.js", "dist/leaflet.css", "dist/images/"), ("LICENSE",)),
    "leaflet.awesome-markers": (
        (
            "dist/leaflet.awesome-markers.min.js",
            "dist/leaflet.awesome-markers.css",
            "dist/images/",
        ),
        ("LICENSE",),
    ),
    "leaflet.fullscreen": (
        ("Control.FullScreen.js", "Control.FullScreen.css", "icon-fullscreen.svg"),
        ("LICENSE",),
    ),
    "leaflet.locatecontrol": (
        ("dist/L.Control.Locate.min.js", "dist/L.Control.Locate.min.css"),
        ("LICENSE",),
    ),
    "leaflet.markercluster": (
        (
            "dist/leaflet.markercluster.js",
            "dist/MarkerCluster.css",
            "dist/MarkerCluster.Default.css",
        ),
        ("MIT-LICENCE.txt",),
    ),
    # Its licence stands in the README. The bundle contains pbf and vector-tile, named below.
    "leaflet.vectorgrid": (("dist/Leaflet.VectorGrid.bundled.min.js",), ("README.md",)),
    "@popperjs/core": ((), ("LICENSE.md",)),  # inside bootstrap.bundle
    "pbf": ((), ("LICENSE",)),
    "ieee754": ((), ("LICENSE",)),
    "vector-tile": ((), ("LICENSE.txt",)),
    "topojson-client": ((), ("LICENSE.md",)),
}


class VendorFault(Exception):
    """The table and the installed packages do not agree."""


def copies(packages: Path, target: Path) -> list[tuple[Path, Path]]:
    """Return every (source, destination) the table asks for, or raise with all faults at once."""
    wanted: list[tuple[Path, Path]] = []
    faults: list[str] = []
    for package, (served, licences) in VENDORED.items():
        for name in (*served, *licences):
            source = packages / package / name
            if name.endswith("/") and source.is_dir():
                names = sorted(f"{name}{file.name}" for file in source.iterdir() if file.is_file())
            elif not name.endswith("/") and source.is_file():
                names = [name]
            else:
                faults.append(f"{package}/{name} is not among the installed packages")
                continue
            wanted.extend(
                (packages / package / each, target / package / each.removeprefix("dist/"))
                for each in names
            )
    if faults:
        raise VendorFault("\n".join(faults))
    return wanted


def unlisted(manifest: dict[str, dict[str, str]]) -> list[str]:
    """Return the direct dependencies of package.json that the table does not serve."""
    return sorted(set(manifest.get("dependencies", {})) - set(VENDORED))


def vendor(root: Path) -> int:
    """Fill static/vendor anew and return the number of files copied."""
    packages, target = root / "node_modules", root / "inspect_app/static/vendor"
    manifest = json.loads((root / "package.json").read_text())
    forgotten = unlisted(manifest)
    if forgotten:
        msg = f"package.json names {', '.join(forgotten)}, the table does not"
        raise VendorFault(msg)
    wanted = copies(packages, target)
    shutil.rmtree(target, ignore_errors=True)
    for source, destination in wanted:
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, destination)
    versions = {
        package: json.loads((packages / package / "package.json").read_text())["version"]
        for package in VENDORED
    }
    (target / VERSION_FILE).write_text(json.dumps(versions, indent=2) + "\n")
    return len(wanted)


def main() -> int:
    """Run as a program: say what was copied, or every fault and how to mend them."""
    try:
        count = vendor(ROOT)
    except VendorFault as fault:
        sys.stderr.write(f"{fault}\nMend the table in deploy/vendor.py, or run: npm ci\n")
        return 1
    sys.stdout.write(f"{count} front-end files copied\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Readers of three text formats: CARP, periodic CARP, and mixed (nodes, edges and arcs)."""

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from gis.routing.benchmark_sets.instance import BenchmarkInstance, Required, cheapest_costs

_EDGE = re.compile(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*coste\s+(\d+)(?:\s+demanda\s+(\d+))?")
_ARC = re.compile(
    r"arc=\s*(\d+),\s*From=\s*(\d+),\s*to=\s*(\d+),\s*Qty=\s*(-?\d+),\s*Trav=\s*(\d+),"
    r"\s*Col=\s*(\d+),\s*inv=\s*(\d+),.*?freq=\s*(\d+)"
)
_SECTION = re.compile(r"(ReN\.|ReE\.|EDGE|ReA\.|ARC)\s")
_HEADER = re.compile(r"\s*([#A-Za-z ]+):\s*(\S+)")


class UnreadableInstance(ValueError):
    """A file is not of the stated format."""


class Format(StrEnum):
    """The text formats: arc routing, periodic, mixed."""

    carp = "carp"
    pcarp = "pcarp"
    mcgrp = "mcgrp"


def read_instance(path: Path, *, text_format: Format) -> BenchmarkInstance:
    """Return the instance of a file.

    Raises
    ------
    UnreadableInstance
        When a row is cut short, or the file states no capacity, no nodes or nothing to serve.
    """
    text = path.read_text(encoding="latin-1").replace("\r", "")
    try:
        instance = _READERS[text_format](path.stem, text)
    except (ValueError, IndexError) as error:
        raise UnreadableInstance(path.name) from error
    if not instance.required:
        raise UnreadableInstance(path.name)
    return instance


def instance_files(folder: Path) -> tuple[Path, ...]:
    """Return the instance files directly in a folder, by name with numbers in order."""
    files = [
        path
        for path in folder.iterdir()
        if path.suffix in {".dat", ".txt"} and "README" not in path.name.upper()
    ]
    return tuple(sorted(files, key=_natural))


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]


def _stated(text: str, pattern: str, *, name: str) -> int:
    found = re.search(pattern, text)
    if found is None:
        raise UnreadableInstance(name, pattern)
    return int(found[1])


def _read_carp(name: str, text: str) -> BenchmarkInstance:
    links, required = [], []
    for found in _EDGE.finditer(text):
        start, end, cost = int(found[1]) - 1, int(found[2]) - 1, int(found[3])
        links += [(start, end, cost), (end, start, cost)]
        if int(found[4] or 0) > 0:
            required.append(Required(start, end, cost, int(found[4])))
    return BenchmarkInstance(
        name,
        depot=_stated(text, r"DEPOSITO\s*:\s*(\d+)", name=name) - 1,
        capacity=_stated(text, r"CAPACIDAD\s*:\s*(\d+)", name=name),
        vehicles=0,
        required=tuple(required),
        travel=cheapest_costs(links, nodes=_stated(text, r"VERTICES\s*:\s*(\d+)", name=name)),
    )


def _read_periodic(name: str, text: str) -> BenchmarkInstance:
    """Read internal arcs; each edge stands there once per direction, its inverse with `inv`."""
    links, required = [], []
    for found in _ARC.finditer(text):
        arc, start, end, demand, travel, cost, inverse, times = map(int, found.groups())
        if start == end or inverse <= arc:
            continue
        links += [(start - 1, end - 1, travel), (end - 1, start - 1, travel)]
        required.append(Required(start - 1, end - 1, cost, demand, times=times))
    return BenchmarkInstance(
        name,
        depot=0,
        capacity=_stated(text, r"capacity\s*=\s*(\d+)", name=name),
        vehicles=0,
        required=tuple(required),
        travel=cheapest_costs(links, nodes=_stated(text, r"nbnodes\s*=\s*(\d+)", name=name)),
    )


def _read_mixed(name: str, text: str) -> BenchmarkInstance:
    """Read nodes, edges and arcs; by the format's rule only traversal counts, not service."""
    links, required = [], []
    for kind, row in _mixed_rows(text):
        if kind == "ReN.":
            node = int(row[0][1:]) - 1
            required.append(Required(node, node, 0, int(row[1])))
            continue
        start, end, cost = int(row[1]) - 1, int(row[2]) - 1, int(row[3])
        links.append((start, end, cost))
        if kind in {"ReE.", "EDGE"}:
            links.append((end, start, cost))
        if kind in {"ReE.", "ReA."}:
            required.append(Required(start, end, cost, int(row[4]), one_way=kind == "ReA."))
    header = {
        found[1].strip().lower(): int(float(found[2]))
        for found in map(_HEADER.match, text.splitlines())
        if found is not None and re.fullmatch(r"-?[\d.]+", found[2])
    }
    if not {"capacity", "#nodes", "depot node"} <= set(header):
        raise UnreadableInstance(name)
    best = header.get("optimal value", -1)
    return BenchmarkInstance(
        name,
        depot=header["depot node"] - 1,
        capacity=header["capacity"],
        vehicles=max(header.get("#vehicles", -1), 0),
        required=tuple(required),
        travel=cheapest_costs(links, nodes=header["#nodes"]),
        best=best if best > 0 else None,
    )


def _mixed_rows(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of each section with the section's name; a row begins with a name."""
    kind = None
    for line in text.splitlines():
        heading = _SECTION.match(line)
        row = line.split()
        if heading is not None:
            kind = heading[1]
        elif kind is not None and row and row[0][0].isalpha():
            yield kind, row


_READERS: dict[Format, Callable[[str, str], BenchmarkInstance]] = {
    Format.carp: _read_carp,
    Format.pcarp: _read_periodic,
    Format.mcgrp: _read_mixed,
}

"""Crew-days as KML 2.2: a folder each, its route as lines, its stops as points in order."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as Xml
from zoneinfo import ZoneInfo

from flask_babel import gettext

from inspect_app.queries.plan_tasks import StopLine, TaskSheet, route_lines

NAMESPACE = "http://www.opengis.net/kml/2.2"


def kml(sheets: Sequence[TaskSheet], *, title: str, zone: ZoneInfo) -> bytes:
    """Return the file; CGCS2000 and KML's WGS84 agree to less than a metre and are taken as one."""
    root = Xml.Element("kml", xmlns=NAMESPACE)
    document = Xml.SubElement(root, "Document")
    Xml.SubElement(document, "name").text = title
    for crew, own in groupby(sheets, key=lambda sheet: sheet.crew.name):
        folder = Xml.SubElement(document, "Folder")
        Xml.SubElement(folder, "name").text = crew
        for sheet in own:
            _crew_day(folder, sheet, zone=zone)
    body: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _crew_day(parent: Xml.Element, sheet: TaskSheet, *, zone: ZoneInfo) -> None:
    folder = Xml.SubElement(parent, "Folder")
    Xml.SubElement(folder, "name").text = f"{sheet.crew.name} {sheet.task.day.isoformat()}"
    start, end = (one.astimezone(zone) for one in (sheet.task.starts_at, sheet.task.ends_at))
    Xml.SubElement(
        folder, "description"
    ).text = f"{start:%H:%M}–{end:%H:%M} · {sheet.task.length_m / 1000:.1f} km"
    parts = [part for part in route_lines(sheet.task) if len(part) > 1]
    if parts:
        route = Xml.SubElement(folder, "Placemark")
        Xml.SubElement(route, "name").text = str(gettext("路线"))
        geometry = Xml.SubElement(route, "MultiGeometry")
        for part in parts:
            line = Xml.SubElement(geometry, "LineString")
            Xml.SubElement(line, "tessellate").text = "1"
            Xml.SubElement(line, "coordinates").text = " ".join(
                f"{lon:.7f},{lat:.7f}" for lon, lat in part
            )
    for one in sheet.stops:
        _stop(folder, one, zone=zone)


def _stop(parent: Xml.Element, line: StopLine, *, zone: ZoneInfo) -> None:
    mark = Xml.SubElement(parent, "Placemark")
    Xml.SubElement(mark, "name").text = f"{line.stop.seq} {line.stop.name}"
    arrive, leave = (one.astimezone(zone) for one in (line.stop.arrive_at, line.stop.leave_at))
    words = (str(gettext(line.kind.label)), line.grid_name or "")
    told = f"{arrive:%H:%M}–{leave:%H:%M} · {' · '.join(word for word in words if word)}"
    Xml.SubElement(mark, "description").text = told
    when = Xml.SubElement(mark, "TimeStamp")
    Xml.SubElement(when, "when").text = f"{line.stop.arrive_at:%Y-%m-%dT%H:%M:%SZ}"
    point = Xml.SubElement(mark, "Point")
    Xml.SubElement(point, "coordinates").text = f"{line.lon:.7f},{line.lat:.7f}"

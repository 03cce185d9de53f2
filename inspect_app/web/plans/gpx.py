"""Crew-days as GPX 1.1 for any navigation device: stops as waypoints, routes as tracks."""

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from inspect_app.queries.plan_tasks import TaskSheet, route_lines

NAMESPACE = "http://www.topografix.com/GPX/1/1"


def gpx(sheets: Sequence[TaskSheet]) -> bytes:
    """Return the file; CGCS2000 and WGS84 agree to less than a metre and are taken as one."""
    root = Xml.Element("gpx", version="1.1", creator="inspect-app", xmlns=NAMESPACE)
    for sheet in sheets:
        for line in sheet.stops:
            point = Xml.SubElement(root, "wpt", lat=_degrees(line.lat), lon=_degrees(line.lon))
            Xml.SubElement(point, "time").text = f"{line.stop.arrive_at:%Y-%m-%dT%H:%M:%SZ}"
            Xml.SubElement(point, "name").text = f"{line.stop.seq} {line.stop.name}"
    # All waypoints stand before the first track: the order is part of the format.
    for sheet in sheets:
        track = Xml.SubElement(root, "trk")
        title = f"{sheet.crew.name} {sheet.task.day.isoformat()}"
        Xml.SubElement(track, "name").text = title
        for part in route_lines(sheet.task):
            segment = Xml.SubElement(track, "trkseg")
            for lon, lat in part:
                Xml.SubElement(segment, "trkpt", lat=_degrees(lat), lon=_degrees(lon))
    body: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _degrees(value: float) -> str:
    return f"{value:.7f}"

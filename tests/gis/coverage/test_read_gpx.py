"""GPX files of other devices: fixes, rejections with reasons, refusal of hostile files."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.coverage import GpxUnreadable, clean_track, read_gpx
from tests.gis.coverage.recordings import RULES

POINT = '<trkpt lat="30.5" lon="{lon}"><time>2024-05-01T00:00:{second:02}Z</time></trkpt>'


def gpx(*points: str, head: str = '<gpx version="1.1" creator="x">') -> bytes:
    body = "".join(points)
    return f'<?xml version="1.0"?>{head}<trk><trkseg>{body}</trkseg></trk></gpx>'.encode()


def test_points_of_all_tracks_and_segments_become_fixes():
    content = (
        b'<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0"><wpt lat="1" lon="2"/>'
        b'<rte><rtept lat="1" lon="2"/></rte><trk><name>a</name><trkseg>'
        b'<trkpt lat="30.5" lon="120.5"><time>2024-05-01T08:00:00.25+08:00</time>'
        b"<course>90</course><speed>1.5</speed></trkpt></trkseg><trkseg/>"
        b'<trkseg><trkpt lat="30.6" lon="120.6"/></trkseg></trk></gpx>'
    )
    found = read_gpx(content)
    assert found.rejections == ()
    assert found.fixes["lon"].tolist() == [120.5, 120.6]
    assert found.fixes["at"][0] == datetime(2024, 5, 1, 0, 0, 0, 250_000, tzinfo=UTC)
    assert found.fixes["at"].isna().tolist() == [False, True]
    assert found.fixes[["speed_m_s", "heading_deg"]].iloc[0].tolist() == [1.5, 90]
    assert found.fixes["source"].tolist() == ["gpx", "gpx"]


def test_extensions_of_1_1_are_read_whatever_their_prefix():
    point = (
        '<trkpt lat="30.5" lon="120.5"><time>2024-05-01T00:00:00Z</time><extensions><x:TrackPoint>'
        "<x:speed>2.5</x:speed><x:course>10</x:course><x:accuracy>4.5</x:accuracy>"
        "</x:TrackPoint></extensions></trkpt>"
    )
    row = read_gpx(gpx(point)).fixes.iloc[0]
    assert row[["accuracy_m", "speed_m_s", "heading_deg"]].tolist() == [4.5, 2.5, 10]


def test_a_time_without_zone_is_utc():
    point = '<trkpt lat="30.5" lon="120.5"><time>2024-05-01T00:00:07</time></trkpt>'
    assert read_gpx(gpx(point)).fixes["at"][0] == datetime(2024, 5, 1, 0, 0, 7, tzinfo=UTC)


def test_points_that_can_t_be_taken_are_told_with_their_number_and_all_of_them():
    found = read_gpx(
        gpx(
            '<trkpt lat="30.5"/>',
            '<trkpt lat="north" lon="120"/>',
            '<trkpt lat="nan" lon="120"/>',
            '<trkpt lat="120.5" lon="30.5"/>',
            '<trkpt lat="30.5" lon="120.5"><time>yesterday</time></trkpt>',
            '<trkpt lat="30.5" lon="120.5"><time>2024-05-01</time></trkpt>',
            '<trkpt lat="30.5" lon="120.5"><time>1901-12-13T20:45:52.2073437Z</time></trkpt>',
            POINT.format(lon=120.5, second=0),
        )
    )
    assert [(rejection.row, rejection.reason) for rejection in found.rejections] == [
        (1, "coordinate_unreadable"),
        (2, "coordinate_unreadable"),
        (3, "coordinate_out_of_range"),
        (4, "coordinate_out_of_range"),
        (5, "time_unreadable"),
        (6, "time_unreadable"),
        (7, "time_before_gps"),
    ]
    assert found.rejections[3].facts == {"lon": "30.5", "lat": "120.5"}
    assert len(found.fixes) == 1


BOMB = (
    '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
    + "]>"
)
FILE = '<!DOCTYPE gpx [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("declared", [BOMB, FILE, '<!DOCTYPE gpx SYSTEM "http://127.0.0.1/x.dtd">'])
def test_a_document_type_is_refused_before_anything_is_expanded(declared: str):
    content = f"<?xml version='1.0'?>{declared}<gpx><trk><trkseg/><name>&a;</name></trk></gpx>"
    started = time.process_time()
    with pytest.raises(GpxUnreadable) as refusal:
        read_gpx(content.encode())
    assert refusal.value.reason == "doctype"
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_xml"),
        (b"PK\x03\x04", "not_xml"),
        (b"<gpx><trk>", "not_xml"),
        (b"<gpx>&secret;</gpx>", "not_xml"),
        (b"<kml/>", "not_gpx"),
        (b"<gpx><wpt lat='1' lon='2'/></gpx>", "no_track"),
    ],
)
def test_what_is_no_track_is_refused_with_the_reason(content: bytes, reason: str):
    with pytest.raises(GpxUnreadable) as refusal:
        read_gpx(content)
    assert refusal.value.reason == reason


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused_and_never_breaks(data):
    content = bytearray(gpx(*[POINT.format(lon=120.5 + n / 1e4, second=n) for n in range(20)]))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    try:
        found = read_gpx(bytes(content))
    except GpxUnreadable:
        return
    track = clean_track(found.fixes, rules=RULES)
    assert track.kept + sum(track.dropped.values()) == len(found.fixes)

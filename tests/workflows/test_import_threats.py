"""Files made to harm: each is refused quickly, and nothing outside is opened."""

import gzip
import io
import stat
import time
import zipfile

import numpy as np
import orjson
import pytest
from sqlalchemy.orm import Session

from inspect_app.domain.problems import Problem
from inspect_app.web.imports import safe_cell
from tests.workflows.importing import reasons, run, write


def zipped(*members, links=()) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
        for name in links:
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
    return body.getvalue()


def encrypted(body: bytes) -> bytes:
    """Return a ZIP whose directory and local headers say that its members are encrypted."""
    marked = bytearray(body)
    for signature, flags_at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        marked[body.index(signature) + flags_at] |= 0x1
    return bytes(marked)


def overlapping() -> bytes:
    """Return a ZIP with a second member inside the bytes of the first."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("b.shp", b"x" * 400)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.shp", inner.getvalue())
        second = zipfile.ZipFile(inner).infolist()[0]
        second.header_offset = body.getvalue().index(b"PK\3\4", 1)
        archive.filelist.append(second)
    return body.getvalue()


HARMFUL = {
    "encrypted.zip": encrypted(zipped(("a.shp", b"x" * 100))),
    "overlap.zip": overlapping(),
    "bomb.zip": zipped(("a.shp", b"\0" * 60_000_000)),
    "many.zip": zipped(*((f"{n}.txt", b"") for n in range(1001))),
    "up.zip": zipped(("../../e.shp", b"x")),
    "absolute.zip": zipped(("/abs.shp", b"x")),
    "drive.zip": zipped(("C:\\e.shp", b"x")),
    "device.zip": zipped(("NUL.shp", b"x")),
    "link.zip": zipped(links=("a.shp",)),
    "cut.zip": zipped(("a.shp", b"x" * 1000))[:60],
    "macro.xlsx": zipped(("[Content_Types].xml", "<a/>"), ("xl/vbaProject.bin", b"x")),
    "wide.xlsx": zipped(
        ("[Content_Types].xml", "<a/>"),
        ("xl/worksheets/sheet1.xml", '<c r="A1"/><c s="1" r="XFD1048576"/>'),
    ),
    "vrt.geojson": b"<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource>",
    "wfs.gpkg": b"<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>",
    "link.kml": b"<kml><NetworkLink><href>http://127.0.0.1:9/</href></NetworkLink></kml>",
    "entity.kml": b'<!DOCTYPE k [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml>&a;</kml>',
    "hidden.kml": '<?xml version="1.0" encoding="utf-16"?><kml></kml>'.encode("utf-16"),
    "deep.geojson": b"[" * 200_000,
    "binary.csv": b"\x7fELF\x00\x00\x00",
    "bomb.csv.gz": gzip.compress(b"a" * 60_000_000),
    "topo.json": b'{"type": "Topology"}',
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_file_is_refused_within_two_seconds(session: Session, tmp_path, name):
    path = write(tmp_path, name, HARMFUL[name])
    before = time.monotonic()
    with pytest.raises(Problem) as refused:
        run(session, "zones", path, crs="WGS84", constants={"name": "a", "zone_level": "准"})
    assert refused.value.code in {"unreadable_file", "column_missing"}
    assert "/etc" not in str(refused.value)
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    ("name", "words"), [("encrypted.zip", "已加密"), ("overlap.zip", "相互重叠")]
)
def test_the_refusal_of_an_archive_says_what_is_wrong_with_it(
    session: Session, tmp_path, name, words
):
    with pytest.raises(Problem) as refused:
        run(session, "zones", write(tmp_path, name, HARMFUL[name]), crs="WGS84")
    assert words in str(refused.value.facts["reason"])


def test_shapes_that_take_minutes_to_judge_are_refused(session: Session, tmp_path):
    rng = np.random.default_rng(1)
    tangle = rng.random((500, 2)).tolist()
    zigzag = np.column_stack([np.arange(25_000) / 1e3, np.arange(25_000) % 2]).tolist()
    shapes = [{"type": "Polygon", "coordinates": [[*ring, ring[0]]]} for ring in (tangle, zigzag)]
    body = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes],
    }
    path = write(tmp_path, "slow.geojson", orjson.dumps(body))
    before = time.monotonic()
    report = run(session, "zones", path, constants={"name": "a", "zone_level": "准"})
    assert reasons(report) == {1: "geometry_invalid", 2: "vertices_too_many"}
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM", "\tx", "＝1"])
def test_no_cell_of_a_download_is_a_formula(text):
    assert safe_cell(text) == f"'{text}"

"""`inspect-app clusters scan`: rows read and refused with reasons, a table, a whole file."""

import gzip
import json

import pytest
from click.testing import CliRunner

from inspect_app.cli import edge, main
from inspect_app.cli.clusters import file as clusters

COLUMNS = "id=编号,at=时间,lon=经度,lat=纬度,kind=类别"


@pytest.fixture
def file(tmp_path):
    """Give a year of scattered complaints, twelve at one place within two days, and bad rows."""
    rows = [
        f"a{n},2026-{n % 12 + 1:02}-{n % 28 + 1:02} 08:00,{120 + n % 17 / 100},"
        f"{30.5 + n % 13 / 100},气"
        for n in range(300)
    ]
    rows += [f"b{n},2026/6/{n % 2 + 3},120.055,30.555,异味" for n in range(12)]
    # In Shanghai it is the 4th of June already.
    rows += ["c,2026-06-03T17:00:00Z,120.055,30.555,水"]
    rows += ["a1,2026-01-01,120,30.5,水", ",2026-01-01,120,30.5,水", "d,03/04/2026,120,30.5,水"]
    rows += ["e,2026-13-40,120,30.5,水", "f,2026-01-01,,30.5,水", "g,2026-01-01,120,93,水"]
    rows += ["h,2026-01-01,20,30.5,水", "i,2026-01-01,0,0,水"]
    path = tmp_path / "投诉.csv.gz"
    path.write_bytes(gzip.compress("\n".join(["编号,时间,经度,纬度,类别", *rows]).encode()))
    return path


def run(file, out, *options):
    edge.console.width = 200
    words = ["clusters", "scan", str(file), "--columns", COLUMNS, "--out", str(out)]
    return CliRunner().invoke(main, [*words, "--replications", "99", *options])


def test_a_file_is_scanned_told_and_written_whole(file, tmp_path, capsys):
    out = tmp_path / "clusters.json"
    with capsys.disabled():
        answer = run(file, out)
    assert answer.exit_code == 0, answer.output
    for words in (
        "读入 321 行，采用 313 行，剔除 8 行",
        "剔除：编号重复 1 行，行号 314",
        "剔除：时间无法识别 2 行，行号 316, 317",
        "明显聚集",
    ):
        assert words in answer.output
    report = json.loads(out.read_text())
    first = report["clusters"][0]
    assert {f"b{n}" for n in range(12)} | {"c"} <= set(first["ids"])
    assert (first["first_day"], first["last_day"]) == ("2026-06-03", "2026-06-04")
    assert first["kinds"]["异味"] == 12
    assert first["p"] == 0.01
    assert first["verdict"] == "strong"
    reasons = [one["reason"] for one in report["rejected"]]
    assert set(reasons) == set(clusters.REASONS) - {"after_the_day"}
    assert len(report["seeds"]) == 99
    assert [one.name for one in tmp_path.iterdir() if "clusters" in one.name] == [out.name]
    before = out.read_bytes()
    with capsys.disabled():
        run(file, out)
    assert out.read_bytes() == before


def test_looking_at_one_day_leaves_later_rows_out(file, tmp_path, capsys):
    out = tmp_path / "clusters.json"
    with capsys.disabled():
        answer = run(file, out, "--prospective", "2026-06-04", "--max-days", "7")
    assert answer.exit_code == 0, answer.output
    assert "晚于所看的日期" in answer.output
    first = json.loads(out.read_text())["clusters"][0]
    assert first["last_day"] == "2026-06-04"
    assert first["recurrence_days"] == pytest.approx(100)


def test_a_file_without_usable_rows_has_no_cluster(tmp_path, capsys):
    file, out = tmp_path / "empty.csv", tmp_path / "out.json"
    file.write_text("编号,时间,经度,纬度,类别\n")
    with capsys.disabled():
        answer = run(file, out)
    assert answer.exit_code == 0, answer.output
    assert "没有发现聚集" in answer.output
    assert json.loads(out.read_text())["clusters"] == []


@pytest.mark.parametrize("columns", ["id=编号", "id=编号,at=无,lon=经度,lat=纬度", "x"])
def test_columns_that_are_missing_are_named(file, tmp_path, columns):
    out = tmp_path / "out.json"
    words = ["clusters", "scan", str(file), "--columns", columns, "--out", str(out)]
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code in {1, 2}
    assert not out.exists()


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch):
    out = tmp_path / "out.json"
    out.write_bytes(b"old")

    def fails(_handle):
        raise OSError("full")

    monkeypatch.setattr(clusters.os, "fsync", fails)
    with pytest.raises(OSError, match="full"):
        clusters.write_whole(out, b"new")
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]

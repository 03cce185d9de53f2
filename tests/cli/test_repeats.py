"""`inspect-app repeats`: a file is read with its faults and scored against a baseline."""

import gzip
import itertools
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from inspect_app.cli import main
from inspect_app.cli.repeats.commands import county_rows

HEADER = "编号,时间,经度,纬度,类别,内容,重复于,是否重复"
COLUMNS = "id=编号,at=时间,lon=经度,lat=纬度,kind=类别,text=内容"


def evaluate(file: Path, columns: str, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["repeats", "evaluate", str(file), "--columns", columns, *options]
    )


def f1(result: Result) -> tuple[float, float]:
    """Return F1 of the second half: method, baseline."""
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    ours = float(lines[-1].removeprefix("F1 "))
    return ours, ours - float(lines[-2].rsplit(maxsplit=1)[1])


def rows() -> list[str]:
    """Give 200 firms with two calls each, a street full of calls of the kind between them."""
    rng = np.random.default_rng(3)
    lines = []
    for number in range(400):
        day = f"2026-{1 + number // 140:02}-{1 + number // 5 % 28:02} {8 + number % 5}:00:00"
        firm, is_again = number // 10 * 5 + number % 5, number % 10 >= 5
        lon, lat = 106.2 + firm * 0.0004, 38.2 + rng.uniform(0, 0.0002)
        of, again = (f"T{number - 5}", "是") if is_again else ("", "否")
        text = f"第{firm * 7919}号作坊夜间排放{firm * 104729}废水"
        lines.append(f"T{number},{day},{lon:.6f},{lat:.6f},水,{text},{of},{again}")
    return lines


@pytest.mark.parametrize(
    "truth", ["duplicate_of=重复于", "is_duplicate=是否重复", "is_duplicate=是否重复~是"]
)
def test_a_small_file_is_scored_by_either_truth(tmp_path: Path, truth: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("\n".join([HEADER, *rows()]), encoding="utf-8")
    result = evaluate(file, f"{COLUMNS},{truth}", "--weights")
    ours, base = f1(result)
    assert "400 rows read, 0 rejected; 200 repeats among 400 complaints" in result.output
    assert ours >= 0.95
    assert ours >= base + 0.15


def test_faulty_rows_are_counted_by_reason_in_packed_gb18030(tmp_path: Path) -> None:
    faulty = [
        ",2026-01-01,106,38,水,无号,,",
        "T0,2026-01-01,106,38,水,重号,,",
        "X1,,106,38,水,无时间,,",
        "X2,昨天,106,38,水,坏时间,,",
        "X3,2026-01-01,206,38,水,坏位置,,",
        "X4,2026-01-01,,,水,没有位置也是投诉,,",
    ]
    file = tmp_path / "calls.csv.gz"
    file.write_bytes(gzip.compress("\n".join([HEADER, *rows(), *faulty]).encode("gb18030")))
    result = evaluate(file, f"{COLUMNS},duplicate_of=重复于")
    f1(result)
    assert "406 rows read, 5 rejected" in result.output
    assert "1 without a place" in result.output
    assert "rejected: an earlier row has the id: 1 (rows 402)" in result.output
    assert "rejected: longitude and latitude are no place on earth: 1 (rows 405)" in result.output


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("id=编号,duplicate_of=重复于", "needed: at"),
        ("id=编号,at=时间", "one of duplicate_of, is_duplicate"),
        ("id=编号,at=时间,lon=经度,is_duplicate=是否重复", "lon and lat go together"),
        ("id=编号,at=時間,is_duplicate=是否重复", "no column 時間"),
        ("id=编号,at=时间,closure=内容,is_duplicate=是否重复", "unknown: closure"),
        ("id", "should be name=column"),
    ],
)
def test_columns_that_do_not_fit_are_told(tmp_path: Path, columns: str, told: str) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("\n".join([HEADER, *rows()[:4]]), encoding="utf-8")
    result = evaluate(file, columns)
    assert result.exit_code == 2
    assert told in result.output


def test_a_file_without_repeats_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text("\n".join([HEADER, *rows()[:5]]), encoding="utf-8")
    result = evaluate(file, f"{COLUMNS},duplicate_of=重复于")
    assert result.exit_code == 1
    assert "only one sort" in result.output


@pytest.mark.slow
def test_boston_is_recognised_better_than_by_the_baseline(
    tmp_path: Path, shared_data: Callable[[str], Path]
) -> None:
    file = tmp_path / "boston.csv"
    with gzip.open(shared_data("complaints/boston311_2015_h1.csv.gz"), "rt") as stream:
        file.write_text("".join(itertools.islice(stream, 12_001)))
    columns = "id=CASE_ENQUIRY_ID,at=OPEN_DT,lon=LONGITUDE,lat=LATITUDE,kind=TYPE,text=Location"
    truth = "object=Property_ID,is_duplicate=CLOSURE_REASON~dup"
    ours, base = f1(evaluate(file, f"{columns},{truth}", "--time-zone", "America/New_York"))
    assert ours > base + 0.1


@pytest.mark.slow
def test_the_demo_county_is_recognised_better_than_by_the_baseline(tmp_path: Path) -> None:
    file = tmp_path / "county.csv"
    calls = county_rows(1, scale=1.0, today=date(2026, 3, 24))
    calls.to_csv(file, index=False)
    columns = "id=complaint_no,at=received_at,lon=lon,lat=lat,kind=pollution_types,text=summary"
    ours, base = f1(evaluate(file, f"{columns},reporter=reporter,duplicate_of=duplicate_of"))
    assert ours > base + 0.15

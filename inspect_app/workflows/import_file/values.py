"""Converters: raw column → values of a target column, and for each bad value the reason."""

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from inspect_app.domain import uscc
from inspect_app.domain.codes import Code

# translations: data; the words and formats of foreign files.
Cells = NDArray[np.object_]
TEXT_MAX = 4000
SITE_CODE_LENGTH = 22
# What people write into a cell that has nothing to say.
_BLANK = {"", "-", "--", "—", "/", "\\", "无", "#n/a", "n/a", "null", "none", "nan", "<na>"}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_TRUE = {"1", "是", "y", "yes", "true", "t", "√"}
_FALSE = {"0", "否", "n", "no", "false", "f", "×"}
_GRID_CODE = re.compile(r"\d{6}(\d{3}){0,3}")

# Month-first dates are read only with AM/PM, where no other country's habit is possible.
_INSTANT_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H时%M分%S秒",
    "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%Y.%m.%d",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
)
# Seconds since 1970 between 2001 and 2033; shorter digits are dates, longer ones are no seconds.
_EPOCH = re.compile(r"1\d{9}")


@dataclass(frozen=True, slots=True)
class Context:
    """What converters need to know besides the value."""

    time_zone: str
    lookups: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Converted:
    """Values and, in the same order, reasons ("" for a good value); both as long as the column."""

    values: Cells
    faults: Cells


Converter = Callable[[pd.Series, Context], Converted]


class Unusable(ValueError):
    """A raw value that cannot become a value; carries the reason code."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def plain(raw: object) -> str:
    """Return a cell as clean text, "" for the many ways of writing nothing.

    Control and text-direction characters go; a whole number that a reader made a float loses
    its point.
    """
    if raw is None or raw is pd.NA or (isinstance(raw, float) and raw != raw):
        return ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = _CONTROLS.sub("", str(raw)).strip()
    return "" if text.casefold() in _BLANK else text


def each(convert: Callable[[str], object]) -> Converter:
    """Make a converter of columns of one of values; every distinct value is converted once."""

    def column(raws: pd.Series, _context: Context) -> Converted:
        texts = [plain(raw) for raw in raws]
        known: dict[str, tuple[object, str]] = {"": (None, "")}
        for text in texts:
            if text not in known:
                known[text] = _attempt(convert, text)
        pairs = [known[text] for text in texts]
        return Converted(
            _cells([value for value, _ in pairs]), _cells([fault for _, fault in pairs])
        )

    return column


def _attempt(convert: Callable[[str], object], text: str) -> tuple[object, str]:
    try:
        return convert(text), ""
    except Unusable as fault:
        return None, fault.reason


def _cells(values: list[object]) -> Cells:
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return cells


def _text(text: str) -> str:
    if len(text) > TEXT_MAX:
        raise Unusable("text_too_long")
    return text


def _number(text: str) -> float:
    try:
        number = float(unicodedata.normalize("NFKC", text).replace(",", ""))
    except ValueError as fault:
        raise Unusable("not_a_number") from fault
    if not np.isfinite(number):
        raise Unusable("not_a_number")
    return number


def _whole(text: str) -> int:
    number = _number(text)
    if number != int(number) or abs(number) >= 2**31:
        raise Unusable("not_a_whole_number")
    return int(number)


def _switch(text: str) -> bool:
    folded = text.casefold()
    if folded in _TRUE or folded in _FALSE:
        return folded in _TRUE
    raise Unusable("not_a_switch")


def _uscc(text: str) -> str:
    code = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
    if not uscc.has_form(code):
        raise Unusable("uscc_form")
    if not uscc.is_valid(code):
        raise Unusable("uscc_check_digit")
    return code


def _site_code(text: str) -> str:
    code = unicodedata.normalize("NFKC", text).replace(" ", "").upper()
    if len(code) != SITE_CODE_LENGTH or not code.isascii() or not code.isalnum():
        raise Unusable("site_code_form")
    return code


def _grid_code(text: str) -> str:
    if not _GRID_CODE.fullmatch(text):
        raise Unusable("grid_code_form")
    return text


TEXT = each(_text)
WHOLE = each(_whole)
SWITCH = each(_switch)
USCC = each(_uscc)
SITE_CODE = each(_site_code)
GRID_CODE = each(_grid_code)


def coded(codes: type[Code], words: Mapping[str, Code] | None = None) -> Converter:
    """Convert to a code list: its values, its labels, or further words (casefolded)."""
    known = _words(codes) | {word.casefold(): code.value for word, code in (words or {}).items()}

    def one(text: str) -> str:
        try:
            return known[unicodedata.normalize("NFKC", text).casefold()]
        except KeyError as fault:
            raise Unusable("code_unknown") from fault

    return each(one)


def several(codes: type[Code], words: Mapping[str, Code] | None = None) -> Converter:
    """Convert to a list of codes: parts divided by commas, semicolons or bars."""
    known = _words(codes) | {word.casefold(): code.value for word, code in (words or {}).items()}

    def one(text: str) -> list[str]:
        whole = unicodedata.normalize("NFKC", text).casefold()
        parts = [whole] if whole in known else re.split(r"[,、;|/]\s*", whole)
        found = [known[part.strip()] for part in parts if part.strip() in known]
        if not found or len(found) < len([part for part in parts if part.strip()]):
            raise Unusable("code_unknown")
        return sorted(set(found))

    return each(one)


def _words(codes: type[Code]) -> dict[str, str]:
    known: dict[str, str] = {}
    for code in codes:
        label = unicodedata.normalize("NFKC", code.label).casefold()
        words = {code.value.casefold(), label, *label.split("/")}
        known |= dict.fromkeys(words, code.value)
    return known


def tagged(known: Mapping[str, str]) -> Converter:
    """Keep the values that are in a table, the others are unknown codes."""

    def one(text: str) -> str:
        if text not in known:
            raise Unusable("code_unknown")
        return known[text]

    return each(one)


def found_in(lookup: str) -> Converter:
    """Convert a code or name of something already in the database to its id."""

    def column(raws: pd.Series, context: Context) -> Converted:
        known = context.lookups[lookup]

        def one(text: str) -> int:
            if text not in known:
                raise Unusable("name_unknown")
            return known[text]

        return each(one)(raws, context)

    return column


def instants(raws: pd.Series, context: Context) -> Converted:
    """Convert to instants: ISO, Chinese, slashed, with AM/PM, or seconds since 1970.

    What names no zone is in the context's; the hour that exists twice in autumn is the first one.
    """
    texts = pd.Series([plain(raw) for raw in raws], dtype=object)
    found = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us, UTC]")
    open_ = texts != ""
    parsers = (_epochs, _isos, *(_formatted(text) for text in _INSTANT_FORMATS))
    first = texts[open_].iloc[:1]
    # Most files write all times in one form, so the form of the first one is tried first.
    for parse in sorted(parsers, key=lambda parse: parse(first, context.time_zone).isna().all()):
        if not open_.any():
            break
        parsed = parse(texts[open_], context.time_zone)
        hits = parsed.dropna()
        found.loc[hits.index] = hits
        open_ &= found.isna()
    values = np.empty(len(texts), dtype=object)
    values[:] = [None if one is pd.NaT else one.to_pydatetime() for one in found]
    faults = np.where(open_, "not_an_instant", "").astype(object)
    return Converted(values, faults)


def days(raws: pd.Series, context: Context) -> Converted:
    """Convert to calendar days; a time of day is dropped."""
    at = instants(raws, Context(time_zone="UTC", lookups=context.lookups))
    values = np.empty(len(at.values), dtype=object)
    values[:] = [one.date() if isinstance(one, datetime.datetime) else None for one in at.values]
    faults = np.where(at.faults != "", "not_a_day", "").astype(object)
    return Converted(values, faults)


def _epochs(texts: pd.Series, _zone: str) -> pd.Series:
    seconds = texts[texts.map(lambda text: _EPOCH.fullmatch(text) is not None)]
    moments = pd.to_datetime(seconds.astype("int64"), unit="s", utc=True)
    return moments.astype("datetime64[us, UTC]")


_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?")


def _isos(texts: pd.Series, zone: str) -> pd.Series:
    matches = texts.map(_ISO.fullmatch)
    iso, named = matches.notna(), matches.map(lambda match: bool(match and match[3]))
    aware = pd.to_datetime(texts[iso & named], format="ISO8601", utc=True, errors="coerce")
    naive = pd.to_datetime(texts[iso & ~named], format="ISO8601", errors="coerce")
    parts = [aware.astype("datetime64[us, UTC]"), _in_zone(naive, zone)]
    return pd.concat([part for part in parts if len(part)] or [_in_zone(naive, zone)])


def _formatted(text: str) -> Callable[[pd.Series, str], pd.Series]:
    def parse(texts: pd.Series, zone: str) -> pd.Series:
        return _in_zone(pd.to_datetime(texts, format=text, errors="coerce"), zone)

    return parse


def _in_zone(naive: pd.Series, zone: str) -> pd.Series:
    moments = naive.astype("datetime64[us]")
    first = np.ones(len(moments), dtype=bool)
    local = moments.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    return local.dt.tz_convert("UTC")

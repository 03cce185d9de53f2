"""Degrees written in any of the ways people write them."""

import re
import unicodedata

# translations: data; the signs that files hold.
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("°º˚度", "d"),
        **dict.fromkeys("'′＇’‘´`分", "m"),
        **dict.fromkeys('"″＂”“秒', "s"),
        **dict.fromkeys("－−–", "-"),
    }
)
_HEMISPHERES = {"东经": "E", "西经": "W", "北纬": "N", "南纬": "S"}
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_DECIMAL = re.compile(rf"([+-]?(?:{_NUMBER}))D?")
_PARTS = re.compile(
    r"([+-]?)(\d+)D"
    rf"(?:(\d+)M(?:({_NUMBER})S?)?|({_NUMBER})M?)?"
)
# "114 3 19.5": degrees, minutes and seconds with nothing but spaces.
_SPACED = re.compile(rf"(?<![\d.])(\d+)\s+(\d+)\s+({_NUMBER})(?![\d.])")
_MINUTES_IN_DEGREE = 60
_SECONDS_IN_DEGREE = 3600


class NotDegrees(ValueError):
    """The text isn't an angle in degrees."""

    def __init__(self, found: str) -> None:
        self.expected = "decimal degrees, or degrees with minutes and seconds below 60"
        self.found = found
        super().__init__(f"expected {self.expected}, found {found!r}")


def parse_dms(text: str) -> float:
    """Read an angle: ``114°3′19″``, ``114°03'19.5"E``, ``东经114度3分19秒``, ``114.0553``.

    Full-width digits and signs, primes, quotation marks and Chinese units are the same to it. South
    and west are negative; the range isn't judged here.

    Raises
    ------
    NotDegrees
        If it is something else, if minutes or seconds reach 60, or if a hemisphere contradicts a
        minus sign.
    """
    plain, hemisphere = _plain(text)
    value = _value(plain)
    if value is None or (hemisphere and plain.startswith(("-", "+"))):
        raise NotDegrees(text)
    return -value if hemisphere in {"S", "W"} else value


def _plain(text: str) -> tuple[str, str]:
    """Return the angle with the marks d, m, s in capitals, and its hemisphere letter if any."""
    for words, letter in _HEMISPHERES.items():
        text = text.replace(words, letter)
    # The marks go first, as NFKC would pull some to pieces; two primes are one double prime.
    marked = unicodedata.normalize("NFKC", text.translate(_SIGNS)).translate(_SIGNS).strip()
    marked = re.sub(r"m\s*m", "s", marked)
    plain = _SPACED.sub(r"\1d\2m\3", marked)
    if re.search(r"[\d.]\s+[\d.]", plain):
        return "", ""
    plain = re.sub(r"\s", "", plain)
    found = re.fullmatch(r"([NSEW]?)([^NEW]*?)([NSEW]?)", plain)
    if found is None or (found[1] and found[3]):
        return "", ""
    return found[2].upper(), found[1] or found[3]


def _value(plain: str) -> float | None:
    decimal = _DECIMAL.fullmatch(plain)
    if decimal is not None:
        return float(decimal[1])
    parts = _PARTS.fullmatch(plain)
    if parts is None:
        return None
    minutes, seconds = float(parts[3] or parts[5] or 0), float(parts[4] or 0)
    if minutes >= _MINUTES_IN_DEGREE or seconds >= _MINUTES_IN_DEGREE:
        return None
    size = int(parts[2]) + minutes / _MINUTES_IN_DEGREE + seconds / _SECONDS_IN_DEGREE
    return -size if parts[1] == "-" else size


def format_dms(degrees: float, *, decimals: int = 2) -> str:
    """Write an angle as degrees, minutes and seconds, such as ``114°03′19.50″``.

    West and south have a minus. Two decimals are 0.3 m. Seconds that round to 60 carry over.

    Raises
    ------
    ValueError
        If the angle isn't finite.
    """
    unit = 10**decimals
    whole = round(abs(degrees) * _SECONDS_IN_DEGREE * unit)
    minutes, rest = divmod(whole, _MINUTES_IN_DEGREE * unit)
    size, minutes = divmod(minutes, _MINUTES_IN_DEGREE)
    width = 3 + decimals if decimals else 2
    sign = "-" if degrees < 0 and whole else ""
    return f"{sign}{size}°{minutes:02d}′{rest / unit:0{width}.{decimals}f}″"

"""Reporters: what is told of them, how they are known again, how they are masked."""

import re
import unicodedata
from dataclasses import dataclass

from inspect_app.domain.codes import ReporterMode

# translations: data; what makes a name nobody's own.
_NAMELESS = re.compile(r"某|匿名|先生|女士|小姐|老师|同志|群众|村民|居民|不详|未知|无名")
"""A name with one of these says nobody in particular: many people share it."""
_COUNTRY = "86"
_MOBILE_DIGITS = 11
_LEAST_DIGITS = 7
_SHOWN_AHEAD, _SHOWN_BEHIND = 3, 4
_ADDRESS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ReporterData:
    """A reporter as told: how to be known, name, telephone, address; never stored as it is."""

    mode: ReporterMode
    name: str = ""
    phone: str = ""
    address: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a person was told."""
        return not (self.name or self.phone or self.address)

    def __repr__(self) -> str:
        """Return the mode alone: a traceback or a log line must not hold the rest."""
        return f"ReporterData({self.mode.value})"


def plain_phone(text: str) -> str:
    """Return the digits by which a telephone is known again; empty for what is none.

    Full-width digits, spaces, dashes and the country's code make no difference.
    """
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    digits = digits.removeprefix("00")
    if digits.startswith(_COUNTRY) and len(digits) == len(_COUNTRY) + _MOBILE_DIGITS:
        digits = digits.removeprefix(_COUNTRY)
    return digits if len(digits) >= _LEAST_DIGITS else ""


def plain_name(text: str) -> str:
    """Return the letters by which a full name is known again; empty where many share the name."""
    letters = "".join(
        letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalpha()
    )
    if len(letters) < 2 or _NAMELESS.search(letters):
        return ""
    return letters


def masked_name(text: str) -> str:
    """Return a name with its first letter only: 张*; empty for none."""
    return f"{text[:1]}*" if text else ""


def masked_phone(text: str) -> str:
    """Return a telephone without its middle: 138****1234; a short one shows nothing."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if not digits:
        return "****" if text else ""
    if len(digits) < _MOBILE_DIGITS:
        return "****"
    return f"{digits[:_SHOWN_AHEAD]}****{digits[-_SHOWN_BEHIND:]}"


def masked_address(text: str) -> str:
    """Return that an address is known, and nothing of it that leads to a door."""
    return f"{text[:_ADDRESS_SHOWN]}***" if len(text) > 2 * _ADDRESS_SHOWN else "***" * bool(text)

"""The unified social credit code: its alphabet, weights and check character (GB 32100-2015)."""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
LENGTH = 18


def check_character(body: str) -> str:
    """Return the 18th character that belongs to the first 17; raises ValueError for others.

    31 less the weighted sum modulo 31, where 31 itself is written 0.
    """
    total = sum(
        ALPHABET.index(letter) * weight for letter, weight in zip(body, WEIGHTS, strict=True)
    )
    return ALPHABET[-total % len(ALPHABET)]


def has_form(code: str) -> bool:
    """Whether the text has 18 characters of the alphabet (no I, O, S, V, Z)."""
    return len(code) == LENGTH and all(letter in ALPHABET for letter in code)


def is_valid(code: str) -> bool:
    """Whether the text has the form and its last character is the right one."""
    return has_form(code) and check_character(code[:-1]) == code[-1]

"""What a check finds: one kind of fault with its count and first examples."""

from dataclasses import dataclass

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault: how grave, how many, the first ones, and an area where it has one."""

    key: str
    title: str
    critical: bool
    count: int
    examples: tuple[str, ...] = ()
    area_km2: float | None = None

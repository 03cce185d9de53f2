"""Functions translated to machine code, and where the translations are kept."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

_HERE = Path(__file__).parent
_CLUSTERS = _HERE.parents[1] / "clusters"


# Without reference counting: the kernels allocate nothing, and counting fifty arrays at every call
# took eight times as long as the work itself. The option has no public name, hence the mapping.
_OPTIONS: dict[str, Any] = {"_nrt": False, "nogil": True}
_CONFIG: Any = numba.config


def compiled(function: Function) -> Function:
    """Translate at the first call, and keep the translation on disk for later processes."""
    usual, _CONFIG.CACHE_DIR = _CONFIG.CACHE_DIR, str(translations_folder())
    try:
        return cast("Function", numba.njit(cache=True, **_OPTIONS)(function))
    finally:
        _CONFIG.CACHE_DIR = usual


def inlined(function: Function) -> Function:
    """Copy the function into each of its callers; passing fifty arrays costs more than it does."""
    return cast("Function", numba.njit(inline="always", **_OPTIONS)(function))


@cache
def translations_folder() -> Path:
    """Return the folder of the translations; it is named after the sources' content.

    numba compares only the file of a function, not those of what is copied into it: after an
    upgrade it would run a mixture of old and new. The folder lies in ``NUMBA_CACHE_DIR``, or in the
    package's own ``__pycache__``. Where neither can be written, each process has its own: a folder
    shared in a public place could be poisoned.
    """
    sources = hashlib.sha256(numba.__version__.encode())
    for path in (*sorted(_HERE.glob("*.py")), *sorted(_CLUSTERS.glob("*.py"))):
        sources.update(path.read_bytes())
    wanted = os.environ.get("NUMBA_CACHE_DIR")
    for parent in (Path(wanted) if wanted else None, _HERE / "__pycache__"):
        if parent is not None:
            folder = parent / f"routing-{sources.hexdigest()[:16]}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError:
                continue
            if os.access(folder, os.W_OK):
                return folder
    return Path(tempfile.mkdtemp(prefix="routing-"))

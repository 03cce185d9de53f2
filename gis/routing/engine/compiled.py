"""Functions translated to machine code, and where the translations are kept."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])


def _keep_translations() -> None:
    """Choose a folder that can be written; otherwise numba would refuse to be imported.

    First what ``NUMBA_CACHE_DIR`` names, then the package's own ``__pycache__``. The last resort
    is a folder of this process alone: a shared one in a public place could be poisoned.
    """
    own = Path(__file__).parent
    if numba.config.CACHE_DIR or os.access(own, os.W_OK):
        return
    numba.config.CACHE_DIR = tempfile.mkdtemp(prefix="routing-")


_keep_translations()


def compiled(function: Function) -> Function:
    """Translate at the first call, and keep the translation on disk for later processes."""
    return cast("Function", numba.njit(cache=True, _nrt=False)(function))


def inlined(function: Function) -> Function:
    """Like ``compiled``, but copied into every caller: for the innermost loops."""
    return cast("Function", numba.njit(cache=True, inline="always", _nrt=False)(function))

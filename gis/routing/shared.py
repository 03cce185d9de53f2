"""Matrices in memory that several processes see: one copy instead of one for each."""

import mmap
import os
import tempfile
import weakref
from collections.abc import Sequence
from multiprocessing.reduction import DupFd
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gis.routing.problem import UNREACHABLE_S, SecondsMatrix

Layers = npt.NDArray[np.int32]


class NotShared(ValueError):
    """An array that lies in memory of this process alone cannot be lent."""


class _Memory(mmap.mmap):
    """Memory behind a file without a name; it is gone with the last process that has it."""

    handle: int


def shared_layers(matrices: Sequence[SecondsMatrix]) -> Layers:
    """Return a copy of square matrices of one size as layers of one shared array.

    32 bits each; entries above ``UNREACHABLE_S`` become it. Cost: at a county's 5,800 places
    0.1 s and 134 MB a layer.
    """
    count = len(matrices[0])
    shape = (len(matrices), count, count)
    # Not the usual shared memory: that lies in a folder which containers limit to 64 MB.
    handle = _nameless_file()
    os.ftruncate(handle, max(1, int(np.prod(shape)) * 4))
    layers = _mapped(handle, shape)
    for layer, matrix in zip(layers, matrices, strict=True):
        np.minimum(matrix, UNREACHABLE_S, out=layer, casting="unsafe")
    return layers


def layers_of(matrices: Sequence[SecondsMatrix]) -> Layers | None:
    """Return the shared array of which these are all layers, in order; None where there is none."""
    layers = matrices[0].base
    if layers is None or _memory_of(layers) is None or len(layers) != len(matrices):
        return None
    return layers if all(map(_is_same, matrices, layers)) else None


class Lent:
    """Shared layers on their way to a process that is being started, where they are an array."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers

    def __reduce__(self) -> tuple[Any, ...]:
        """Send the memory's file instead of its content; works only while a process starts."""
        memory = _memory_of(self.layers)
        if memory is None:
            raise NotShared
        return _received, (DupFd(memory.handle), self.layers.shape)


class _Handle(Protocol):
    """A handle that was sent from another process."""

    def detach(self) -> int:
        """Return the handle, now this process's own."""


def _received(handle: _Handle, shape: tuple[int, ...]) -> Lent:
    return Lent(_mapped(handle.detach(), shape))


def _memory_of(layers: npt.NDArray[Any]) -> _Memory | None:
    memory: object = layers.base
    return memory if isinstance(memory, _Memory) else None


def _mapped(handle: int, shape: tuple[int, ...]) -> Layers:
    memory = _Memory(handle, 0)
    memory.handle = handle
    weakref.finalize(memory, os.close, handle)
    return np.ndarray(shape, np.int32, buffer=memory)


def _nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("matrix")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _is_same(one: SecondsMatrix, other: SecondsMatrix) -> bool:
    first, second = one.__array_interface__, other.__array_interface__
    return all(first[part] == second[part] for part in ("data", "shape", "typestr", "strides"))

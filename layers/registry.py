"""All layers: every file of this package that declares one, checked when first asked for."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import layers
from layers.base import IncompleteLayer, Layer, faults_of

NOT_LAYERS = frozenset({"base", "registry", "canvas"})


@cache
def all_layers() -> dict[str, Layer]:
    """Return the layers by key in drawing order; raises IncompleteLayer with every fault."""
    modules = [
        importlib.import_module(f"layers.{found.name}")
        for found in pkgutil.iter_modules(layers.__path__)
        if found.name not in NOT_LAYERS
    ]
    return collected([declared(module) for module in modules])


def declared(module: ModuleType) -> Layer:
    """Return the one layer of a file."""
    found = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type)
        and issubclass(thing, Layer)
        and thing.__module__ == module.__name__
    ]
    if len(found) != 1:
        message = f"{module.__name__} declares {len(found)} layers, a layer file declares one"
        raise IncompleteLayer(message)
    return found[0]()


def collected(found: list[Layer]) -> dict[str, Layer]:
    """Return layers by key in drawing order; refuses incomplete ones and two with one key."""
    faults = [f"{type(layer).__name__} {fault}" for layer in found for fault in faults_of(layer)]
    by_key: dict[str, Layer] = {}
    for layer in sorted(found, key=lambda layer: (layer.order, layer.key)):
        if layer.key in by_key:
            twin = type(by_key[layer.key]).__name__
            faults.append(f"{type(layer).__name__} and {twin} have the same key {layer.key!r}")
        by_key[layer.key] = layer
    if faults:
        raise IncompleteLayer("; ".join(faults))
    return by_key

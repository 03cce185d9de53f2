"""`inspect-app translations …`: Chinese texts are the keys; the English catalogue must be whole."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import gis
import inspect_app
import layers
from inspect_app.cli.edge import console

PACKAGES = tuple(Path(package.__path__[0]) for package in (inspect_app, layers, gis))
CATALOGUE = PACKAGES[0] / "translations" / "en" / "LC_MESSAGES" / "messages.po"
CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{[^{}]+\}")
DATA_MARK = "# translations: data"
"""A module that carries this line holds names for files and data, not texts for people."""
TEMPLATE_CODE = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}|<!--.*?-->", re.DOTALL)
SCRIPT_COMMENT = re.compile(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Text:
    """A text for people and where it stands."""

    message: str
    place: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text: it cannot be translated, or is not."""

    place: str
    what: str


def python_texts(path: Path) -> Iterator[Text | Fault]:
    """Yield every Chinese string of a module; docstrings are prose for developers."""
    source = path.read_text(encoding="utf-8")
    if DATA_MARK in source:
        return
    tree = ast.parse(source)
    silent = {id(part) for node in ast.walk(tree) for part in _prose(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [part for part in node.values if isinstance(part, ast.Constant)]
            silent.update(id(part) for part in parts)
            if any(CHINESE.search(str(part.value)) for part in parts):
                yield Fault(f"{path.name}:{node.lineno}", "text in an f-string")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if id(node) not in silent and CHINESE.search(node.value):
            yield Text(node.value, f"{path.name}:{node.lineno}")


def template_texts(path: Path) -> Iterator[Text | Fault]:
    """Yield what a template passes through gettext, and Chinese that it does not pass."""
    with path.open("rb") as file:
        for line, _, message, _ in babel_extract(file, ("_", "gettext", "ngettext:1,2"), (), {}):
            for one in message if isinstance(message, tuple) else (message,):
                if isinstance(one, str):
                    yield Text(one, f"{path.name}:{line}")
    outside = TEMPLATE_CODE.sub(" ", path.read_text(encoding="utf-8"))
    for match in re.finditer(r"[^\s<>]*[\u3400-\u9fff][^<>\n]*", outside):
        yield Fault(path.name, f"text outside gettext: {match.group()[:40]}")


def script_texts(path: Path) -> Iterator[Text | Fault]:
    """Yield Chinese in a script as a fault: scripts get their texts from the page."""
    code = SCRIPT_COMMENT.sub(" ", path.read_text(encoding="utf-8"))
    for match in re.finditer(r"[^\n]*[\u3400-\u9fff][^\n]*", code):
        yield Fault(path.name, f"text in a script: {match.group().strip()[:60]}")


def all_texts() -> Iterator[Text | Fault]:
    """Yield every text of the product."""
    for package in PACKAGES:
        for path in sorted(package.rglob("*")):
            if "vendor" in path.parts or (path.suffix == ".py" and "demo" in path.parts):
                continue
            reader = {".py": python_texts, ".html": template_texts, ".js": script_texts}.get(
                path.suffix
            )
            if reader is not None:
                yield from reader(path)


def catalogue() -> Catalog:
    """Return the English catalogue as it is stored; empty where there is none."""
    if not CATALOGUE.exists():
        return Catalog(locale="en", fuzzy=False)
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def faults() -> list[Fault]:
    """Return every text that has no English, cannot have one, or whose placeholders differ."""
    known = catalogue()
    found: list[Fault] = []
    for text in all_texts():
        if isinstance(text, Fault):
            found.append(text)
            continue
        entry = known.get(text.message)
        english = entry.string if entry is not None and not entry.fuzzy else ""
        if not isinstance(english, str) or not english:
            found.append(Fault(text.place, f"no English: {text.message}"))
        elif set(PLACEHOLDER.findall(text.message)) != set(PLACEHOLDER.findall(english)):
            found.append(Fault(text.place, f"placeholders differ: {text.message}"))
    return found


@click.group("translations")
def command() -> None:
    """Keep the English catalogue whole."""


@command.command("update")
def update() -> None:
    """Add new texts to the catalogue (with empty English) and drop those no longer used."""
    known = catalogue()
    fresh = Catalog(locale="en", project="inspect-app", fuzzy=False)
    for message in sorted({t.message for t in all_texts() if isinstance(t, Text)}):
        entry = known.get(message)
        fresh.add(message, entry.string if entry is not None else "")
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as file:
        write_po(file, fresh, width=0, omit_header=False, sort_output=True)
    console.print(f"{len(fresh)} texts")


@command.command("check")
def check() -> None:
    """List untranslated and untranslatable texts; ends with 1 where there are any."""
    found = faults()
    for fault in found:
        console.print(f"{fault.place}: {fault.what}", markup=False, highlight=False)
    if found:
        message = f"{len(found)} faults; run `inspect-app translations update` and fill in English"
        raise click.ClickException(message)
    console.print("every text is translated")


def _prose(node: ast.AST) -> list[ast.Constant]:
    """Return the string expressions of a body that are documentation, not data."""
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return []
    return [
        statement.value
        for statement in body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    ]

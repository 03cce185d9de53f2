"""The English catalogue: what is found in code, templates and scripts, and what is a fault."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from click.testing import CliRunner

from inspect_app.cli import main, translations
from inspect_app.cli.translations import (
    CHINESE,
    PLACEHOLDER,
    Fault,
    Text,
    catalogue,
    python_texts,
    script_texts,
    template_texts,
)

SAME = {"中文"}
"""A language is named in itself."""


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A product of one folder, with a catalogue of its own."""
    monkeypatch.setattr(translations, "PACKAGES", (tmp_path,))
    monkeypatch.setattr(translations, "CATALOGUE", tmp_path / "en" / "messages.po")
    return tmp_path


def store(english: dict[str, str]) -> None:
    known = Catalog(locale="en", fuzzy=False)
    for message, text in english.items():
        known.add(message, text)
    translations.CATALOGUE.parent.mkdir(exist_ok=True)
    with translations.CATALOGUE.open("wb") as file:
        write_po(file, known)


def test_the_catalogue_is_whole():
    answer = CliRunner().invoke(main, ["translations", "check"])
    assert answer.exit_code == 0, answer.output
    assert "every text is translated" in answer.output


def test_every_english_text_keeps_its_placeholders_and_holds_no_chinese():
    entries = [entry for entry in catalogue() if entry.id]
    assert len(entries) > 1000
    for entry in entries:
        assert set(PLACEHOLDER.findall(entry.id)) == set(PLACEHOLDER.findall(entry.string)), (
            entry.id
        )
        assert entry.id in SAME or not CHINESE.search(entry.string), entry.id


def test_a_module_gives_its_strings_but_not_its_docstrings(tmp_path: Path):
    path = write(tmp_path, "one.py", '"""文档。"""\nA = "网格"\n"""说明"""\nB = "grid"\n')
    assert list(python_texts(path)) == [Text("网格", "one.py:2")]


def test_an_f_string_with_chinese_is_a_fault_and_not_a_text(tmp_path: Path):
    path = write(tmp_path, "one.py", 'n = 1\na = f"共{n}件"\nb = f"{n} in all"\n')
    assert list(python_texts(path)) == [Fault("one.py:2", "text in an f-string")]


def test_a_module_marked_as_data_gives_nothing(tmp_path: Path):
    path = write(tmp_path, "one.py", '# translations: data\nA = ("经度", f"{1}度")\n')
    assert list(python_texts(path)) == []


def test_a_template_gives_what_it_passes_through_gettext(tmp_path: Path):
    path = write(tmp_path, "a.html", "<p>{# 注 #}{{ _('网格') }}</p>\n<!-- 注 -->")
    assert list(template_texts(path)) == [Text("网格", "a.html:1")]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<p>网格</p>", "网格"),
        ('<input placeholder="名称">', 'placeholder="名称"'),
        ("<p>{{ _('网格') }}:{{ n }} 个</p>", "个"),
    ],
)
def test_bare_chinese_in_a_template_is_a_fault(tmp_path: Path, template: str, found: str):
    faults = list(template_texts(write(tmp_path, "a.html", template)))
    assert Fault("a.html", f"text outside gettext: {found}") in faults


def test_chinese_in_a_script_is_a_fault_outside_its_comments(tmp_path: Path):
    path = write(tmp_path, "a.js", '// 注\n/* 注 */\nshow("网格");\n')
    assert list(script_texts(path)) == [Fault("a.js", 'text in a script: show("网格");')]


@pytest.mark.parametrize(
    ("english", "wrong"),
    [
        ({}, "no English: 共%(count)s件"),
        ({"共%(count)s件": ""}, "no English: 共%(count)s件"),
        ({"共%(count)s件": "%(number)s in all"}, "placeholders differ: 共%(count)s件"),
    ],
)
def test_a_text_without_good_english_fails_the_check(
    small: Path, english: dict[str, str], wrong: str
):
    write(small, "a.html", "{{ _('共%(count)s件', count=1) }}")
    store(english)
    answer = CliRunner().invoke(main, ["translations", "check"])
    assert answer.exit_code == 1
    assert wrong in answer.output.replace("\n", "")


def test_figures_with_a_form_are_placeholders_too(small: Path):
    write(small, "one.py", 'A = "行程 {hours:.1f} h"\n')
    store({"行程 {hours:.1f} h": "travel {hours} h"})
    assert [fault.what for fault in translations.faults()] == [
        "placeholders differ: 行程 {hours:.1f} h"
    ]


def test_an_update_adds_new_texts_keeps_english_and_drops_old_texts(small: Path):
    write(small, "one.py", 'A = "网格"\nB = "河道"\n')
    store({"网格": "Grid", "旧": "Old"})
    assert CliRunner().invoke(main, ["translations", "update"]).exit_code == 0
    assert {entry.id: entry.string for entry in catalogue() if entry.id} == {
        "网格": "Grid",
        "河道": "",
    }


def test_the_products_walk_covers_rules_of_routing_layers_and_pages():
    messages = {one.message for one in translations.all_texts() if isinstance(one, Text)}
    assert {"道路不通，从各巡查组驻地都无法到达", "监管网格", "请先登录", "待传箱"} <= messages

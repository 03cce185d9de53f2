"""Make the templates of the documents we issue: run this file; it writes them beside itself.

A template that has been used stays as it is, so that a document can be issued again the same; new
wording is a new version with the next number.
"""

import io
from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

from inspect_app.workflows.issue_document.render import without_times

# translations: data; what documents say is Chinese whoever reads the pages.

HERE = Path(__file__).parent
ADDRESSED = "{{ addressee }}:"
SIGNATURE = ("{{ bureau }}", "{{ issued_on }}")

TEMPLATES: dict[str, tuple[str, ...]] = {
    "receipt_1": (
        "信访回执",
        ADDRESSED,
        "您于{{ received_on }}通过{{ channel }}反映的事项已收悉并登记,受理编号{{ complaint_no }},"
        "事项编号{{ matter_no }}。",
        "我局将自收到之日起{{ accept_within }}告知您是否受理。您可凭受理编号查询办理情况。",
    ),
    "acceptance_1": (
        "受理告知书",
        ADDRESSED,
        "您于{{ received_on }}通过{{ channel }}反映的事项(受理编号{{ complaint_no }}),"
        "经审查,我局决定于{{ decided_on }}予以受理,按{{ route }}办理。",
        "我局将于{{ due_on }}前办结并答复您。",
    ),
    "refusal_1": (
        "不予受理告知书",
        ADDRESSED,
        "您于{{ received_on }}通过{{ channel }}反映的事项(受理编号{{ complaint_no }}),"
        "经审查,我局不予受理。原因:{{ refusal }}。",
        "{{ reason }}",
        "如属其他机关职责或应通过诉讼、仲裁等途径解决的,请向有权机关提出。",
    ),
    "transfer_1": (
        "转送单",
        "{{ department }}:",
        "现将下列事项转送你单位依法处理,请于{{ due_on }}前反馈处理情况。"
        "依据《信访工作条例》第三十条,举报人信息不予随转。",
        "事项编号:{{ matter_no }}",
        "污染类型:{{ kinds }}",
        "被反映单位:{{ respondent }}",
        "地点:{{ place }}",
        "首次收到:{{ received_on }};同一事项投诉{{ count }}件",
        "转送说明:{{ reason }}",
        "来文号:{{ slip_no }}",
    ),
    "extension_1": (
        "延期告知书",
        ADDRESSED,
        "您反映的事项(受理编号{{ complaint_no }})因{{ reason }},不能在原定期限内办结。"
        "经批准,办理期限延长{{ days }}天,至{{ due_on }}。",
    ),
    "reply_1": (
        "答复意见书",
        ADDRESSED,
        "您于{{ received_on }}反映的事项(受理编号{{ complaint_no }}),我局已办理完毕。"
        "核实结果:{{ verification }}。{{ opinion }}",
        "{%p for line in reply %}",
        "{{ line }}",
        "{%p endfor %}",
        "如不服本答复意见,可自收到之日起{{ review_within }}向上一级机关申请复查。",
    ),
    "revisit_1": (
        "回访记录",
        "事项编号:{{ matter_no }}",
        "回访时间:{{ revisited_on }}",
        "回访人:{{ revisitor }}",
        "回访方式:{{ means }};是否见面:{{ met }}",
        "满意度:{{ satisfaction }}",
        "回访情况:{{ told }}",
    ),
}


def template(paragraphs: tuple[str, ...]) -> bytes:
    """Return a letter on A4: heading, number, paragraphs, and the bureau with the date."""
    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.8)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "FangSong", Pt(16)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    heading, *body = paragraphs
    _line(document, heading, size=22, align=WD_ALIGN_PARAGRAPH.CENTER)
    _line(document, "{{ document_no }}", align=WD_ALIGN_PARAGRAPH.RIGHT)
    for text in body:
        line = _line(document, text)
        # A salutation stands at the margin; what is told is indented by two characters.
        line.paragraph_format.first_line_indent = None if text.endswith("}}:") else Pt(32)
    for text in SIGNATURE:
        _line(document, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
    stream = io.BytesIO()
    document.save(stream)
    return without_times(stream.getvalue())


def _line(
    document: WordDocument,
    text: str,
    *,
    size: int = 16,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
) -> Paragraph:
    """Add a paragraph and return it."""
    line = document.add_paragraph()
    run = line.add_run(text)
    run.font.size = Pt(size)
    line.alignment = align
    return line


def main() -> None:
    """Write every template that is not there yet."""
    for name, paragraphs in TEMPLATES.items():
        path = HERE / f"{name}.docx"
        if not path.exists():
            path.write_bytes(template(paragraphs))


if __name__ == "__main__":
    main()

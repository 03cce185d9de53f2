"""Tablets for the administrator: the list, a one-time code with its QR picture, revoking."""

from io import BytesIO
from uuid import UUID

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.queries.device_gaps import device_gaps
from inspect_app.queries.device_list import device_lines, open_codes, possible_holders
from inspect_app.queries.policies import policy_value
from inspect_app.web.http import actor, database, now, requires, today
from inspect_app.workflows.enrol_device import Invitation, make_code, revoke

pages = Blueprint("device_list", __name__)

CHECKS: dict[str, str] = {
    "https": "安全连接",
    "worker": "离线运行",
    "persistent": "存储不被清理",
    "space": "剩余空间",
    "position": "定位",
    "wake": "屏幕常亮",
    "clock": "时钟",
    "package": "任务包",
    "browser": "浏览器",
    "writing": "写入速度",
    "enrolled": "设备登记",
    "pin": "离线口令",
}
"""What the items of a tablet's self-check are called."""


@pages.get("/administration/devices")
@requires(Permission.ADMINISTER)
def page() -> str:
    """List the tablets."""
    return _page()


@pages.post("/administration/devices/codes")
@requires(Permission.ADMINISTER)
def invite() -> str:
    """Make a one-time code and show it, once, with its QR picture."""
    holder = request.form.get("holder", "")
    allowed = {str(number) for number, _, _ in possible_holders(database(), day=today())}
    if holder and holder not in allowed:
        raise Problem("not_found", what="人员")
    name = request.form.get("name", "")
    number = int(holder) if holder else None
    invitation = make_code(database(), name, holder_id=number, actor=actor(), now=now())
    return _page(invitation, name.strip())


@pages.post("/administration/devices/<uuid:uid>/revoke")
@requires(Permission.ADMINISTER)
def end(uid: UUID) -> Response:
    """Revoke a tablet; what it has not sent stays on it."""
    reason = request.form.get("reason", "")
    device = revoke(database(), uid, reason=reason, actor=actor(), now=now())
    flash(gettext("已停用 %(name)s；平板上未上传的内容仍留在平板上", name=device.name))
    return redirect(url_for("device_list.page"))


def _page(invitation: Invitation | None = None, name: str = "") -> str:
    return render_template(
        "devices.html",
        devices=device_lines(database()),
        gaps={one.uid: one for one in device_gaps(database())},
        alarm_h=policy_value(database(), "gap_alarm_h", day=today()),
        codes=open_codes(database(), now=now()),
        holders=possible_holders(database(), day=today()),
        invitation=invitation,
        invited=name,
        address=None if invitation is None else _address(invitation),
        picture=None if invitation is None else qr_picture(_address(invitation)),
        checks=CHECKS,
    )


def _address(invitation: Invitation) -> str:
    """Return what the QR picture says; the code stands behind # and never reaches a log."""
    return f"{url_for('patrol.page', _external=True)}#enrol={invitation.code}"


def qr_picture(text: str) -> Markup:
    """Return a QR code as SVG: attributes only, no style, sized by the page."""
    out = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", xmldecl=False, omitsize=True, border=4, scale=8)
    return Markup(out.getvalue().decode())  # noqa: S704 - drawn by the library, holds no text

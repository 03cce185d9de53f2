"""The lines a marked copy of a photo carries, in the reader's language, and the font for them."""

from pathlib import Path

from flask import current_app
from flask_babel import gettext

from inspect_app.models import Photo
from inspect_app.queries.photo_marks import PhotoMark
from inspect_app.web.views import moment_text

FONT = "vendor/@expo-google-fonts/noto-sans-sc/500Medium/NotoSansSC_500Medium.ttf"
HASH_SHOWN = 16
"""Digits of the original's hash on its copy: enough to tell it from every other photo."""


def font_path() -> Path:
    """Return the font of marked copies: with all characters of Chinese names, on any machine."""
    return Path(current_app.static_folder or "") / FONT


def mark_lines(photo: Photo, mark: PhotoMark) -> tuple[str, ...]:
    """Return the lines of a marked copy: time, place, names, and which original it is made from."""
    lines = [
        _time_line(photo, mark),
        _place_line(mark),
        gettext("网格 %(grid)s", grid=mark.grid) if mark.grid else "",
        gettext("对象 %(thing)s", thing=mark.thing) if mark.thing else "",
        gettext("检查人员 %(names)s", names="、".join(mark.people)) if mark.people else "",
        gettext("问题编号 %(number)s", number=mark.finding_no) if mark.finding_no else "",
        gettext("原件 SHA-256 %(digits)s…", digits=photo.sha256[:HASH_SHOWN]),
    ]
    return tuple(str(line) for line in lines if line)


def _time_line(photo: Photo, mark: PhotoMark) -> str:
    """Say when, and which clock says so: the camera's, the record's, or the server's."""
    if photo.taken_at is not None:
        return str(gettext("拍摄时间 %(time)s", time=moment_text(photo.taken_at)))
    if mark.recorded_at is not None:
        return str(gettext("记录时间 %(time)s", time=moment_text(mark.recorded_at)))
    return str(gettext("收到时间 %(time)s", time=moment_text(photo.received_at)))


def _place_line(mark: PhotoMark) -> str:
    if mark.place is None:
        return str(gettext("没有定位"))
    lon, lat = mark.place
    return str(gettext("东经 %(lon)s 北纬 %(lat)s(CGCS2000)", lon=f"{lon:.6f}", lat=f"{lat:.6f}"))

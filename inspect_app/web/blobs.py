"""Photos in chunks: a tablet asks how far one has come and goes on from there."""

from flask import Blueprint, Response, request

from inspect_app.domain.access import Permission
from inspect_app.domain.problems import Problem
from inspect_app.domain.transitions import PHOTO_PERMISSIONS
from inspect_app.web.http import actor, database, now, refusal, requires, settings, time_zone
from inspect_app.workflows.keep_blob import (
    CHUNK_BYTES_MAX,
    MB,
    BlobState,
    Chunk,
    Reception,
    blob_state,
    keep_chunk,
)
from inspect_app.workflows.keep_photo import PhotoShelf

P = Permission
pages = Blueprint("blobs", __name__)

MEDIA_TYPE = "application/partial-upload"
DIGITS_MAX = 15


@pages.route("/sync/blobs/<sha256>", methods=["HEAD"])
@requires(P.PATROL_DO, *PHOTO_PERMISSIONS)
def state(sha256: str) -> Response:
    """Tell how far a photo has come: 200 with Upload-Offset, Upload-Complete, Upload-Length.

    A photo of which nothing came stands at offset 0; the length is left out where it is unknown.
    """
    found = blob_state(database(), _name(sha256), reception=_reception(), actor=actor(), now=now())
    return _answer(found, 200)


@pages.patch("/sync/blobs/<sha256>")
@requires(P.PATROL_DO, *PHOTO_PERMISSIONS)
def chunk(sha256: str) -> Response:
    """Take the bytes from Upload-Offset on: 204 with the new offset, 409 with the true one.

    A chunk may be empty: with Upload-Offset equal to Upload-Length it asks for the final proof.
    Wrong hash: 400 `digest_mismatch` and Upload-Offset 0. No room: 507 and Retry-After.
    """
    if request.mimetype != MEDIA_TYPE:
        given = request.mimetype or "-"
        raise Problem("media_wrong", expected=MEDIA_TYPE, found=given[:80])
    request.max_content_length = CHUNK_BYTES_MAX
    if (request.content_length or 0) > CHUNK_BYTES_MAX:
        raise Problem("too_large", limit=CHUNK_BYTES_MAX / MB)
    sent = Chunk(
        sha256=_name(sha256),
        body=request.get_data(),
        offset=_number("Upload-Offset"),
        length=_number("Upload-Length"),
    )
    found = keep_chunk(database(), sent, reception=_reception(), actor=actor(), now=now())
    return _answer(found, 204)


@pages.errorhandler(Problem)
def refuse(problem: Problem) -> Response:
    """Refuse a chunk; tell where the tablet has to go on, where that is not where it was."""
    answer = refusal(problem)
    if problem.code == "offset_differs":
        answer.headers["Upload-Offset"] = str(problem.facts["offset"])
    elif problem.code in ("digest_mismatch", "photo_invalid"):
        answer.headers["Upload-Offset"] = "0"
    return answer


def _answer(found: BlobState, status: int) -> Response:
    answer = Response(status=status)
    answer.headers["Upload-Offset"] = str(found.offset)
    answer.headers["Upload-Complete"] = "?1" if found.complete else "?0"
    if found.length is not None:
        answer.headers["Upload-Length"] = str(found.length)
    return answer


def _reception() -> Reception:
    return Reception(
        PhotoShelf(settings().data_dir), time_zone(), bytes_max=settings().upload_max_mb * MB
    )


def _name(sha256: str) -> str:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise Problem("not_found", what="照片")
    return sha256


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise Problem("field_invalid", field=header, expected="0, 1, 2 …", found=text[:80])
    return int(text)

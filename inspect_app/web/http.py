"""Requests and answers: one transaction a request, permissions, refusals, headers, the clock."""

import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import orjson
import structlog
from flask import Flask, Response, current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response as AnyResponse

from inspect_app.config import Settings
from inspect_app.db import passes
from inspect_app.domain.access import Actor, Permission
from inspect_app.domain.codes import Code
from inspect_app.domain.policies import PROPOSALS
from inspect_app.domain.problems import PROBLEMS, Phrase, Problem
from inspect_app.queries.actors import Visitor, actor_of
from inspect_app.queries.policies import PolicyMissing
from inspect_app.web.statuses import status_of

log = structlog.get_logger()
csrf = CSRFProtect()

ROW_NUMBER_MAX = 2**63 - 1
"""The greatest number of the database's bigint."""
ROOM_AFTER_S = 300
"""When a tablet may try again what the server had no room for (status 507)."""

View = Callable[..., Any]
AnyCode = TypeVar("AnyCode", bound=Code)


class RowNumber(IntegerConverter):
    """A whole number in an address: one the database cannot hold names nothing, so it is a 404."""

    def __init__(self, url_map: Map, **options: Any) -> None:  # noqa: ANN401 - as werkzeug has it
        super().__init__(url_map, **({"max": ROW_NUMBER_MAX} | options))


def init_http(app: Flask) -> None:
    """Wire transactions, refusals, CSRF protection and security headers into the app."""
    settings: Settings = app.extensions["settings"]
    app.secret_key = settings.secret_key or secrets.token_hex(32)
    app.url_map.converters["int"] = RowNumber
    app.config["MAX_CONTENT_LENGTH"] = settings.upload_max_mb * 1024 * 1024
    if settings.trusted_hosts:
        # The container's own health check asks by address.
        app.config["TRUSTED_HOSTS"] = [*settings.trusted_hosts, "127.0.0.1"]
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # a form lives as long as the session
    app.extensions["clock"] = lambda: datetime.now(UTC)
    csrf.init_app(app)
    app.before_request(_open_transaction)
    app.after_request(_close_transaction)
    app.after_request(_security_headers)
    app.teardown_request(_drop_transaction)
    app.register_error_handler(Problem, _refuse)
    app.register_error_handler(PolicyMissing, _policy_missing)
    app.register_error_handler(CSRFError, lambda _: _refuse(Problem("form_expired")))
    app.register_error_handler(DBAPIError, lambda e: _busy(e) if passes(e) else _crash(e))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)


def settings() -> Settings:
    """Return the settings of the running app."""
    found: Settings = current_app.extensions["settings"]
    return found


def sessions() -> sessionmaker[Session]:
    """Return the maker of database sessions, for work outside the request's transaction."""
    found: sessionmaker[Session] = current_app.extensions["sessions"]
    return found


def now() -> datetime:
    """Return the instant of this request (UTC); one request has one `now`."""
    if "now" not in g:
        g.now = current_app.extensions["clock"]()
    instant: datetime = g.now
    return instant


def time_zone() -> ZoneInfo:
    """Return the bureau's time zone."""
    return ZoneInfo(settings().time_zone)


def today() -> date:
    """Return the bureau's calendar day of this request."""
    return now().astimezone(time_zone()).date()


def database() -> Session:
    """Return the session of the request's transaction."""
    session: Session = g.database
    return session


def actor() -> Actor:
    """Return who acts; refuses where nobody is logged in."""
    found = actor_or_none()
    if found is None:
        raise Problem("login_required")
    return found


def actor_or_none() -> Actor | None:
    """Return who is logged in with the posts held today, or None."""
    if "actor" not in g:
        from flask import session as web_session

        g.actor = _actor_of(web_session.get("account_id"))
    found: Actor | None = g.actor
    return found


def _actor_of(account_id: int | None) -> Actor | None:
    """Return who acts, from what was read with the session unless the log-in is of this request."""
    if account_id is None:
        return None
    visitor: Visitor | None = g.get("visitor")
    if visitor is not None and visitor.account_id == account_id:
        return visitor.actor
    return actor_of(database(), account_id, day=today())


def requires(*permissions: Permission) -> Callable[[View], View]:
    """Open a view to persons who hold one of the permissions; roles count at every request."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a view's own types
            if not any(actor().may(permission) for permission in permissions):
                raise Problem("not_permitted", permission=permissions[0].value)
            return view(*args, **kwargs)

        guarded.permissions = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate


def signed_in(view: View) -> View:
    """Open a view to everybody who is logged in, whatever the post."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - a view's own types
        actor()
        return view(*args, **kwargs)

    guarded.permissions = "signed_in"  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Mark a view that needs no log-in; each use is listed in the promises test."""
    view.permissions = "public"  # type: ignore[attr-defined]
    return view


def json_answer(value: object, status: int = 200) -> Response:
    """Return a JSON answer; numpy values and orjson fragments are allowed."""
    body = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, status=status, mimetype="application/json")


def json_body() -> dict[str, Any]:
    """Return the JSON object of the request, or refuse it with what is wrong."""
    try:
        body = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise Problem("body_invalid", reason=str(error)) from error
    if not isinstance(body, dict):
        raise Problem("body_invalid", reason=gettext("应为 JSON 对象"))
    return body


def chosen_code(codes: type[AnyCode], text: str) -> AnyCode | None:
    """Return the code a filter field names; None for an empty field, a refusal for a wrong one."""
    if not text:
        return None
    try:
        return codes(text)
    except ValueError as error:
        expected = "/".join(code.value for code in codes)
        raise Problem(
            "field_invalid", field=codes.__name__, expected=expected, found=text
        ) from error


def parsed_day(field: str, text: str) -> date:
    """Return the calendar day a field names as 2026-03-24, or refuse it with what was found."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        found = text[:80]
        raise Problem("field_invalid", field=field, expected="2026-03-24", found=found) from error


def wants_json() -> bool:
    """Whether the caller is a script and not a person's page load."""
    if request.path.startswith(("/api/", "/sync/")) or request.is_json:
        return True
    return request.accept_mimetypes.accept_json and not request.accept_mimetypes.accept_html


def csp_nonce() -> str:
    """Return the nonce of this answer's scripts and styles."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    nonce: str = g.nonce
    return nonce


def allow_style_attributes() -> None:
    """Let this page's elements carry style attributes: Leaflet and folium set them from HTML."""
    g.style_attributes = True


def sentence(problem: Problem) -> str:
    """Return the sentence of a refusal in the reader's language."""
    facts = {name: words(value) for name, value in problem.facts.items()}
    text: str = gettext(PROBLEMS[problem.code])
    return text.format(**facts)


def words(value: object) -> str:
    """Return a phrase, a label or a name in the reader's language; names stay as they are."""
    if isinstance(value, Phrase):
        return str(gettext(value.text)) % {name: words(one) for name, one in value.facts.items()}
    text = str(value)
    return str(gettext(text)) if text else ""


def begin_transaction() -> Session:
    """Return the session of the request's transaction; the first to ask begins it."""
    if "database" not in g:
        g.database = sessions()()
    return database()


def _open_transaction() -> None:
    if request.endpoint != "static":
        begin_transaction()


def _close_transaction(response: AnyResponse) -> AnyResponse:
    session: Session | None = g.pop("database", None)
    if session is not None:
        try:
            if g.get("failed"):
                session.rollback()
            else:
                session.commit()
        except DBAPIError as error:
            if not passes(error):
                raise
            return _busy(error)
        finally:
            session.close()
    return response


def _drop_transaction(_: BaseException | None) -> None:
    session: Session | None = g.pop("database", None)
    if session is not None:
        session.close()


def _security_headers(response: Response) -> Response:
    nonce = csp_nonce()
    styles = "style-src-attr 'unsafe-inline'; " if g.get("style_attributes") else ""
    response.headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; "
        f"style-src 'self' 'nonce-{nonce}'; {styles}"
        f"img-src 'self' data: blob:{_base_map_origin()}; font-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "geolocation=(self), camera=(self)"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _base_map_origin() -> str:
    """Return the optional outside base map's origin for the policy, with a leading space."""
    url = settings().base_map_url
    if not url.startswith(("https://", "http://")):
        return ""
    scheme, _, rest = url.partition("://")
    host = rest.split("/", 1)[0].replace("{s}", "*")
    return f" {scheme}://{host}"


def roll_back() -> None:
    """Undo what a refused request may have begun; its answer is still rendered from the data."""
    g.failed = True
    database().rollback()


def refusal(problem: Problem) -> Response:
    """Return the answer that tells a script of a refusal; nothing of the request is kept."""
    g.failed = True
    status = status_of(problem)
    facts = {name: str(value) for name, value in problem.facts.items()}
    body = {"problem": problem.code, "message": sentence(problem), "facts": facts}
    answer = json_answer(body, status)
    if status == HTTPStatus.INSUFFICIENT_STORAGE:
        answer.headers["Retry-After"] = str(ROOM_AFTER_S)
    return answer


def _refuse(problem: Problem) -> AnyResponse:
    g.failed = True
    status = status_of(problem)
    if wants_json():
        return refusal(problem)
    if problem.code == "login_required":
        return redirect(url_for("accounts.login", next=request.full_path))
    return Response(render_template("problem.html", message=sentence(problem)), status)


def _policy_missing(missing: PolicyMissing) -> AnyResponse:
    titles = {proposal.key: proposal.title for proposal in PROPOSALS}
    title = titles.get(missing.key, missing.key)
    return _refuse(Problem("policy_missing", policy=title, day=missing.day))


def _http_error(error: HTTPException) -> AnyResponse:
    g.failed = True
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, DBAPIError) and passes(cause):
        return _busy(cause)  # the database was away before the request began
    status = error.code or 500
    if status < 400 or request.endpoint == "static":  # a redirect, or a file without a page
        return error.get_response()
    message = {404: gettext("没有这个页面"), 413: gettext("文件过大")}.get(
        status, gettext("请求无法处理")
    )
    if wants_json():
        return json_answer({"problem": "http", "message": message, "facts": {}}, status)
    return Response(render_template("problem.html", message=message), status)


BUSY_RETRY_S = 2


def _busy(error: DBAPIError) -> AnyResponse:
    log.warning("database_busy", path=request.path, fault=str(error.orig)[:200])
    answer = _refuse(Problem("server_busy"))
    answer.headers["Retry-After"] = str(BUSY_RETRY_S)
    return answer


def _crash(error: Exception) -> AnyResponse:
    g.failed = True
    request_id = secrets.token_hex(6)
    log.exception("request_failed", request_id=request_id, path=request.path, exc_info=error)
    if current_app.testing:
        raise error
    message = gettext("系统出错了,请把编号 %(number)s 告诉管理员", number=request_id)
    if wants_json():
        return json_answer({"problem": "crash", "message": message, "facts": {}}, 500)
    return Response(render_template("problem.html", message=message), 500)

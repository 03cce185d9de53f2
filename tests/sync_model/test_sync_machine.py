"""The sync as a state machine: whatever is sent, lost, repeated or crashed, the same is kept.

Hypothesis draws what two tablets, a careless network and a restless bureau do; the model is the set
of bytes that were written. A release runs longer: `INSPECT_SYNC_MODEL=5000x200`.
"""

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from inspect_app.queries.device_gaps import device_gaps
from inspect_app.workflows.keep_photo import keep as photos
from inspect_app.workflows.sync_patrol import Sent, effects, keep
from tests.patrol_factories import digest, sha256
from tests.sync_model.bureau import YEAR, Bureau, Item, fixes_of, open_bureau, photo_of

EXAMPLES, STEPS = map(int, os.environ.get("INSPECT_SYNC_MODEL", "100x50").split("x"))
PROFILE = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
TABLETS = st.sampled_from([0, 0, 0, 1])
CRASHES = st.sampled_from(["", "", "", "before", "after"])
PLACES = st.integers(min_value=0, max_value=1_000)
KINDS = st.sampled_from(
    ["patrol_start"] * 2
    + ["patrol_pause", "patrol_resume", "patrol_end", "from_next_year"]
    + ["stop_result"] * 4
    + ["finding", "site_photo", "segment"] * 2
)
RESULTS = st.sampled_from(["done", "skipped", "unreachable"])


class SyncMachine(RuleBasedStateMachine):
    """Two tablets of one patrol, and what the bureau holds of them."""

    bureau: Bureau

    def __init__(self) -> None:
        super().__init__()
        self.block = ExitStack()
        self.block.enter_context(self.bureau.taken_back())
        self.written: list[Item] = []
        self.kept: dict[str, str] = {}
        self.aside: set[tuple[str, str]] = set()
        self.photos: dict[str, bytes] = {}
        self.arrived: set[str] = set()
        self.broken = False

    # What tablets do.

    @initialize(begun=st.sampled_from([True, True, False]))
    def begin(self, *, begun: bool) -> None:
        """Most patrols are begun, and most tablets write the start first."""
        if begun:
            self.write(0, "patrol_start", "done", 0)

    @rule(tablet=TABLETS, first=KINDS, second=KINDS, result=RESULTS, place=PLACES)
    def write_two(self, tablet: int, first: str, second: str, result: str, place: int) -> None:
        self.write(tablet, first, result, place)
        self.write(tablet, second, "done", place // 2)

    def write(self, tablet: int, kind: str, result: str, place: int) -> None:
        values, photos = self._values(kind, result, place)
        names = [sha256(photo) for photo in photos]
        if kind == "finding":
            values["photos"] = names
        elif kind == "site_photo":
            values["photo"] = names[0]
        self.photos |= dict(zip(names, photos, strict=True))
        one = self.bureau.tablets[tablet]
        task_id = self.bureau.task_id
        self.written.append(one.frozen(kind, values, task_id=task_id, photos=photos))

    def _values(self, kind: str, result: str, place: int):
        stop = {"stop_id": self.bureau.stops[place % 2]}
        number = len(self.photos) + 1
        if kind == "stop_result":
            return stop | {"result": result, "reason": f"水位{place}"}, ()
        if kind == "finding":
            values = {"finding_type": "noise", "severity": "normal", "description": f"第{place}处"}
            photos = tuple(photo_of(number + each) for each in range(place % 3))
            return values | {"lon": 120.505, "lat": 30.5}, photos
        if kind == "site_photo":
            return stop | {"lon": 120.505, "lat": 30.5}, (photo_of(number),)
        if kind == "segment":
            return fixes_of(number + place % 4), ()
        if kind == "patrol_end":
            return {"weather": "晴", "remark": f"第{place}号"}, ()
        return {}, ()

    @rule(tablet=TABLETS, years=st.sampled_from([-1, 0, 1]))
    def set_clock(self, tablet: int, years: int) -> None:
        self.bureau.tablets[tablet].clock = years * YEAR

    @precondition(lambda self: self.written)
    @rule(place=PLACES, crash=CRASHES)
    def send(self, place: int, crash: str) -> None:
        """Send any item, the first time or again; the reply may be lost, the server may crash."""
        waiting = [item for item in self.written if item.name not in self.kept]
        chosen = waiting or self.written
        self._send(chosen[place % len(chosen)], crash)

    @precondition(lambda self: self.kept)
    @rule(place=PLACES, crash=CRASHES)
    def send_again(self, place: int, crash: str) -> None:
        self._send(self.written[place % len(self.written)], crash)

    def _send(self, item: Item, crash: str = "") -> None:
        known = item.name in self.kept
        self.bureau.crash = crash
        answer = self.bureau.send(item)
        if answer is None:
            if crash == "after":
                self.kept[item.name] = item.sha256
            return
        self.kept[item.name] = item.sha256
        assert answer.status_code in ((200, 202) if known else (201, 202)), answer.text
        assert answer.json["sha256"] == item.sha256
        missing = [sha256(photo) for photo in item.photos if sha256(photo) not in self.arrived]
        assert answer.json["missing_photos"] == missing
        if item.kind == "from_next_year":
            assert answer.json["state"] == "inbox"
        self._look_for_holes(item.tablet)

    def _look_for_holes(self, tablet: int) -> None:
        """What a tablet has written and not delivered is known after one contact."""
        one = self.bureau.tablets[tablet]
        came = {item.seq for item in self._kept_items() if item.tablet == tablet}
        with self.bureau.sessions() as session:
            gaps = next(each for each in device_gaps(session) if each.uid == one.device)
        missing = {n for hole in gaps.holes for n in range(hole.first, hole.last + 1)}
        assert (gaps.told_seq, missing) == (one.seq, set(range(1, one.seq + 1)) - came)

    @precondition(lambda self: self.kept)
    @rule(place=PLACES, crash=CRASHES)
    def send_other_bytes(self, place: int, crash: str) -> None:
        """A tablet that edits what it has sent is told so, and both versions are kept."""
        item = self._kept_item(place)
        body = item.body[:-1] + b', "revised": %d}' % (place % 2)
        self.bureau.crash = crash
        answer = self.bureau.send(item, body=body)
        assert answer is None or answer.status_code == 409
        if answer is not None or crash == "after":
            self.aside.add((item.name, sha256(body)))

    @precondition(lambda self: self.kept)
    @rule(place=PLACES)
    def send_from_a_restored_tablet(self, place: int) -> None:
        """A tablet set back to an old copy gives a number out twice: both records are kept."""
        item = self._kept_item(place)
        if item.kind == "segment":
            return
        name = f"{place:08x}-0000-4000-8000-{item.seq:011x}{item.tablet}"
        path = f"/sync/records/{name}"
        answer = self.bureau.ask(item.tablet, "PUT", path, item.body, digest(item.body))
        assert answer is not None
        assert (answer.status_code, answer.json["problem"]) == (409, "seq_taken")
        self.aside.add((name, item.sha256))

    @precondition(lambda self: self.written)
    @rule(place=PLACES)
    def send_damaged(self, place: int) -> None:
        item = self.written[place % len(self.written)]
        at = place % len(item.body)
        body = item.body[:at] + bytes([item.body[at] ^ 1]) + item.body[at + 1 :]
        answer = self.bureau.send(item, body=body, claimed=item.body)
        assert answer is not None
        assert answer.status_code == 400

    @precondition(lambda self: self.photos)
    @rule(place=PLACES, crash=CRASHES, at=st.integers(0, 2), pieces=st.integers(1, 3))
    def send_photo(self, place: int, crash: str, at: int, pieces: int) -> None:
        """Send a photo in pieces from where it stands; a crash may end that at any request."""
        name = sorted(self.photos)[place % len(self.photos)]
        self._send_photo(name, crash=(at, crash), pieces=pieces)

    def _send_photo(self, name: str, *, crash: tuple[int, str] = (0, ""), pieces: int = 1) -> None:
        body, path = self.photos[name], f"/sync/blobs/{name}"
        tablet = next(item.tablet for item in self.written if body in item.photos)
        size = -(-len(body) // pieces)
        offset, asked = 0, 0
        while True:
            self.bureau.crash = crash[1] if asked == crash[0] else ""
            if asked == 0:
                answer = self.bureau.ask(tablet, "HEAD", path)
            else:
                piece = body[offset : offset + size]
                headers = {
                    "Content-Type": "application/partial-upload",
                    "Upload-Offset": str(offset),
                    "Upload-Length": str(len(body)),
                }
                answer = self.bureau.ask(tablet, "PATCH", path, piece, headers)
            if answer is None:
                self._look_for(name)
                return
            assert answer.status_code in (200, 204), answer.text
            asked += 1
            offset = int(answer.headers["Upload-Offset"])
            if answer.headers["Upload-Complete"] == "?1":
                self.arrived.add(name)
                return

    def _look_for(self, name: str) -> None:
        """After a crash nobody knows how far it came: a row says that the photo is safe."""
        if self.bureau.rows(f"SELECT 1 FROM photo WHERE sha256 = '{name}'"):  # noqa: S608
            self.arrived.add(name)

    @precondition(lambda self: self.photos)
    @rule(place=PLACES)
    def lose_a_chunk(self, place: int) -> None:
        """A chunk beyond the end of what came is refused with the true offset."""
        name = sorted(self.photos)[place % len(self.photos)]
        body = self.photos[name]
        if name in self.arrived:
            return
        tablet = next(item.tablet for item in self.written if body in item.photos)
        headers = {
            "Content-Type": "application/partial-upload",
            "Upload-Offset": str(len(body) - 5),
            "Upload-Length": str(len(body)),
        }
        answer = self.bureau.ask(tablet, "PATCH", f"/sync/blobs/{name}", body[-5:], headers)
        assert answer is not None
        if answer.status_code == 409:
            assert int(answer.headers["Upload-Offset"]) < len(body) - 5
        else:  # the parts before it had all come
            self._look_for(name)

    # What the bureau does.

    @rule(crew=st.sampled_from([0, 0, 0, 0, 1]))
    def give_task_to(self, crew: int) -> None:
        self.bureau.give_task_to(crew)

    @precondition(lambda self: self.written)
    @rule(place=PLACES, revoked=st.booleans())
    def refuse_for_a_while(self, place: int, *, revoked: bool) -> None:
        """A tablet whose session or token has ended keeps its work, and sends it later."""
        item = self.written[place % len(self.written)]
        if revoked:
            self.bureau.revoke(item.tablet, revoked=True)
        else:
            self.bureau.end_session(item.tablet)
        answer = self.bureau.send(item)
        assert answer is not None
        assert answer.status_code == 401
        if revoked:
            self.bureau.revoke(item.tablet, revoked=False)
        else:
            self.bureau.log_in(item.tablet)

    # What must hold.

    @invariant()
    def the_server_keeps_exactly_what_was_acknowledged(self) -> None:
        try:
            assert self._kept_rows() == Counter(self.kept.items())
            rows = self.bureau.rows("SELECT name, sha256 FROM sync_quarantine")
            assert Counter(tuple(row) for row in rows) == Counter(self.aside)
            twice = self.bureau.rows(
                "SELECT facts->>'record' FROM event WHERE facts ? 'record' GROUP BY 1"
                " HAVING count(*) > 1"
            )
            assert twice == []
        except BaseException:
            self.broken = True
            raise

    def _kept_rows(self) -> Counter[tuple[str, str]]:
        rows = self.bureau.rows(
            "SELECT CASE kind WHEN 'segment' THEN log_uid || '/' || number ELSE uid::text END,"
            " encode(sha256(body), 'hex') FROM sync_record"
            " UNION ALL SELECT log_uid || '/' || number, sha256 FROM track_segment"
        )
        return Counter(tuple(row) for row in rows)

    def _kept_items(self) -> list[Item]:
        return [item for item in self.written if item.name in self.kept]

    def _kept_item(self, place: int) -> Item:
        kept = self._kept_items()
        return kept[place % len(kept)]

    def teardown(self) -> None:
        """Send the rest; the tablets agree with the bureau, and any other order ends the same."""
        try:
            if not self.broken and self.written:
                self._end()
        finally:
            self.block.close()

    def _end(self) -> None:
        for item in reversed(self.written):  # the last first: the order must not matter
            if item.name not in self.kept:
                self._send(item)
        for name in self.photos:
            self._send_photo(name)
        self.the_server_keeps_exactly_what_was_acknowledged()
        self._reconcile()
        taken = self._taken()
        found = state_of(self.bureau)
        self.block.close()
        with self.bureau.taken_back():
            assert self._replayed(taken) == found

    def _reconcile(self) -> None:
        for tablet in self.bureau.tablets:
            items = [[one.name, one.sha256] for one in self.written if one.tablet == tablet.number]
            items += [[name, name] for name in self.photos]
            answer = tablet.client.post(
                "/sync/manifest",
                json={"device": str(tablet.device), "items": items},
                headers=tablet.headers(),
            )
            told = answer.json
            assert (told["missing"], told["incomplete"]) == ([], [])
            assert told["different"] == []
            [told_seq] = self.bureau.rows(
                f"SELECT told_seq FROM device WHERE uid = '{tablet.device}'"  # noqa: S608
            )
            assert told_seq[0] == tablet.seq

    def _taken(self) -> list[Item]:
        """Return what has taken effect or waits for its cause, in the order it was written."""
        rows = self.bureau.rows(
            "SELECT CASE kind WHEN 'segment' THEN log_uid || '/' || number ELSE uid::text END"
            " FROM sync_record WHERE state IN ('taken', 'waiting')"
            " UNION ALL SELECT log_uid || '/' || number FROM track_segment"
        )
        names = {row[0] for row in rows}
        return [item for item in self.written if item.name in names]

    def _replayed(self, items: list[Item]):
        """Return the state after the same items came photos first, in order, without a fault."""
        self.arrived.clear()
        self.kept.clear()
        self.written = items
        for tablet in self.bureau.tablets:
            tablet.seq = max((one.seq for one in items if one.tablet == tablet.number), default=0)
        for item in items:
            for photo in item.photos:
                self._send_photo(sha256(photo))
        for item in items:
            self.bureau.give_task_to(item.tablet)
            self._send(item)
        return state_of(self.bureau)


def state_of(bureau: Bureau):
    """Return everything records have brought about, without what numbers and order may differ."""
    queries = (
        "SELECT state FROM patrol_task",
        "SELECT id, result, result_reason, done_at FROM patrol_stop ORDER BY id",
        "SELECT uid, started_at, ended_at, weather, remark, form, recorder_id,"
        " round(distance_m::numeric, 3), round(covered_share::numeric, 6) FROM patrol_log",
        "SELECT uid, description, found_at, object_kind, patrol_stop_id FROM finding ORDER BY uid",
        "SELECT uid, photo_sha256, stage FROM finding_photo"
        " JOIN finding ON finding.id = finding_id ORDER BY 1, 2",
        "SELECT subject_kind, facts->>'record' FROM event WHERE facts ? 'record' ORDER BY 2, 1",
        "SELECT log_uid, number, sha256 FROM track_segment ORDER BY 1, 2",
    )
    return [[tuple(row) for row in bureau.rows(query)] for query in queries]


@pytest.fixture(scope="module")
def bureau(engine: Engine, tmp_path_factory: pytest.TempPathFactory):
    with engine.connect() as connection:
        transaction = connection.begin()
        url = engine.url.render_as_string(hide_password=False)
        yield open_bureau(connection, url, Path(tmp_path_factory.mktemp("bureau")))
        transaction.rollback()


def test_whatever_happens_everything_is_kept_once_and_any_order_ends_the_same(bureau: Bureau):
    run_state_machine_as_test(machine_of(bureau), settings=PROFILE)


BUGS = {
    "the visit that comes last counts": (effects, "_final", lambda visits: visits[-1]),
    "other bytes are thrown away": (keep, "quarantine", lambda *_, **__: 0),
    "photos that come late are not linked": (photos, "complete_photo", lambda *_, **__: 0),
    "what waits is forgotten": (keep, "retry_waiting", lambda *_, **__: []),
    "no photo is ever missed": (keep, "photos_not_here", lambda *_: ()),
    "damaged bytes are believed": (Sent, "checked", lambda sent: sent.sha256),
}
SHORT = settings(
    PROFILE,
    max_examples=30,
    stateful_step_count=30,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


@pytest.mark.parametrize("bug", BUGS)
def test_the_machine_finds_a_planted_bug(bureau: Bureau, monkeypatch: pytest.MonkeyPatch, bug: str):
    monkeypatch.setattr(*BUGS[bug])
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_of(bureau), settings=SHORT)


def machine_of(bureau: Bureau) -> type[SyncMachine]:
    return type("Machine", (SyncMachine,), {"bureau": bureau})

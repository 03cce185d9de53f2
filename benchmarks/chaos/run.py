"""Run: one seed from an empty database to the verdict."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from PIL import Image
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from benchmarks.chaos import control, safeguards
from benchmarks.chaos.county import PASSWORD, SPARE_DAYS, Crewed, make_county
from benchmarks.chaos.dice import Dice
from benchmarks.chaos.faults import KILLS_SERVER, RESTARTS, Size, faults_of_tablets, faults_of_world
from benchmarks.chaos.host import Host, hosting
from benchmarks.chaos.machine import TICK_S, Machine, Progress
from benchmarks.chaos.office import Office, slow_change
from benchmarks.chaos.outbox import Outbox
from benchmarks.chaos.script import script
from benchmarks.chaos.truth import Verdict, judge, judge_control
from inspect_app.cli.cluster import Cluster, ensure_database, ensure_started
from inspect_app.cli.cluster import stop as stop_cluster
from inspect_app.cli.migrate import migrate

OFFICES = 2
FINISH_S = 60.0
POWER_CUT_AT = 0.7
TEMPLATE = "chaos_template"
WEEKS_AHEAD_DAYS = 9


@dataclass(frozen=True, slots=True)
class Trial:
    """What one run is to be: how much, by which seed, with which safeguard taken away."""

    size: Size
    seed: int = 1
    without: str = ""
    control: bool = False
    patience_s: float = 600.0


@dataclass
class Outcome:
    """What one run has come to."""

    trial: Trial
    verdict: Verdict
    faults: Counter[str]
    kills: Counter[str]
    seconds: list[float]
    """Of the start, of the run, of the last reconciliation and the judgement."""
    given_up: int = 0
    changes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Site:
    """Where trials are run: a host of processes, and a cluster whose fsync is on."""

    host: Host
    home: Path

    def database(self) -> tuple[Cluster, str]:
        """Make a new database with the product's tables; return it with its cluster."""
        cluster = ensure_started(self.home / "postgres")
        if ensure_database(cluster, TEMPLATE):
            engine = create_engine(cluster.url(TEMPLATE))
            migrate(engine)
            engine.dispose()
        name = f"chaos_{time.time_ns()}"
        admin = create_engine(cluster.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"))
        admin.dispose()
        return cluster, name


@contextmanager
def site() -> Iterator[Site]:
    """Give a site in a folder that PostgreSQL's account can enter; all of it goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="inspect-chaos-") as name, hosting() as host:
        home = Path(name)
        home.chmod(0o711)
        (home / "postgres").mkdir(mode=0o711)
        try:
            yield Site(host, home)
        finally:
            stop_cluster(home / "postgres", at_once=True)


def run(trial: Trial, site: Site) -> Outcome:
    """Run a trial in a new database and judge it."""
    began = time.monotonic()
    cluster, name = site.database()
    folder = site.home / name
    engine = create_engine(cluster.url(name), pool_pre_ping=True)
    crews = _prepare(trial, engine)
    orders = {"folder": str(folder), "without": trial.without, "control": trial.control}
    dice = Dice("machine", trial.seed)
    machine = Machine(folder, site.host, cluster, name, orders, dice)
    machine.files.mkdir(parents=True)
    marks = [began]
    with machine.running():
        outboxes = _give_orders(trial, machine, crews)
        marks.append(time.monotonic())
        changes = _live(trial, machine, engine)
        marks.append(time.monotonic())
        verdict = _judge(trial, machine, engine, outboxes=outboxes)
    marks.append(time.monotonic())
    engine.dispose()
    faults = machine.struck + Counter(
        fault for outbox in outboxes.values() for fault in outbox.struck().values()
    )
    kills = Counter(
        tablets=machine.deaths["tablet"],
        servers=sum(faults[fault] for fault in KILLS_SERVER),
        restarts=sum(faults[fault] for fault in RESTARTS),
    )
    verdict.notes += machine.gave_up
    seconds = [after - before for before, after in pairwise(marks)]
    return Outcome(
        trial, verdict, faults, kills, seconds, given_up=len(machine.gave_up), changes=changes
    )


def _prepare(trial: Trial, engine: Engine) -> list[Crewed]:
    """Fill the database; take away what the trial does without."""
    now = datetime.now(UTC)
    size = trial.size
    tasks_each = -(-size.of_tablet(0) // size.records_a_task)
    with Session(engine) as session, session.begin():
        crews = make_county(
            session, tablets=size.tablets, tasks_each=tasks_each, today=now.date(), now=now
        )
        if trial.control:
            session.execute(text(control.TABLE))
    if trial.without:
        safeguards.remove_from_database(trial.without, engine)
    return crews


def _give_orders(trial: Trial, machine: Machine, crews: list[Crewed]) -> dict[str, Outbox]:
    """Write each tablet's orders; return the outboxes by device."""
    size, outboxes = trial.size, {}
    words = [f"seed {trial.seed} tablet {number}" for number in range(size.tablets)]
    scripts = [
        script(
            crew.tasks,
            records=size.of_tablet(number),
            a_task=size.records_a_task,
            words=words[number],
        )
        for number, crew in enumerate(crews)
    ]
    dice = Dice("faults", trial.seed)
    kinds = safeguards.RELEVANT[trial.without] if trial.without else None
    faults = faults_of_tablets(scripts, each=size.each, dice=dice, kinds=kinds)
    began = datetime.now(UTC) - timedelta(hours=12)
    for number, crew in enumerate(crews):
        device = str(uuid5(NAMESPACE_URL, words[number]))
        folder = machine.folder / f"tablet{number:02d}"
        folder.mkdir()
        (folder / "picture.jpg").write_bytes(picture())
        orders = {
            "host": "127.0.0.1",
            "port": machine.port,
            "device": device,
            "login": crew.login,
            "password": PASSWORD,
            "code": crew.code,
            "crew_id": crew.crew_id,
            "weeks": _weeks(crew),
            "tasks": crew.tasks,
            "records": size.of_tablet(number),
            "records_a_task": size.records_a_task,
            "words": words[number],
            "faults": faults[number],
            "began": began.isoformat(),
            "patience_s": trial.patience_s,
            "control": trial.control,
            "enrolment_lost": number % 2 == 0 and not trial.without,
        }
        (folder / "orders.json").write_text(json.dumps(orders))
        outboxes[device] = Outbox(folder / "outbox.sqlite")
    return outboxes


def _weeks(crew: Crewed) -> list[str]:
    """Return the weeks from a tablet's first task until after what the office may change."""
    first = min(datetime.fromisoformat(task["starts_at"]).date() for task in crew.tasks)
    last = datetime.now(UTC).date() + timedelta(days=WEEKS_AHEAD_DAYS)
    days = [first + timedelta(days=number) for number in range(0, (last - first).days + 7, 7)]
    return [f"{day.isocalendar().year}-W{day.isocalendar().week:02d}" for day in days]


def _live(trial: Trial, machine: Machine, engine: Engine) -> Counter[str]:
    """Let the tablets live through the world's faults; return what the office changed meanwhile."""
    table = "control_record" if trial.control else "sync_record"
    progress = Progress(machine.url, table)
    due = _world(trial)
    offices = [] if trial.control else _offices(trial, engine)
    for number in range(trial.size.tablets):
        machine.start_tablet(number)
    while machine.look_after_tablets():
        share = progress.arrived() / trial.size.records
        while due and due[0][0] <= share:
            machine.strike(due.pop(0)[1])
        time.sleep(TICK_S)
    for office in offices:
        office.stop()
    progress.close()
    return sum((office.done for office in offices), Counter[str]())


def _world(trial: Trial) -> list[tuple[float, str]]:
    faults = faults_of_world(trial.size, Dice("world", trial.seed))
    if trial.without:
        faults = [(POWER_CUT_AT, "power_cut")] if trial.without == "fsync" else []
    return faults


def _offices(trial: Trial, engine: Engine) -> list[Office]:
    today = datetime.now(UTC).date()
    tasks = _tasks_on(engine, {today + timedelta(days=each) for each in range(1, SPARE_DAYS)})
    offices = [
        Office(engine, tasks, today=today, dice=Dice("office", trial.seed, number))
        for number in range(OFFICES)
    ]
    for office in offices:
        office.start()
    return offices


def _tasks_on(engine: Engine, days: set[date]) -> dict[int, int]:
    """Return the crew of each task of some days."""
    with engine.connect() as connection:
        query = text("SELECT id, crew_id FROM patrol_task WHERE day = ANY(:days)")
        return {row.id: row.crew_id for row in connection.execute(query, {"days": list(days)})}


def _judge(
    trial: Trial, machine: Machine, engine: Engine, *, outboxes: dict[str, Outbox]
) -> Verdict:
    """Let every tablet reconcile and pull a last time, around a slow change, then compare."""
    engine.dispose()
    if trial.control:
        return judge_control(engine, outboxes.values())
    last_day = datetime.now(UTC).date() + timedelta(days=SPARE_DAYS)
    with slow_change(engine, sorted(_tasks_on(engine, {last_day}))):
        _finish(trial, machine)
    _finish(trial, machine)
    verdict = judge(engine, outboxes, machine.files)
    for sha256 in machine.broken:
        verdict.note("lost", f"bytes of photo {sha256[:12]} after the power cut, though kept")
    return verdict


def _finish(trial: Trial, machine: Machine) -> None:
    for number in range(trial.size.tablets):
        machine.start_tablet(number, "--finish")
    deadline = time.monotonic() + FINISH_S
    while machine.look_after_tablets() and time.monotonic() < deadline:
        time.sleep(TICK_S)


def picture() -> bytes:
    """Return a small photo; each tablet's photos differ in their comments."""
    out = BytesIO()
    Image.linear_gradient("L").resize((64, 48)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def total(outcomes: Sequence[Outcome]) -> Verdict:
    """Return the verdict over several seeds."""
    verdict = Verdict()
    for outcome in outcomes:
        verdict.wrong += outcome.verdict.wrong
        verdict.held += outcome.verdict.held
        verdict.notes += outcome.verdict.notes
    return verdict

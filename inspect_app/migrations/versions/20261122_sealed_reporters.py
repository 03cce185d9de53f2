"""Reporters are sealed: name, telephone and address open with the bureau's key only."""

import sqlalchemy as sa
from alembic import op

from inspect_app.config import Settings
from inspect_app.domain.codes import ReporterMode
from inspect_app.domain.reporters import ReporterData
from inspect_app.queries.reporter_seal import ReporterSeal
from inspect_app.workflows.reporter_keys import KeyPlace, seals_of

revision = "8e1f4a7c2d90"
down_revision = "45c11ac4ee68"
branch_labels = None
depends_on = None

PLAIN = ("name", "phone", "address")


def upgrade():
    op.create_table(
        "reporter_key",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_to", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_reporter_key")),
        schema="pii",
    )
    # One key is in use at a time, whatever two processes do.
    op.execute(
        "CREATE UNIQUE INDEX uq_reporter_key_in_use ON pii.reporter_key ((true))"
        " WHERE used_to IS NULL"
    )
    for column in (
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("phone_hash", sa.String(length=32), nullable=True),
        sa.Column("name_hash", sa.String(length=32), nullable=True),
    ):
        op.add_column("reporter", column, schema="pii")
    seal_all()
    for column in PLAIN:
        op.drop_column("reporter", column, schema="pii")
    op.create_foreign_key(
        op.f("fk_reporter_key_id"),
        "reporter",
        "reporter_key",
        ["key_id"],
        ["key_id"],
        source_schema="pii",
        referent_schema="pii",
    )
    op.create_check_constraint(
        op.f("ck_reporter_sealed_by_a_key"),
        "reporter",
        "(sealed IS NULL) = (key_id IS NULL)",
        schema="pii",
    )
    for column in ("phone_hash", "name_hash"):
        op.create_index(op.f(f"ix_pii_reporter_{column}"), "reporter", [column], schema="pii")


def downgrade():
    for column in ("phone_hash", "name_hash"):
        op.drop_index(op.f(f"ix_pii_reporter_{column}"), table_name="reporter", schema="pii")
    op.drop_constraint(op.f("ck_reporter_sealed_by_a_key"), "reporter", schema="pii")
    op.drop_constraint(op.f("fk_reporter_key_id"), "reporter", schema="pii", type_="foreignkey")
    for column in PLAIN:
        op.add_column("reporter", sa.Column(column, sa.Text(), nullable=True), schema="pii")
    open_all()
    for column in ("sealed", "key_id", "phone_hash", "name_hash"):
        op.drop_column("reporter", column, schema="pii")
    op.drop_table("reporter_key", schema="pii")


def key_place() -> KeyPlace:
    settings = Settings()
    return KeyPlace(settings.data_dir, settings.reporter_key)


def seal_all():
    """Seal what stands there in the clear; a county without reporters needs no key yet."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT complaint_id, mode, name, phone, address FROM pii.reporter")
    ).all()
    if not rows:
        return
    place = key_place()
    keys = place.keys() or [place.make()]
    seal = ReporterSeal.of(keys[0])
    connection.execute(
        sa.text("INSERT INTO pii.reporter_key (key_id, used_from) VALUES (:key_id, now())"),
        {"key_id": seal.key_id},
    )
    sealed = []
    for number, mode, name, phone, address in rows:
        told = ReporterData(ReporterMode(mode), name or "", phone or "", address or "")
        closed = seal.close(told, complaint_id=number)
        sealed.append(
            {
                "number": number,
                "sealed": closed,
                "key_id": None if closed is None else seal.key_id,
                "phone_hash": seal.phone_hash(told.phone),
                "name_hash": seal.name_hash(told.name),
            }
        )
    connection.execute(
        sa.text(
            "UPDATE pii.reporter SET sealed = :sealed, key_id = :key_id, phone_hash = :phone_hash,"
            " name_hash = :name_hash WHERE complaint_id = :number"
        ),
        sealed,
    )


def open_all():
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT complaint_id, sealed, key_id FROM pii.reporter WHERE sealed IS NOT NULL")
    ).all()
    if not rows:
        return
    seals = {seal.key_id: seal for seal in seals_of(key_place().keys())}
    opened = []
    for number, sealed, key_id in rows:
        if key_id not in seals:
            msg = f"the key {key_id} of sealed reporters is not here"
            raise RuntimeError(msg)
        values = seals[key_id].open(bytes(sealed), complaint_id=number)
        plain = {name: value or None for name, value in zip(PLAIN, values, strict=True)}
        opened.append({"number": number, **plain})
    connection.execute(
        sa.text(
            "UPDATE pii.reporter SET name = :name, phone = :phone, address = :address"
            " WHERE complaint_id = :number"
        ),
        opened,
    )

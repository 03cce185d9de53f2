"""first tables."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "cf3acc730198"
down_revision = None
branch_labels = None
depends_on = None


def prepare_database():
    """Create extensions, the reporters' schema and the role that reads maps."""
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute("CREATE SCHEMA pii")
    op.execute(
        """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'inspect_map') THEN
                CREATE ROLE inspect_map NOLOGIN;
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
        END $$
        """
    )
    op.execute("GRANT inspect_map TO CURRENT_USER")


def grant_map_role():
    """Let the map role read what maps show: every public table but accounts and sessions."""
    op.execute("GRANT USAGE ON SCHEMA public TO inspect_map")
    op.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO inspect_map")
    op.execute("REVOKE ALL ON account, web_session, audit_entry, sync_record FROM inspect_map")


def create_job_queue():
    """Create procrastinate's tables in a schema of their own."""
    op.execute("CREATE SCHEMA jobs")
    op.execute("SET LOCAL search_path TO jobs, public")
    with op.get_bind().connection.cursor() as cursor:
        cursor.execute(SchemaManager.get_schema())
    op.execute("SET LOCAL search_path TO public")


def upgrade():
    prepare_database()
    op.create_table(
        "counter",
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_counter")),
    )
    op.create_table(
        "frequency_policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_class", sa.String(length=40), nullable=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("period_unit", sa.String(length=20), nullable=False),
        sa.Column("season_from", sa.String(length=5), nullable=True),
        sa.Column("season_to", sa.String(length=5), nullable=True),
        sa.Column("min_gap_h", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("service_min", sa.Float(), nullable=False),
        sa.Column("two_officers", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("priority", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "object_kind IN ('segment', 'outlet', 'source', 'water_source', 'matter')",
            name=op.f("ck_frequency_policy_object_kind_code"),
        ),
        sa.CheckConstraint(
            "period_unit IN ('day', 'two_days', 'week', 'ten_days', 'half_month', 'month', 'quarter', 'half_year', 'year')",
            name=op.f("ck_frequency_policy_period_unit_code"),
        ),
        sa.CheckConstraint(
            "season_from ~ '^[01][0-9]-[0-3][0-9]$'",
            name=op.f("ck_frequency_policy_season_from_form"),
        ),
        sa.CheckConstraint(
            "season_to ~ '^[01][0-9]-[0-3][0-9]$'", name=op.f("ck_frequency_policy_season_to_form")
        ),
        sa.CheckConstraint("times >= 1", name=op.f("ck_frequency_policy_times")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_frequency_policy_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frequency_policy")),
    )
    op.create_table(
        "org",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('bureau', 'township_station', 'enforcement_brigade', 'department')",
            name=op.f("ck_org_kind_code"),
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["org.id"], name=op.f("fk_org_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_org")),
        sa.UniqueConstraint("name", name=op.f("uq_org_name")),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_policy_period")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("key", "valid_from", name=op.f("uq_policy_key_valid_from")),
    )
    op.create_index(op.f("ix_policy_key"), "policy", ["key"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("certificate_no", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_person_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("certificate_no", name=op.f("uq_person_certificate_no")),
    )
    op.create_index(op.f("ix_person_org_id"), "person", ["org_id"], unique=False)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("login", name=op.f("uq_account_login")),
        sa.UniqueConstraint("person_id", name=op.f("uq_account_person_id")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("from_state", sa.String(length=30), nullable=True),
        sa.Column("to_state", sa.String(length=30), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column(
            "facts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_event_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(
        "ix_event_actor", "event", ["actor_id", "subject_kind", "subject_id"], unique=False
    )
    op.create_index(op.f("ix_event_at"), "event", ["at"], unique=False)
    op.create_index("ix_event_subject", "event", ["subject_kind", "subject_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_crs", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rejections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["person.id"], name=op.f("fk_import_batch_imported_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_table(
        "patrol_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("verdict", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'published', 'withdrawn')", name=op.f("ck_patrol_plan_state_code")
        ),
        sa.CheckConstraint(
            "extract(isodow from week) = 1", name=op.f("ck_patrol_plan_week_is_monday")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["person.id"], name=op.f("fk_patrol_plan_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_plan")),
        sa.UniqueConstraint("week", "version", name=op.f("uq_patrol_plan_week_version")),
    )
    op.create_geospatial_table(
        "photo",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_from", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_photo_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_photo_geom_range"),
        ),
        sa.ForeignKeyConstraint(
            ["received_from"], ["person.id"], name=op.f("fk_photo_received_from")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_photo")),
    )
    op.create_geospatial_index(
        "idx_photo_geom",
        "photo",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_table(
        "sync_record",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_sync_record_author_id")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_sync_record")),
    )
    op.create_geospatial_table(
        "grid",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.String(length=15), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("level_name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("area_km2", sa.Float(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("code ~ '^[0-9]{6}([0-9]{3}){0,3}$'", name=op.f("ck_grid_code_digits")),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_grid_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_grid_geom_range"),
        ),
        sa.CheckConstraint("depth >= 1", name=op.f("ck_grid_depth")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_grid_period")
        ),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_grid_import_batch_id")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["grid.id"], name=op.f("fk_grid_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid")),
        sa.UniqueConstraint("code", "valid_from", name=op.f("uq_grid_code_valid_from")),
    )
    op.create_geospatial_index(
        "idx_grid_geom", "grid", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_grid_code"), "grid", ["code"], unique=False)
    op.create_index(op.f("ix_grid_import_batch_id"), "grid", ["import_batch_id"], unique=False)
    op.create_index(op.f("ix_grid_parent_id"), "grid", ["parent_id"], unique=False)
    op.create_index(op.f("ix_grid_path"), "grid", ["path"], unique=False)
    op.create_table(
        "plan_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("iteration", sa.BigInteger(), nullable=True),
        sa.Column("missing_visits", sa.BigInteger(), nullable=True),
        sa.Column("travel_s", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["patrol_plan.id"], name=op.f("fk_plan_run_plan_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["person.id"], name=op.f("fk_plan_run_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_run")),
    )
    op.create_index(op.f("ix_plan_run_week"), "plan_run", ["week"], unique=False)
    op.create_geospatial_table(
        "road",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("road_class", sa.String(length=40), nullable=False),
        sa.Column("oneway", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_road_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_road_geom_range"),
        ),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_road_import_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_road")),
    )
    op.create_geospatial_index(
        "idx_road_geom", "road", ["geom"], unique=False, postgresql_using="gist", postgresql_ops={}
    )
    op.create_index(op.f("ix_road_import_batch_id"), "road", ["import_batch_id"], unique=False)
    op.create_geospatial_table(
        "waterway",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column(
            "flow_direction",
            sa.String(length=20),
            server_default=sa.text("'unknown'"),
            nullable=False,
        ),
        sa.Column("flows_into_id", sa.BigInteger(), nullable=True),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "flow_direction IN ('digitised', 'reversed', 'unknown')",
            name=op.f("ck_waterway_flow_direction_code"),
        ),
        sa.CheckConstraint("kind IN ('river', 'canal')", name=op.f("ck_waterway_kind_code")),
        sa.CheckConstraint(
            "level IN ('main', 'branch', 'lateral')", name=op.f("ck_waterway_level_code")
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_waterway_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_waterway_geom_range"),
        ),
        sa.ForeignKeyConstraint(
            ["flows_into_id"], ["waterway.id"], name=op.f("fk_waterway_flows_into_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_waterway_import_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waterway")),
        sa.UniqueConstraint("code", name=op.f("uq_waterway_code")),
    )
    op.create_geospatial_index(
        "idx_waterway_geom",
        "waterway",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_waterway_import_batch_id"), "waterway", ["import_batch_id"], unique=False
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "values",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.id"],
            name=op.f("fk_web_session_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    op.create_index(op.f("ix_web_session_account_id"), "web_session", ["account_id"], unique=False)
    op.create_table(
        "grid_owner",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("grid_id"), "="),
            (sa.column("duty"), "="),
            (sa.column("rank"), "="),
            (sa.text("daterange(valid_from, valid_to)"), "&&"),
            where=sa.text("duty IN ('responsible_person', 'grid_chief', 'deputy_leader')"),
            using="gist",
            name="ex_grid_owner_one_holder",
        ),
        sa.CheckConstraint(
            "duty IN ('responsible_person', 'grid_chief', 'deputy_leader', 'grid_worker', 'grid_supervisor')",
            name=op.f("ck_grid_owner_duty_code"),
        ),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_grid_owner_rank")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_grid_owner_period")
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grid.id"], name=op.f("fk_grid_owner_grid_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_grid_owner_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grid_owner")),
        sa.UniqueConstraint(
            "grid_id",
            "person_id",
            "duty",
            "valid_from",
            name=op.f("uq_grid_owner_grid_id_person_id_duty_valid_from"),
        ),
    )
    op.create_index(op.f("ix_grid_owner_grid_id"), "grid_owner", ["grid_id"], unique=False)
    op.create_index(op.f("ix_grid_owner_person_id"), "grid_owner", ["person_id"], unique=False)
    op.create_geospatial_table(
        "patrol_segment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("waterway_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="LINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_patrol_segment_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_patrol_segment_geom_range"),
        ),
        sa.CheckConstraint("length_m > 0", name=op.f("ck_patrol_segment_length")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_patrol_segment_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_patrol_segment_import_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["waterway_id"],
            ["waterway.id"],
            name=op.f("fk_patrol_segment_waterway_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_segment")),
        sa.UniqueConstraint("waterway_id", "name", name=op.f("uq_patrol_segment_waterway_id_name")),
    )
    op.create_geospatial_index(
        "idx_patrol_segment_geom",
        "patrol_segment",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_patrol_segment_grid_id"), "patrol_segment", ["grid_id"], unique=False)
    op.create_index(
        op.f("ix_patrol_segment_import_batch_id"),
        "patrol_segment",
        ["import_batch_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_patrol_segment_waterway_id"), "patrol_segment", ["waterway_id"], unique=False
    )
    op.create_table(
        "plan_uncovered",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("visits_missing", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "object_kind IN ('segment', 'outlet', 'source', 'water_source', 'matter')",
            name=op.f("ck_plan_uncovered_object_kind_code"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_plan_uncovered_grid_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["patrol_plan.id"],
            name=op.f("fk_plan_uncovered_plan_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_uncovered")),
    )
    op.create_index(op.f("ix_plan_uncovered_plan_id"), "plan_uncovered", ["plan_id"], unique=False)
    op.create_geospatial_table(
        "pollution_source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), server_default=sa.text("'other'"), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=True),
        sa.Column("site_code", sa.String(length=22), nullable=True),
        sa.Column(
            "permit_class", sa.String(length=20), server_default=sa.text("'none'"), nullable=False
        ),
        sa.Column("permit_no", sa.Text(), nullable=True),
        sa.Column("industry", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "kind IN ('paper_mill', 'thermal_power', 'chemical', 'building_materials', 'food', 'textile', 'metal', 'livestock', 'sewage_plant', 'landfill', 'catering', 'construction_site', 'other')",
            name=op.f("ck_pollution_source_kind_code"),
        ),
        sa.CheckConstraint(
            "permit_class IN ('key', 'simplified', 'registered', 'none')",
            name=op.f("ck_pollution_source_permit_class_code"),
        ),
        sa.CheckConstraint(
            "uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name=op.f("ck_pollution_source_uscc_form")
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_pollution_source_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_pollution_source_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_pollution_source_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"],
            ["import_batch.id"],
            name=op.f("fk_pollution_source_import_batch_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pollution_source")),
        sa.UniqueConstraint(
            "name",
            "site_code",
            name=op.f("uq_pollution_source_name_site_code"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_geospatial_index(
        "idx_pollution_source_geom",
        "pollution_source",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_pollution_source_grid_id"), "pollution_source", ["grid_id"], unique=False
    )
    op.create_index(
        op.f("ix_pollution_source_import_batch_id"),
        "pollution_source",
        ["import_batch_id"],
        unique=False,
    )
    op.create_index(op.f("ix_pollution_source_uscc"), "pollution_source", ["uscc"], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_post_period")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_post_grid_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
    )
    op.create_index(op.f("ix_post_grid_id"), "post", ["grid_id"], unique=False)
    op.create_index(op.f("ix_post_person_id"), "post", ["person_id"], unique=False)
    op.create_geospatial_table(
        "station",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("org_id", sa.BigInteger(), nullable=True),
        sa.Column("waterway_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "kind IN ('township_station', 'water_auto', 'gate', 'monitoring_section', 'video', 'other')",
            name=op.f("ck_station_kind_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_station_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_station_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_station_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_station_import_batch_id")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_station_org_id")),
        sa.ForeignKeyConstraint(
            ["waterway_id"], ["waterway.id"], name=op.f("fk_station_waterway_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_station_kind_name")),
    )
    op.create_geospatial_index(
        "idx_station_geom",
        "station",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_station_grid_id"), "station", ["grid_id"], unique=False)
    op.create_index(
        op.f("ix_station_import_batch_id"), "station", ["import_batch_id"], unique=False
    )
    op.create_geospatial_table(
        "water_source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("source_type", sa.String(length=20), nullable=False),
        sa.Column("supply_population", sa.BigInteger(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "source_type IN ('river', 'lake', 'groundwater')",
            name=op.f("ck_water_source_source_type_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_water_source_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_water_source_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_water_source_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_water_source_import_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_water_source")),
        sa.UniqueConstraint("code", name=op.f("uq_water_source_code")),
        sa.UniqueConstraint("name", name=op.f("uq_water_source_name")),
    )
    op.create_geospatial_index(
        "idx_water_source_geom",
        "water_source",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_water_source_grid_id"), "water_source", ["grid_id"], unique=False)
    op.create_index(
        op.f("ix_water_source_import_batch_id"), "water_source", ["import_batch_id"], unique=False
    )
    op.create_geospatial_table(
        "complaint_matter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("matter_no", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column(
            "state", sa.String(length=30), server_default=sa.text("'registered'"), nullable=False
        ),
        sa.Column(
            "severity", sa.String(length=20), server_default=sa.text("'normal'"), nullable=False
        ),
        sa.Column("pollution_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("respondent_source_id", sa.BigInteger(), nullable=True),
        sa.Column("respondent_name", sa.Text(), nullable=True),
        sa.Column("owner_person_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "pollution_types <@ ARRAY['air', 'water', 'noise', 'solid_waste', 'soil', 'radiation', 'ecology', 'construction', 'other']::text[]",
            name=op.f("ck_complaint_matter_pollution_types_code"),
        ),
        sa.CheckConstraint(
            "severity IN ('normal', 'important', 'urgent')",
            name=op.f("ck_complaint_matter_severity_code"),
        ),
        sa.CheckConstraint(
            "state IN ('registered', 'accepted', 'not_accepted', 'transferred', 'assigned', 'investigating', 'handling', 'replied', 'closed')",
            name=op.f("ck_complaint_matter_state_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_complaint_matter_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_complaint_matter_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_complaint_matter_grid_id")),
        sa.ForeignKeyConstraint(
            ["owner_person_id"], ["person.id"], name=op.f("fk_complaint_matter_owner_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["respondent_source_id"],
            ["pollution_source.id"],
            name=op.f("fk_complaint_matter_respondent_source_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_matter")),
        sa.UniqueConstraint("matter_no", name=op.f("uq_complaint_matter_matter_no")),
    )
    op.create_geospatial_index(
        "idx_complaint_matter_geom",
        "complaint_matter",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_complaint_matter_grid_id"), "complaint_matter", ["grid_id"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_matter_opened_at"), "complaint_matter", ["opened_at"], unique=False
    )
    op.create_index(
        op.f("ix_complaint_matter_respondent_source_id"),
        "complaint_matter",
        ["respondent_source_id"],
        unique=False,
    )
    op.create_table(
        "crew",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("station_id", sa.BigInteger(), nullable=False),
        sa.Column("org_id", sa.BigInteger(), nullable=True),
        sa.Column("weekdays", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("shift_start", sa.Time(), nullable=False),
        sa.Column("shift_end", sa.Time(), nullable=False),
        sa.Column("mode", sa.String(length=10), server_default=sa.text("'car'"), nullable=False),
        sa.Column("speed_kmh", sa.Float(), nullable=False),
        sa.Column("vehicle_no", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("mode IN ('car', 'foot', 'boat')", name=op.f("ck_crew_mode_code")),
        sa.CheckConstraint("shift_end > shift_start", name=op.f("ck_crew_shift")),
        sa.ForeignKeyConstraint(["org_id"], ["org.id"], name=op.f("fk_crew_org_id")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_crew_station_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew")),
        sa.UniqueConstraint("name", name=op.f("uq_crew_name")),
    )
    op.create_table(
        "key_unit_listing",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("list_kind", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "list_kind IN ('water', 'groundwater', 'air', 'noise', 'soil', 'risk')",
            name=op.f("ck_key_unit_listing_list_kind_code"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["pollution_source.id"],
            name=op.f("fk_key_unit_listing_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("source_id", "year", "list_kind", name=op.f("pk_key_unit_listing")),
    )
    op.create_geospatial_table(
        "outlet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("outlet_code_national", sa.Text(), nullable=True),
        sa.Column("outlet_code_local", sa.Text(), nullable=True),
        sa.Column(
            "outlet_class", sa.String(length=10), server_default=sa.text("'4'"), nullable=False
        ),
        sa.Column("receiving_water", sa.Text(), nullable=True),
        sa.Column("waterway_id", sa.BigInteger(), nullable=True),
        sa.Column("responsible_body", sa.Text(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("closed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "outlet_class IN ('1', '1.1', '1.2', '1.3', '1.4', '2', '3', '3.1', '3.2', '4', '4.1', '4.2', '4.3', '4.4', '4.5', '4.6', '4.7', '4.8')",
            name=op.f("ck_outlet_outlet_class_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_outlet_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_outlet_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_outlet_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_outlet_import_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["pollution_source.id"], name=op.f("fk_outlet_source_id")
        ),
        sa.ForeignKeyConstraint(
            ["waterway_id"], ["waterway.id"], name=op.f("fk_outlet_waterway_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outlet")),
        sa.UniqueConstraint("outlet_code_local", name=op.f("uq_outlet_outlet_code_local")),
        sa.UniqueConstraint("outlet_code_national", name=op.f("uq_outlet_outlet_code_national")),
    )
    op.create_geospatial_index(
        "idx_outlet_geom",
        "outlet",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_outlet_grid_id"), "outlet", ["grid_id"], unique=False)
    op.create_index(op.f("ix_outlet_import_batch_id"), "outlet", ["import_batch_id"], unique=False)
    op.create_index(op.f("ix_outlet_source_id"), "outlet", ["source_id"], unique=False)
    op.create_index(op.f("ix_outlet_waterway_id"), "outlet", ["waterway_id"], unique=False)
    op.create_geospatial_table(
        "protection_zone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("water_source_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone_level", sa.String(length=20), nullable=False),
        sa.Column("approval_doc", sa.Text(), nullable=True),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "zone_level IN ('level_1', 'level_2', 'quasi')",
            name=op.f("ck_protection_zone_zone_level_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_protection_zone_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_protection_zone_geom_range"),
        ),
        sa.ForeignKeyConstraint(
            ["import_batch_id"],
            ["import_batch.id"],
            name=op.f("fk_protection_zone_import_batch_id"),
        ),
        sa.ForeignKeyConstraint(
            ["water_source_id"],
            ["water_source.id"],
            name=op.f("fk_protection_zone_water_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_zone")),
    )
    op.create_geospatial_index(
        "idx_protection_zone_geom",
        "protection_zone",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(
        op.f("ix_protection_zone_import_batch_id"),
        "protection_zone",
        ["import_batch_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_protection_zone_water_source_id"),
        "protection_zone",
        ["water_source_id"],
        unique=False,
    )
    op.create_table(
        "segment_grid",
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_segment_grid_share")),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grid.id"], name=op.f("fk_segment_grid_grid_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["patrol_segment.id"],
            name=op.f("fk_segment_grid_segment_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "grid_id", name=op.f("pk_segment_grid")),
    )
    op.create_index(op.f("ix_segment_grid_grid_id"), "segment_grid", ["grid_id"], unique=False)
    op.create_geospatial_table(
        "complaint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("matter_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("complaint_no", sa.Text(), nullable=False),
        sa.Column("external_no", sa.Text(), nullable=True),
        sa.Column("source_channel", sa.String(length=30), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_contact_person_id", sa.BigInteger(), nullable=True),
        sa.Column("incident_address", sa.Text(), nullable=True),
        sa.Column(
            "place_quality", sa.String(length=20), server_default=sa.text("'exact'"), nullable=False
        ),
        sa.Column("pollution_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "severity", sa.String(length=20), server_default=sa.text("'normal'"), nullable=False
        ),
        sa.Column("visitor_count", sa.Integer(), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "place_quality IN ('exact', 'approximate', 'shared_fallback', 'none')",
            name=op.f("ck_complaint_place_quality_code"),
        ),
        sa.CheckConstraint(
            "pollution_types <@ ARRAY['air', 'water', 'noise', 'solid_waste', 'soil', 'radiation', 'ecology', 'construction', 'other']::text[]",
            name=op.f("ck_complaint_pollution_types_code"),
        ),
        sa.CheckConstraint(
            "severity IN ('normal', 'important', 'urgent')", name=op.f("ck_complaint_severity_code")
        ),
        sa.CheckConstraint(
            "source_channel IN ('phone_12369', 'hotline_12345', 'wechat', 'online', 'letter', 'visit', 'passed_on', 'assigned', 'proposal', 'media', 'inspection', 'leader_mailbox', 'other')",
            name=op.f("ck_complaint_source_channel_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_complaint_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_complaint_geom_range"),
        ),
        sa.ForeignKeyConstraint(
            ["first_contact_person_id"],
            ["person.id"],
            name=op.f("fk_complaint_first_contact_person_id"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_complaint_grid_id")),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_complaint_import_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["complaint_matter.id"], name=op.f("fk_complaint_matter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("complaint_no", name=op.f("uq_complaint_complaint_no")),
        sa.UniqueConstraint("external_no", name=op.f("uq_complaint_external_no")),
    )
    op.create_geospatial_index(
        "idx_complaint_geom",
        "complaint",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_complaint_grid_id"), "complaint", ["grid_id"], unique=False)
    op.create_index(
        op.f("ix_complaint_import_batch_id"), "complaint", ["import_batch_id"], unique=False
    )
    op.create_index(op.f("ix_complaint_matter_id"), "complaint", ["matter_id"], unique=False)
    op.create_index(op.f("ix_complaint_received_at"), "complaint", ["received_at"], unique=False)
    op.create_table(
        "crew_grid",
        sa.Column("crew_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["crew_id"], ["crew.id"], name=op.f("fk_crew_grid_crew_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grid.id"], name=op.f("fk_crew_grid_grid_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("crew_id", "grid_id", name=op.f("pk_crew_grid")),
    )
    op.create_table(
        "crew_member",
        sa.Column("crew_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["crew_id"], ["crew.id"], name=op.f("fk_crew_member_crew_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_crew_member_person_id")
        ),
        sa.PrimaryKeyConstraint("crew_id", "person_id", "valid_from", name=op.f("pk_crew_member")),
    )
    op.create_index(op.f("ix_crew_member_person_id"), "crew_member", ["person_id"], unique=False)
    op.create_geospatial_table(
        "patrol_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("crew_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column(
            "patrol_kind", sa.String(length=20), server_default=sa.text("'routine'"), nullable=False
        ),
        sa.Column(
            "state", sa.String(length=20), server_default=sa.text("'planned'"), nullable=False
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("travel_min", sa.Float(), nullable=False),
        sa.Column("service_min", sa.Float(), nullable=False),
        sa.Column("length_m", sa.Float(), nullable=False),
        sa.Column(
            "route",
            Geometry(
                geometry_type="MULTILINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "patrol_kind IN ('routine', 'campaign', 'night', 'covert')",
            name=op.f("ck_patrol_task_patrol_kind_code"),
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'published', 'in_progress', 'paused', 'submitted', 'completed', 'returned', 'missed', 'exempted', 'cancelled')",
            name=op.f("ck_patrol_task_state_code"),
        ),
        sa.CheckConstraint("ST_IsValid(route)", name=op.f("ck_patrol_task_route_valid")),
        sa.CheckConstraint(
            "ST_XMin(route) >= -180 AND ST_XMax(route) <= 180 AND ST_YMin(route) >= -90 AND ST_YMax(route) <= 90",
            name=op.f("ck_patrol_task_route_range"),
        ),
        sa.ForeignKeyConstraint(["crew_id"], ["crew.id"], name=op.f("fk_patrol_task_crew_id")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["patrol_plan.id"], name=op.f("fk_patrol_task_plan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_task")),
        sa.UniqueConstraint(
            "plan_id", "crew_id", "day", name=op.f("uq_patrol_task_plan_id_crew_id_day")
        ),
    )
    op.create_geospatial_index(
        "idx_patrol_task_route",
        "patrol_task",
        ["route"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_patrol_task_crew_id"), "patrol_task", ["crew_id"], unique=False)
    op.create_index(op.f("ix_patrol_task_day"), "patrol_task", ["day"], unique=False)
    op.create_index(op.f("ix_patrol_task_plan_id"), "patrol_task", ["plan_id"], unique=False)
    op.create_table(
        "zone_grid",
        sa.Column("zone_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.CheckConstraint("share > 0 AND share <= 1", name=op.f("ck_zone_grid_share")),
        sa.ForeignKeyConstraint(
            ["grid_id"], ["grid.id"], name=op.f("fk_zone_grid_grid_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"],
            ["protection_zone.id"],
            name=op.f("fk_zone_grid_zone_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("zone_id", "grid_id", name=op.f("pk_zone_grid")),
    )
    op.create_index(op.f("ix_zone_grid_grid_id"), "zone_grid", ["grid_id"], unique=False)
    op.create_table(
        "patrol_log",
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("recorder_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("weather", sa.Text(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("covered_share", sa.Float(), nullable=True),
        sa.Column(
            "form",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["recorder_id"], ["person.id"], name=op.f("fk_patrol_log_recorder_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["patrol_task.id"], name=op.f("fk_patrol_log_task_id")
        ),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_patrol_log")),
        sa.UniqueConstraint("task_id", name=op.f("uq_patrol_log_task_id")),
    )
    op.create_geospatial_table(
        "patrol_stop",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("object_kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reverse", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("arrive_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leave_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "result", sa.String(length=20), server_default=sa.text("'pending'"), nullable=False
        ),
        sa.Column("result_reason", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "object_kind IN ('segment', 'outlet', 'source', 'water_source', 'matter')",
            name=op.f("ck_patrol_stop_object_kind_code"),
        ),
        sa.CheckConstraint(
            "result IN ('pending', 'done', 'skipped', 'unreachable')",
            name=op.f("ck_patrol_stop_result_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_patrol_stop_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_patrol_stop_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_patrol_stop_grid_id")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["patrol_task.id"], name=op.f("fk_patrol_stop_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patrol_stop")),
        sa.UniqueConstraint("task_id", "seq", name=op.f("uq_patrol_stop_task_id_seq")),
    )
    op.create_geospatial_index(
        "idx_patrol_stop_geom",
        "patrol_stop",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_patrol_stop_grid_id"), "patrol_stop", ["grid_id"], unique=False)
    op.create_index(
        "ix_patrol_stop_object", "patrol_stop", ["object_kind", "object_id"], unique=False
    )
    op.create_index(op.f("ix_patrol_stop_task_id"), "patrol_stop", ["task_id"], unique=False)
    op.create_table(
        "reporter",
        sa.Column("complaint_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "mode IN ('named', 'anonymous', 'confidential')", name=op.f("ck_reporter_mode_code")
        ),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_reporter_complaint_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_reporter")),
        schema="pii",
    )
    op.create_geospatial_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uid", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_person_id", sa.BigInteger(), nullable=True),
        sa.Column("finding_no", sa.Text(), nullable=False),
        sa.Column("finding_type", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("patrol_stop_id", sa.BigInteger(), nullable=True),
        sa.Column("matter_id", sa.BigInteger(), nullable=True),
        sa.Column("object_kind", sa.String(length=20), nullable=True),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("handler_person_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("orders", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "geom",
            Geometry(
                geometry_type="POINT",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("import_batch_id", sa.BigInteger(), nullable=True),
        sa.Column("source_row", sa.BigInteger(), nullable=True),
        sa.Column("source_crs", sa.String(length=40), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "finding_type IN ('direct_discharge', 'dry_weather_overflow', 'new_outlet', 'abnormal_water', 'floating_debris', 'bank_waste', 'encroachment', 'livestock', 'signboard', 'odour_dust', 'noise', 'solid_waste', 'zone_violation', 'other')",
            name=op.f("ck_finding_finding_type_code"),
        ),
        sa.CheckConstraint(
            "object_kind IN ('segment', 'outlet', 'source', 'water_source', 'matter')",
            name=op.f("ck_finding_object_kind_code"),
        ),
        sa.CheckConstraint(
            "origin IN ('patrol', 'complaint', 'sensor', 'department', 'survey', 'import')",
            name=op.f("ck_finding_origin_code"),
        ),
        sa.CheckConstraint(
            "severity IN ('normal', 'important', 'urgent')", name=op.f("ck_finding_severity_code")
        ),
        sa.CheckConstraint(
            "state IN ('reported', 'resolved_on_site', 'verified', 'dismissed', 'duplicate', 'assigned', 'escalated', 'forwarded', 'rectification_ordered', 'rectification_submitted', 'rechecked_ok', 'recheck_failed', 'transferred_enforcement', 'case_filed', 'penalised', 'closed', 'reopened')",
            name=op.f("ck_finding_state_code"),
        ),
        sa.CheckConstraint("ST_IsValid(geom)", name=op.f("ck_finding_geom_valid")),
        sa.CheckConstraint(
            "ST_XMin(geom) >= -180 AND ST_XMax(geom) <= 180 AND ST_YMin(geom) >= -90 AND ST_YMax(geom) <= 90",
            name=op.f("ck_finding_geom_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_finding_grid_id")),
        sa.ForeignKeyConstraint(
            ["handler_person_id"], ["person.id"], name=op.f("fk_finding_handler_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_batch_id"], ["import_batch.id"], name=op.f("fk_finding_import_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["matter_id"], ["complaint_matter.id"], name=op.f("fk_finding_matter_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_person_id"], ["person.id"], name=op.f("fk_finding_owner_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["patrol_stop_id"], ["patrol_stop.id"], name=op.f("fk_finding_patrol_stop_id")
        ),
        sa.ForeignKeyConstraint(
            ["reported_by"], ["person.id"], name=op.f("fk_finding_reported_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("finding_no", name=op.f("uq_finding_finding_no")),
        sa.UniqueConstraint("uid", name=op.f("uq_finding_uid")),
    )
    op.create_geospatial_index(
        "idx_finding_geom",
        "finding",
        ["geom"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_finding_grid_id"), "finding", ["grid_id"], unique=False)
    op.create_index(
        op.f("ix_finding_handler_person_id"), "finding", ["handler_person_id"], unique=False
    )
    op.create_index(
        op.f("ix_finding_import_batch_id"), "finding", ["import_batch_id"], unique=False
    )
    op.create_index(op.f("ix_finding_matter_id"), "finding", ["matter_id"], unique=False)
    op.create_index(
        op.f("ix_finding_owner_person_id"), "finding", ["owner_person_id"], unique=False
    )
    op.create_index(op.f("ix_finding_patrol_stop_id"), "finding", ["patrol_stop_id"], unique=False)
    op.create_index(op.f("ix_finding_state"), "finding", ["state"], unique=False)
    op.create_geospatial_table(
        "track_segment",
        sa.Column("log_uid", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("grid_id", sa.BigInteger(), nullable=True),
        sa.Column("fixes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "line",
            Geometry(
                geometry_type="LINESTRING",
                srid=4490,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.CheckConstraint("ST_IsValid(line)", name=op.f("ck_track_segment_line_valid")),
        sa.CheckConstraint(
            "ST_XMin(line) >= -180 AND ST_XMax(line) <= 180 AND ST_YMin(line) >= -90 AND ST_YMax(line) <= 90",
            name=op.f("ck_track_segment_line_range"),
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_track_segment_grid_id")),
        sa.ForeignKeyConstraint(
            ["log_uid"],
            ["patrol_log.uid"],
            name=op.f("fk_track_segment_log_uid"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("log_uid", "number", name=op.f("pk_track_segment")),
    )
    op.create_geospatial_index(
        "idx_track_segment_line",
        "track_segment",
        ["line"],
        unique=False,
        postgresql_using="gist",
        postgresql_ops={},
    )
    op.create_index(op.f("ix_track_segment_grid_id"), "track_segment", ["grid_id"], unique=False)
    op.create_table(
        "finding_photo",
        sa.Column("finding_id", sa.BigInteger(), nullable=False),
        sa.Column("photo_sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "stage", sa.String(length=10), server_default=sa.text("'before'"), nullable=False
        ),
        sa.CheckConstraint(
            "stage IN ('before', 'after')", name=op.f("ck_finding_photo_stage_code")
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"],
            ["finding.id"],
            name=op.f("fk_finding_photo_finding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["photo_sha256"], ["photo.sha256"], name=op.f("fk_finding_photo_photo_sha256")
        ),
        sa.PrimaryKeyConstraint("finding_id", "photo_sha256", name=op.f("pk_finding_photo")),
    )
    op.create_table(
        "measure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("document_no", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('oral_order', 'order_to_correct', 'rectification_notice', 'deadline_treatment', 'warning_letter', 'admonitory_talk', 'production_stop', 'production_limit', 'seizure', 'closure_order', 'daily_report_duty', 'loss_assessment', 'compensation', 'substitute_treatment', 'daily_penalty', 'police_transfer', 'listed_supervision', 'public_exposure')",
            name=op.f("ck_measure_kind_code"),
        ),
        sa.ForeignKeyConstraint(
            ["finding_id"], ["finding.id"], name=op.f("fk_measure_finding_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_measure_issued_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measure")),
    )
    op.create_index(op.f("ix_measure_finding_id"), "measure", ["finding_id"], unique=False)
    grant_map_role()
    create_job_queue()


def downgrade():
    op.execute("DROP SCHEMA jobs CASCADE")
    op.drop_index(op.f("ix_measure_finding_id"), table_name="measure")
    op.drop_table("measure")
    op.drop_table("finding_photo")
    op.drop_index(op.f("ix_track_segment_grid_id"), table_name="track_segment")
    op.drop_geospatial_index(
        "idx_track_segment_line",
        table_name="track_segment",
        postgresql_using="gist",
        column_name="line",
    )
    op.drop_geospatial_table("track_segment")
    op.drop_index(op.f("ix_finding_state"), table_name="finding")
    op.drop_index(op.f("ix_finding_patrol_stop_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_owner_person_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_matter_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_import_batch_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_handler_person_id"), table_name="finding")
    op.drop_index(op.f("ix_finding_grid_id"), table_name="finding")
    op.drop_geospatial_index(
        "idx_finding_geom", table_name="finding", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("finding")
    op.drop_table("reporter", schema="pii")
    op.drop_index(op.f("ix_patrol_stop_task_id"), table_name="patrol_stop")
    op.drop_index("ix_patrol_stop_object", table_name="patrol_stop")
    op.drop_index(op.f("ix_patrol_stop_grid_id"), table_name="patrol_stop")
    op.drop_geospatial_index(
        "idx_patrol_stop_geom",
        table_name="patrol_stop",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("patrol_stop")
    op.drop_table("patrol_log")
    op.drop_index(op.f("ix_zone_grid_grid_id"), table_name="zone_grid")
    op.drop_table("zone_grid")
    op.drop_index(op.f("ix_patrol_task_plan_id"), table_name="patrol_task")
    op.drop_index(op.f("ix_patrol_task_day"), table_name="patrol_task")
    op.drop_index(op.f("ix_patrol_task_crew_id"), table_name="patrol_task")
    op.drop_geospatial_index(
        "idx_patrol_task_route",
        table_name="patrol_task",
        postgresql_using="gist",
        column_name="route",
    )
    op.drop_geospatial_table("patrol_task")
    op.drop_index(op.f("ix_crew_member_person_id"), table_name="crew_member")
    op.drop_table("crew_member")
    op.drop_table("crew_grid")
    op.drop_index(op.f("ix_complaint_received_at"), table_name="complaint")
    op.drop_index(op.f("ix_complaint_matter_id"), table_name="complaint")
    op.drop_index(op.f("ix_complaint_import_batch_id"), table_name="complaint")
    op.drop_index(op.f("ix_complaint_grid_id"), table_name="complaint")
    op.drop_geospatial_index(
        "idx_complaint_geom", table_name="complaint", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("complaint")
    op.drop_index(op.f("ix_segment_grid_grid_id"), table_name="segment_grid")
    op.drop_table("segment_grid")
    op.drop_index(op.f("ix_protection_zone_water_source_id"), table_name="protection_zone")
    op.drop_index(op.f("ix_protection_zone_import_batch_id"), table_name="protection_zone")
    op.drop_geospatial_index(
        "idx_protection_zone_geom",
        table_name="protection_zone",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("protection_zone")
    op.drop_index(op.f("ix_outlet_waterway_id"), table_name="outlet")
    op.drop_index(op.f("ix_outlet_source_id"), table_name="outlet")
    op.drop_index(op.f("ix_outlet_import_batch_id"), table_name="outlet")
    op.drop_index(op.f("ix_outlet_grid_id"), table_name="outlet")
    op.drop_geospatial_index(
        "idx_outlet_geom", table_name="outlet", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("outlet")
    op.drop_table("key_unit_listing")
    op.drop_table("crew")
    op.drop_index(op.f("ix_complaint_matter_respondent_source_id"), table_name="complaint_matter")
    op.drop_index(op.f("ix_complaint_matter_opened_at"), table_name="complaint_matter")
    op.drop_index(op.f("ix_complaint_matter_grid_id"), table_name="complaint_matter")
    op.drop_geospatial_index(
        "idx_complaint_matter_geom",
        table_name="complaint_matter",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("complaint_matter")
    op.drop_index(op.f("ix_water_source_import_batch_id"), table_name="water_source")
    op.drop_index(op.f("ix_water_source_grid_id"), table_name="water_source")
    op.drop_geospatial_index(
        "idx_water_source_geom",
        table_name="water_source",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("water_source")
    op.drop_index(op.f("ix_station_import_batch_id"), table_name="station")
    op.drop_index(op.f("ix_station_grid_id"), table_name="station")
    op.drop_geospatial_index(
        "idx_station_geom", table_name="station", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("station")
    op.drop_index(op.f("ix_post_person_id"), table_name="post")
    op.drop_index(op.f("ix_post_grid_id"), table_name="post")
    op.drop_table("post")
    op.drop_index(op.f("ix_pollution_source_uscc"), table_name="pollution_source")
    op.drop_index(op.f("ix_pollution_source_import_batch_id"), table_name="pollution_source")
    op.drop_index(op.f("ix_pollution_source_grid_id"), table_name="pollution_source")
    op.drop_geospatial_index(
        "idx_pollution_source_geom",
        table_name="pollution_source",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("pollution_source")
    op.drop_index(op.f("ix_plan_uncovered_plan_id"), table_name="plan_uncovered")
    op.drop_table("plan_uncovered")
    op.drop_index(op.f("ix_patrol_segment_waterway_id"), table_name="patrol_segment")
    op.drop_index(op.f("ix_patrol_segment_import_batch_id"), table_name="patrol_segment")
    op.drop_index(op.f("ix_patrol_segment_grid_id"), table_name="patrol_segment")
    op.drop_geospatial_index(
        "idx_patrol_segment_geom",
        table_name="patrol_segment",
        postgresql_using="gist",
        column_name="geom",
    )
    op.drop_geospatial_table("patrol_segment")
    op.drop_index(op.f("ix_grid_owner_person_id"), table_name="grid_owner")
    op.drop_index(op.f("ix_grid_owner_grid_id"), table_name="grid_owner")
    op.drop_table("grid_owner")
    op.drop_index(op.f("ix_web_session_account_id"), table_name="web_session")
    op.drop_table("web_session")
    op.drop_index(op.f("ix_waterway_import_batch_id"), table_name="waterway")
    op.drop_geospatial_index(
        "idx_waterway_geom", table_name="waterway", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("waterway")
    op.drop_index(op.f("ix_road_import_batch_id"), table_name="road")
    op.drop_geospatial_index(
        "idx_road_geom", table_name="road", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("road")
    op.drop_index(op.f("ix_plan_run_week"), table_name="plan_run")
    op.drop_table("plan_run")
    op.drop_index(op.f("ix_grid_path"), table_name="grid")
    op.drop_index(op.f("ix_grid_parent_id"), table_name="grid")
    op.drop_index(op.f("ix_grid_import_batch_id"), table_name="grid")
    op.drop_index(op.f("ix_grid_code"), table_name="grid")
    op.drop_geospatial_index(
        "idx_grid_geom", table_name="grid", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("grid")
    op.drop_table("sync_record")
    op.drop_geospatial_index(
        "idx_photo_geom", table_name="photo", postgresql_using="gist", column_name="geom"
    )
    op.drop_geospatial_table("photo")
    op.drop_table("patrol_plan")
    op.drop_table("import_batch")
    op.drop_index("ix_event_subject", table_name="event")
    op.drop_index(op.f("ix_event_at"), table_name="event")
    op.drop_index("ix_event_actor", table_name="event")
    op.drop_table("event")
    op.drop_index(op.f("ix_audit_entry_at"), table_name="audit_entry")
    op.drop_table("audit_entry")
    op.drop_table("account")
    op.drop_index(op.f("ix_person_org_id"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_policy_key"), table_name="policy")
    op.drop_table("policy")
    op.drop_table("org")
    op.drop_table("frequency_policy")
    op.drop_table("counter")
    op.execute("DROP SCHEMA pii")
    op.execute("REVOKE ALL ON SCHEMA public FROM inspect_map")

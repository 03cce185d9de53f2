"""Settings, read once from the environment; all faults are reported together."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_LENGTH_MIN = 32


class Settings(BaseSettings):
    """What differs between installations; environment names carry the prefix `INSPECT_`.

    `database_url` is read from `DATABASE_URL`. Outside demo mode unsafe values are refused.
    """

    model_config = SettingsConfigDict(
        env_prefix="INSPECT_", extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(validation_alias="DATABASE_URL")
    secret_key: str = ""
    reporter_key: str = Field(default="", repr=False)
    demo: bool = False
    data_dir: Path = Path("var/data")
    time_zone: str = "Asia/Shanghai"
    bureau_name: str = "生态环境局"
    secure_cookies: bool = True
    trusted_hosts: list[str] = Field(default_factory=list)
    proxy_hops: int = 0
    upload_max_mb: int = 64
    session_idle_min: int = 30
    session_hours: int = 12
    login_failures_max: int = 5
    login_lock_min: int = 15
    base_map_url: str = ""
    base_map_attribution: str = ""
    pool_size: int = 10
    tablet_shell: bool = True

    @model_validator(mode="after")
    def refuse_unsafe(self) -> Self:
        """Refuse to start with unsafe values; the demo may run on plain HTTP with weak ones."""
        faults = []
        if not self.database_url.startswith("postgresql"):
            faults.append("DATABASE_URL must start with postgresql:// (PostGIS 3.3 or newer)")
        short = [key for key in self.reporter_key.split(",") if len(key) < SECRET_LENGTH_MIN]
        if self.reporter_key and short:
            faults.append(
                f"INSPECT_REPORTER_KEY needs {SECRET_LENGTH_MIN} or more random characters a key"
            )
        if not self.demo:
            if len(self.secret_key) < SECRET_LENGTH_MIN:
                faults.append(
                    f"INSPECT_SECRET_KEY needs {SECRET_LENGTH_MIN} or more random characters,"
                    f" found {len(self.secret_key)}"
                )
            if not self.secure_cookies:
                faults.append("INSPECT_SECURE_COOKIES=false is for the demo only")
            if not self.trusted_hosts:
                faults.append('INSPECT_TRUSTED_HOSTS must name the host, e.g. ["inspect.gov"]')
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """The database address with the psycopg 3 driver named."""
        _, _, rest = self.database_url.partition("://")
        return f"postgresql+psycopg://{rest}"

"""What people want of a job while it works: asked of the database now and then."""

import time
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from inspect_app.db import transaction
from inspect_app.workflows.run_plan import Wish

ASK_EVERY_S = 0.5
"""How long a job may go on after somebody has stopped it."""


class Asking:
    """Asks in transactions of its own, twice a second; a wish to stop is never taken back."""

    def __init__(self, sessions: sessionmaker[Session], ask: Callable[[Session], Wish]) -> None:
        self._sessions = sessions
        self._ask = ask
        self._asked = 0.0
        self._wish = Wish.GO_ON

    def wish(self) -> Wish:
        """Return what people want."""
        moment = time.monotonic()
        if self._wish is Wish.GO_ON and moment - self._asked >= ASK_EVERY_S:
            self._asked = moment
            with transaction(self._sessions) as session:
                self._wish = self._ask(session)
        return self._wish

    def is_over(self) -> bool:
        """Tell whether the job is to stop."""
        return self.wish() is not Wish.GO_ON

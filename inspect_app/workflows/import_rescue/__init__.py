"""Import a rescue file: what a tablet could not send itself, taken as if it had."""

from inspect_app.workflows.import_rescue.keys import PublicKey, RescueKeys
from inspect_app.workflows.import_rescue.take import (
    Office,
    Refusal,
    RescueReport,
    import_rescue,
)

__all__ = ["Office", "PublicKey", "Refusal", "RescueKeys", "RescueReport", "import_rescue"]

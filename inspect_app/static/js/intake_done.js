// The complaint is saved: its draft is not needed any more, and Enter takes the next call.
import { forgetDraft } from "./intake_draft.js";

forgetDraft(document.querySelector(".registered").dataset.person);
document.getElementById("next-call").focus();

"""Edit a campaign: its name, days, level and the document behind it, with what was before."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inspect_app.domain.access import Actor
from inspect_app.domain.problems import Problem
from inspect_app.models import AuditEntry, Campaign
from inspect_app.workflows.handle_campaign import CampaignDraft, plain_draft

COLUMNS = ("name", "kind", "level", "starts_on", "ends_on", "source")


def edit_campaign(
    session: Session, campaign: Campaign, draft: CampaignDraft, *, actor: Actor, now: datetime
) -> list[str]:
    """Change what is written of a campaign and return which columns did change.

    Refuses what `create_campaign` refuses. Its items stay as they are; a campaign whose kind
    changes keeps its batches. Nothing changed, nothing is noted.
    """
    session.refresh(campaign, with_for_update=True)
    plain = plain_draft(draft, actor=actor)
    taken = select(Campaign.id).where(Campaign.name == plain.name, Campaign.id != campaign.id)
    if session.scalar(taken) is not None:
        raise Problem("campaign_name_taken", name=plain.name)
    changed = [name for name in COLUMNS if getattr(campaign, name) != getattr(plain, name)]
    if not changed:
        return []
    facts = {
        name: [str(getattr(campaign, name) or ""), str(getattr(plain, name) or "")]
        for name in changed
    }
    for name in changed:
        value = getattr(plain, name)
        setattr(campaign, name, value)
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.person_id,
            action="campaign.edit",
            subject_kind="campaign",
            subject_id=str(campaign.id),
            facts=facts,
        )
    )
    session.flush()
    return changed

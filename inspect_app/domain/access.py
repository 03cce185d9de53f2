"""Who may do what: permissions are verbs, roles are sets of them, a scope is a set of grids."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from inspect_app.domain.codes import Code


class Permission(StrEnum):
    """One verb of the product; every route names the ones it needs."""

    MAP_VIEW = "map.view"
    IMPORT_RUN = "import.run"
    COMPLAINT_VIEW = "complaint.view"
    COMPLAINT_REGISTER = "complaint.register"
    MATTER_ACCEPT = "matter.accept"
    MATTER_MERGE = "matter.merge"
    MATTER_DECIDE = "matter.decide"
    MATTER_INSTRUCT = "matter.instruct"
    MATTER_DIRECT = "matter.direct"
    MATTER_ASSIGN = "matter.assign"
    MATTER_HANDLE = "matter.handle"
    MATTER_SUPERVISE = "matter.supervise"
    MATTER_REVISIT = "matter.revisit"
    MATTER_ARCHIVE = "matter.archive"
    ROUTING_SET = "routing.set"
    REPORTER_REVEAL = "reporter.reveal"
    REPORTER_REVEAL_CONFIDENTIAL = "reporter.reveal_confidential"
    PLAN_VIEW = "plan.view"
    PLAN_MAKE = "plan.make"
    PLAN_PUBLISH = "plan.publish"
    FREQUENCY_SET = "frequency.set"
    PATROL_DO = "patrol.do"
    PATROL_REVIEW = "patrol.review"
    FINDING_VIEW = "finding.view"
    FINDING_REPORT = "finding.report"
    FINDING_VERIFY = "finding.verify"
    FINDING_ASSIGN = "finding.assign"
    FINDING_ORDER = "finding.order"
    FINDING_SUBMIT = "finding.submit"
    FINDING_RECHECK = "finding.recheck"
    FINDING_CLOSE = "finding.close"
    FINDING_FORWARD = "finding.forward"
    FINDING_DECIDE = "finding.decide"
    FINDING_ENFORCE = "finding.enforce"
    CLUSTER_SCAN = "cluster.scan"
    SUMMARY_VIEW = "summary.view"
    AUDIT_VIEW = "audit.view"
    ADMINISTER = "administer"


class Role(Code):
    """Roles a post can carry."""

    CLERK = "clerk", "信访登记员"
    WORKER = "worker", "网格员"
    INSPECTOR = "inspector", "巡查执法人员"
    STATION = "station", "乡镇环保站"
    CHIEF = "chief", "网格长"
    SUPERVISOR = "supervisor", "监督员"
    DEPUTY = "deputy", "分管领导"
    DIRECTOR = "director", "局长"
    AUDITOR = "auditor", "审计员"
    ADMINISTRATOR = "administrator", "系统管理员"


P = Permission
_READ = frozenset({P.MAP_VIEW, P.FINDING_VIEW, P.PLAN_VIEW})

ROLES: dict[Role, frozenset[Permission]] = {
    Role.CLERK: frozenset(
        {
            P.MAP_VIEW,
            P.COMPLAINT_VIEW,
            P.COMPLAINT_REGISTER,
            P.MATTER_ACCEPT,
            P.MATTER_MERGE,
            P.MATTER_ASSIGN,
            P.MATTER_REVISIT,
            P.MATTER_ARCHIVE,
            P.REPORTER_REVEAL,
            P.IMPORT_RUN,
            P.FINDING_VIEW,
        }
    ),
    Role.WORKER: _READ
    | {P.COMPLAINT_VIEW, P.MATTER_HANDLE, P.PATROL_DO, P.FINDING_REPORT, P.FINDING_SUBMIT},
    Role.INSPECTOR: _READ
    | {
        P.COMPLAINT_VIEW,
        P.MATTER_HANDLE,
        P.PATROL_DO,
        P.FINDING_REPORT,
        P.FINDING_ORDER,
        P.FINDING_SUBMIT,
        P.FINDING_RECHECK,
        P.FINDING_ENFORCE,
    },
    Role.STATION: _READ
    | {
        P.COMPLAINT_VIEW,
        P.MATTER_HANDLE,
        P.MATTER_REVISIT,
        P.REPORTER_REVEAL,
        P.PATROL_DO,
        P.FINDING_REPORT,
        P.FINDING_VERIFY,
        P.FINDING_ORDER,
        P.FINDING_SUBMIT,
        P.FINDING_RECHECK,
    },
    Role.CHIEF: _READ
    | {
        P.COMPLAINT_VIEW,
        P.COMPLAINT_REGISTER,
        P.MATTER_MERGE,
        P.MATTER_ASSIGN,
        P.MATTER_HANDLE,
        P.MATTER_SUPERVISE,
        P.REPORTER_REVEAL,
        P.IMPORT_RUN,
        P.PLAN_MAKE,
        P.PLAN_PUBLISH,
        P.FREQUENCY_SET,
        P.PATROL_REVIEW,
        P.FINDING_REPORT,
        P.FINDING_VERIFY,
        P.FINDING_ASSIGN,
        P.FINDING_CLOSE,
        P.SUMMARY_VIEW,
    },
    Role.SUPERVISOR: _READ
    | {
        P.COMPLAINT_VIEW,
        P.MATTER_SUPERVISE,
        P.PATROL_REVIEW,
        P.CLUSTER_SCAN,
        P.SUMMARY_VIEW,
    },
    Role.DEPUTY: _READ
    | {
        P.COMPLAINT_VIEW,
        P.COMPLAINT_REGISTER,
        P.MATTER_ACCEPT,
        P.MATTER_MERGE,
        P.MATTER_DECIDE,
        P.MATTER_INSTRUCT,
        P.MATTER_ASSIGN,
        P.MATTER_SUPERVISE,
        P.ROUTING_SET,
        P.REPORTER_REVEAL,
        P.REPORTER_REVEAL_CONFIDENTIAL,
        P.PLAN_MAKE,
        P.PLAN_PUBLISH,
        P.FREQUENCY_SET,
        P.PATROL_REVIEW,
        P.FINDING_VERIFY,
        P.FINDING_ASSIGN,
        P.FINDING_CLOSE,
        P.FINDING_FORWARD,
        P.FINDING_DECIDE,
        P.CLUSTER_SCAN,
        P.SUMMARY_VIEW,
    },
    Role.DIRECTOR: _READ
    | {
        P.COMPLAINT_VIEW,
        P.MATTER_INSTRUCT,
        P.MATTER_DIRECT,
        P.MATTER_SUPERVISE,
        P.REPORTER_REVEAL,
        P.REPORTER_REVEAL_CONFIDENTIAL,
        P.SUMMARY_VIEW,
    },
    Role.AUDITOR: frozenset({P.AUDIT_VIEW}),
    Role.ADMINISTRATOR: frozenset(
        {P.ADMINISTER, P.FREQUENCY_SET, P.ROUTING_SET, P.IMPORT_RUN, P.MAP_VIEW}
    ),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The grids a person sees: subtrees below `grid_paths`; the whole county when `everywhere`.

    A path is the `path` column of a grid (`/1/5/`); all grids whose path starts with it are inside.
    """

    everywhere: bool
    grid_paths: tuple[str, ...] = ()

    def covers(self, grid_path: str | None) -> bool:
        """Whether a row with this grid path is visible; a row without grid only county-wide."""
        if self.everywhere:
            return True
        return grid_path is not None and grid_path.startswith(self.grid_paths)


EVERYWHERE = Scope(everywhere=True)
NOWHERE = Scope(everywhere=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts: what they may do and where; `person_id` is None for the system."""

    person_id: int | None
    name: str
    roles: frozenset[Role]
    scope: Scope

    @property
    def permissions(self) -> frozenset[Permission]:
        """All permissions of all roles."""
        return permissions_of(self.roles)

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles grants the permission."""
        return permission in self.permissions


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Return the union of the permissions of roles."""
    return frozenset().union(*(ROLES[role] for role in roles))


SYSTEM = Actor(person_id=None, name="系统", roles=frozenset(Role), scope=EVERYWHERE)
"""The product itself: timers, the command line of the server's own administrator."""

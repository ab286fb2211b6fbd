"""Role codes of people and systems, and the groups of roles that routes and rules use. Pure."""

from typing import TypeAlias

from backbone.words.sight import WATCHERS

Roles: TypeAlias = frozenset[str]


def roles(*codes: str) -> Roles:
    """A group of role codes. Raises ValueError for an unknown code."""
    unknown = set(codes) - EVERYONE
    if unknown:
        raise ValueError(f"unknown role codes: {sorted(unknown)}")
    return frozenset(codes)


EVERYONE: Roles = frozenset(
    {
        "call_taker",  # 接警员
        "dispatcher",  # 值班调度
        "clerk",  # 单位经办
        "head",  # 单位负责人
        "mediator",  # 调解员
        "care_worker",  # 帮教、网格专干
        "grid_member",  # 网格员
        "grid_leader",  # 网格长
        "team_member",  # 应急队员
        "team_leader",  # 应急队长
        "receptionist",  # 窗口接待员
        "duty_officer",  # 值班员
        "centre_director",  # 调处中心主任
        "signer",  # 签发人
        "supervisor",  # 督查员
        "leader",  # 分管领导
        "statistician",  # 内勤
        "partner",  # 对接系统
        "auditor",  # 审计
        "operator",  # 运维
    }
)

# A citizen who has shown the code and the PIN of a matter. No account has this role.
CITIZEN = "citizen"

# They work on matters of their own unit.
HANDLERS = roles(
    "clerk", "head", "mediator", "care_worker", "grid_member", "grid_leader", "receptionist",
    "duty_officer", "centre_director",
)  # fmt: skip
DESKS = roles("call_taker", "dispatcher", "duty_officer", "receptionist")
# They take reports, and work on them at their own desk.
TAKERS = DESKS | roles("grid_member", "grid_leader", "care_worker")
# Systems of other bodies: they file reports, and answer the tickets that are passed to them.
PARTNERS = roles("partner")
PEOPLE = EVERYONE - PARTNERS
# They answer tickets: a partner's system, and the staff of its unit where it has none.
ANSWERERS = PARTNERS | roles("clerk", "head", "duty_officer")
TEAM_SENDERS = roles("call_taker", "dispatcher", "duty_officer")
CALLER_REVEALERS = roles("call_taker", "dispatcher")
DISPATCHERS = roles("dispatcher")
AUDITORS = roles("auditor")
SUPERIORS = roles("dispatcher", "head", "leader", "centre_director", "duty_officer")
# They decide about the people of their own unit: who stands in, who takes over.
HEADS = roles("head", "centre_director", "leader")
# They ask units for an answer about matters of their area.
SUPERVISORS = roles("supervisor", "leader")
# Roles that neither handle matters nor supervise them.
VERIFIERS = roles("call_taker", "dispatcher", "receptionist", "centre_director")
# Roles to which a city may give the call-backs of its disputes.
CALL_BACK_MAKERS = VERIFIERS | roles("head", "leader", "supervisor", "duty_officer")
TEAMS = roles("team_member", "team_leader")
# They set whether the teams of their area can be dispatched.
COMMANDERS = roles("dispatcher", "duty_officer")
READERS = HANDLERS | DESKS | SUPERIORS | VERIFIERS | WATCHERS | roles("signer", "statistician")

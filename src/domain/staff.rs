//! Staff: five roles, and what each of them may do.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::identity::{Email, Name};
use super::ids::StaffId;

/// What a member of staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Enters requests and messages.
    Clerk,
    /// Decides requests.
    Reviewer,
    /// Decides everything and settles appeals.
    Officer,
    /// Reads without changing.
    Auditor,
    /// Manages staff, keys and systems; decides nothing and sees no person's data.
    Admin,
}

/// One thing that a role may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See requests, their messages and their audit trail.
    Read,
    /// Enter requests for people who wrote or called, and messages.
    Enter,
    /// Assign, ask, extend, approve, deny, refer, release, retry.
    Decide,
    /// Say which agents are trusted without a paper for each request.
    ListAgents,
    /// Settle appeals against decisions.
    SettleAppeals,
    /// Keep a request's record from the purge.
    HoldRecords,
    /// Keep a person's data in the company's systems from deletion.
    HoldData,
    /// Figures and the request log.
    Report,
    /// Staff accounts.
    ManageStaff,
    /// API keys and the company's systems.
    ManageSystems,
}

impl Role {
    /// Every role, as `habeas staff add --role` takes them.
    pub const ALL: [Role; 5] = [Role::Clerk, Role::Reviewer, Role::Officer, Role::Auditor, Role::Admin];

    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Clerk => "clerk",
            Role::Reviewer => "reviewer",
            Role::Officer => "officer",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
        }
    }

    /// Whether the role allows it. Need to know: an admin keeps the machine running and reads no request.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Role::Clerk => matches!(permission, P::Read | P::Enter),
            Role::Reviewer => matches!(permission, P::Read | P::Enter | P::Decide | P::Report),
            Role::Officer => {
                matches!(
                    permission,
                    P::Read
                        | P::Enter
                        | P::Decide
                        | P::ListAgents
                        | P::SettleAppeals
                        | P::HoldRecords
                        | P::HoldData
                        | P::Report
                )
            }
            Role::Auditor => matches!(permission, P::Read | P::Report),
            Role::Admin => matches!(permission, P::ManageStaff | P::ManageSystems),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is none of the five roles.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown role; roles are clerk, reviewer, officer, auditor, admin")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Role::ALL.into_iter().find(|r| r.as_str() == s).ok_or(UnknownRole)
    }
}

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staff {
    /// Who, in entries and assignments.
    pub id: StaffId,
    /// The address to sign in with.
    pub email: Email,
    /// The name shown to colleagues.
    pub name: Name,
    /// What they may do.
    pub role: Role,
}

/// Guessing at one account's password: counted, and slowed down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Guessing {
    /// Wrong passwords since the last right one.
    pub failures: i32,
    /// Until when no password is looked at.
    pub locked_until: Option<DateTime<Utc>>,
}

impl Guessing {
    /// Wrong passwords before the first lock.
    pub const FREE: i32 = 5;

    /// Whether the account is locked at `now`.
    pub fn locked(&self, now: DateTime<Utc>) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// After a wrong password: from the fifth on, locked for a minute, then two, four … up to an hour.
    #[must_use]
    pub fn after_failure(self, now: DateTime<Utc>) -> Self {
        let failures = self.failures.saturating_add(1);
        let locked_until = (failures >= Self::FREE).then(|| {
            let doublings = (failures - Self::FREE).clamp(0, 6);
            now + TimeDelta::minutes(1 << doublings).min(TimeDelta::hours(1))
        });
        Self { failures, locked_until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(Role::Clerk, "Read Enter")]
    #[case(Role::Reviewer, "Read Enter Decide Report")]
    #[case(Role::Officer, "Read Enter Decide ListAgents SettleAppeals HoldRecords HoldData Report")]
    #[case(Role::Auditor, "Read Report")]
    #[case(Role::Admin, "ManageStaff ManageSystems")]
    fn each_role_may_exactly_this(#[case] role: Role, #[case] allowed: &str) {
        use Permission as P;
        let all = [
            P::Read,
            P::Enter,
            P::Decide,
            P::ListAgents,
            P::SettleAppeals,
            P::HoldRecords,
            P::HoldData,
            P::Report,
            P::ManageStaff,
            P::ManageSystems,
        ];
        let may: Vec<String> = all.into_iter().filter(|p| role.may(*p)).map(|p| format!("{p:?}")).collect();
        assert_eq!(may.join(" "), allowed);
    }

    #[test]
    fn guessing_is_locked_out_for_longer_and_longer() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut guessing = Guessing::default();
        let minutes: Vec<i64> = (0..13)
            .map(|_| {
                guessing = guessing.after_failure(now);
                guessing.locked_until.map_or(0, |until| (until - now).num_minutes())
            })
            .collect();
        assert_eq!(minutes, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(guessing.locked(now) && !guessing.locked(now + TimeDelta::hours(1)));
    }
}

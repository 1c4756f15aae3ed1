//! Which groups of this machine have which roles of operators.

use std::{fs, str::FromStr};

use admin::{Role, UnknownRole};

/// A role, and the group of the system whose members have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGroup {
    /// What the members may do.
    pub role: Role,
    /// The name or the number of the group.
    pub group: String,
}

impl RoleGroup {
    /// The number of the group.
    ///
    /// # Errors
    /// The system's file of groups has no group of that name, or cannot be read.
    pub(crate) fn gid(&self) -> Result<u32, NoGroup> {
        if let Ok(number) = self.group.parse() {
            return Ok(number);
        }
        let groups = fs::read_to_string(GROUPS).unwrap_or_default();
        gid_in(&groups, &self.group).ok_or_else(|| NoGroup(self.group.clone()))
    }
}

/// The number of a group in a file such as `/etc/group`.
fn gid_in(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        fields.nth(1)?.parse().ok()
    })
}

impl FromStr for RoleGroup {
    type Err = RoleGroupError;

    fn from_str(text: &str) -> Result<Self, RoleGroupError> {
        let (role, group) = text.split_once('=').ok_or(RoleGroupError::Form)?;
        if group.is_empty() || group.contains([':', ',', '/']) || group.contains(char::is_whitespace) {
            return Err(RoleGroupError::Form);
        }
        Ok(Self { role: role.parse()?, group: group.to_owned() })
    }
}

acme::text_form!(Deserialize for RoleGroup);

/// Why a value gives no group a role.
#[derive(Debug, thiserror::Error)]
pub enum RoleGroupError {
    /// It has another form.
    #[error("expected a role and a group of this machine, such as view=auditors")]
    Form,
    /// There is no such role.
    #[error(transparent)]
    Role(#[from] UnknownRole),
}

/// The system has no such group.
#[derive(Debug, thiserror::Error)]
#[error("there is no group `{}` in {GROUPS}; create it, or name a group by its number", .0.escape_debug())]
pub(crate) struct NoGroup(String);

const GROUPS: &str = "/etc/group";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_given_to_a_group_by_name_or_number() {
        let auditors: RoleGroup = "view=auditors".parse().unwrap();
        assert_eq!((auditors.role, auditors.group.as_str()), (Role::View, "auditors"));
        assert_eq!("revoke=4711".parse::<RoleGroup>().unwrap().gid().unwrap(), 4711);
        assert_eq!("view=root".parse::<RoleGroup>().unwrap().gid().unwrap(), 0);
        let refusal = "view=no-such-group".parse::<RoleGroup>().unwrap().gid().unwrap_err().to_string();
        assert!(refusal.contains("there is no group `no-such-group`"), "{refusal}");
    }

    #[test]
    fn groups_are_found_by_their_whole_name() {
        let groups = "root:x:0:\nauditors-2:x:7:\nbroken\nauditors:x:8:alice,bob\n";
        assert_eq!(gid_in(groups, "auditors"), Some(8));
        assert_eq!(gid_in(groups, "auditor"), None);
        assert_eq!(gid_in(groups, "broken"), None);
    }

    #[test]
    fn what_gives_no_group_a_role_is_refused_with_what_to_write() {
        for text in ["", "view", "view=", "view=a b", "view=a,b", "view=a:b", "view=../a"] {
            let refusal = text.parse::<RoleGroup>().unwrap_err().to_string();
            assert!(refusal.contains("such as view=auditors"), "{text}: {refusal}");
        }
        let refusal = "root=auditors".parse::<RoleGroup>().unwrap_err().to_string();
        assert!(refusal.contains("there is no role `root`") && refusal.contains("revoke"), "{refusal}");
    }
}

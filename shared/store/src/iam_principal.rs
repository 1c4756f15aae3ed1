//! Principals of IAM, as grants name them and as AWS proves them.

use std::{fmt, str::FromStr};

/// A role or a user of IAM: `arn:aws:iam::123456789012:role/NAME` or
/// `arn:aws:iam::123456789012:user/PATH/NAME`. A role is written without its path: its name is
/// unique in its account without it, and the ARN of its sessions, which is what AWS proves, does
/// not have it. No text stands for several principals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IamPrincipal(String);

impl IamPrincipal {
    /// Whose request it is that AWS authenticated as this caller: that of a user, or of the role of
    /// an assumed role (`arn:aws:sts::123456789012:assumed-role/NAME/SESSION`). `None` for the root
    /// user of an account and for federated users, to whom nothing can be granted.
    pub fn of_caller(arn: &str) -> Option<Self> {
        let parts = Parts::of(arn)?;
        match parts.service {
            "sts" => match parts.resource.split('/').collect::<Vec<_>>().as_slice() {
                ["assumed-role", role, session] if is_name(role) && is_name(session) => Some(parts.role(role)),
                _ => None,
            },
            // A caller is a session of a role, never a role.
            "iam" if parts.resource.starts_with(USER) => arn.parse().ok(),
            _ => None,
        }
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IamPrincipal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for IamPrincipal {
    type Err = IamPrincipalError;

    fn from_str(arn: &str) -> Result<Self, IamPrincipalError> {
        let parts = Parts::of(arn).filter(|parts| parts.service == "iam").ok_or(IamPrincipalError)?;
        let (kind, path) = parts.resource.split_once('/').ok_or(IamPrincipalError)?;
        let (path, name) = path.rsplit_once('/').map_or(("", path), |(path, name)| (path, name));
        if !is_name(name) || path.len() > MAX_PATH || !path.bytes().all(is_in_path) {
            return Err(IamPrincipalError);
        }
        match kind {
            "role" => Ok(parts.role(name)),
            "user" => Ok(Self(arn.to_owned())),
            _ => Err(IamPrincipalError),
        }
    }
}

acme::text_form!(IamPrincipal);

/// The text is not the ARN of a role or a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a principal is the ARN of a role or a user of IAM, such as arn:aws:iam::123456789012:role/workload")]
pub struct IamPrincipalError;

/// The parts of an ARN of IAM or STS, which has no region.
struct Parts<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Parts<'a> {
    fn of(arn: &'a str) -> Option<Self> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = *parts.as_slice() else { return None };
        let is_partition = partition.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (is_partition && partition.starts_with("aws") && is_account).then_some(Self {
            partition,
            service,
            account,
            resource,
        })
    }

    fn role(&self, name: &str) -> IamPrincipal {
        IamPrincipal(format!("arn:{}:iam::{}:role/{name}", self.partition, self.account))
    }
}

/// Whether it is the name of a role, a user or a session.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// Whether a path may have it. IAM allows `#` and wildcards, too, which no grant needs.
fn is_in_path(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"#*?".contains(&byte)
}

const USER: &str = "user/";
const MAX_PATH: usize = 510;

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(arn: &str) -> Option<String> {
        IamPrincipal::of_caller(arn).map(|principal| principal.to_string())
    }

    #[test]
    fn a_session_is_its_role_and_a_user_is_itself() {
        let role = Some("arn:aws:iam::123456789012:role/web".to_owned());
        assert_eq!(caller("arn:aws:sts::123456789012:assumed-role/web/i-0123456789abcdef0"), role);
        assert_eq!("arn:aws:iam::123456789012:role/team/web".parse::<IamPrincipal>().ok().map(|role| role.0), role);
        let user = "arn:aws-cn:iam::123456789012:user/team/alice";
        assert_eq!(caller(user).as_deref(), Some(user));
    }

    #[test]
    fn accounts_partitions_and_kinds_tell_principals_apart() {
        let arns = [
            "arn:aws:sts::123456789012:assumed-role/web/one",
            "arn:aws:sts::210987654321:assumed-role/web/one",
            "arn:aws-cn:sts::123456789012:assumed-role/web/one",
            "arn:aws:iam::123456789012:user/web",
            "arn:aws:iam::123456789012:user/team/web",
        ];
        let principals: std::collections::BTreeSet<_> = arns.iter().map(|arn| caller(arn).unwrap()).collect();
        assert_eq!(principals.len(), arns.len());
    }

    #[test]
    fn what_is_no_role_and_no_user_is_no_principal() {
        for arn in [
            "",
            "arn:aws:iam::123456789012:root",
            "arn:aws:sts::123456789012:federated-user/alice",
            "arn:aws:sts::123456789012:assumed-role/web",
            "arn:aws:sts::123456789012:assumed-role/web/one/two",
            "arn:aws:sts::123456789012:assumed-role//one",
            "arn:aws:sts::12345678901:assumed-role/web/one",
            "arn:aws:sts:eu-west-1:123456789012:assumed-role/web/one",
            "arn:aws:iam::123456789012:role/web",
            "arn:aws:iam::123456789012:user/",
            "arn:evil:sts::123456789012:assumed-role/web/one",
        ] {
            assert_eq!(caller(arn), None, "{arn}");
        }
        for arn in
            ["arn:aws:iam::123456789012:role/*", "arn:aws:iam::*:role/web", "arn:aws:iam::123456789012:role/a#/b"]
        {
            assert_eq!(arn.parse::<IamPrincipal>(), Err(IamPrincipalError), "{arn}");
        }
    }
}

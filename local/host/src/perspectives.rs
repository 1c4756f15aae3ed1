//! Remote perspectives over mutual TLS: each side has a certificate of this CA.
//!
//! The CA asks with a certificate for client authentication that it issues to itself, in the name
//! of its base URL; the process of a perspective has one for its own host name, which it gets as
//! every server does.

mod channel;
mod error;
mod file;
mod key_file;
mod listener;
mod primary;

use std::sync::Arc;

use jiff::{Timestamp, tz::Offset};
use perspective::{Member, Perspectives, Remote, weaknesses};
use ra::RemotePerspectives;

use self::channel::HttpsChannel;
pub use self::{
    error::PerspectiveError,
    file::PerspectivesFileError,
    listener::{PerspectiveConfig, PerspectiveProcess},
};
use crate::{StartError, own_certificate::OwnCertificate};

pub(crate) use self::file::read;

/// The perspectives of the file, asked with this certificate of the host; those must have one of
/// the same root.
pub(crate) fn connect(
    members: &[Member],
    own: &Arc<OwnCertificate>,
    root: &[u8],
) -> Result<Arc<Perspectives>, StartError> {
    let tls = channel::client_config(own.clone(), root)?;
    let remote = |member: &Member| {
        let channel = HttpsChannel::new(member.url.as_deref().unwrap_or_default(), tls.clone())?;
        Ok::<_, StartError>(Remote { name: member.name.clone(), region: member.region, channel: Arc::new(channel) })
    };
    Ok(Arc::new(Perspectives::new(members.iter().map(remote).collect::<Result<_, _>>()?)))
}

/// What `doctor` says of the perspectives, and the log now.
pub(crate) fn facts(members: &[Member], now: Timestamp) -> RemotePerspectives {
    let found = weaknesses(members, Offset::UTC.to_datetime(now).date());
    for weakness in &found {
        tracing::warn!("perspectives: {weakness}");
    }
    RemotePerspectives { number: members.len(), weaknesses: found.iter().map(ToString::to_string).collect() }
}

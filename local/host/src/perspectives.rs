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
mod pinned;
mod primary;

use std::sync::Arc;

use perspective::{Member, Perspectives, Remote, weaknesses};
use ra::RemotePerspectives;

use self::channel::HttpsChannel;
pub use self::{
    error::PerspectiveError,
    file::PerspectivesFileError,
    listener::{PerspectiveConfig, PerspectiveProcess},
};
use crate::{StartError, own_certificate::OwnCertificate};

pub(crate) use self::file::{File, read};

/// The perspectives of the file, asked with this certificate of the host; those must have one of
/// the same root.
pub(crate) fn connect(file: &File, own: &Arc<OwnCertificate>, root: &[u8]) -> Result<Arc<Perspectives>, StartError> {
    let remote = |member: &Member| {
        let tls = pinned::client_config(own.clone(), root, member.public_key.clone())?;
        let channel = HttpsChannel::new(member, tls)?;
        Ok::<_, StartError>(Remote { name: member.name.clone(), region: member.region, channel: Arc::new(channel) })
    };
    let remotes = file.perspective.iter().map(remote).collect::<Result<_, _>>()?;
    Ok(Arc::new(Perspectives::new(remotes, weaknesses(&file.perspective, file.location))))
}

/// What `doctor` says of the perspectives, and the log now.
pub(crate) fn facts(file: &File) -> RemotePerspectives {
    let found = weaknesses(&file.perspective, file.location);
    for weakness in &found {
        tracing::warn!("perspectives: {weakness}");
    }
    RemotePerspectives { number: file.perspective.len(), weaknesses: found.iter().map(ToString::to_string).collect() }
}

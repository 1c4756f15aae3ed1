//! File descriptors: as many as the system allows, and a part of them for what must not stop when
//! strangers use up the rest.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit of this process to the most that it may set by itself, and returns how many
/// connections its listeners may serve.
pub(crate) fn places() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        // The lower limit serves, too.
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "the limit of file descriptors stays as it is");
            limit = getrlimit(Resource::Nofile);
        }
    }
    let allowed = limit.current.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    below(allowed)
}

/// How many of that many descriptors are for connections.
fn below(allowed: usize) -> usize {
    allowed.saturating_sub(RESERVE.min(allowed / 2)).clamp(LEAST, MAX_CONNECTIONS)
}

/// For the store, the log, the admin socket, the webhook, and for validations with their look-ups.
const RESERVE: usize = 512;
const LEAST: usize = 16;
const MAX_CONNECTIONS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_descriptors_is_kept_for_the_host_itself() {
        let places = [64, 1024, 2048, 1_048_576, usize::MAX].map(below);
        assert_eq!(places, [32, 512, 1536, 4096, 4096]);
    }
}

//! What this machine lacks for an attempt, as the error of the attempt says.

use std::{error::Error, io, net::IpAddr};

/// Something of this machine that an attempt needed and did not get, so that its failure says
/// nothing about the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    /// The process or the system has no file descriptors left.
    #[error("there are no file descriptors left")]
    Descriptors,
    /// The system has no memory left for a connection.
    #[error("there is no memory left for a connection")]
    Memory,
    /// The system has no local port left for a connection.
    #[error("there are no local ports left")]
    Ports,
}

impl Lack {
    /// What the error says that was lacking; `None` if it says something about the target.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        match (error.kind(), error.raw_os_error()) {
            (_, Some(EMFILE | ENFILE)) => Some(Self::Descriptors),
            (io::ErrorKind::OutOfMemory, _) | (_, Some(ENOBUFS)) => Some(Self::Memory),
            (io::ErrorKind::AddrNotAvailable, _) => Some(Self::Ports),
            _ => None,
        }
    }

    /// The same for an attempt to reach this address. A machine without IPv6 has no local address
    /// for it either, and that does not pass.
    pub(crate) fn towards(address: IpAddr, error: &io::Error) -> Option<Self> {
        Self::of(error).filter(|lack| address.is_ipv4() || *lack != Self::Ports)
    }

    /// The same for an error that may have been caused by one of the system.
    pub(crate) fn behind(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut error = Some(error);
        while let Some(this) = error {
            if let Some(lack) = this.downcast_ref::<io::Error>().and_then(Self::of) {
                return Some(lack);
            }
            error = this.source();
        }
        None
    }
}

// Linux and macOS have the same numbers for the first two.
const ENFILE: i32 = 23;
const EMFILE: i32 = 24;
const ENOBUFS: i32 = if cfg!(target_os = "linux") { 105 } else { 55 };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_this_machine_is_none_of_the_target() {
        let of = |number| Lack::of(&io::Error::from_raw_os_error(number));
        assert_eq!([ENFILE, EMFILE].map(of), [Some(Lack::Descriptors); 2]);
        assert_eq!([12, ENOBUFS].map(of), [Some(Lack::Memory); 2], "ENOMEM, ENOBUFS");
        let no_port = io::Error::from(io::ErrorKind::AddrNotAvailable);
        assert_eq!(Lack::of(&no_port), Some(Lack::Ports));
        let towards = |address: &str| Lack::towards(address.parse().unwrap(), &no_port);
        assert_eq!((towards("192.0.2.1"), towards("2001:db8::1")), (Some(Lack::Ports), None));
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut};
        for kind in [ConnectionRefused, ConnectionReset, HostUnreachable, NetworkUnreachable, TimedOut] {
            assert_eq!(Lack::of(&io::Error::from(kind)), None, "{kind}");
        }
        #[derive(Debug, thiserror::Error)]
        #[error("a connection")]
        struct Outer(#[source] io::Error);
        assert_eq!(Lack::behind(&Outer(io::Error::from_raw_os_error(EMFILE))), Some(Lack::Descriptors));
    }
}

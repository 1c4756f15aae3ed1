//! Connections that the host opens for itself, to deliver events: checked like those of probes
//! (threats 12 and 13).

use crate::{Connection, Rules, connection::Dialer, host::Host};

/// Connects to `host`, written as in a URL, within the timeouts of the rules. A name is resolved as
/// for a probe, and the connection goes to the address that was checked.
///
/// # Errors
/// [`DialError`], in words for people.
pub async fn dial(rules: &Rules, host: &str, port: u16) -> Result<Connection, DialError> {
    let host = Host::from_authority(host)
        .ok_or_else(|| DialError(format!("{host} is neither a DNS name nor an IP address")))?;
    Dialer::new(rules).connect(&host, port).await.map_err(|fault| DialError(fault.to_string()))
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DialError(String);

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn threat_13_the_hosts_own_connections_follow_the_rule_for_probes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let refused = async |rules: &Rules, host: &str| match dial(rules, host, port).await {
            Ok(connection) => panic!("connected to {}", connection.address),
            Err(error) => error.to_string(),
        };
        let closed = Rules::default();
        for host in ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "[fd00::1]"] {
            let error = refused(&closed, host).await;
            assert!(error.starts_with("Not connecting to "), "{error}");
        }
        let local = Rules { allowed_networks: vec!["127.0.0.0/8".parse().unwrap()], ..Rules::default() };
        assert_eq!(dial(&local, "127.0.0.1", port).await.unwrap().address.port(), port);
        let everything = Rules { allowed_networks: vec!["0.0.0.0/0".parse().unwrap()], ..Rules::default() };
        for host in ["169.254.169.254", "[64:ff9b::a9fe:a9fe]"] {
            assert!(refused(&everything, host).await.contains("never contacted"));
        }
        assert!(refused(&everything, "2130706433").await.contains("neither a DNS name nor an IP address"));
    }
}

//! Documents of the length that those of this CA have, filled in without any writer of JSON.

/// How far an order has come (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Ready,
    Valid,
}

/// The documents below one base URL.
pub(super) struct Documents {
    base: String,
    chain: String,
}

impl Documents {
    pub(super) fn at(port: u16) -> Self {
        let line = format!("{}\n", "A".repeat(64));
        let certificate =
            format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", line.repeat(LINES_OF_CERTIFICATE));
        Self { base: format!("https://localhost:{port}/floor/v1/protocols/acme/default"), chain: certificate.repeat(2) }
    }

    pub(super) fn directory(&self) -> String {
        let base = &self.base;
        format!(
            r#"{{"newNonce":"{base}/new-nonce","newAccount":"{base}/new-account","newOrder":"{base}/new-order","revokeCert":"{base}/revoke-cert","keyChange":"{base}/key-change"}}"#
        )
    }

    pub(super) fn link(&self) -> String {
        format!("<{}/directory>;rel=\"index\"", self.base)
    }

    pub(super) fn account(&self, number: u64) -> String {
        self.url("account", number)
    }

    pub(super) fn order_url(&self, number: u64) -> String {
        self.url("order", number)
    }

    pub(super) fn order(&self, number: u64, name: &str, state: State) -> String {
        let (status, certificate) = match state {
            State::Pending => ("pending", String::new()),
            State::Ready => ("ready", String::new()),
            State::Valid => ("valid", format!(r#","certificate":"{}""#, self.url("certificate", number))),
        };
        let (authorization, finalize) = (self.url("authorization", number), self.url("finalize", number));
        format!(
            r#"{{"status":"{status}","expires":"{ENDS}","identifiers":[{{"type":"dns","value":"{name}"}}],"authorizations":["{authorization}"],"finalize":"{finalize}"{certificate}}}"#
        )
    }

    pub(super) fn authorization(&self, number: u64, name: &str, token: &str, state: State) -> String {
        let challenge = self.challenge(number, token, state);
        let others = match state {
            State::Pending => ["dns-01", "tls-alpn-01"]
                .map(|kind| {
                    let url = self.url(kind, number);
                    format!(r#",{{"type":"{kind}","url":"{url}","status":"pending","token":"{token}"}}"#)
                })
                .concat(),
            State::Ready | State::Valid => String::new(),
        };
        let status = settled(state);
        format!(
            r#"{{"status":"{status}","expires":"{ENDS}","identifier":{{"type":"dns","value":"{name}"}},"challenges":[{challenge}{others}]}}"#
        )
    }

    pub(super) fn challenge(&self, number: u64, token: &str, state: State) -> String {
        let (status, url) = (settled(state), self.url("challenge", number));
        format!(r#"{{"type":"http-01","url":"{url}","status":"{status}","token":"{token}","validated":"{ENDS}"}}"#)
    }

    pub(super) fn chain(&self) -> String {
        self.chain.clone()
    }

    /// The kind of the object that a path names.
    pub(super) fn kind(path: &str) -> &str {
        path.rsplit('/').nth(1).unwrap_or_default()
    }

    /// A number has as many digits as an id of ours has characters.
    fn url(&self, kind: &str, number: u64) -> String {
        format!("{}/{kind}/{number:022}", self.base)
    }
}

/// The state of an authorization and its challenge.
fn settled(state: State) -> &'static str {
    if state == State::Pending { "pending" } else { "valid" }
}

const ENDS: &str = "2030-01-01T00:00:00Z";
/// Two thirds of a kilobyte, as a certificate of ours.
const LINES_OF_CERTIFICATE: usize = 13;

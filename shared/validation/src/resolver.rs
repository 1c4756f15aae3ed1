//! DNS queries. Every name is queried with the dot of the root, so that no search list applies.
//! Every probe makes its own client and so starts without a cache, because it must see a record
//! that was just published; making a client costs little compared with a query.

use std::net::{IpAddr, SocketAddr};

use acme::DnsName;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::{DnsError, NetError, NoRecords, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, Record, RecordType},
    },
};

use crate::{
    Rules,
    deadline::Deadline,
    fault::{DnsQuery, Fault},
};

/// The profile's resolver, or that of the system.
pub(crate) struct Resolver<'a> {
    rules: &'a Rules,
    deadline: Deadline,
}

impl<'a> Resolver<'a> {
    /// A client for the resolver of `rules`, which is queried until `deadline`.
    pub(crate) fn new(rules: &'a Rules, deadline: Deadline) -> Self {
        Self { rules, deadline }
    }

    /// All addresses of `name`; at least one.
    pub(crate) async fn addresses(&self, name: &DnsName) -> Result<Vec<IpAddr>, Fault> {
        let question = DnsQuery { name: name.to_string(), types: "A or AAAA" };
        let (resolver, name) = self.prepare(&question)?;
        let (v6, v4) = tokio::join!(
            self.ask(&resolver, &name, RecordType::AAAA, &question),
            self.ask(&resolver, &name, RecordType::A, &question),
        );
        // The answer for one family is enough. Without any, an error says more than an absence.
        match (v6, v4) {
            (Ok(v6), Ok(v4)) => Ok(v6.into_iter().chain(v4).filter_map(|data| data.ip_addr()).collect()),
            (Ok(data), Err(_)) | (Err(_), Ok(data)) => Ok(data.into_iter().filter_map(|data| data.ip_addr()).collect()),
            (Err(Fault::UnknownName(_) | Fault::NoRecord(_)), Err(other)) | (Err(other), Err(_)) => Err(other),
        }
    }

    /// All TXT records of `name`, each with its strings joined (RFC 8555 §8.4); at least one.
    pub(crate) async fn texts(&self, name: &str) -> Result<Vec<Vec<u8>>, Fault> {
        let question = DnsQuery { name: name.to_owned(), types: "TXT" };
        let (resolver, name) = self.prepare(&question)?;
        let data = self.ask(&resolver, &name, RecordType::TXT, &question).await?;
        Ok(joined(data))
    }

    fn prepare(&self, question: &DnsQuery) -> Result<(TokioResolver, Name), Fault> {
        let failed = |error: String| Fault::LookUp { question: question.clone(), error };
        let name = Name::from_ascii(format!("{}.", question.name)).map_err(|error| failed(error.to_string()))?;
        let resolver = build(self.rules).map_err(|error| failed(error.to_string()))?;
        Ok((resolver, name))
    }

    /// The records of that type, without the CNAMEs that led to them; at least one.
    async fn ask(
        &self,
        resolver: &TokioResolver,
        name: &Name,
        r#type: RecordType,
        question: &DnsQuery,
    ) -> Result<Vec<RData>, Fault> {
        let answer = match self.deadline.bound(resolver.lookup(name.clone(), r#type)).await {
            Ok(answer) => answer.map_err(|error| fault(error, question.clone()))?,
            Err(_) => return Err(Fault::Unanswered(question.clone())),
        };
        let data = of_type(answer.answers(), r#type);
        if data.is_empty() { Err(Fault::NoRecord(question.clone())) } else { Ok(data) }
    }
}

/// The data of the records of that type, which may be fewer than were asked for: a resolver sends
/// what it likes.
pub(crate) fn of_type(records: &[Record], r#type: RecordType) -> Vec<RData> {
    records.iter().map(|record| &record.data).filter(|data| data.record_type() == r#type).cloned().collect()
}

/// The texts of TXT records, each with its strings joined.
pub(crate) fn joined(records: Vec<RData>) -> Vec<Vec<u8>> {
    let texts = records.into_iter().map(|data| match data {
        RData::TXT(txt) => Some(txt.txt_data.concat()),
        _ => None,
    });
    texts.flatten().collect()
}

fn build(rules: &Rules) -> Result<TokioResolver, NetError> {
    let provider = TokioRuntimeProvider::default();
    let mut builder = match rules.resolver {
        Some(server) => {
            let mut builder = TokioResolver::builder_with_config(only(server), provider);
            builder.options_mut().use_hosts_file = ResolveHosts::Never;
            builder
        }
        // Without a resolver configuration, a machine still has a hosts file.
        None => TokioResolver::builder(provider.clone())
            .unwrap_or_else(|_| TokioResolver::builder_with_config(ResolverConfig::default(), provider)),
    };
    let options: &mut ResolverOpts = builder.options_mut();
    options.timeout = rules.dns_timeout;
    options.attempts = 1;
    builder.build()
}

fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    ResolverConfig::from_name_servers(vec![NameServerConfig::new(server.ip(), true, connections.into())])
}

fn fault(error: NetError, question: DnsQuery) -> Fault {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(NoRecords { response_code, .. })) => match response_code {
            ResponseCode::NXDomain => Fault::UnknownName(question),
            ResponseCode::NoError => Fault::NoRecord(question),
            code => Fault::Refused { question, code: mnemonic(code) },
        },
        NetError::Dns(DnsError::ResponseCode(code)) => Fault::Refused { question, code: mnemonic(code) },
        NetError::Timeout => Fault::Unanswered(question),
        other => Fault::LookUp { question, error: other.to_string() },
    }
}

/// The code as `dig` prints it.
fn mnemonic(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}

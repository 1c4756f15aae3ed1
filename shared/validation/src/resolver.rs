//! DNS queries. Every name is queried with the dot of the root, so that no search list applies.
//! Every probe makes its own client and so starts without a cache, because it must see a record
//! that was just published.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use acme::DnsName;
use hickory_resolver::{
    Hosts, ResolverBuilder,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, NoRecords},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
    system_conf,
};

use crate::{
    Lack, Rules,
    caa::{CaaRecord, RecordSet},
    datagram,
    deadline::Deadline,
    dns_provider::DnsProvider,
    fault::{DnsQuery, Fault},
    plain_caa,
    records::{joined, mnemonic, of_type},
    validated::Validated,
};

/// The profile's resolver, or that of the system.
pub(crate) struct Resolver<'a> {
    rules: &'a Rules,
    deadline: Deadline,
    validated: Option<Validated<'a>>,
}

impl<'a> Resolver<'a> {
    /// A client for the resolver of `rules`, which is queried until `deadline`.
    pub(crate) fn new(rules: &'a Rules, deadline: Deadline) -> Self {
        let validated = rules.resolver.filter(|_| rules.validates);
        Self { rules, deadline, validated: validated.map(|server| Validated::new(server, rules, deadline)) }
    }

    /// Whether the resolver found every answer since the last call authentic; `None` if it does not
    /// validate, or was not asked.
    pub(crate) fn said(&self) -> Option<bool> {
        self.validated.as_ref()?.said()
    }

    /// All addresses of `name`; at least one.
    pub(crate) async fn addresses(&self, name: &DnsName) -> Result<Vec<IpAddr>, Fault> {
        let question = DnsQuery { name: name.to_string(), types: "A or AAAA" };
        let name = absolute(&question)?;
        if let Some(validated) = &self.validated {
            return validated.addresses(&name, &question).await;
        }
        if let Some(server) = self.rules.resolver
            && let Some(addresses) = datagram::addresses(server, &name, self.deadline.or_after(PLAIN)).await
        {
            return Ok(addresses);
        }
        let client = self.client(&question)?;
        let (v6, v4) = tokio::join!(
            self.ask(&client, &name, RecordType::AAAA, &question),
            self.ask(&client, &name, RecordType::A, &question),
        );
        // The answer for one family is enough, unless the other one was not asked. Without any, an
        // error says more than an absence.
        match (v6, v4) {
            (Err(Fault::Lack(lack)), _) | (_, Err(Fault::Lack(lack))) => Err(Fault::Lack(lack)),
            (Ok(v6), Ok(v4)) => Ok(v6.into_iter().chain(v4).filter_map(|data| data.ip_addr()).collect()),
            (Ok(data), Err(_)) | (Err(_), Ok(data)) => Ok(data.into_iter().filter_map(|data| data.ip_addr()).collect()),
            (Err(Fault::UnknownName(_) | Fault::NoRecord(_)), Err(other)) | (Err(other), Err(_)) => Err(other),
        }
    }

    /// All TXT records of `name`, each with its strings joined (RFC 8555 §8.4); at least one.
    pub(crate) async fn texts(&self, name: &str) -> Result<Vec<Vec<u8>>, Fault> {
        let question = DnsQuery { name: name.to_owned(), types: "TXT" };
        let name = absolute(&question)?;
        if let Some(validated) = &self.validated {
            return validated.look_up(&name, RecordType::TXT, &question).await.map(joined);
        }
        let client = self.client(&question)?;
        self.ask(&client, &name, RecordType::TXT, &question).await.map(joined)
    }

    /// All CAA records of `domain`; at least one.
    pub(crate) async fn caa(&self, domain: &str) -> Result<RecordSet, Fault> {
        let question = DnsQuery { name: domain.to_owned(), types: "CAA" };
        let name = absolute(&question)?;
        if let Some(validated) = &self.validated {
            let records = validated.caa(&name, &question).await?;
            return RecordSet::new(records).ok_or(Fault::NoRecord(question));
        }
        let client = self.client(&question)?;
        let read = match self.ask(&client, &name, RecordType::CAA, &question).await {
            Ok(data) => data.into_iter().map(CaaRecord::of).collect::<Option<Vec<_>>>(),
            Err(Fault::Unreadable { .. }) => None,
            Err(fault) => return Err(fault),
        };
        let records = match read {
            Some(records) => records,
            None => self.plain_caa(&name, &question).await?,
        };
        RecordSet::new(records).ok_or(Fault::NoRecord(question))
    }

    /// The same without the usual client, which could not read the answer.
    async fn plain_caa(&self, name: &Name, question: &DnsQuery) -> Result<Vec<CaaRecord>, Fault> {
        let unreadable = |error: String| Fault::Unreadable { question: question.clone(), error };
        let server = self.rules.resolver.or_else(first_of_the_system);
        let server = server.ok_or_else(|| unreadable("no server is known that could be asked again".to_owned()))?;
        match self.deadline.bound(plain_caa::ask(server, name)).await {
            Ok(answer) => answer.map_err(|error| match Lack::towards(server.ip(), &error) {
                Some(lack) => Fault::Lack(lack),
                None => unreadable(error.to_string()),
            }),
            Err(_) => Err(Fault::Unanswered(question.clone())),
        }
    }

    fn client(&self, question: &DnsQuery) -> Result<Client, Fault> {
        let failed = |error: NetError| Fault::LookUp { question: question.clone(), error: error.to_string() };
        Client::new(self.rules).map_err(|error| of_this_machine(&error).map_or_else(|| failed(error), Fault::Lack))
    }

    /// The records of that type, without the CNAMEs that led to them; at least one.
    async fn ask(
        &self,
        client: &Client,
        name: &Name,
        r#type: RecordType,
        question: &DnsQuery,
    ) -> Result<Vec<RData>, Fault> {
        let answer = match self.deadline.bound(client.resolver.lookup(name.clone(), r#type)).await {
            Ok(answer) => answer.map_err(|error| fault(error, question.clone())),
            Err(_) => Err(Fault::Unanswered(question.clone())),
        };
        let answer = answer.map_err(|fault| match (&fault, client.provider.lack()) {
            // Who answered was asked, whatever was lacking for the others.
            (Fault::UnknownName(_) | Fault::NoRecord(_), _) | (_, None) => fault,
            (_, Some(lack)) => Fault::Lack(lack),
        })?;
        let data = of_type(answer.answers(), r#type);
        if data.is_empty() { Err(Fault::NoRecord(question.clone())) } else { Ok(data) }
    }
}

/// The name with the dot of the root.
fn absolute(question: &DnsQuery) -> Result<Name, Fault> {
    let name = Name::from_ascii(format!("{}.", question.name));
    name.map_err(|error| Fault::LookUp { question: question.clone(), error: error.to_string() })
}

/// The DNS client of one probe.
struct Client {
    resolver: hickory_resolver::Resolver<DnsProvider>,
    provider: DnsProvider,
}

impl Client {
    fn new(rules: &Rules) -> Result<Self, NetError> {
        match rules.resolver {
            Some(server) => Self::with(rules, only(server), Hosts::default()),
            // Without a resolver configuration, a machine still has a hosts file. Neither is taken
            // for absent because it cannot be opened at present.
            None => {
                let hosts = present(Hosts::from_system().map_err(NetError::from))?.unwrap_or_default();
                let provider = DnsProvider::default();
                let builder = present(hickory_resolver::Resolver::builder(provider.clone()))?.unwrap_or_else(|| {
                    hickory_resolver::Resolver::builder_with_config(ResolverConfig::default(), provider.clone())
                });
                Self::build(rules, builder, provider, hosts)
            }
        }
    }

    fn with(rules: &Rules, config: ResolverConfig, hosts: Hosts) -> Result<Self, NetError> {
        let provider = DnsProvider::default();
        let builder = hickory_resolver::Resolver::builder_with_config(config, provider.clone());
        Self::build(rules, builder, provider, hosts)
    }

    fn build(
        rules: &Rules,
        mut builder: ResolverBuilder<DnsProvider>,
        provider: DnsProvider,
        hosts: Hosts,
    ) -> Result<Self, NetError> {
        let options = builder.options_mut();
        options.timeout = rules.dns_timeout;
        options.attempts = 1;
        // Who cannot see the question has to guess the case of its letters, too; a server that does
        // not repeat it is asked over TCP.
        options.case_randomization = true;
        options.use_hosts_file = ResolveHosts::Never;
        let mut resolver = builder.build()?;
        resolver.set_hosts(Arc::new(hosts));
        Ok(Self { resolver, provider })
    }
}

/// What was read, if it is there; an error if this machine could not look.
fn present<T>(read: Result<T, NetError>) -> Result<Option<T>, NetError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if of_this_machine(&error).is_some() => Err(error),
        Err(_) => Ok(None),
    }
}

fn of_this_machine(error: &NetError) -> Option<Lack> {
    match error {
        NetError::Io(error) => Lack::of(error),
        _ => None,
    }
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
        NetError::Io(error) if let Some(lack) = Lack::of(&error) => Fault::Lack(lack),
        NetError::Proto(error) => Fault::Unreadable { question, error: error.to_string() },
        other => Fault::LookUp { question, error: other.to_string() },
    }
}

/// The server that the system would ask first.
fn first_of_the_system() -> Option<SocketAddr> {
    let (config, _) = system_conf::read_system_conf().ok()?;
    let server = config.name_servers().first()?;
    let port = server.connections.first().map_or(DNS_PORT, |connection| connection.port);
    Some(SocketAddr::new(server.ip, port))
}

const DNS_PORT: u16 = 53;

/// How long a plain answer is waited for; the usual client then has the time of the profile.
const PLAIN: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_look_up_for_which_no_socket_could_be_opened_says_nothing_about_the_name() {
        let rules = Rules::default();
        let mut config = ConnectionConfig::udp();
        // No machine has this address (RFC 5737), so there is no local port for it.
        config.bind_addr = Some("192.0.2.1:0".parse().unwrap());
        let server = NameServerConfig::new("127.0.0.1".parse().unwrap(), true, vec![config]);
        let config = ResolverConfig::from_name_servers(vec![server]);
        let client = Client::with(&rules, config, Hosts::default()).unwrap();
        let resolver = Resolver::new(&rules, Deadline::after(Duration::from_secs(10)));
        let question = DnsQuery { name: "a.test".to_owned(), types: "TXT" };
        let name = Name::from_ascii("a.test.").unwrap();
        let fault = resolver.ask(&client, &name, RecordType::TXT, &question).await.unwrap_err();
        assert!(matches!(fault, Fault::Lack(Lack::Ports)), "{fault}");
        assert_eq!(fault.at(None).lack, Some(Lack::Ports));
    }

    #[test]
    fn a_file_that_cannot_be_opened_at_present_is_not_taken_for_absent() {
        let open = |number| present::<()>(Err(std::io::Error::from_raw_os_error(number).into()));
        assert!(open(24).is_err_and(|error| of_this_machine(&error) == Some(Lack::Descriptors)));
        assert!(open(2).is_ok_and(|absent| absent.is_none()));
    }
}

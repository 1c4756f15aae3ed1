//! The addresses of a name in the plain case: the resolver knows it, and says so in one datagram
//! for each family. Both questions go through one socket.
//!
//! The usual client is ready for everything that a resolver may do, and takes several times as
//! long on the processor. Here whatever is not plain ends the exchange, and that client asks again.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{Name, RecordType},
};

use crate::{deadline::Deadline, exchange, question::Question};

/// The addresses of `name`, those of IPv6 first; `None` if the usual client should ask.
pub(crate) async fn addresses(server: SocketAddr, name: &Name, until: Deadline) -> Option<Vec<IpAddr>> {
    let [v6, v4] = until.bound(exchange(server, name)).await.ok()?.ok()??;
    let addresses: Vec<_> = v6.into_iter().chain(v4).collect();
    (!addresses.is_empty()).then_some(addresses)
}

/// Asks for both families and waits for both answers; `None` if one of them is not plain.
async fn exchange(server: SocketAddr, name: &Name) -> io::Result<Option<[Vec<IpAddr>; 2]>> {
    let socket = exchange::connected(server).await?;
    let questions = [Question::new(name, RecordType::AAAA)?, Question::new(name, RecordType::A)?];
    for question in &questions {
        socket.send(&question.message()?).await?;
    }
    let mut answers = [None, None];
    let mut datagram = [0; LONGEST];
    loop {
        if let [Some(v6), Some(v4)] = &mut answers {
            return Ok(Some([std::mem::take(v6), std::mem::take(v4)]));
        }
        let length = socket.recv(&mut datagram).await?;
        let received = datagram.get(..length).unwrap_or_default();
        for (question, answer) in questions.iter().zip(&mut answers) {
            if answer.is_none() && question.head_of_datagram(received).is_some() {
                match Message::from_vec(received).ok().and_then(|message| plain(question, &message)) {
                    Some(addresses) => *answer = Some(addresses),
                    None => return Ok(None),
                }
            }
        }
    }
}

/// The addresses, which may be none, of a whole answer without aliases; `None` for any other
/// answer.
fn plain(question: &Question, message: &Message) -> Option<Vec<IpAddr>> {
    if message.metadata.truncation || message.metadata.response_code != ResponseCode::NoError {
        return None;
    }
    let query = &question.query;
    let answers = message.answers.iter().map(|record| {
        let is_of_question = record.name == *query.name() && record.record_type() == query.query_type();
        record.data.ip_addr().filter(|_| is_of_question)
    });
    answers.collect()
}

/// The addresses that a message has for each question that it repeats.
#[cfg(fuzzing)]
pub(crate) fn of_message(message: &Message) -> Vec<IpAddr> {
    let questions = message.queries.iter().map(|query| Question::repeated(message.metadata.id, query.clone()));
    questions.filter_map(|question| plain(&question, message)).flatten().collect()
}

/// Octets of the longest answer to a question that does not ask for longer ones (RFC 1035 §4.2.1).
const LONGEST: usize = 512;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hickory_resolver::proto::{
        op::MessageType,
        rr::{
            RData, Record,
            rdata::{A, AAAA, CNAME},
        },
    };
    use tokio::net::UdpSocket;

    use super::*;

    /// What [`addresses`] finds for `a.test` at a server that sends, for each question, the
    /// datagrams that `answer` makes of a right but empty answer.
    async fn found(answer: impl Fn(Message) -> Vec<Vec<u8>> + Send + 'static) -> Option<Vec<IpAddr>> {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut datagram = [0; 512];
            loop {
                let (length, client) = server.recv_from(&mut datagram).await.unwrap();
                let mut message = Message::from_vec(&datagram[..length]).unwrap();
                assert!(message.metadata.recursion_desired);
                message.metadata.message_type = MessageType::Response;
                for sent in answer(message) {
                    server.send_to(&sent, client).await.unwrap();
                }
            }
        });
        let name = Name::from_ascii("a.test.").unwrap();
        let found = addresses(address, &name, Deadline::after(Duration::from_millis(300))).await;
        serving.abort();
        found
    }

    /// The answer with one address of the family that was asked for.
    fn with_address(mut message: Message) -> Message {
        let query = message.queries[0].clone();
        let data = match query.query_type() {
            RecordType::A => RData::A(A::new(192, 0, 2, 1)),
            _ => RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
        };
        message.add_answers([Record::from_rdata(query.name().clone(), 60, data)]);
        message
    }

    /// The name with its first letter in the other case.
    fn with_another_letter(name: &Name) -> Name {
        let mut text = name.to_ascii().into_bytes();
        text[0] ^= 0x20;
        Name::from_ascii(String::from_utf8(text).unwrap()).unwrap()
    }

    fn sent(message: Message) -> Vec<Vec<u8>> {
        vec![message.to_vec().unwrap()]
    }

    /// Both addresses of [`with_address`].
    fn both() -> Option<Vec<IpAddr>> {
        Some(vec!["2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap()])
    }

    #[tokio::test]
    async fn plain_answers_have_the_addresses_of_both_families() {
        assert_eq!(found(|message| sent(with_address(message))).await, both());
        let only_v4 = found(|message| {
            let is_v4 = message.queries[0].query_type() == RecordType::A;
            sent(if is_v4 { with_address(message) } else { message })
        });
        assert_eq!(only_v4.await, Some(vec!["192.0.2.1".parse().unwrap()]));
    }

    #[tokio::test]
    async fn what_is_no_answer_to_a_question_is_ignored() {
        let found = found(|message| {
            let forged = |change: fn(&mut Message)| {
                let mut forged = message.clone();
                forged.add_answers([Record::from_rdata(
                    message.queries[0].name().clone(),
                    60,
                    RData::A(A::new(198, 51, 100, 1)),
                )]);
                change(&mut forged);
                forged.to_vec().unwrap()
            };
            vec![
                b"no message".to_vec(),
                forged(|forged| forged.metadata.id ^= 1),
                forged(|forged| forged.metadata.message_type = MessageType::Query),
                forged(|forged| forged.queries[0].name = Name::from_ascii("b.test.").unwrap()),
                forged(|forged| forged.queries.clear()),
                forged(|forged| forged.queries[0].name = with_another_letter(&forged.queries[0].name)),
                with_address(message.clone()).to_vec().unwrap(),
            ]
        });
        assert_eq!(found.await, both());
    }

    #[tokio::test]
    async fn whatever_is_not_plain_is_left_to_the_usual_client() {
        let unusual: [fn(&mut Message); 5] = [
            |message| message.metadata.truncation = true,
            |message| message.metadata.response_code = ResponseCode::NXDomain,
            |message| message.metadata.response_code = ResponseCode::ServFail,
            |message| {
                let alias = RData::CNAME(CNAME(Name::from_ascii("b.test.").unwrap()));
                message.add_answers([Record::from_rdata(message.queries[0].name().clone(), 60, alias)]);
            },
            |message| message.answers[0].name = Name::from_ascii("b.test.").unwrap(),
        ];
        for change in unusual {
            let found = found(move |message| {
                let mut message = with_address(message);
                change(&mut message);
                sent(message)
            });
            assert_eq!(found.await, None);
        }
        assert_eq!(found(sent).await, None, "no address at all");
        assert_eq!(found(|_| Vec::new()).await, None, "no answer");
    }
}

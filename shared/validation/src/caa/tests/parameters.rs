//! The parameters of RFC 8657 by a second evaluator: a table says what each parameter means by
//! itself. A value permits if its issuer is this CA, nothing in it is malformed, and each of the
//! two parameters that are known is there at most once and agrees. Every sequence of up to three
//! parameters is compared with what is decided.

use super::decide;

/// What a parameter says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// It is `accounturi`, and names this account or not.
    Account(bool),
    /// It is `validationmethods`, and has dns-01 or not.
    Methods(bool),
    /// It restricts nothing.
    Unknown,
    /// It makes the whole value malformed.
    Malformed,
}

use Meaning::{Account, Malformed, Methods, Unknown};

const TABLE: &[(&str, Meaning)] = &[
    ("accounturi=https://ca.example/acct/1", Account(true)),
    (" ACCOUNTURI = https://old.example/acct/1 ", Account(true)),
    ("accounturi=https://ca.example/acct/10", Account(false)),
    ("accounturi=HTTPS://ca.example/acct/1", Account(false)),
    ("accounturi=", Account(false)),
    ("accounturi", Malformed),
    ("accounturi=https://ca.example/acct/1 x", Malformed),
    ("validationmethods=dns-01", Methods(true)),
    ("\tvalidationMethods=http-01,dns-01", Methods(true)),
    ("validationmethods=tls-alpn-01,http-01", Methods(false)),
    ("validationmethods=dns-01,,http-01", Methods(false)),
    ("validationmethods=dns-01;", Malformed),
    ("validationmethods=dns-01, http-01", Malformed),
    ("policy=a=b", Unknown),
    ("account-uri=https://ca.example/acct/2", Unknown),
    ("x=", Unknown),
    ("a_b=c", Malformed),
    ("=c", Malformed),
    ("-a=c", Malformed),
];

/// Whether a value with these parameters permits, by the table.
fn permits(issuer: &str, parameters: &[Meaning]) -> bool {
    let known = |is_kind: fn(&Meaning) -> bool| parameters.iter().filter(|meaning| is_kind(meaning)).count() <= 1;
    issuer == "ca.example"
        && !parameters.iter().any(|meaning| matches!(meaning, Malformed | Account(false) | Methods(false)))
        && known(|meaning| matches!(meaning, Account(_)))
        && known(|meaning| matches!(meaning, Methods(_)))
}

#[test]
fn every_sequence_of_parameters_decides_as_the_table_says() {
    let single: Vec<_> = TABLE.iter().map(|row| vec![*row]).collect();
    let longer = |shorter: &[Vec<(&'static str, Meaning)>]| -> Vec<_> {
        let with = |row| shorter.iter().map(move |sequence| [&sequence[..], &[row]].concat());
        TABLE.iter().copied().flat_map(with).collect()
    };
    let pairs = longer(&single);
    let triples = longer(&pairs);
    let mut permitted = 0;
    for sequence in single.iter().chain(&pairs).chain(&triples) {
        let (texts, meanings): (Vec<_>, Vec<_>) = sequence.iter().copied().unzip();
        for issuer in ["ca.example", "other.example", ""] {
            let value = format!("{issuer};{}", texts.join(";"));
            let expected = permits(issuer, &meanings);
            assert_eq!(decide(false, &[(0, "issue", &value)]).is_ok(), expected, "{value}");
            permitted += usize::from(expected);
        }
    }
    assert!(permitted > 200, "{permitted} permit");
}

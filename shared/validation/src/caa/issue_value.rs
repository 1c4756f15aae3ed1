//! The value of the properties `issue` and `issuewild` (RFC 8659 §4.2), with the parameters of RFC
//! 8657.

use acme::ChallengeType;

use super::CaaTerms;

/// A value of that grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IssueValue<'a> {
    /// The domain name of the CA that may issue; none may where it is absent.
    issuer: Option<&'a str>,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> IssueValue<'a> {
    /// Parses a value; `None` if it is not of the grammar: then it permits no CA (RFC 8659 §4.2).
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let value = str::from_utf8(value).ok()?;
        let (issuer, parameters) = value.split_once(';').map_or((value, ""), |(issuer, rest)| (issuer, rest));
        let (issuer, parameters) = (trimmed(issuer), trimmed(parameters));
        if !(issuer.is_empty() || issuer.split('.').all(is_label)) {
            return None;
        }
        let pairs = if parameters.is_empty() { Vec::new() } else { parameters.split(';').collect() };
        let pairs = pairs.into_iter().map(|pair| {
            let (tag, value) = pair.split_once('=').map(|(tag, value)| (trimmed(tag), trimmed(value)))?;
            (is_label(tag) && value.bytes().all(|octet| octet.is_ascii_graphic())).then_some((tag, value))
        });
        Some(Self {
            issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
            parameters: pairs.collect::<Option<_>>()?,
        })
    }

    /// The name of this CA that the value has, if every parameter agrees. Parameters that are not
    /// known restrict nothing (RFC 8659 §4.2).
    pub(super) fn permits<'t>(&self, challenge: ChallengeType, terms: &'t CaaTerms) -> Option<&'t str> {
        let issuer = self.issuer?;
        let identity = terms.identities.iter().find(|identity| identity.eq_ignore_ascii_case(issuer))?;
        let is_account = |url: &str| terms.account_urls.iter().any(|known| known == url);
        let has_method = |methods: &str| {
            let mut methods = methods.split(',');
            methods.clone().all(is_label) && methods.any(|method| method == challenge.as_str())
        };
        let agrees = self.each("accounturi", is_account) && self.each("validationmethods", has_method);
        agrees.then_some(identity.as_str())
    }

    /// Whether the parameter is absent, or is there once and holds (RFC 8657 §3 and §4).
    fn each(&self, tag: &str, holds: impl Fn(&str) -> bool) -> bool {
        let mut values = self.parameters.iter().filter(|(found, _)| found.eq_ignore_ascii_case(tag));
        match (values.next(), values.next()) {
            (None, _) => true,
            (Some((_, value)), None) => holds(value),
            (Some(_), Some(_)) => false,
        }
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Letters and digits, with hyphens between them.
fn is_label(text: &str) -> bool {
    let is_inner = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_grammar_are_read() {
        let value = |issuer, parameters: &[(&'static str, &'static str)]| {
            Some(IssueValue { issuer, parameters: parameters.to_vec() })
        };
        for (text, expected) in [
            ("", value(None, &[])),
            (";", value(None, &[])),
            (" \t; ", value(None, &[])),
            ("ca.example", value(Some("ca.example"), &[])),
            ("ca.example;", value(Some("ca.example"), &[])),
            ("  ca.example  ;foo=bar;baz=bar", value(Some("ca.example"), &[("foo", "bar"), ("baz", "bar")])),
            ("ca.example; a = \t b ; c=", value(Some("ca.example"), &[("a", "b"), ("c", "")])),
            (
                "ca.example;accounturi=https://ca.example/a?b=c",
                value(Some("ca.example"), &[("accounturi", "https://ca.example/a?b=c")]),
            ),
            ("; policy=none", value(None, &[("policy", "none")])),
        ] {
            assert_eq!(IssueValue::parse(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn values_of_another_grammar_are_none() {
        for text in [
            "1 2 3",
            "ca..example",
            ".ca.example",
            "ca.example.",
            "-ca.example",
            "ca-.example",
            "ca_.example",
            "ca.example; a_b=c",
            "ca.example; =c",
            "ca.example; a",
            "ca.example; a=b;",
            "ca.example;;",
            "ca.example; a=b c",
            "ca.example; a=\u{e9}",
            "ca.example\n",
            "c\u{430}.example",
        ] {
            assert_eq!(IssueValue::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(IssueValue::parse(b"ca.example; a=\xff"), None);
    }
}

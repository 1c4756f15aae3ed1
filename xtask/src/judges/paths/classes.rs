//! Why verifiers of paths disagree with this CA, as far as that is as it should be.

/// The reason why there is a disagreement; `None` if it is not explained. `ours` and `theirs` are
/// the reasons of a refusal; exactly one of them is empty.
pub(super) fn explain(judge: &str, features: &[String], name: &str, ours: &str, theirs: &str) -> Option<&'static str> {
    let (stricter, said) = if ours.is_empty() { (Side::Theirs, theirs) } else { (Side::Ours, ours) };
    let fits = |class: &&Class| {
        let has = |wanted: &&str| features.iter().any(|feature| feature.starts_with(wanted));
        class.stricter == stricter
            && class.judges.contains(&judge)
            && class.features.iter().any(has)
            && class.said.iter().any(|words| said.contains(words))
            && name.starts_with(class.name)
    };
    CLASSES.iter().find(fits).map(|class| class.why)
}

/// The reasons of all classes.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|class| class.why)
}

/// A kind of disagreement.
struct Class {
    stricter: Side,
    judges: &'static [&'static str],
    /// One of these features is in the path: its beginning, perhaps with the place.
    features: &'static [&'static str],
    /// One of these words is in the reason of the refusal.
    said: &'static [&'static str],
    /// The beginning of the name in the leaf.
    name: &'static str,
    why: &'static str,
}

/// Who refuses what the other accepts.
#[derive(PartialEq, Eq)]
enum Side {
    Ours,
    Theirs,
}

const EVERYONE: &[&str] = &["cryptography", "openssl", "webpki"];

const CLASSES: &[Class] = &[
    Class {
        stricter: Side::Theirs,
        judges: &["cryptography"],
        features: &["DNS permitted with a dot"],
        said: &["malformed DNS name constraint"],
        name: "",
        why: "a constraint with a leading dot, which many CAs write and others read, is none to cryptography",
    },
    Class {
        stricter: Side::Theirs,
        judges: &["cryptography"],
        features: &["basic constraints not critical"],
        said: &["2.5.29.19"],
        name: "",
        why: "cryptography alone demands that basic constraints are critical, and old roots have others",
    },
    Class {
        stricter: Side::Theirs,
        judges: &["cryptography"],
        features: &["no key usage"],
        said: &["2.5.29.15"],
        name: "",
        why: "cryptography alone demands a key usage of every CA, and old roots have none",
    },
    Class {
        stricter: Side::Theirs,
        judges: &["openssl"],
        features: &["ends now"],
        said: &["has expired"],
        name: "",
        why: "the last second belongs to the validity (RFC 5280 §4.1.2.5), but not to OpenSSL",
    },
    Class {
        stricter: Side::Ours,
        judges: &["webpki"],
        features: &[
            "expired: root",
            "no basic constraints: root",
            "not a CA: root",
            "not yet valid: root",
            "path length too short: root",
            "purpose client in the root",
            "unknown critical extension: root",
        ],
        said: &[".0 "],
        name: "",
        why: "rustls takes a root's name, key and name constraints, and nothing else of it",
    },
    Class {
        stricter: Side::Ours,
        judges: &["webpki"],
        features: &["may not sign certificates"],
        said: &["may sign certificates", "does not allow signing"],
        name: "",
        why: "rustls does not read the key usage of CAs",
    },
    Class {
        stricter: Side::Ours,
        judges: EVERYONE,
        features: &["may not sign CRLs: issuing", "no key usage: issuing"],
        said: &["does not allow signing certificates and CRLs"],
        name: "",
        why: "an issuer of this CA has to sign CRLs, too",
    },
    Class {
        stricter: Side::Ours,
        judges: EVERYONE,
        features: &["no authority key identifier", "no subject key identifier: issuing"],
        said: &["key identifier"],
        name: "",
        why: "this CA demands the key identifiers of RFC 5280 §4.2.1.1 and §4.2.1.2",
    },
    Class {
        stricter: Side::Ours,
        judges: &["cryptography", "webpki"],
        features: &["wrong authority key identifier"],
        said: &["is missing"],
        name: "",
        why: "this CA, like OpenSSL, finds the CA above by name and key identifier, others by name and signature",
    },
    Class {
        stricter: Side::Ours,
        judges: EVERYONE,
        features: &["self-issued"],
        said: &["has the name of its issuer", "is its own issuer"],
        name: "",
        why: "this CA demands a name of its own of every CA below the root",
    },
    Class {
        stricter: Side::Ours,
        judges: &["openssl"],
        features: &["policy constraints", "inhibit any policy", "critical policies"],
        said: &["critical extension"],
        name: "",
        why: "OpenSSL knows critical extensions about policies, and cryptography and rustls refuse them",
    },
    Class {
        stricter: Side::Ours,
        judges: &["openssl"],
        features: &["directory name permitted"],
        said: &["distinguished names"],
        name: "",
        why: "this CA refuses constraints on subjects; they permit an empty one, but its leaves may have another",
    },
    Class {
        stricter: Side::Ours,
        judges: &["cryptography"],
        features: &["name constraints not critical"],
        said: &["distinguished names"],
        name: "",
        why: "cryptography ignores constraints that are not critical and of a type that it does not know",
    },
    Class {
        stricter: Side::Ours,
        judges: &["openssl"],
        features: &["no basic constraints: root"],
        said: &["may sign certificates"],
        name: "",
        why: "OpenSSL takes a trusted certificate with the right key usage for a CA",
    },
    Class {
        stricter: Side::Ours,
        judges: &["cryptography"],
        features: &["purpose any"],
        said: &["extended key usage"],
        name: "",
        why: "cryptography takes anyExtendedKeyUsage for every purpose; OpenSSL and rustls do not",
    },
    Class {
        stricter: Side::Ours,
        judges: &["openssl"],
        features: &["DNS excluded", "permitted and excluded"],
        said: &["excluded: "],
        name: "*.",
        why: "a wildcard that matches an excluded name passes OpenSSL, which compares only texts",
    },
];

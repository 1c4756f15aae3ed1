//! Rights that no function uses and that the roles have all the same, each with its reason.

/// Rights that are given and not used.
pub(crate) struct Explained {
    /// Function, action, resource and details, in which `*` stands for any text.
    pub(crate) right: &'static str,
    pub(crate) why: &'static str,
}

impl Explained {
    /// Whether a right is among them.
    pub(crate) fn is_about(&self, right: &str) -> bool {
        fits(self.right, right)
    }
}

pub(crate) const EXPLAINED: [Explained; 21] = [
    Explained { right: "* logs:CreateLogStream log-group:/acme/*", why: LOGS },
    Explained { right: "* logs:PutLogEvents log-group:/acme/*", why: LOGS },
    Explained {
        right: "* xray:*",
        why: "SAM attaches a policy for traces wherever the property Tracing stands, also with PassThrough. No function \
              uses it unless Lambda traces.",
    },
    Explained { right: "* sts:GetCallerIdentity *", why: "IAM refuses it to no one, whatever policies say." },
    Explained {
        right: "ForwardEventsFunction sqs:SendMessage ForwardEventsDeadLetters",
        why: "Lambda itself sends events there that the function did not process, with the rights of its role.",
    },
    Explained {
        right: "PublishCrlFunction s3:PutObject StatusBucket/crl/root",
        why: "The issuers that operators add have CRLs beside that of the root, and their names are not known at a \
              deployment. The function cannot sign a CRL of the root.",
    },
    Explained { right: "* dynamodb:GetItem Table ACCOUNT#CONTACT", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table ACCOUNT#FORMER", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table ACCOUNT#UNBOUND", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table BLOCKED#LIST", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table CERTIFICATE#END", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table CERTIFICATE#KEY", why: ENTRIES },
    Explained { right: "* dynamodb:GetItem Table CERTIFICATE#NAME", why: ENTRIES },
    Explained { right: "AdminFunction dynamodb:BatchGetItem Table ACCOUNT#*", why: ENTRIES },
    Explained { right: "AdminFunction dynamodb:BatchGetItem Table CERTIFICATE#*", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table ACCOUNT#CONTACT", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table ACCOUNT#FORMER", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table ACCOUNT#UNBOUND", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table CERTIFICATE#END", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table CERTIFICATE#KEY", why: ENTRIES },
    Explained { right: "* dynamodb:PutItem Table CERTIFICATE#NAME", why: ENTRIES },
];

const LOGS: &str =
    "Lambda itself writes what a function logs, with the rights of its role, to the groups of this stack.";

const ENTRIES: &str = "A pattern of IAM cannot tell an id from a word, so who may read or put the records of a noun may \
                       read or put the entries of its indexes, which lead to those records and decide nothing.";

/// Matches a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && fits(tail, &rest[at..]))
        }
    }
}

#[test]
fn a_star_stands_for_any_text() {
    for (pattern, text, fit) in
        [("a", "a", true), ("a", "ab", false), ("a#*", "a#", true), ("a#*", "b#c", false), ("*/c", "a/b/c", true)]
    {
        assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
    }
}

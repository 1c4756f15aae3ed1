//! What a function is constructed from is what its role in the template may do.

use std::collections::BTreeSet;

use aws::Capability;
use tests::Aws;

use crate::{
    HOST,
    policies::{Policies, Statement},
};

#[tokio::test]
async fn the_statements_of_a_function_are_about_what_it_is_constructed_from() {
    let environment = HOST.start().await;
    let aws = environment.aws();
    let statements = Policies::read(aws).statements();
    let capabilities = aws.capabilities();
    let functions: BTreeSet<&str> = statements.iter().map(|statement| statement.function.as_str()).collect();
    assert_eq!(functions, capabilities.keys().copied().collect(), "every function says what it is constructed from");
    let mut faults = Vec::new();
    for (function, asked) in capabilities {
        let own: Vec<&Statement> = statements.iter().filter(|statement| statement.function == function).collect();
        for capability in &asked {
            let is_granted = match capability {
                Capability::Admission => true,
                seam if is_seam(*seam) => own.iter().any(|statement| is_about(aws, statement, *seam)),
                store => own.iter().flat_map(|statement| statement.nouns()).any(|noun| nouns(*store).contains(&noun)),
            };
            if !is_granted {
                faults.push(format!("{function} is constructed from {capability:?}, and no statement is about it"));
            }
        }
        let mut known: BTreeSet<&str> = asked.iter().flat_map(|capability| nouns(*capability)).copied().collect();
        // The number of the layout, which every connection to the table reads first.
        known.insert("SCHEMA");
        for noun in own.iter().flat_map(|statement| statement.nouns()) {
            if !known.contains(noun) {
                faults.push(format!("{function} may touch {noun}, and is constructed from no store of it"));
            }
        }
        let is_write = |statement: &&Statement| statement.is_about("dynamodb:PutItem", None);
        if own
            .iter()
            .filter(|statement| is_write(statement))
            .any(|statement| statement.nouns().any(|noun| noun == "SCHEMA"))
            && !asked.contains(&Capability::Layout)
        {
            faults.push(format!("{function} may write the number of the layout, and is not constructed to do so"));
        }
        for seam in SEAMS {
            if !asked.contains(&seam) && own.iter().any(|statement| is_about(aws, statement, seam)) {
                faults.push(format!("{function} has a statement about {seam:?}, and is not constructed from it"));
            }
        }
    }
    faults.sort();
    faults.dedup();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn is_seam(capability: Capability) -> bool {
    SEAMS.contains(&capability)
}

/// Whether the statement grants what the seam does.
fn is_about(aws: &Aws, statement: &Statement, seam: Capability) -> bool {
    let queue = |logical_id: &str| statement.is_about("sqs:SendMessage", Some(&aws.arn_of(logical_id)));
    match seam {
        Capability::Signer => statement.is_about("kms:Sign", None),
        Capability::Publisher => statement.is_about("s3:PutObject", None),
        Capability::ValidationQueue => queue("ValidateQueue"),
        Capability::IssuanceQueue => queue("IssueQueue"),
        Capability::CrlQueue => queue("PublishCrlQueue"),
        Capability::EnrolmentUrl => statement.is_about("lambda:InvokeFunctionUrl", None),
        // Under a condition it is half of the right to ask a function URL.
        Capability::FunctionInvoker => {
            statement.is_about("lambda:InvokeFunction", None) && statement.is_unconditional()
        }
        Capability::EventBus => statement.is_about("events:PutEvents", None),
        _ => false,
    }
}

/// The nouns of the table that the verbs of a store touch.
fn nouns(capability: Capability) -> &'static [&'static str] {
    match capability {
        Capability::Admission => &["ACCOUNT", "NONCE", "PROFILE", "SECRET"],
        Capability::Accounts => &["ACCOUNT", "KEY"],
        Capability::Audit => &["AUDIT"],
        Capability::Authorizations => &["AUTHORIZATION", "PROOF"],
        Capability::Certificates => &["BLOCKED", "CERTIFICATE", "CRL"],
        Capability::Crls => &["CRL"],
        Capability::ExternalAccounts => &["ACCOUNT", "EAB", "KEY", "SECRET"],
        Capability::Grants => &["GRANT"],
        Capability::Incidents => &["INCIDENT"],
        Capability::Issuances => &["CERTIFICATE", "ORDER", "ORDERS"],
        Capability::Issuers => &["ISSUER"],
        Capability::Layout => &["SCHEMA"],
        Capability::Limits => &["LIMIT"],
        Capability::Lookups => &["CERTIFICATE", "ORDER"],
        Capability::Nonces => &["NONCE", "SECRET"],
        Capability::Orders => &["AUTHORIZATION", "ORDER", "ORDERS"],
        Capability::Profiles => &["PROFILE"],
        Capability::Seals => &["CERTIFICATE", "SEAL"],
        Capability::Watch => &["WATCH"],
        _ => &[],
    }
}

const SEAMS: [Capability; 8] = [
    Capability::CrlQueue,
    Capability::EnrolmentUrl,
    Capability::EventBus,
    Capability::FunctionInvoker,
    Capability::IssuanceQueue,
    Capability::Publisher,
    Capability::Signer,
    Capability::ValidationQueue,
];

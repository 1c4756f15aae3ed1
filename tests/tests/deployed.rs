//! The deployed bundle: real clients obtain, renew and revoke certificates through API Gateway,
//! Lambda, DynamoDB, KMS and SQS of an emulator, in a stack created from `template.yaml`.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use instant_acme::{
    Account, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus, RetryPolicy, RevocationReason,
    RevocationRequest,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use tests::{
    client::{Http, Key as ClientKey, csr},
    clients::{Authority, Certbot, Certificate, CertificateKey, Challenge, Failure, Lego, Story, Target},
    deployed::{Stack, repository},
};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread")]
async fn certbot_lego_and_instant_acme_obtain_renew_and_revoke_on_both_families() -> Result<(), Failure> {
    let Some(stack) = Stack::deploy().await? else { return Ok(()) };
    let outcome = stories(&stack).await;
    if outcome.is_err() {
        // Shown if the test fails.
        println!("{}", stack.log());
    }
    outcome
}

async fn stories(stack: &Stack) -> Result<(), Failure> {
    // This one comes first and alone, while every function is cold.
    let began = Instant::now();
    obtain(stack, &register(stack, "default").await).await;
    println!("an account and a certificate with every function cold: {:?}", began.elapsed());
    unknown_paths_and_methods_are_refused_with_problem_documents(stack).await;
    tokio::try_join!(
        instant_acme_obtains_renews_and_revokes(stack, "default", [127, 0, 0, 2]),
        instant_acme_obtains_renews_and_revokes(stack, "raProfile/default", [127, 0, 0, 2]),
        certbot_obtains_renews_and_revokes(stack, "default", [127, 0, 0, 3]),
        certbot_obtains_renews_and_revokes(stack, "raProfile/default", [127, 0, 0, 4]),
        lego_obtains_renews_and_revokes(stack, "default", [127, 0, 0, 5]),
        lego_obtains_renews_and_revokes(stack, "raProfile/default", [127, 0, 0, 6]),
    )?;
    Ok(())
}

/// What no function serves is answered by the fallback with a problem document, and not by the
/// gateway, which knows none.
async fn unknown_paths_and_methods_are_refused_with_problem_documents(stack: &Stack) {
    let client = Http::trusting(&stack.trusted());
    let directory = stack.directory("default");
    for (resource, status) in [("/new-order", 405), ("/nothing-here", 404)] {
        client.get(&directory.replace("/directory", resource)).await.refused(status, "malformed");
    }
}

async fn certbot_obtains_renews_and_revokes(stack: &Stack, directory: &str, address: [u8; 4]) -> Result<(), Failure> {
    let name = format!("certbot-{}.test", address[3]);
    let started = Story::with(Certbot::PROGRAM, &[&name], async || stack.door(directory, address)).await?;
    let Some((story, tool)) = started else { return Ok(()) };
    let certbot = Certbot::new(&story.target, tool, story.folder());
    let chain = certbot.obtain(&name, &[]).await?;
    let first = story.accept(&chain, &[&name], CertificateKey::P256).await?;
    certbot.revoke(&name, "superseded").await?;
    until_revoked(&first, &story.target).await?;
    // Renewal information tells clients to replace a revoked certificate at once.
    certbot.renew(&[]).await?;
    let second = story.accept(&chain, &[&name], CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);
    Ok(())
}

async fn lego_obtains_renews_and_revokes(stack: &Stack, directory: &str, address: [u8; 4]) -> Result<(), Failure> {
    let name = format!("lego-{}.test", address[3]);
    let started = Story::with(Lego::PROGRAM, &[&name], async || stack.door(directory, address)).await?;
    let Some((story, tool)) = started else { return Ok(()) };
    let lego = Lego::new(&story.target, tool, story.folder());
    let chain = lego.obtain(Challenge::Tls, &[&name], "ec256").await?;
    let first = story.accept(&chain, &[&name], CertificateKey::P256).await?;
    let chain = lego.renew(Challenge::Tls, &[&name], "ec256").await?;
    let second = story.accept(&chain, &[&name], CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);
    lego.revoke(&[&name], 4).await?;
    until_revoked(&second, &story.target).await?;
    assert!(!story.is_revoked(&first).await?);
    Ok(())
}

async fn instant_acme_obtains_renews_and_revokes(
    stack: &Stack,
    directory: &str,
    address: [u8; 4],
) -> Result<(), Failure> {
    // The challenge server itself answers its challenges, because names resolve to it by default.
    let target = Target { address: address.into(), ..stack.door(directory, address).target(&[]).await };
    let account = register(stack, directory).await;
    let folder = tempfile::tempdir().unwrap();
    let first = obtain(stack, &account).await;
    accept(&target, &folder.path().join("first"), &first).await?;
    let second = obtain(stack, &account).await;
    let judged = accept(&target, &folder.path().join("second"), &second).await?;
    assert_ne!(second, first);

    let certificate = CertificateDer::from_pem_slice(second.as_bytes()).unwrap();
    let request = RevocationRequest { certificate: &certificate, reason: Some(RevocationReason::Superseded) };
    account.revoke(&request).await.unwrap();
    assert!(account.revoke(&request).await.unwrap_err().to_string().contains("alreadyRevoked"));
    until_revoked(&judged, &target).await
}

async fn register(stack: &Stack, directory: &str) -> Account {
    let new = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
    let builder = Account::builder_with_root(stack.trusted()).unwrap();
    builder.create(&new, stack.directory(directory), None).await.unwrap().0
}

async fn obtain(stack: &Stack, account: &Account) -> String {
    let mut order = account.new_order(&NewOrder::new(&[Identifier::Dns(INSTANT_ACME.to_owned())])).await.unwrap();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        if let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) {
            stack.challenges.set_http(&challenge.token.clone(), challenge.key_authorization().as_str());
            challenge.set_ready().await.unwrap();
        }
    }
    let patience = RetryPolicy::default();
    let ready = order.poll_ready(&patience).await;
    if ready.is_err() {
        // Shown if the test fails.
        println!("{}", stack.log());
    }
    assert_eq!(ready.unwrap(), OrderStatus::Ready);
    order.finalize_csr(&csr(&[INSTANT_ACME], &ClientKey::p256())).await.unwrap();
    order.poll_certificate(&patience).await.unwrap()
}

async fn accept(target: &Target, folder: &Path, chain: &str) -> Result<Certificate, Failure> {
    fs::create_dir(folder).unwrap();
    let file = folder.join("chain.pem");
    fs::write(&file, chain).unwrap();
    Certificate::accept(target, file, &[INSTANT_ACME], CertificateKey::P256).await
}

/// A worker behind a queue makes the CRL, and the emulator delays its messages a little.
async fn until_revoked(certificate: &Certificate, target: &Target) -> Result<(), Failure> {
    for _ in 0..100 {
        if certificate.is_revoked(target).await? {
            return Ok(());
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("the CRL does not list the certificate");
}

/// What Lambda cannot start would deploy without a word.
#[test]
fn the_build_refuses_programs_that_lambda_cannot_start_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let elf = |machine: u8, needs: &str| {
        let head = [&[0x7f, b'E', b'L', b'F', 2, 1, 1][..], &[0; 11], &[machine, 0]].concat();
        [head, format!("\0GLIBC_2.2.5\0{needs}\0").into_bytes()].concat()
    };
    for (program, architecture, refusal) in [
        (elf(0x3e, "GLIBC_2.34"), "x86_64", None),
        (elf(0xb7, "GLIBC_2.17"), "arm64", None),
        (elf(0x3e, "GLIBC_2.38"), "x86_64", Some("it wants glibc 2.38")),
        (elf(0xb7, "GLIBC_2.34"), "x86_64", Some("it is made for arm64")),
        (elf(0x3e, "GLIBC_2.34"), "arm64", Some("it is made for x86_64")),
        (elf(0x28, "GLIBC_2.34"), "arm64", Some("it is made for another processor")),
        (vec![0xcf, 0xfa, 0xed, 0xfe, 7, 0, 0, 1], "x86_64", Some("this is no program for Linux")),
        (Vec::new(), "x86_64", Some("this is no program for Linux")),
    ] {
        let file = folder.path().join("bootstrap");
        fs::write(&file, program).unwrap();
        let check = Command::new(repository().join("deploy/fits-lambda.sh")).arg(&file).arg(architecture).output();
        let check = check.unwrap();
        let said = String::from_utf8(check.stderr).unwrap();
        assert_eq!(check.status.success(), refusal.is_none(), "{said}");
        assert!(said.contains(refusal.unwrap_or_default()), "{said}");
    }
}

const INSTANT_ACME: &str = "instant-acme.test";

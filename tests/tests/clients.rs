//! Real clients obtain certificates, renew and revoke them, and change their accounts; `openssl`
//! judges the result.
//!
//! Every story has a CA of its own. If its client is missing, it is skipped and says so loudly;
//! after `cargo xtask test` has installed the clients, a missing one is a failure.

use tests::{
    Environment, Host,
    clients::{
        AcmeClient, AcmeTiny, Acmetool, Caddy, Certbot, CertificateKey, Challenge, Dehydrated, Failure, Lego, Library,
        ModMd, Story, Tool, Traefik, Uacme,
    },
};

#[tokio::test]
async fn certbot_obtains_over_http_01_renews_when_renewal_information_says_so_and_revokes() -> Result<(), Failure> {
    let names = ["certbot.test"];
    let Some((story, tool)) = start(Certbot::PROGRAM, &names).await? else {
        return Ok(());
    };
    let certbot = Certbot::new(&story.target, tool, story.folder());
    let chain = certbot.obtain("certbot.test", &[]).await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert!(!story.is_revoked(&first).await?);

    certbot.revoke("certbot.test", "superseded").await?;
    assert!(story.is_revoked(&first).await?);

    // Renewal information tells clients to replace a revoked certificate at once.
    certbot.renew(&[]).await?;
    let second = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);

    let said = certbot.renew(&[]).await?;
    assert!(said.contains("not yet due"), "{said}");

    certbot.renew(&["--force-renewal"]).await?;
    let third = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(third.serial, second.serial);
    Ok(())
}

#[tokio::test]
async fn certbot_of_2021_obtains_over_http_01_and_revokes() -> Result<(), Failure> {
    let names = ["old.test"];
    let Some((story, tool)) = start(Certbot::OLD, &names).await? else {
        return Ok(());
    };
    let certbot = Certbot::new(&story.target, tool, story.folder());
    let chain = certbot.obtain("old.test", &[]).await?;
    let issued = story.accept(&chain, &names, CertificateKey::Rsa2048).await?;
    certbot.revoke("old.test", "superseded").await?;
    assert!(story.is_revoked(&issued).await?);
    Ok(())
}

#[tokio::test]
async fn certbot_obtains_a_wildcard_over_dns_01_and_ends_its_account() -> Result<(), Failure> {
    let names = ["*.certbot.test", "certbot.test"];
    let Some((story, tool)) = start(Certbot::PROGRAM, &names).await? else {
        return Ok(());
    };
    let certbot = Certbot::new(&story.target, tool, story.folder());
    let rsa = ["--key-type", "rsa", "--rsa-key-size", "2048"];
    let chain = certbot.obtain_over_dns("*.certbot.test", &["certbot.test"], &rsa).await?;
    story.accept(&chain, &names, CertificateKey::Rsa2048).await?;

    certbot.update_account("other@example.org").await?;
    certbot.unregister().await?;
    Ok(())
}

#[tokio::test]
async fn lego_obtains_over_http_01_renews_and_revokes() -> Result<(), Failure> {
    let names = ["lego.test", "www.lego.test"];
    let Some((story, tool)) = start(Lego::PROGRAM, &names).await? else {
        return Ok(());
    };
    let lego = Lego::new(&story.target, tool, story.folder());
    let chain = lego.obtain(Challenge::Http, &names, "ec256").await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;

    let chain = lego.renew(Challenge::Http, &names, "ec256").await?;
    let second = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);

    lego.revoke(&names, 4).await?;
    assert!(story.is_revoked(&second).await?);
    assert!(!story.is_revoked(&first).await?);
    Ok(())
}

#[tokio::test]
async fn lego_obtains_over_tls_alpn_01() -> Result<(), Failure> {
    let names = ["lego.test"];
    let Some((story, tool)) = start(Lego::PROGRAM, &names).await? else {
        return Ok(());
    };
    let lego = Lego::new(&story.target, tool, story.folder());
    let chain = lego.obtain(Challenge::Tls, &names, "ec384").await?;
    story.accept(&chain, &names, CertificateKey::P384).await?;
    Ok(())
}

#[tokio::test]
async fn lego_obtains_a_wildcard_over_dns_01() -> Result<(), Failure> {
    let names = ["*.lego.test"];
    let Some((story, tool)) = start(Lego::PROGRAM, &names).await? else {
        return Ok(());
    };
    let lego = Lego::new(&story.target, tool, story.folder());
    let chain = lego.obtain(Challenge::Dns, &names, "rsa2048").await?;
    story.accept(&chain, &names, CertificateKey::Rsa2048).await?;
    Ok(())
}

#[tokio::test]
async fn dehydrated_obtains_over_http_01_renews_revokes_and_ends_its_account() -> Result<(), Failure> {
    let names = ["dehydrated.test", "www.dehydrated.test"];
    let Some((story, tool)) = start(Dehydrated::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let dehydrated = Dehydrated::register(&story.target, tool, story.folder(), webroot.folder()).await?;
    let chain = dehydrated.obtain("http-01", &names, "prime256v1", &[]).await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;

    let chain = dehydrated.obtain("http-01", &names, "rsa", &["--force"]).await?;
    let second = story.accept(&chain, &names, CertificateKey::Rsa4096).await?;
    assert_ne!(second.serial, first.serial);

    dehydrated.revoke(&chain).await?;
    assert!(story.is_revoked(&second).await?);
    dehydrated.update_account().await?;
    dehydrated.deactivate().await
}

#[tokio::test]
async fn dehydrated_obtains_a_wildcard_over_dns_01() -> Result<(), Failure> {
    let names = ["*.dehydrated.test", "dehydrated.test"];
    let Some((story, tool)) = start(Dehydrated::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let dehydrated = Dehydrated::register(&story.target, tool, story.folder(), webroot.folder()).await?;
    let chain = dehydrated.obtain("dns-01", &names, "secp384r1", &[]).await?;
    story.accept(&chain, &names, CertificateKey::P384).await?;
    Ok(())
}

#[tokio::test]
async fn uacme_obtains_renews_rolls_its_key_over_and_revokes_in_two_ways() -> Result<(), Failure> {
    let names = ["uacme.test", "www.uacme.test"];
    let Some((story, tool)) = start(Uacme::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let uacme = Uacme::register(&story.target, tool, story.folder(), webroot.folder()).await?;
    let chain = uacme.obtain(&["--type", "EC"], &names).await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;

    uacme.roll_key_over().await?;
    uacme.update_account("other@example.org").await?;
    let chain = uacme.obtain(&["--force"], &names).await?;
    let second = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);
    uacme.revoke(&chain).await?;
    assert!(story.is_revoked(&second).await?);

    uacme.revoke_by_key(&first.file, "uacme.test").await?;
    assert!(story.is_revoked(&first).await?);
    uacme.deactivate().await
}

#[tokio::test]
async fn acme_tiny_obtains_twice() -> Result<(), Failure> {
    let names = ["tiny.test", "www.tiny.test"];
    let Some((story, tool)) = start(AcmeTiny::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let acme_tiny = AcmeTiny::new(&story.target, tool, story.folder()).await?;
    let chain = acme_tiny.obtain(webroot.folder(), &names).await?;
    let first = story.accept(&chain, &names, CertificateKey::Rsa2048).await?;

    let chain = acme_tiny.obtain(webroot.folder(), &names).await?;
    let second = story.accept(&chain, &names, CertificateKey::Rsa2048).await?;
    assert_ne!(second.serial, first.serial);
    Ok(())
}

#[tokio::test]
async fn acmetool_obtains_for_one_name_after_another_and_leaves_certificates_that_are_not_due() -> Result<(), Failure> {
    let names = ["acmetool.test", "www.acmetool.test"];
    let Some((story, tool)) = start(Acmetool::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let acmetool = Acmetool::new(&story.target, tool, story.folder(), webroot.folder())?;
    let chain = acmetool.obtain("acmetool.test").await?;
    let first = story.accept(&chain, &["acmetool.test"], CertificateKey::P256).await?;

    let other = acmetool.obtain("www.acmetool.test").await?;
    story.accept(&other, &["www.acmetool.test"], CertificateKey::P256).await?;

    acmetool.reconcile().await?;
    let same = story.accept(&chain, &["acmetool.test"], CertificateKey::P256).await?;
    assert_eq!(same.serial, first.serial);
    Ok(())
}

#[tokio::test]
async fn caddy_obtains_over_http_01_and_renews() -> Result<(), Failure> {
    caddy_obtains_and_renews(Caddy::PROGRAM, Challenge::Http).await
}

#[tokio::test]
async fn caddy_obtains_over_tls_alpn_01_and_renews() -> Result<(), Failure> {
    caddy_obtains_and_renews(Caddy::PROGRAM, Challenge::Tls).await
}

#[tokio::test]
async fn the_current_caddy_obtains_over_tls_alpn_01_and_renews() -> Result<(), Failure> {
    caddy_obtains_and_renews(Caddy::CURRENT, Challenge::Tls).await
}

#[tokio::test]
async fn traefik_obtains_over_http_01_and_over_tls_alpn_01() -> Result<(), Failure> {
    let names = ["traefik.test"];
    for challenge in [Challenge::Http, Challenge::Tls] {
        let Some((story, tool)) = start(Traefik::PROGRAM, &names).await? else {
            return Ok(());
        };
        let mut traefik = Traefik::start(&story.target, &tool, story.folder(), "traefik.test", challenge)?;
        let chain = traefik.certificate().await?;
        story.accept(&chain, &names, CertificateKey::P256).await?;
        traefik.stop().await?;
    }
    Ok(())
}

#[tokio::test]
async fn crypto_acme_of_go_obtains_over_http_01() -> Result<(), Failure> {
    library_obtains(Library::GoCryptoAcme, CertificateKey::P256).await
}

#[tokio::test]
async fn root_acme_of_npm_obtains_over_http_01() -> Result<(), Failure> {
    library_obtains(Library::RootAcme, CertificateKey::P256).await
}

#[tokio::test]
async fn acme_client_of_ruby_obtains_over_http_01() -> Result<(), Failure> {
    library_obtains(Library::RubyAcmeClient, CertificateKey::Rsa2048).await
}

async fn library_obtains(library: Library, key: CertificateKey) -> Result<(), Failure> {
    if let Some(source) = library.source()
        && Tool::find(source)?.is_none()
    {
        return Ok(());
    }
    let names = ["library.test", "www.library.test"];
    let Some((story, tool)) = start(library.program(), &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let chain = library.obtain(&story.target, &tool, story.folder(), webroot.folder(), &names).await?;
    story.accept(&chain, &names, key).await?;
    Ok(())
}

async fn caddy_obtains_and_renews(program: &'static str, challenge: Challenge) -> Result<(), Failure> {
    let names = ["caddy.test"];
    let Some((story, tool)) = start(program, &names).await? else {
        return Ok(());
    };
    let serve = |window| Caddy::start(&story.target, &tool, story.folder(), "caddy.test", challenge, window);
    let mut caddy = serve(0.33)?;
    let chain = caddy.next_certificate(None).await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;
    caddy.stop().await?;

    // Nearly the whole life is the renewal window now, so the certificate is due at once.
    let mut caddy = serve(0.999_999_999)?;
    let chain = caddy.next_certificate(Some(&chain)).await?;
    let second = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);
    caddy.stop().await
}

#[tokio::test]
async fn apache_mod_md_obtains_and_renews() -> Result<(), Failure> {
    let names = ["apache.test"];
    let Some((story, tool)) = start(ModMd::PROGRAM, &names).await? else {
        return Ok(());
    };
    let apache = ModMd::new(&story.target, tool, story.folder(), "apache.test");
    let chain = apache.obtain("33%").await?;
    let first = story.accept(&chain, &names, CertificateKey::P256).await?;

    let chain = apache.obtain("36500d").await?;
    let second = story.accept(&chain, &names, CertificateKey::P256).await?;
    assert_ne!(second.serial, first.serial);
    Ok(())
}

#[tokio::test]
async fn npm_acme_client_obtains_rolls_its_key_over_renews_and_revokes() -> Result<(), Failure> {
    let names = ["npm.test", "www.npm.test"];
    let Some((story, tool)) = start(AcmeClient::PROGRAM, &names).await? else {
        return Ok(());
    };
    let webroot = story.webroot().await?;
    let client = AcmeClient::new(&story.target, &tool, story.folder(), webroot.folder())?;
    client.register("ec").await?;
    let chain = client.obtain(&names).await?;
    let first = story.accept(&chain, &names, CertificateKey::Rsa2048).await?;

    client.roll_key_over("rsa").await?;
    let chain = client.obtain(&names).await?;
    let second = story.accept(&chain, &names, CertificateKey::Rsa2048).await?;
    assert_ne!(second.serial, first.serial);

    client.revoke().await?;
    assert!(story.is_revoked(&second).await?);
    assert!(!story.is_revoked(&first).await?);
    client.update_and_deactivate().await
}

/// Starts the CA of a story.
async fn start(program: &'static str, names: &[&str]) -> Result<Option<(Story<Environment>, Tool)>, Failure> {
    Story::with(program, names, || Host::OneProcess.start()).await
}

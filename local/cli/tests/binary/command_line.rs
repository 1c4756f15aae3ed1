//! The output and the arguments of the command line.

use std::fs;

use tempfile::TempDir;

use crate::{
    http,
    process::{Server, command, finish, program, refusal, run},
};

#[tokio::test]
async fn help_names_flag_variable_key_and_default_of_every_setting() {
    for arguments in [&["--help"][..], &["serve", "--help"], &["help", "serve"]] {
        let output = run(arguments).await;
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for part in
            ["--listen <IP:PORT>", "SERVERLESS_ACME_LISTEN", "[key: serve.listen]", "[default: 127.0.0.1:14000]"]
        {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let (_, for_clients) = text.split_once("For testing clients:").unwrap();
        assert!(for_clients.contains("--nonce-refusals"), "{text}");
    }
    let demo = String::from_utf8(run(["demo", "--help"]).await.stdout).unwrap();
    assert!(demo.contains("temporary folder") && demo.contains("exit status"), "{demo}");
}

#[tokio::test]
async fn the_version_is_that_of_the_package() {
    let output = run(["--version"]).await;
    assert!(output.status.success());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), concat!("serverless-acme ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[tokio::test]
async fn a_wrong_command_line_is_refused_with_status_2_and_what_is_allowed() {
    for (arguments, expected) in [
        (&["--listn", "127.0.0.1:1"][..], "--listen"),
        (&["bake"], "bake"),
        (&["--listen", "localhost"], "expected an IP address with a port"),
        (&["--http-port", "0"], "expected a whole number from 1 to 65535"),
        (&["--nonce-refusals", "101"], "expected a whole number from 0 to 100"),
        (&["--validation-delay", "1h"], "expected a number of seconds from 0 to 60"),
        (&["--base-url", "http://ca.test"], "expected a URL of the form https://host[:port][/path]"),
        (&["--log", "yaml"], "[possible values: text, json]"),
    ] {
        let output = run(arguments).await;
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.starts_with("error: ") && message.contains(expected), "{message}");
    }
}

#[tokio::test]
async fn a_flag_counts_more_than_the_environment_that_more_than_the_file_and_that_more_than_the_default() {
    let file = TempDir::new().unwrap();
    let path = file.path().join("ca.toml");
    fs::write(&path, "[serve]\nbaseUrl = \"https://file.test/api\"\n").unwrap();
    let path = path.to_str().unwrap();
    let variable = Some("https://environment.test/api");
    for (arguments, variable, expected) in [
        (&["--config", path, "--base-url", "https://flag.test/api"][..], variable, "https://flag.test/api/"),
        (&["--config", path], variable, "https://environment.test/api/"),
        (&["--config", path], None, "https://file.test/api/"),
        (&[], None, "https://localhost:"),
    ] {
        let folder = TempDir::new().unwrap();
        let mut command = command(&folder.path().join("data"));
        command.args(arguments).arg("--open");
        variable.map(|url| command.env("SERVERLESS_ACME_BASE_URL", url));
        let server = Server::spawn(folder, &mut command).await;
        assert!(server.directory().starts_with(expected), "{}", server.directory());
    }
}

#[tokio::test]
async fn without_a_command_the_program_serves_also_when_all_comes_from_the_environment() {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("ca.toml");
    fs::write(&config, "[serve]\nlog = \"json\"\n[test]\nalwaysValid = true\n").unwrap();
    let mut command = program();
    command
        .env("SERVERLESS_ACME_LISTEN", "127.0.0.1:0")
        .env("SERVERLESS_ACME_STATUS_LISTEN", "127.0.0.1:0")
        .env("SERVERLESS_ACME_CONFIG", &config)
        .env("SERVERLESS_ACME_DATA", folder.path().join("data"));
    let server = Server::spawn(folder, &mut command).await;
    let dir = "https://localhost/dir";
    assert_eq!(http::get(&server, dir).await.json(), http::get(&server, server.directory()).await.json());
}

#[tokio::test]
async fn the_banner_tells_people_where_everything_is() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let mut child = program()
        .args(["--listen", "127.0.0.1:0", "--status-listen", "127.0.0.1:0", "--http-port", "5002", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stdout.take().unwrap()));
    let mut text = String::new();
    while !text.contains("acme.sh --issue") {
        text.push_str(&lines.next_line().await.unwrap().unwrap());
        text.push('\n');
    }
    child.kill().await.unwrap();
    let root = data.join("root.pem");
    let root = root.to_str().unwrap();
    for part in [
        "/api/v1/protocols/acme/default/directory\n",
        "/api/v1/protocols/acme/raProfile/default/directory\n",
        &format!("root         {root}\n"),
        "SHA-256      ",
        &format!("REQUESTS_CA_BUNDLE={root} certbot certonly "),
        "--http-01-port 5002",
        &format!("LEGO_CA_CERTIFICATES={root} lego "),
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains('\x1b'), "no colours outside a terminal: {text}");
    let fingerprint = finish(tokio::process::Command::new("openssl").args([
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        root,
    ]))
    .await;
    let fingerprint = String::from_utf8(fingerprint.stdout).unwrap();
    let (_, fingerprint) = fingerprint.trim().split_once('=').unwrap();
    assert!(text.contains(fingerprint), "{fingerprint}\n{text}");
}

#[tokio::test]
async fn a_base_url_with_another_host_is_in_the_directory_and_in_the_certificate_of_the_host() {
    let server = Server::start(&["--open", "--base-url", "https://ca.test:8443/acme/"]).await;
    let directory = "https://ca.test:8443/acme/v1/protocols/acme/default/directory";
    assert_eq!(server.banner["directories"][0], directory);
    assert!(server.banner["statusUrl"].as_str().unwrap().starts_with("http://ca.test:"));
    for same in [directory, "https://localhost/acme/v1/protocols/acme/default/directory", "https://127.0.0.1/dir"] {
        let object = http::get(&server, same).await.json();
        assert_eq!(object["newNonce"], "https://ca.test:8443/acme/v1/protocols/acme/default/new-nonce", "{same}");
    }
    let root = http::get_status(&server, "/root.pem").await;
    assert_eq!(root.body, fs::read(server.data().join("root.pem")).unwrap());
}

#[tokio::test]
async fn an_unreadable_log_filter_is_refused() {
    let folder = TempDir::new().unwrap();
    let message = refusal(finish(command(&folder.path().join("data")).env("RUST_LOG", "info=loud")).await);
    assert!(message.contains("RUST_LOG"), "{message}");
}

#[tokio::test]
async fn the_help_about_shards_says_who_cannot_import_crls_in_parts() {
    for command in ["add", "request"] {
        let help = String::from_utf8(run(["admin", "issuers", command, "--help"]).await.stdout).unwrap();
        let shards = help.split("--shards").nth(1).unwrap().split("\n\n").next().unwrap().to_owned();
        let words: Vec<&str> = shards.split_whitespace().collect();
        assert!(words.join(" ").contains("NSS cannot import the CRLs of an issuer that has more than one"), "{help}");
    }
}

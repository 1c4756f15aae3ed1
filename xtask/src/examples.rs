//! The programs for which examples are written accept them, on a machine that has these programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use yaml_serde::Value;

use crate::{progress, repository};

/// A copy of an example in a folder of its own, in which it may name files that are there.
struct Example {
    folder: TempDir,
    file: PathBuf,
}

impl Example {
    fn copy(name: &str, replaced: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = repository().join("examples").join(name);
        let mut text = fs::read_to_string(&source).unwrap();
        for (from, to) in replaced {
            assert!(text.contains(from), "{name} does not name {from}");
            text = text.replace(from, &to.replace("{folder}", folder.path().to_str().unwrap()));
        }
        let file = folder.path().join(source.file_name().unwrap());
        fs::write(&file, text).unwrap();
        Self { folder, file }
    }

    /// A certificate and its key, as `certificate.pem` and `key.pem`.
    fn with_certificate(self) -> Self {
        let arguments =
            "req -x509 -newkey rsa:2048 -nodes -subj /CN=www.example.com -days 2 -keyout key.pem -out certificate.pem";
        accepts(Command::new("openssl").args(arguments.split(' ')).current_dir(self.folder.path()));
        self
    }

    fn path(&self) -> &Path {
        &self.file
    }
}

fn accepts(command: &mut Command) {
    let output = command.output().unwrap();
    let said = [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat();
    assert!(output.status.success(), "{command:?}: {said}");
}

/// Whether all programs are installed. Those that `cargo xtask test` installs must be, under it.
fn are_there(programs: &[&str]) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| {
        let mut folders = env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]);
        folders.any(|folder| folder.join(program).is_file())
    };
    let without = env::var("SERVERLESS_ACME_WITHOUT").unwrap_or_default();
    let has_tools = env::var_os("SERVERLESS_ACME_TOOLS").is_some();
    let Some(program) = programs.iter().find(|program| !is_there(program)) else {
        return true;
    };
    let is_demanded = ["caddy", "openssl"].contains(program) && !without.split(',').any(|name| name == *program);
    assert!(!(has_tools && is_demanded), "{program} is not installed, although the tools of the tests are");
    progress::say(&format!("SKIPPED: there is no {program}"));
    false
}

#[test]
fn systemd_takes_the_unit() {
    if are_there(&["systemd-analyze"]) {
        let program = env::current_exe().unwrap();
        let unit = Example::copy(
            "systemd/serverless-acme.service",
            &[("/usr/local/bin/serverless-acme", program.to_str().unwrap())],
        );
        accepts(Command::new("systemd-analyze").arg("verify").arg(unit.path()));
    }
}

#[test]
fn caddy_takes_its_configuration() {
    if are_there(&["caddy", "openssl"]) {
        let caddyfile =
            Example::copy("caddy/Caddyfile", &[("/etc/caddy/root.pem", "{folder}/certificate.pem")]).with_certificate();
        let mut caddy = Command::new("caddy");
        // Caddy keeps its state below the home folder.
        caddy.env("HOME", caddyfile.folder.path()).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
        accepts(caddy.args(["validate", "--adapter", "caddyfile", "--config"]).arg(caddyfile.path()));
    }
}

#[test]
fn nginx_takes_its_configuration() {
    if are_there(&["nginx", "openssl"]) {
        // nginx creates its folders when it checks a configuration.
        let temporary: String = ["client_body", "fastcgi", "proxy", "scgi", "uwsgi"]
            .map(|kind| format!("{kind}_temp_path {{folder}}/{kind};\n"))
            .concat();
        let replaced = [
            ("/etc/letsencrypt/live/www.example.com/fullchain.pem", "{folder}/certificate.pem"),
            ("/etc/letsencrypt/live/www.example.com/privkey.pem", "{folder}/key.pem"),
            ("events {}", "pid {folder}/pid;\nevents {}"),
            ("http {", &format!("http {{\naccess_log off;\n{temporary}")),
        ];
        let conf = Example::copy("nginx/nginx.conf", &replaced).with_certificate();
        let path = [Path::new("/usr/sbin").to_path_buf()].into_iter();
        let folders = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(env::split_paths(&folders).chain(path)).unwrap();
        let mut nginx = Command::new("nginx");
        accepts(
            nginx
                .env("PATH", path)
                .args(["-t", "-e", "stderr", "-p"])
                .arg(conf.folder.path())
                .arg("-c")
                .arg(conf.path()),
        );
    }
}

#[test]
fn the_cluster_issuer_has_the_fields_that_cert_manager_demands() {
    let text = fs::read_to_string(repository().join("examples/cert-manager/cluster-issuer.yaml")).unwrap();
    let documents: Vec<Value> = text.split("\n---\n").map(|text| yaml_serde::from_str(text).unwrap()).collect();
    let [issuer, certificate] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    for (document, kind) in [(issuer, "ClusterIssuer"), (certificate, "Certificate")] {
        assert_eq!(document["apiVersion"], Value::from("cert-manager.io/v1"));
        assert_eq!(document["kind"], Value::from(kind));
    }
    let acme = &issuer["spec"]["acme"];
    assert!(acme["server"].as_str().unwrap().starts_with("https://"));
    assert!(acme["caBundle"].as_str().unwrap().starts_with("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"), "base64 of PEM");
    assert!(acme["privateKeySecretRef"]["name"].is_string());
    let binding = &acme["externalAccountBinding"];
    assert!(binding["keyID"].is_string() && binding["keySecretRef"]["key"].is_string());
    assert!(acme["solvers"][0]["http01"]["ingress"].is_mapping());
    assert_eq!(certificate["spec"]["issuerRef"]["name"], issuer["metadata"]["name"]);
    assert!(certificate["spec"]["secretName"].is_string() && certificate["spec"]["dnsNames"][0].is_string());
}

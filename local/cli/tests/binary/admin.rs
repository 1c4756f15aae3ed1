//! `serverless-acme admin`: with a running host, without one, and on AWS through the AWS CLI.

mod audit;
mod certificates;
mod incidents;
mod roles;
mod support;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Output, Stdio},
};

use instant_acme::{Account, ExternalAccountKey, Identifier, NewAccount, NewOrder};
use jose::base64url;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    acme::Client,
    http,
    process::{Server, finish, program, refusal},
};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/profiles.toml");

pub(crate) async fn admin(data: &Path, arguments: &[&str]) -> Output {
    finish(program().args(["admin", "--data"]).arg(data).args(arguments).stdin(Stdio::null())).await
}

pub(crate) async fn text(data: &Path, arguments: &[&str]) -> String {
    let output = admin(data, arguments).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) async fn json(data: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&text(data, &[arguments, &["--json"]].concat()).await).unwrap()
}

pub(crate) fn file(folder: &Path, text: &str) -> String {
    let path = folder.join("profiles.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The folder of a CA whose host has ended.
pub(crate) async fn at_rest() -> TempDir {
    let server = Server::start(&[]).await;
    server.signal("TERM").await;
    server.ended().await.1
}

const TEAM: &str = r#"
[[acmeProfile]]
name = "team"
raProfile = "default"
externalAccountRequired = true
"#;

#[tokio::test]
async fn an_applied_profile_serves_at_once_and_takes_an_account_with_a_minted_key_once() {
    let server = Server::start(&[]).await;
    let (data, file) = (server.data(), file(server.folder.path(), TEAM));
    let directory = server.directory().replace("/default/", "/team/");
    assert_eq!(http::get(&server, &directory).await.status, 404);

    let asked = admin(&data, &["apply", &file]).await;
    let said = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(1));
    assert!(said.contains("acmeProfile.team: (none) -> ") && said.contains("use --yes to skip it"), "{said}");
    assert!(text(&data, &["diff", &file]).await.contains("acmeProfile.team: (none) -> "));
    assert_eq!(http::get(&server, &directory).await.status, 404, "nothing is applied yet");

    let applied = json(&data, &["apply", "--yes", &file]).await;
    assert_eq!(applied["applied"], true);
    assert_eq!(http::get(&server, &directory).await.json()["meta"]["externalAccountRequired"], true);
    assert_eq!(text(&data, &["apply", "--yes", &file]).await, "no changes\n");

    let minted = json(&data, &["eab", "mint", "--profile", "team", "--label", "web team"]).await;
    let key = base64url::decode(minted["key"].as_str().unwrap()).unwrap();
    let enrol = async || {
        let key = ExternalAccountKey::new(minted["keyIdentifier"].as_str().unwrap().to_owned(), &key);
        let request = NewAccount { contact: &[], terms_of_service_agreed: true, only_return_existing: false };
        let builder = Account::builder_with_root(data.join("root.pem")).unwrap();
        builder.create(&request, directory.clone(), Some(&key)).await
    };
    drop(enrol().await.unwrap());
    assert!(enrol().await.is_err(), "a key is for one account");
    let listed = json(&data, &["eab", "list"]).await;
    assert_eq!((&listed[0]["state"], &listed[0]["accounts"]), (&json!("used"), &json!(1)));

    let shown = text(&data, &["eab", "mint", "--accounts", "unlimited", "--scope", ".example.com"]).await;
    let fact = |name: &str| shown.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let (id, key) = (fact("key identifier"), fact("key  "));
    // An option and its value are one word, whatever the value begins with.
    let (certbot, lego) = (format!("--eab-kid={id} --eab-hmac-key={key} "), format!("--eab --kid={id} --hmac={key} "));
    for part in ["The key cannot be shown again", "certbot certonly", &certbot, "lego ", &lego, server.directory()] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let id = json(&data, &["eab", "list"]).await[1]["id"].as_str().unwrap().to_owned();
    assert!(text(&data, &["eab", "revoke", &id]).await.contains("revoked"));

    let audit = json(&data, &["audit", "list"]).await;
    let acts: Vec<_> = audit.as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["eab revoke", "eab mint", "eab mint", "apply", "apply", "apply"], "two by the first start");
    assert!(audit[0]["actor"].as_str().unwrap().contains("uid "), "{audit}");
    assert!(!audit.to_string().contains(minted["key"].as_str().unwrap()));
}

#[tokio::test]
async fn what_was_applied_outlives_a_restart_and_the_built_in_profile_does_not_come_back() {
    let server = Server::start(&[]).await;
    let set = format!(
        "{TEAM}\n[[acmeProfile]]\nname = \"default\"\ndescription = \"Ours\"\nexternalAccountRequired = true\n"
    );
    let file = file(server.folder.path(), &set);
    text(&server.data(), &["apply", "--yes", &file]).await;
    let server = server.restarted("TERM", &[]).await;
    let directory = http::get(&server, server.directory()).await.json();
    assert_eq!(directory["meta"]["externalAccountRequired"], true);
    let directories = server.banner["directories"].as_array().unwrap();
    assert!(directories.iter().any(|url| url.as_str().unwrap().contains("/team/")), "{directories:?}");
}

#[tokio::test]
async fn without_a_host_the_same_commands_work_on_the_folder_and_leave_it_to_the_next_start() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let status = json(&data, &["status"]).await;
    assert_eq!(status["issuers"].as_array().map(Vec::len), Some(2));
    text(&data, &["apply", "--yes", &file(folder.path(), TEAM)]).await;
    assert!(text(&data, &["profiles", "list"]).await.contains("team"));
    let shown = text(&data, &["profiles", "show", "team"]).await;
    assert!(shown.contains("[[acmeProfile]]") && shown.contains("externalAccountRequired = true"), "{shown}");
    assert!(text(&data, &["eab", "mint"]).await.contains("DIRECTORY_URL"), "the URL of a host at rest is unknown");
    text(&data, &["profiles", "disable", "acme", "team"]).await;

    let server = Server::start_in(folder, &[]).await;
    let directory = format!("https://localhost:{}/api/v1/protocols/acme/team/directory", server.listen().port());
    assert_eq!(http::get(&server, &directory).await.status, 403);
    text(&server.data(), &["profiles", "enable", "acme", "team"]).await;
    assert_eq!(http::get(&server, &directory).await.status, 200);
    text(&server.data(), &["profiles", "delete", "acme", "team", "--yes"]).await;
    assert_eq!(http::get(&server, &directory).await.status, 404);
}

#[tokio::test]
async fn enrolment_is_granted_on_terms_listed_and_revoked() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let role = "arn:aws:iam::123456789012:role/web";
    let add = ["enrolments", "add", "arn:aws:iam::123456789012:role/team/web"];
    let terms = ["--scope", ".web.example", "--scope", "10.0.0.0/8", "--minutes", "5"];
    let added = text(&data, &[&add[..], &terms].concat()).await;
    assert!(added.contains(role) && added.contains(".web.example,10.0.0.0/8"), "{added}");
    let listed = json(&data, &["enrolments", "list"]).await;
    assert_eq!((&listed[0]["profile"], &listed[0]["minutes"]), (&json!("default"), &json!(5)), "{listed}");
    assert_eq!(listed[0]["revokedAt"], Value::Null);
    let revoked = text(&data, &["enrolments", "revoke", role]).await;
    assert!(revoked.contains("revoked 20"), "{revoked}");
    for wrong in
        [&add[..], &[&add[..], &["--scope", ".a.example", "--minutes", "1441"]].concat(), &["enrolments", "add", "*"]]
    {
        assert_eq!(admin(&data, wrong).await.status.code(), Some(2), "{wrong:?}");
    }
    let help = text(&data, &["enrolments", "--help"]).await;
    assert!(help.contains("mints nothing for grants"), "{help}");
}

#[tokio::test]
async fn the_socket_is_the_owners_alone_and_goes_with_the_host() {
    let server = Server::start(&[]).await;
    let socket = server.data().join("admin.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    // A connection that hangs neither blocks others nor prevents the host from stopping.
    let _idle = tokio::net::UnixStream::connect(&socket).await.unwrap();
    assert!(text(&server.data(), &["status"]).await.contains("issuing"));
    server.signal("KILL").await;
    let (_, folder) = server.ended().await;
    assert!(socket.exists(), "the killed host could not remove it");
    assert!(text(&folder.path().join("data"), &["status"]).await.contains("issuing"));
    let server = Server::start_in(folder, &[]).await;
    let _idle = tokio::net::UnixStream::connect(&socket).await.unwrap();
    assert!(text(&server.data(), &["status"]).await.contains("issuing"));
    server.signal("TERM").await;
    let (status, _folder) = server.ended().await;
    assert_eq!(status, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn administration_cannot_be_reached_through_the_api() {
    let server = Server::start(&[]).await;
    for path in ["admin", "v1/admin", "admin.sock", "v1/protocols/acme/default/admin"] {
        let url = server.directory().replace("v1/protocols/acme/default/directory", path);
        assert_eq!(http::get(&server, &url).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_refused_set_names_the_field_and_changes_nothing() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let before = json(&data, &["profiles", "list"]).await;
    for (set, expected) in [
        ("[[acmeProfile]\n", "line 1: "),
        ("[[acmeProfiles]]\nname = \"a\"\n", "unknown field `acmeProfiles`"),
        (
            "[[acmeProfile]]\nname = \"a\"\nvalidty = 1\n",
            "acmeProfile.a.validty: unknown field `validty`, expected one of",
        ),
        (
            "[[acmeProfile]]\nname = \"a\"\nraProfile = \"x\"\n",
            "acmeProfile.a.raProfile: there is no RA Profile `x`, only",
        ),
        (
            "[[raProfile]]\nname = \"a\"\nissuer = \"x\"\n",
            "raProfile.a.issuer: there is no issuer `x` for certificates, only `issuing`",
        ),
        (
            "[[acmeProfile]]\nname = \"good\"\n[[acmeProfile]]\nname = \"a\"\npreApproved = [{ rule = \".a.test\" }]\n",
            "acmeProfile.a.preApproved: needs externalAccountRequired = true",
        ),
    ] {
        let message = refusal(admin(&data, &["apply", "--yes", &file(folder.path(), set)]).await);
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(json(&data, &["profiles", "list"]).await, before);
    let message = refusal(admin(&data, &["profiles", "delete", "ra", "default", "--yes"]).await);
    assert!(message.contains("acmeProfile.default.raProfile: there is no RA Profile `default`"), "{message}");
}

#[tokio::test]
async fn exit_statuses_tell_what_became_of_a_command() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("none");
    let message = refusal(admin(&data, &["status"]).await);
    assert!(message.contains("there is no CA in") && message.contains("--data"), "{message}");
    assert!(!data.exists(), "looking makes none");
    for arguments in
        [&["bake"][..], &["eab", "mint", "--days", "0"], &["eab", "mint", "--accounts", "0"], &["eab", "revoke", "x"]]
    {
        let output = admin(&data, arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    let completions = text(&data, &["completions", "bash"]).await;
    assert!(completions.contains("serverless-acme"));
    for command in ["status", "doctor", "apply", "diff", "completions"] {
        assert!(text(&data, &[command, "--help"]).await.contains("Example"), "{command}");
    }
    for arguments in [["eab", "mint"], ["eab", "list"], ["eab", "revoke"], ["profiles", "show"], ["audit", "list"]] {
        assert!(text(&data, &[arguments[0], arguments[1], "--help"]).await.contains("Example"), "{arguments:?}");
    }
}

#[tokio::test]
async fn the_doctor_finds_a_ca_well_and_one_without_its_key_not() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    let well = text(&data, &["doctor"]).await;
    assert!(well.contains("ok    key of issuer issuing") && !well.contains("BAD"), "{well}");
    fs::remove_file(data.join("issuing.key")).unwrap();
    let ill = admin(&data, &["doctor"]).await;
    assert_eq!(ill.status.code(), Some(1));
    let (said, warned) = (String::from_utf8(ill.stdout).unwrap(), String::from_utf8(ill.stderr).unwrap());
    assert!(said.contains("BAD   key of issuer issuing") && said.contains("-> "), "{said}");
    assert!(warned.contains("issuing.key of the CA in this data folder is missing"), "{warned}");
}

#[tokio::test]
async fn the_example_of_a_profile_set_can_be_applied() {
    let folder = at_rest().await;
    let data = folder.path().join("data");
    text(&data, &["apply", "--yes", EXAMPLE]).await;
    let shown = text(&data, &["profiles", "show"]).await;
    assert_eq!(text(&data, &["apply", "--exact", "--yes", &file(folder.path(), &shown)]).await, "no changes\n");
}

#[tokio::test]
async fn p6_an_account_is_found_and_disabled_and_its_certificate_found_explained_and_revoked() {
    let server = Server::start(&["--always-valid"]).await;
    let data = server.data();
    let mut client = Client::register(&server).await;
    client.obtain("www.test", None).await;
    let id = client.account.id().rsplit('/').next().unwrap().to_owned();
    let found = json(&data, &["certificates", "find", "--name", "www.test"]).await;
    let certificate = &found["items"][0];
    assert_eq!((&certificate["names"], &certificate["account"]), (&json!(["www.test"]), &json!(id)));
    let of_account = json(&data, &["certificates", "find", "--account", &id]).await;
    assert_eq!(of_account["items"][0]["id"], certificate["id"]);
    let ending = json(&data, &["certificates", "find", "--ending-within", "91"]).await;
    assert!(ending["items"].as_array().unwrap().iter().any(|item| item["id"] == certificate["id"]), "{ending}");
    let story = json(&data, &["explain", "--name", "www.test"]).await;
    assert_eq!((&story["orders"][0]["status"], &story["records"]["account"]["id"]), (&json!("valid"), &json!(id)));
    let order = story["orders"][0]["order"].as_str().unwrap();
    let url = format!("https://ca.example/acme/order/{order}");
    let told = text(&data, &["explain", "--account", client.account.id(), "--order", &url]).await;
    for part in
        ["is valid.", "what to do\n  The client can download", "the client ordered www.test", "by http-01, dns-01"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    let told = text(&data, &["explain", "--account", &id]).await;
    assert!(told.contains("is valid.") && told.contains(order), "{told}");
    let told = text(&data, &["explain", "--name", "never.ordered.test", "--profile", "default"]).await;
    assert!(told.starts_with("1 of 1 ACME Profiles would accept an order for never.ordered.test"), "{told}");
    refusal(admin(&data, &["explain", "--name", "a.test", "--profile", "nowhere"]).await);

    let certificate = certificate["id"].as_str().unwrap();
    assert!(text(&data, &["certificates", "show", certificate]).await.contains("-----BEGIN CERTIFICATE-----"));
    let revoked = json(&data, &["certificates", "revoke", certificate, "--reason", "superseded"]).await;
    assert_eq!(revoked["reason"], 4);
    let message = refusal(admin(&data, &["certificates", "revoke", certificate]).await);
    assert!(message.contains("already revoked"), "{message}");

    let account = json(&data, &["accounts", "find", "--id", &id]).await["items"][0].clone();
    let key = account["keyThumbprint"].as_str().unwrap();
    assert_eq!(json(&data, &["accounts", "find", "--key", key]).await["items"][0]["id"], json!(id));
    assert_eq!(json(&data, &["accounts", "disable", &id]).await["status"], "revoked");
    let refused = client.account.new_order(&NewOrder::new(&[Identifier::Dns("www.test".to_owned())])).await;
    assert!(refused.is_err());
    text(&data, &["accounts", "enable", &id]).await;
    client.order("www.test").await;
    drop(client.account.update_key().await.unwrap());
    assert_eq!(json(&data, &["accounts", "find", "--key", key]).await["items"], json!([]));
    assert_eq!(json(&data, &["accounts", "find", "--former-key", key]).await["items"][0]["id"], json!(id));
    let told = text(&data, &["keys", "block", key]).await;
    assert!(told.contains(&format!("{id} had it formerly, and is still valid")), "{told}");
    assert!(told.contains("--disable-former disables them"), "{told}");
    assert!(text(&data, &["keys", "list"]).await.contains(key));
    let told = text(&data, &["keys", "block", key, "--disable-former"]).await;
    assert!(told.contains(&format!("{id} had it formerly, and is disabled")), "{told}");
    assert!(!told.contains("--disable-former"), "{told}");
    refusal(admin(&data, &["accounts", "disable", &"0".repeat(26)]).await);
    for words in
        [&["accounts", "find"][..], &["accounts", "find", "--unbound"], &["accounts", "find", "--profile", "a"]]
    {
        assert_eq!(admin(&data, words).await.status.code(), Some(2), "{words:?}");
    }
    let unbound = ["accounts", "find", "--unbound", "--profile", "default"];
    assert_eq!(json(&data, &unbound).await[0]["id"], json!(id));
    let told = text(&data, &unbound).await;
    assert!(told.contains(&id) && told.contains("1 accounts without an external account in default"), "{told}");
}

#[tokio::test]
async fn a_function_is_asked_by_the_tool_on_the_path() {
    let folder = TempDir::new().unwrap();
    let tool = folder.path().join("aws");
    let script = r#"#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$1" in
sts) echo "arn:aws:iam::1:user/alice"; exit 0;;
esac
for last; do :; done
for word; do case "$word" in fileb://*) /bin/cp "${word#fileb://}" "$(dirname "$0")/payload";; esac; done
if [ -n "$REFUSES" ]; then
  echo '{"errorType":"Error","errorMessage":"days should be less"}' > "$last"
  echo '{"StatusCode":200,"FunctionError":"Unhandled"}'
else
  echo '{"keyIdentifier":"00000000000000000000000000","key":"c2VjcmV0","expiresAt":"2030-01-01T00:00:00Z"}' > "$last"
  echo '{"StatusCode":200}'
fi
"#;
    fs::write(&tool, script).unwrap();
    fs::set_permissions(&tool, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ask = async |refuses: &str, path: &str| {
        let mut command = program();
        command.args(["admin", "--function", "acme-admin", "eab", "mint"]).env("PATH", path).env("REFUSES", refuses);
        finish(command.stdin(Stdio::null())).await
    };
    let answered = ask("", &path).await;
    assert!(answered.status.success(), "{}", String::from_utf8_lossy(&answered.stderr));
    assert!(String::from_utf8(answered.stdout).unwrap().contains("c2VjcmV0"));
    let payload: Value = serde_json::from_slice(&fs::read(folder.path().join("payload")).unwrap()).unwrap();
    assert_eq!(
        (&payload["action"], &payload["actor"]),
        (&json!("mint-external-account-key"), &json!("arn:aws:iam::1:user/alice"))
    );
    assert!(fs::read_to_string(folder.path().join("asked")).unwrap().contains("--function-name acme-admin"));
    assert!(refusal(ask("yes", &path).await).contains("days should be less"));
    let message = refusal(ask("", folder.path().join("nothing").to_str().unwrap()).await);
    assert!(message.contains("the `aws` command line tool is not on PATH"), "{message}");
}

/// An `aws` that has an admin function `acme-admin` and another one for ceremonies. `DENIED` is a
/// function that may not be invoked, `OLD` makes the first one of before there were two.
const AWS: &str = r#"#!/bin/sh
case "$1" in sts) echo "arn:aws:iam::1:user/alice"; exit 0;; esac
while [ $# -gt 1 ]; do
  case "$1" in
  --function-name) function=$2;;
  fileb://*) request=$(/bin/cat "${1#fileb://}");;
  esac
  shift
done
echo "$function $request" >> "$(dirname "$0")/asked"
if [ "$function" = "$DENIED" ]; then
  echo "An error occurred (AccessDeniedException): not authorized to perform: lambda:InvokeFunction" >&2
  exit 254
fi
case "$OLD$function$request" in
yes*ceremony-function*) error="there is no action \`ceremony-function\`; there are status";;
yes*|arn:*add-issuer*) error="performed by $function";;
arn:*ceremony-function*) answer='{"function":null}';;
*ceremony-function*) answer='{"function":"arn:ceremony"}';;
*) answer='[]';;
esac
if [ -n "$error" ]; then
  echo "{\"errorMessage\":\"$error\"}" > "$1"
  echo '{"StatusCode":200,"FunctionError":"Unhandled"}'
else
  echo "$answer" > "$1"
  echo '{"StatusCode":200}'
fi
"#;

#[tokio::test]
async fn what_the_root_signs_goes_to_the_function_that_the_admin_function_names() {
    let folder = TempDir::new().unwrap();
    let tool = folder.path().join("aws");
    fs::write(&tool, AWS).unwrap();
    fs::set_permissions(&tool, Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let asked = folder.path().join("asked");
    let ask = async |function: &str, arguments: &[&str], environment: &[(&str, &str)]| {
        fs::write(&asked, "").unwrap();
        let mut command = program();
        command.args(["admin", "--function", function]).args(arguments).env("PATH", &path);
        command.envs(environment.iter().copied());
        let output = finish(command.stdin(Stdio::null())).await;
        let asked = fs::read_to_string(&asked).unwrap();
        let functions = asked.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
        (output, functions, asked)
    };
    let add = ["issuers", "add", "internal", "--name", "Internal", "--kms-key", "arn:key"];

    let (output, functions, payload) = ask("acme-admin:view", &add, &[]).await;
    assert!(refusal(output).contains("performed by arn:ceremony"));
    assert_eq!(functions, ["acme-admin:view", "arn:ceremony"]);
    let act: Value = serde_json::from_str(payload.lines().last().unwrap().split_once(' ').unwrap().1).unwrap();
    assert_eq!((&act["action"], &act["actor"]), (&json!("add-issuer"), &json!("arn:aws:iam::1:user/alice")));
    // Everything else goes to the function that was named, without a question before it.
    let (output, functions, _) = ask("acme-admin:view", &["issuers", "list"], &[]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(functions, ["acme-admin:view"]);
    // The function for ceremonies itself, and a stack of before there was one.
    for (function, environment) in [("arn:ceremony", &[][..]), ("acme-admin", &[("OLD", "yes")][..])] {
        let (output, functions, _) = ask(function, &add, environment).await;
        assert!(refusal(output).contains(&format!("performed by {function}")));
        assert_eq!(functions, [function, function]);
    }
    // Without one of the two rights.
    let (output, functions, _) = ask("acme-admin", &add, &[("DENIED", "acme-admin")]).await;
    let message = refusal(output);
    assert!(message.contains("CeremonyFunctionArn") && message.contains("AccessDeniedException"), "{message}");
    assert_eq!(functions, ["acme-admin"]);
    let (output, functions, _) = ask("acme-admin", &add, &[("DENIED", "arn:ceremony")]).await;
    let message = refusal(output);
    assert!(message.contains("to invoke the function arn:ceremony"), "{message}");
    assert!(message.contains("AccessDeniedException"), "{message}");
    assert_eq!(functions, ["acme-admin", "arn:ceremony"]);
}

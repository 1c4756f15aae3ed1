//! `template.yaml` agrees with the code.

use std::{collections::BTreeSet, fs};

use tests::deployed::{
    repository,
    template::{Template, program},
};

/// Each route in the form `POST /path function`.
fn routes_of_the_template() -> (BTreeSet<String>, Vec<String>) {
    let template = Template::read();
    let (mut routes, mut defaults) = (BTreeSet::new(), Vec::new());
    for (name, function) in template.functions() {
        let events = function["Events"].as_mapping().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| event["Type"] == "HttpApi") {
            let properties = &event["Properties"];
            match (properties["Method"].as_str(), properties["Path"].as_str()) {
                (Some(method), Some(path)) => {
                    assert!(routes.insert(format!("{method} {path} {}", program(name))), "{method} {path} twice");
                }
                // Without method and path it is the route `$default`.
                (None, None) => defaults.push(program(name)),
                half => panic!("{name}: {half:?}"),
            }
        }
    }
    (routes, defaults)
}

#[test]
fn the_routes_of_the_template_are_those_of_the_code_and_no_others() {
    let code: BTreeSet<String> = api::routes()
        .into_iter()
        .map(|route| format!("{} {} {}", route.method, route.path, program(&format!("{:?}Function", route.operation))))
        .collect();
    let (template, defaults) = routes_of_the_template();
    let missing: Vec<_> = code.difference(&template).collect();
    let unknown: Vec<_> = template.difference(&code).collect();
    assert!(missing.is_empty() && unknown.is_empty(), "missing: {missing:#?}, unknown: {unknown:#?}");
    assert_eq!(defaults, ["fallback"]);
}

#[test]
fn every_function_of_the_repository_is_deployed_and_has_an_event() {
    let folders = |path: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(repository().join(path)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let deployed: BTreeSet<String> = Template::read().functions().keys().map(|name| program(name)).collect();
    assert_eq!(deployed, folders("functions"));
    let events: BTreeSet<String> = folders("events").iter().map(|file| file.replace(".json", "")).collect();
    assert_eq!(deployed, events);
}

#[test]
fn state_outlives_its_stack() {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    for kind in ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"] {
        for (at, _) in text.match_indices(&format!("Type: {kind}\n")) {
            let head: String = text[at..].lines().take(4).collect();
            assert!(head.contains("DeletionPolicy: Retain"), "{kind}: {head}");
            assert!(head.contains("UpdateReplacePolicy: Retain"), "{kind}: {head}");
        }
    }
}

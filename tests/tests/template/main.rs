//! `template.yaml` agrees with the code.

mod optional_stacks;

use std::{collections::BTreeSet, fs};

use acme::ProblemType;
use tests::deployed::{
    repository,
    template::{TEMPLATES, Template, program},
};
use yaml_serde::Value;

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
fn the_description_for_the_judge_of_http_has_the_routes_of_the_code_and_no_others() {
    let text = fs::read_to_string(repository().join("xtask/src/judges/http/openapi.json")).unwrap();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys().filter(|method| *method != "parameters");
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let code: BTreeSet<String> =
        api::routes().into_iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(described, code);
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

/// The function that an operation of a REST API calls.
fn called(operation: &Value) -> String {
    let uri = &operation["x-amazon-apigateway-integration"]["uri"];
    let Value::Tagged(uri) = uri else { panic!("{uri:?}") };
    let (_, function) = uri.value.as_str().unwrap().split_once("/functions/${").unwrap();
    function.strip_suffix(".Arn}/invocations").unwrap().to_owned()
}

#[test]
fn the_private_api_has_the_routes_of_the_code_and_may_call_their_functions() {
    let template = Template::read();
    let api = template.resources("AWS::Serverless::Api")["PrivateApi"];
    let mut calls = BTreeSet::new();
    let mut routes = BTreeSet::new();
    for (path, methods) in api["DefinitionBody"]["paths"].as_mapping().unwrap() {
        for (method, operation) in methods.as_mapping().unwrap().iter().filter(|(method, _)| *method != "parameters") {
            let function = called(operation);
            routes.insert(format!("{} {} {function}", path.as_str().unwrap(), method.as_str().unwrap()));
            calls.insert(function);
        }
    }
    let mut expected: BTreeSet<String> =
        ["/", "/{proxy+}"].map(|path| format!("{path} x-amazon-apigateway-any-method FallbackFunction")).into();
    for route in api::routes() {
        // An operation refuses other methods itself, all but the preflight of a browser.
        expected.insert(format!("{} x-amazon-apigateway-any-method {:?}Function", route.path, route.operation));
        expected.insert(format!("{} options FallbackFunction", route.path));
    }
    assert_eq!(routes, expected);

    let mut allowed = BTreeSet::new();
    for (name, permission) in template.resources("AWS::Lambda::Permission") {
        let Value::Tagged(source) = &permission["SourceArn"] else { panic!("{name}") };
        if source.value.as_str().is_some_and(|source| source.contains("${PrivateApi}/*")) {
            let Value::Tagged(function) = &permission["FunctionName"] else { panic!("{name}") };
            allowed.insert(function.value.as_str().unwrap().to_owned());
            assert_eq!(template.resource(name)["Condition"], "IsPrivate", "{name}");
        }
    }
    assert_eq!(allowed, calls);
}

#[test]
fn a_private_ca_answers_through_its_endpoints_alone() {
    let template = Template::read();
    assert_eq!(template.parameter("VpcEndpointIds")["Default"], "");
    let api = template.resources("AWS::Serverless::Api")["PrivateApi"];
    assert_eq!(template.resource("PrivateApi")["Condition"], "IsPrivate");
    assert_eq!(api["EndpointConfiguration"]["Type"], "PRIVATE");
    let policy = &api["DefinitionBody"]["x-amazon-apigateway-policy"]["Statement"];
    let denied = &policy[1];
    assert_eq!(
        (&denied["Effect"], &denied["Principal"], &denied["Resource"]),
        (&"Deny".into(), &"*".into(), &"execute-api:/*".into())
    );
    for endpoints in
        [&denied["Condition"]["StringNotEquals"]["aws:SourceVpce"], &api["EndpointConfiguration"]["VPCEndpointIds"]]
    {
        let Value::Tagged(reference) = endpoints else { panic!("{endpoints:?}") };
        assert_eq!(reference.value, "VpcEndpointIds");
    }
    // The other one, which is made all the same, has no name that answers.
    let public = template.resources("AWS::Serverless::HttpApi")["HttpApi"];
    let disabled = yaml_serde::to_string(&public["DisableExecuteApiEndpoint"]).unwrap();
    assert!(disabled.replace(['\n', ' '], "").contains("-IsPrivate-true"), "{disabled}");
}

/// The members of the lines of an access log, and whether a line is JSON.
fn members_of(format: &Value) -> BTreeSet<String> {
    let line: serde_json::Value = serde_json::from_str(format.as_str().unwrap()).unwrap();
    line.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn the_private_api_writes_the_access_log_of_the_public_one_where_the_account_can() {
    let template = Template::read();
    let public = &template.resource("HttpApi")["Properties"]["AccessLogSettings"];
    let private = &template.resource("PrivateApi")["Properties"]["AccessLogSetting"]["Fn::If"];
    assert_eq!(private[0], "LogsPrivateAccess");
    assert_eq!(private[1]["DestinationArn"], public["DestinationArn"], "filters read this group");
    assert_eq!(members_of(&private[1]["Format"]), members_of(&public["Format"]));
    // A REST API knows no route keys; an unknown variable is a line of its own name.
    assert!(!private[1]["Format"].as_str().unwrap().contains("routeKey"));
    // Without the role of the account, API Gateway refuses the whole stage.
    assert_eq!(template.parameter("PrivateAccessLog")["Default"], "false");
}

#[test]
fn what_the_private_gateway_answers_by_itself_is_a_problem_document() {
    let template = Template::read();
    let answers =
        &template.resource("PrivateApi")["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"];
    let mut kinds = BTreeSet::new();
    for (kind, answer) in answers.as_mapping().unwrap() {
        let kind = kind.as_str().unwrap();
        // API Gateway puts in a text with its quotes.
        let text = answer["responseTemplates"]["application/json"].as_str().unwrap();
        let problem: serde_json::Value =
            serde_json::from_str(&text.replace("$context.error.messageString", "\"cause\"")).unwrap();
        let known = ProblemType::ALL.iter().find(|known| known.urn() == problem["type"]).unwrap();
        assert!(problem["detail"].is_string(), "{kind}");
        let headers = &answer["responseParameters"];
        assert_eq!(headers["gatewayresponse.header.Content-Type"], "'application/problem+json'", "{kind}");
        let again = [ProblemType::RateLimited, ProblemType::ServerInternal].contains(known);
        assert_eq!(again, headers["gatewayresponse.header.Retry-After"].is_string(), "{kind}");
        if let Some(status) = answer["statusCode"].as_str() {
            assert_eq!(problem["status"].to_string(), status, "{kind}");
        }
        kinds.insert(kind);
    }
    // Of these two are all others.
    assert!(["DEFAULT_4XX", "DEFAULT_5XX", "THROTTLED"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[test]
fn no_message_travels_in_the_clear() {
    let template = Template::read();
    let policies = template.resources("AWS::SQS::QueuePolicy");
    let queues: Vec<String> = policies["QueuesOverTls"]["Queues"]
        .as_sequence()
        .unwrap()
        .iter()
        .map(|queue| yaml_serde::to_string(queue).unwrap())
        .collect();
    let all = template.resources("AWS::SQS::Queue");
    for name in all.keys() {
        assert!(queues.iter().any(|queue| queue.contains(&format!("!Ref {name}\n"))), "{name}: {queues:?}");
    }
    assert_eq!(queues.len(), all.len());
    let statement = &policies["QueuesOverTls"]["PolicyDocument"]["Statement"][0];
    assert_eq!(
        (&statement["Effect"], &statement["Principal"], &statement["Action"]),
        (&"Deny".into(), &"*".into(), &"sqs:*".into())
    );
    assert_eq!(statement["Condition"]["Bool"]["aws:SecureTransport"], "false");
}

#[test]
fn what_the_table_reads_and_writes_is_bounded_where_the_parameters_say_so() {
    let template = Template::read();
    let bounds = &template.resource("Table")["Properties"]["OnDemandThroughput"]["Fn::If"];
    assert_eq!(bounds[0], "BoundsTable");
    for (member, condition, parameter) in [
        ("MaxReadRequestUnits", "BoundsReads", "MaxReadUnitsPerSecond"),
        ("MaxWriteRequestUnits", "BoundsWrites", "MaxWriteUnitsPerSecond"),
    ] {
        let bound = yaml_serde::to_string(&bounds[1][member]).unwrap();
        assert!(bound.contains(condition) && bound.contains(&format!("!Ref {parameter}")), "{bound}");
        assert_eq!(template.parameter(parameter)["Default"], 0, "no maximum unless it is asked for");
    }
}

#[test]
fn every_function_of_the_repository_is_deployed_and_has_an_event() {
    let folders = |path: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(repository().join(path)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let templates = TEMPLATES.map(Template::at);
    let deployed: BTreeSet<String> =
        templates.iter().flat_map(|template| template.functions().into_keys()).map(program).collect();
    assert_eq!(deployed, folders("functions"));
    let events: BTreeSet<String> = folders("events").iter().map(|file| file.replace(".json", "")).collect();
    assert_eq!(deployed, events);
}

#[test]
fn the_admin_function_has_an_alias_for_each_role_of_operators_but_ceremony() {
    let template = Template::read();
    let aliases = template.resources("AWS::Lambda::Alias");
    let names: BTreeSet<&str> = aliases.values().map(|alias| alias["Name"].as_str().unwrap()).collect();
    assert_eq!(names, admin::Role::ALIASES.map(admin::Role::name).into());
    for (name, alias) in aliases {
        let Value::Tagged(function) = &alias["FunctionName"] else { panic!("{name}") };
        assert_eq!((function.tag.to_string().as_str(), function.value.as_str()), ("!Ref", Some("AdminFunction")));
        assert_eq!(alias["FunctionVersion"], "$LATEST", "{name}: an update reaches every role");
    }
}

#[test]
fn n14_a_stack_is_closed_until_its_parameter_opens_it() {
    let template = Template::read();
    assert_eq!(template.parameter("Open")["Default"], "false");
    let is_the_parameter = |value: &Value| {
        let Value::Tagged(reference) = value else { return false };
        reference.tag == "!Ref" && reference.value == "Open"
    };
    // The first profile is made by bootstrap, and others are judged by the function that applies
    // them.
    let [(_, bootstrapped)] = template.resources("Custom::CertificateAuthority").into_iter().collect::<Vec<_>>()[..]
    else {
        panic!("one resource bootstraps")
    };
    assert!(is_the_parameter(&bootstrapped["Open"]), "{:?}", bootstrapped["Open"]);
    for function in ["AdminFunction", "CeremonyFunction"] {
        let open = &template.functions()[function]["Environment"]["Variables"]["OPEN"];
        assert!(is_the_parameter(open), "{function}: {open:?}");
    }
}

#[test]
fn the_admin_function_names_the_one_for_ceremonies_and_has_no_bucket_for_the_crl_of_the_root() {
    let template = Template::read();
    let admin = &template.functions()["AdminFunction"]["Environment"]["Variables"];
    let Value::Tagged(name) = &admin["CEREMONY_FUNCTION"] else { panic!("{admin:?}") };
    assert_eq!((name.tag.to_string().as_str(), name.value.as_str()), ("!GetAtt", Some("CeremonyFunction.Arn")));
    assert!(admin["STATUS_BUCKET"].is_null(), "{admin:?}");
}

#[test]
fn threat_39_state_outlives_its_stack_but_not_a_first_deployment_that_failed() {
    let template = Template::read();
    let state = ["AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"];
    let names: Vec<&str> = state.into_iter().flat_map(|kind| template.resources(kind).into_keys()).collect();
    for name in &names {
        assert_eq!(template.resource(name)["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(template.resource(name)["UpdateReplacePolicy"], "Retain", "{name}");
    }
    assert_eq!(names.len(), 6);
    // A table that is protected from the start could not be taken back.
    assert_eq!(template.parameter("DeletionProtection")["Default"], "false");
}

#[test]
fn the_logs_outlive_their_stack_and_are_no_other_ones() {
    let template = Template::read();
    let groups = template.resources("AWS::Logs::LogGroup");
    for (name, group) in &groups {
        assert_eq!(template.resource(name)["DeletionPolicy"], "RetainExceptOnCreate", "{name}");
        assert_eq!(template.resource(name)["UpdateReplacePolicy"], "Retain", "{name}");
        let named = yaml_serde::to_string(&group["LogGroupName"]).unwrap();
        assert!(named.contains("AWS::StackId"), "{name}: a stack of the same name finds {named}");
    }
    assert_eq!(groups.len(), 3);
}

#[test]
fn a_key_of_the_operator_encrypts_table_queues_and_logs() {
    let template = Template::read();
    for (kind, property, count) in [
        ("AWS::DynamoDB::Table", "SSESpecification", 1),
        ("AWS::SQS::Queue", "KmsMasterKeyId", 7),
        ("AWS::Logs::LogGroup", "KmsKeyId", 3),
    ] {
        let resources = template.resources(kind);
        for (name, properties) in &resources {
            let key = yaml_serde::to_string(&properties[property]).unwrap();
            assert!(key.contains("HasDataKey") && key.contains("DataKeyArn"), "{name}: {key}");
        }
        assert_eq!(resources.len(), count, "{kind}");
    }
}

#[test]
fn every_role_has_the_boundary_and_the_path_of_the_parameters() {
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let template: Value = yaml_serde::from_str(&text).unwrap();
    let functions = &template["Globals"]["Function"];
    assert!(yaml_serde::to_string(&functions["PermissionsBoundary"]).unwrap().contains("PermissionsBoundaryArn"));
    assert!(yaml_serde::to_string(&functions["RolePath"]).unwrap().contains("RolePath"));
    // SAM makes the roles of functions from these, and there are no others.
    assert!(!text.contains("AWS::IAM::Role"), "give this role the boundary and the path, too");
    for (number, line) in text.lines().enumerate().filter(|(_, line)| line.contains(":role")) {
        assert!(line.contains(":role${RolePath}${AWS::StackName}-"), "line {}: {line}", number + 1);
    }
}

/// What SAM adds to every role allows more than any function needs.
#[test]
fn a_function_writes_to_the_logs_of_its_stack_and_touches_no_network_without_subnets() {
    let template = Template::read();
    let refuses = |name: &str| {
        let statements = &template.resource(name)["Properties"]["PolicyDocument"]["Statement"];
        statements.as_sequence().unwrap().iter().all(|statement| statement["Effect"] == "Deny")
    };
    assert!(refuses("OwnLogs") && refuses("NoNetworkInterfaces"));
    let logs = &template.resource("OwnLogs")["Properties"]["PolicyDocument"]["Statement"];
    assert!(format!("{:?}", logs[0]["NotResource"]).contains(":log-group:/${AWS::StackName}/*"), "{logs:?}");
    assert_eq!(logs[1]["Action"], "logs:CreateLogGroup");
    for group in ["FunctionLogs", "ForwardEventsLogs"] {
        let name = format!("{:?}", template.resource(group)["Properties"]["LogGroupName"]);
        assert!(name.contains("\"/${AWS::StackName}/"), "{name}");
    }
    for (function, properties) in template.functions() {
        let policies = format!("{:?}", properties["Policies"]);
        assert!(policies.contains("\"OwnLogs\""), "{function}: {policies}");
        assert_eq!(policies.contains("NoNetworkInterfaces"), !properties["VpcConfig"].is_null(), "{function}");
    }
}

/// A new account has ten functions at a time, which the API needs, too.
#[test]
fn neither_slow_targets_nor_many_revocations_take_the_functions_of_the_api() {
    let template = Template::read();
    assert_eq!(template.parameter("ValidationConcurrency")["Default"], 5);
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    let validate = format!("{:?}", mappings["ValidateMessages"]["ScalingConfig"]);
    assert!(validate.contains("ValidationConcurrency"), "{validate}");
    assert_eq!(mappings["PublishCrlMessages"]["ScalingConfig"]["MaximumConcurrency"], 2);
    assert_eq!(mappings["IssueMessages"]["ScalingConfig"]["MaximumConcurrency"], 2);
    assert_eq!(mappings["PublishCrlMessages"]["BatchSize"], 100);
}

/// Without a version IAM reads a policy as one of 2008, and a comparison of all values holds where
/// there is none.
#[test]
fn every_policy_has_a_version_and_demands_the_key_that_it_compares() {
    for (function, properties) in Template::read().functions() {
        for policy in properties["Policies"].as_sequence().unwrap().iter().filter(|policy| policy.is_mapping()) {
            assert_eq!(policy["Version"], "2012-10-17", "{function}");
            for statement in policy["Statement"].as_sequence().unwrap() {
                let condition = &statement["Condition"];
                let compares = !condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].is_null();
                assert_eq!(compares, condition["Null"]["dynamodb:LeadingKeys"] == "false", "{function} {statement:?}");
            }
        }
    }
}

/// The list itself is kept by the deployment, which fails when an entry changes more than it says.
#[test]
fn every_rewrite_for_the_emulator_names_a_test_of_what_it_takes_away() {
    let rewrites = fs::read_to_string(repository().join("tests/src/deployed/rewrites.py")).unwrap();
    let judges: Vec<&str> = rewrites.split("judge=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(judges.len(), rewrites.matches("    Rewrite(").count());
    let folders =
        ["tests/tests", "tests/tests/template"].map(|folder| fs::read_dir(repository().join(folder)).unwrap());
    let files = folders.into_iter().flatten().filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let tests = files.collect::<String>();
    for judge in judges {
        assert!(tests.contains(&format!("fn {judge}(")), "{judge} is no test");
    }
}

/// The policy of the table holds for every role of the account, an administrator's too.
#[test]
fn an_audit_record_is_written_by_a_function_and_changed_or_deleted_by_no_one() {
    let template = Template::read();
    let table = &template.resource("Table")["Properties"];
    let statements = table["ResourcePolicy"]["PolicyDocument"]["Statement"].as_sequence().unwrap();
    let denied_for = |conditions: &[&str]| -> BTreeSet<&str> {
        let those = statements.iter().filter(|statement| {
            let condition = statement["Condition"].as_mapping().unwrap();
            statement["Effect"] == "Deny"
                && statement["Principal"] == "*"
                && condition["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"][0] == "AUDIT#*"
                && condition.keys().filter_map(Value::as_str).eq(conditions.iter().copied())
        });
        those.flat_map(|one| one["Action"].as_sequence().unwrap()).filter_map(Value::as_str).collect()
    };
    let to_everyone = denied_for(&["ForAnyValue:StringLike"]);
    for action in ["BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLUpdate", "UpdateItem"] {
        assert!(to_everyone.contains(format!("dynamodb:{action}").as_str()), "{action}: {to_everyone:?}");
    }
    let to_others = denied_for(&["ForAnyValue:StringLike", "ArnNotLike"]);
    assert_eq!(to_others, BTreeSet::from(["dynamodb:PartiQLInsert", "dynamodb:PutItem"]));
}

#[test]
fn tracing_is_off_unless_it_is_asked_for() {
    assert_eq!(Template::read().parameter("Tracing")["Default"], "PassThrough");
    let text = fs::read_to_string(repository().join("template.yaml")).unwrap();
    let template: Value = yaml_serde::from_str(&text).unwrap();
    let tracing = yaml_serde::to_string(&template["Globals"]["Function"]["Tracing"]).unwrap();
    assert!(tracing.contains("Tracing"), "{tracing}");
}

/// It warns about what SAM's translator writes into the body, such as parameters without a schema.
#[test]
fn the_api_is_deployed_whatever_api_gateway_warns_about() {
    let template = Template::read();
    let fails = &template.resources("AWS::Serverless::HttpApi")["HttpApi"]["FailOnWarnings"];
    assert!(fails.is_null(), "{fails:?}");
}

#[test]
fn every_parameter_says_what_it_is_about_itself() {
    for file in TEMPLATES {
        for (name, parameter) in Template::at(file).parameters() {
            let description = parameter["Description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{file}: {name}: {description:?}");
            // What a line in a wrong place does to two parameters at once.
            assert!((20..=400).contains(&description.len()), "{file}: {name}: {description:?}");
        }
    }
}

#[test]
fn every_parameter_is_asked_for_in_one_group() {
    let template = Template::read();
    let mut asked_for = template.asked_for();
    asked_for.sort_unstable();
    assert_eq!(asked_for, template.parameters().into_keys().collect::<Vec<_>>());
}

/// CloudFormation checks the rules before it makes anything.
#[test]
fn parameters_that_contradict_each_other_are_refused_before_anything_is_made() {
    let template = Template::read();
    for (given, refused_by) in [
        (vec![], None),
        (vec![("CertificateDays", "7")], None),
        (vec![("CertificateDays", "90")], Some("WithoutAStatusUrlCertificatesLiveSevenDays")),
        (vec![("CertificateDays", "90"), ("StatusUrl", "none")], Some("WithoutAStatusUrlCertificatesLiveSevenDays")),
        (vec![("CertificateDays", "90"), ("StatusUrl", "http://pki.example.org")], None),
        (vec![("Canary", "on"), ("StatusUrl", "http://pki.example.org")], Some(CANARY)),
        (vec![("Canary", "on"), ("Enrolment", "on")], Some(CANARY)),
        (vec![("Canary", "on"), ("Enrolment", "on"), ("StatusUrl", "none")], Some(CANARY)),
        (vec![("Canary", "on"), ("Enrolment", "on"), ("StatusUrl", "http://pki.example.org")], None),
        (
            vec![
                ("Canary", "on"),
                ("Enrolment", "on"),
                ("StatusUrl", "http://pki.example.org"),
                ("VpcEndpointIds", "vpce-1"),
                ("ValidationSubnetIds", "subnet-1"),
            ],
            Some(CANARY),
        ),
        (vec![("IssuingName", "serverless-acme Root CA")], Some("TheRootIsNotTheIssuingCa")),
        (vec![("DomainName", "ca.example.org")], Some("ADomainNeedsItsCertificate")),
        (vec![("DomainName", "ca.example.org"), ("DomainCertificateArn", "arn")], None),
        (vec![("DomainCertificateArn", "arn")], Some("ACertificateIsOfItsDomain")),
        (
            vec![
                ("DomainName", "ca.example.org"),
                ("DomainCertificateArn", "arn"),
                ("PublicBaseUrl", "https://acme.example.org/api"),
            ],
            Some("OneBaseUrl"),
        ),
        (vec![("ValidationSecurityGroupIds", "sg-1")], Some("SecurityGroupsNeedSubnets")),
        (vec![("ValidationSecurityGroupIds", "sg-1,sg-2"), ("ValidationSubnetIds", "subnet-1")], None),
        (vec![("ValidationIpv6", "true")], Some("Ipv6NeedsSubnets")),
        (vec![("ValidationIpv6", "true"), ("ValidationSubnetIds", "subnet-1,subnet-2")], None),
        (vec![("VpcEndpointIds", "vpce-1,vpce-2")], Some("APrivateCaValidatesInItsNetwork")),
        (vec![("VpcEndpointIds", "vpce-1"), ("ValidationSubnetIds", "subnet-1")], None),
        (
            vec![
                ("VpcEndpointIds", "vpce-1"),
                ("ValidationSubnetIds", "subnet-1"),
                ("DomainName", "ca.example.org"),
                ("DomainCertificateArn", "arn"),
            ],
            Some("APrivateCaHasNoPublicDomain"),
        ),
        (vec![("PrivateAccessLog", "true")], Some("APrivateAccessLogIsOfAPrivateApi")),
        (vec![("PrivateAccessLog", "true"), ("VpcEndpointIds", "vpce-1"), ("ValidationSubnetIds", "subnet-1")], None),
        (vec![("AdoptTableName", "table")], None),
        (
            vec![("AdoptTableName", "table"), ("MaxWriteUnitsPerSecond", "1000")],
            Some("AnAdoptedTableKeepsItsOwnMaximum"),
        ),
        (
            vec![("AdoptTableName", "table"), ("MaxReadUnitsPerSecond", "4000")],
            Some("AnAdoptedTableKeepsItsOwnMaximum"),
        ),
        (vec![("MaxReadUnitsPerSecond", "4000")], None),
        (vec![("StatusBucketIsPublic", "true")], None),
        (
            vec![("StatusBucketIsPublic", "true"), ("AdoptStatusBucketName", "pki")],
            Some("AnAdoptedBucketIsOpenedByItsOwner"),
        ),
    ] {
        assert_eq!(template.refused_by(&given).as_deref(), refused_by, "{given:?}");
    }
}

const CANARY: &str = "TheCanaryHasAKeyAndAPlaceForItsAnswers";

/// Where it stays away, the certificate of the issuing CA has no pointer to a CRL for ever.
#[test]
fn a_first_deployment_decides_about_the_status_url() {
    let template = Template::read();
    let parameter = template.parameter("StatusUrl");
    assert!(parameter["Default"].is_null(), "{parameter:?}");
    let allowed: Vec<&str> = parameter["AllowedPattern"].as_str().unwrap().split('|').collect();
    assert_eq!(allowed[..2], ["^none$", "^$"], "an empty one is of a stack from before");
}

/// Whether an event has one of the values that the pattern lists for each of its members, as
/// EventBridge compares them: the elements of an array count one by one.
fn is_matched(pattern: &Value, event: &serde_json::Value) -> bool {
    if let Some(elements) = event.as_array() {
        return elements.iter().any(|element| is_matched(pattern, element));
    }
    match pattern.as_sequence() {
        Some(listed) => listed.iter().any(|value| {
            let text = yaml_serde::to_string(value).unwrap();
            event.as_str().is_some_and(|event| text.trim() == event || text.contains(&format!("GetAtt {event}")))
        }),
        None => pattern.as_mapping().unwrap().iter().all(|(name, pattern)| {
            let member = &event[name.as_str().unwrap()];
            !member.is_null() && is_matched(pattern, member)
        }),
    }
}

#[test]
fn every_change_of_a_key_and_every_use_of_the_roots_reaches_the_topic() {
    let template = Template::read();
    let rules = template.resources("AWS::Events::Rule");
    let call = |operation: &str, key: &str| {
        serde_json::json!({
            "source": "aws.kms",
            "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventSource": "kms.amazonaws.com",
                "eventName": operation,
                "userIdentity": {"arn": "arn:aws:sts::123456789012:assumed-role/admin/someone"},
                "errorCode": "AccessDenied",
                "resources": [{"type": "AWS::KMS::Key", "ARN": format!("{key}.Arn")}],
            },
        })
    };
    let reported = |operation: &str, key: &str| {
        let matched = rules.iter().filter(|(_, rule)| is_matched(&rule["EventPattern"], &call(operation, key)));
        let topics = matched.filter(|(_, rule)| {
            yaml_serde::to_string(&rule["Targets"]).unwrap().contains("AlarmTopicArn")
                // Signatures are reads, which rules in the state ENABLED are not given.
                && (operation != "Sign" || rule["State"] == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        });
        topics.count() == 1
    };
    for key in ["RootKey", "IssuingKey"] {
        for operation in
            ["DisableKey", "ScheduleKeyDeletion", "TagResource", "PutKeyPolicy", "CreateGrant", "ReplicateKey"]
        {
            assert!(reported(operation, key), "{operation} of {key}");
            assert!(!reported(operation, "AnotherKey"), "keys of others are none of ours");
        }
        assert!(!reported("DescribeKey", key));
    }
    assert!(reported("Sign", "RootKey") && !reported("Sign", "IssuingKey"));
}

//! The alarms of `template.yaml`: each is raised by the metric data of its fault and by nothing on
//! a good day, reads metrics that exist, and names the section that says what to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use authority::Metric;
use serde_json::{Value, json};
use tests::{
    alarm::{Alarm, Data, Source},
    deployed::{repository, template::Template},
};

/// For each alarm, the data of a good day and those of its fault.
fn days() -> BTreeMap<&'static str, (Data, Data)> {
    let api = |name| Source::of("AWS/ApiGateway", name, "ApiId=HttpApi");
    let private = Source::of("AWS/ApiGateway", "5XXError", "ApiName=AWS::StackName");
    let queue = |name, queue: &str| Source::of("AWS/SQS", name, &format!("QueueName={queue}.QueueName"));
    let letters = |of: &str| queue("ApproximateNumberOfMessagesVisible", of);
    let table = |name| Source::of("AWS/DynamoDB", name, "TableName=Table");
    let (crls, cas) = (Source::own("CrlPercentLeft"), Source::own("CaDaysLeft"));
    let good_letters = ["ValidateDeadLetters", "IssueDeadLetters", "PublishCrlDeadLetters"]
        .iter()
        .fold(Data::none(), |data, name| data.every(&letters(name), 5, 0.0));
    let oldest = queue("ApproximateAgeOfOldestMessage", "ValidateQueue");
    let issuances = queue("ApproximateAgeOfOldestMessage", "IssueQueue");
    let throttles = Source::of("AWS/Lambda", "Throttles", "");
    BTreeMap::from([
        ("CaEnds", (Data::none().every(&cas, 60, 180.0), Data::none().every(&cas, 60, 179.0))),
        ("CanaryFailed", runs("CanaryMilliseconds", 30, 4 * 60)),
        // Just before a CRL is made, half of its life is left.
        ("CrlEnds", (Data::none().every(&crls, 60, 49.0), Data::none().every(&crls, 60, 32.0))),
        ("DeadLetters", (good_letters.clone(), good_letters.every(&letters("IssueDeadLetters"), 5, 1.0))),
        ("EventDeadLetters", (Data::none(), Data::none().every(&letters("ForwardEventsDeadLetters"), 5, 1.0))),
        (
            "FunctionThrottles",
            (Data::none().every(&throttles, 1, 0.0).at(&throttles, 3, 4.0), Data::none().at(&throttles, 3, 5.0)),
        ),
        (
            "IssuanceBacklog",
            (
                // Each certificate has a task that waits for a minute; one is tried for half an
                // hour before it becomes a dead letter.
                Data::none().every(&issuances, 1, 60.0).at(&issuances, 3, 1_900.0),
                Data::none().every(&issuances, 5, 3_700.0),
            ),
        ),
        ("ClientsRefused", (Data::none().at(&api("4xx"), 4, 10_000.0), Data::none().every(&api("4xx"), 1, 200.0))),
        (
            "DoctorFoundBad",
            (
                Data::none().every(&Source::own("DoctorBad"), 60, 0.0),
                Data::none().every(&Source::own("DoctorBad"), 60, 1.0),
            ),
        ),
        (
            "DoctorWarned",
            (
                Data::none().every(&Source::own("DoctorWarnings"), 60, 0.0),
                Data::none().every(&Source::own("DoctorWarnings"), 60, 1.0),
            ),
        ),
        ("ErrorsLogged", (Data::none(), Data::none().at(&Source::own("ErrorLines"), 2, 1.0))),
        ("FunctionsFailed", (Data::none(), Data::none().at(&Source::own("FunctionFailures"), 2, 1.0))),
        ("KeysThrottled", (Data::none(), Data::none().at(&Source::own("KmsThrottles"), 2, 1.0))),
        ("RevocationsNotContinued", runs("RevocationRuns", 10, 4 * 60)),
        ("RootCrlNotChecked", runs("RootCrlRuns", 24 * 60, 4 * 24 * 60)),
        (
            "TooManyRefused",
            (
                Data::none().at(&Source::own("TooManyRequests"), 2, 99.0),
                Data::none().every(&Source::own("TooManyRequests"), 1, 30.0),
            ),
        ),
        (
            "PrivateServerErrors",
            (Data::none().at(&private, 4, 4.0), Data::none().at(&private, 4, 3.0).at(&private, 1, 2.0)),
        ),
        ("ServerErrors", (Data::none().at(&api("5xx"), 4, 4.0), Data::none().at(&api("5xx"), 4, 5.0))),
        (
            "TableThrottles",
            (
                Data::none().at(&table("ReadThrottleEvents"), 4, 4.0),
                Data::none().at(&table("ReadThrottleEvents"), 4, 3.0).at(&table("WriteThrottleEvents"), 2, 2.0),
            ),
        ),
        (
            "ValidationBacklog",
            (
                // A target that does not answer holds a validation for forty seconds.
                Data::none().every(&oldest, 1, 40.0).at(&oldest, 1, 300.0),
                Data::none().every(&oldest, 1, 130.0),
            ),
        ),
    ])
}

/// A schedule that runs, and the same that stopped some minutes ago.
fn runs(metric: &str, minutes: usize, stopped: u32) -> (Data, Data) {
    let source = Source::own(metric);
    let runs = Data::none().every(&source, minutes, 1.0);
    (runs.clone(), runs.until(&source, stopped))
}

#[test]
fn every_alarm_is_raised_by_the_data_of_its_fault_and_not_on_a_good_day() {
    let template = Template::read();
    let (alarms, days) = (Alarm::all(&template), days());
    assert_eq!(alarms.keys().collect::<Vec<_>>(), days.keys().collect::<Vec<_>>(), "both days of every alarm");
    for (name, (good, fault)) in days {
        assert!(!alarms[name].is_raised_by(&good), "{name} on a good day");
        assert!(alarms[name].is_raised_by(&fault), "{name} by its fault");
    }
}

/// Nothing that happens in an idle night is a fault, but that nothing is measured is one.
#[test]
fn silence_raises_the_alarms_of_what_is_always_measured_and_no_others() {
    let template = Template::read();
    let alarms = Alarm::all(&template);
    let raised = alarms.iter().filter(|(_, alarm)| alarm.is_raised_by(&Data::none())).map(|(name, _)| *name);
    assert_eq!(
        raised.collect::<Vec<_>>(),
        ["CanaryFailed", "CrlEnds", "DoctorFoundBad", "RevocationsNotContinued", "RootCrlNotChecked"]
    );
    // One measurement that is late is not a fault.
    let crls = Source::own("CrlPercentLeft");
    let good = Data::none().every(&crls, 60, 60.0);
    assert!(!alarms["CrlEnds"].is_raised_by(&good.clone().until(&crls, 2 * 60)));
    assert!(alarms["CrlEnds"].is_raised_by(&good.until(&crls, 6 * 60)));
}

/// The metrics of throttles have values only while there are throttles.
#[test]
fn every_alarm_goes_back_when_its_fault_is_no_longer_measured() {
    let template = Template::read();
    for (name, alarm) in Alarm::all(&template) {
        assert!(!alarm.ignores_silence(), "{name} would stay raised");
    }
    let (reads, writes) = (
        Source::of("AWS/DynamoDB", "ReadThrottleEvents", "TableName=Table"),
        Source::of("AWS/DynamoDB", "WriteThrottleEvents", "TableName=Table"),
    );
    let fault = Data::none().at(&reads, 4, 5.0).at(&writes, 4, 5.0);
    let over = Data::none().at(&reads, 9, 5.0).at(&writes, 9, 5.0);
    let alarms = Alarm::all(&template);
    assert!(alarms["TableThrottles"].is_raised_by(&fault) && !alarms["TableThrottles"].is_raised_by(&over));
}

/// What is stuck for days raises its alarm for days, until someone acts.
#[test]
fn the_alarms_about_tasks_stay_raised_while_one_is_stuck() {
    let template = Template::read();
    let alarms = Alarm::all(&template);
    let queue = |name, queue: &str| Source::of("AWS/SQS", name, &format!("QueueName={queue}.QueueName"));
    let letters = queue("ApproximateNumberOfMessagesVisible", "IssueDeadLetters");
    let issuances = queue("ApproximateAgeOfOldestMessage", "IssueQueue");
    for (name, source, value) in [("DeadLetters", &letters, 1.0), ("IssuanceBacklog", &issuances, 3_700.0)] {
        let stuck = Data::none().every(source, 5, value);
        for hours in [1, 6, 24, 14 * 24] {
            assert!(alarms[name].is_raised_by(&stuck.clone().since(source, 60 * hours)), "{name} for {hours} hours");
        }
        assert!(!alarms[name].is_raised_by(&stuck.until(source, 10).at(source, 2, 0.0)), "{name} when it is over");
    }
    // SQS keeps what is stuck as long as it can.
    for queue in ["IssueQueue", "IssueDeadLetters"] {
        assert_eq!(template.resource(queue)["Properties"]["MessageRetentionPeriod"], 1_209_600, "{queue}");
    }
}

#[test]
fn every_alarm_reads_metrics_that_exist_and_every_measurement_has_its_filter() {
    let template = Template::read();
    let mut own = BTreeSet::new();
    for (name, filter) in template.resources("AWS::Logs::MetricFilter") {
        let pattern = filter["FilterPattern"].as_str().unwrap();
        let [made] = filter["MetricTransformations"].as_sequence().unwrap().as_slice() else { panic!("{name}") };
        let (metric, value) = (made["MetricName"].as_str().unwrap(), made["MetricValue"].as_str().unwrap());
        match Metric::ALL.iter().find(|measured| measured.name() == metric) {
            Some(measured) => {
                let of_the_code = format!("{{ $.metric = \"{measured}\" }}");
                assert_eq!((pattern, value), (of_the_code.as_str(), "$.value"), "{name}");
            }
            None => assert!(LINES.contains(&(metric, pattern)), "{name} reads lines that no code writes: {pattern}"),
        }
        own.insert(metric);
    }
    let known: BTreeSet<&str> =
        Metric::ALL.iter().map(|metric| metric.name()).chain(LINES.map(|(name, _)| name)).collect();
    assert_eq!(own, known, "every measurement becomes a metric");
    for (name, alarm) in Alarm::all(&template) {
        for source in alarm.sources() {
            let dimension = source.dimensions.split('=').next().unwrap();
            let exists = match source.namespace.as_str() {
                "stack" => own.contains(source.name.as_str()) && dimension.is_empty(),
                namespace => AWS.contains(&(namespace, source.name.as_str(), dimension)),
            };
            assert!(exists, "{name} reads {source:?}");
        }
    }
}

/// Whether a line has the members of a pattern, as "Filter pattern syntax for metric filters" says:
/// of clauses, each has to fit, and of the alternatives in a clause one.
fn fits(pattern: &str, line: &Value) -> bool {
    let clauses = pattern.trim_start_matches("{ ").trim_end_matches(" }").split(" && ");
    let has = |comparison: &str| {
        let (selector, value) = comparison.split_once(" = ").unwrap();
        let path = selector.strip_prefix("$.").unwrap().split('.');
        path.fold(line, |line, member| &line[member]) == value.trim_matches('"')
    };
    clauses.map(|clause| clause.trim_matches(['(', ')'])).all(|clause| clause.split(" || ").any(has))
}

/// The lines are those of the functions, of Lambda ("Lambda Telemetry API Event schema reference"),
/// and of the format of the access log.
#[test]
fn a_line_of_a_fault_counts_for_its_metric_and_for_no_other() {
    let report = |status: &str| json!({"type": "platform.report", "record": {"requestId": "1", "status": status}});
    for (line, metric) in [
        (json!({"level": "ERROR", "message": "the scheduled work failed"}), Some("ErrorLines")),
        (json!({"level": "WARN", "message": "a request was refused"}), None),
        (json!({"level": "INFO", "message": "a certificate is issued"}), Some("CertificatesIssued")),
        (report("timeout"), Some("FunctionFailures")),
        (report("failure"), Some("FunctionFailures")),
        (report("success"), None),
        // The function has logged what failed.
        (report("error"), None),
        (json!({"status": "429", "route": "POST /v1"}), Some("TooManyRequests")),
        (json!({"status": "400", "route": "POST /v1"}), None),
        (json!({"level": "INFO", "message": "measured", "metric": "DoctorBad", "value": 1}), Some("DoctorBad")),
    ] {
        let template = Template::read();
        let filters = template.resources("AWS::Logs::MetricFilter").into_values();
        let fitting = filters.filter(|filter| fits(filter["FilterPattern"].as_str().unwrap(), &line));
        let metrics: BTreeSet<&str> =
            fitting.map(|filter| filter["MetricTransformations"][0]["MetricName"].as_str().unwrap()).collect();
        assert_eq!(metrics, metric.into_iter().collect(), "{line}");
    }
}

/// The page about costs counts them.
#[test]
fn alarms_and_metrics_are_as_many_as_the_page_about_costs_counts() {
    let template = Template::read();
    let alarms = Alarm::all(&template);
    let (usual, optional): (Vec<&Alarm>, Vec<&Alarm>) = alarms.values().partition(|alarm| alarm.is_unconditional);
    let count = |alarms: Vec<&Alarm>| alarms.into_iter().map(|alarm| alarm.sources().count()).sum::<usize>();
    let (usual, optional) = (count(usual), count(optional));
    let costs = fs::read_to_string(repository().join("docs/operations/costs.md")).unwrap();
    assert!(costs.contains(&format!("| alarms, by the metrics that they read | {usual} |")), "{usual}");
    assert!(costs.contains(&format!("{optional} metrics of alarms more")), "{optional}");
    // What is measured on schedule also costs while nothing happens.
    assert!(costs.contains("| custom metrics from the log, dashboard | 6 and 1 |"));
    assert!(Metric::ALL.len() - 2 == 6, "all measurements but those of throttled keys and of the canary");
}

/// CloudWatch refuses an alarm that looks back further.
#[test]
fn no_alarm_looks_back_further_than_cloudwatch_allows() {
    for (name, alarm) in Alarm::all(&Template::read()) {
        let limit = if alarm.period() < 3_600 { 86_400 } else { 604_800 };
        assert!(alarm.looks_back() <= limit, "{name}");
        assert!(alarm.description.len() <= 1_024, "{name}");
    }
}

/// The form of a section: what to see, what to do, and how to verify that it is over.
#[test]
fn every_alarm_names_its_section_which_says_what_to_see_to_do_and_to_verify() {
    let text = fs::read_to_string(repository().join(PAGE)).unwrap();
    let sections: BTreeMap<&str, &str> =
        text.split("\n### ").skip(1).filter_map(|section| section.split_once('\n')).collect();
    for (name, alarm) in Alarm::all(&Template::read()) {
        let reference = format!("See, do, verify: {PAGE}#{}", name.to_lowercase());
        assert!(alarm.description.ends_with(&reference), "{name}: {}", alarm.description);
        let section = sections.get(name).unwrap_or_else(|| panic!("{PAGE} has no section {name}"));
        let section = section.split("\n## ").next().unwrap();
        for word in ["\n**See:** ", "\n**Do:** ", "\n**Verify:** "] {
            assert!(section.contains(word), "{name}: {word:?} is missing");
        }
    }
}

const PAGE: &str = "docs/operations/alarms.md";

/// Metrics that are made of lines which are not measurements, with the pattern of these lines.
const LINES: [(&str, &str); 5] = [
    ("CertificatesGivenUp", "{ $.message = \"an issuance ended without a certificate\" }"),
    ("CertificatesIssued", "{ $.message = \"a certificate is issued\" }"),
    ("ErrorLines", "{ $.level = \"ERROR\" }"),
    (
        "FunctionFailures",
        "{ ($.type = \"platform.report\") && ($.record.status = \"timeout\" || $.record.status = \"failure\") }",
    ),
    ("TooManyRequests", "{ $.status = \"429\" }"),
];

/// Metrics of AWS: namespace, name, dimension. Their pages in the documentation: "Monitor metrics
/// for HTTP APIs", "Amazon API Gateway dimensions and metrics", "DynamoDB metrics and dimensions",
/// "Types of metrics for Lambda functions" (a metric without a dimension is that of all functions),
/// "Available CloudWatch metrics for Amazon SQS".
const AWS: [(&str, &str, &str); 8] = [
    ("AWS/ApiGateway", "4xx", "ApiId"),
    ("AWS/ApiGateway", "5XXError", "ApiName"),
    ("AWS/ApiGateway", "5xx", "ApiId"),
    ("AWS/DynamoDB", "ReadThrottleEvents", "TableName"),
    ("AWS/DynamoDB", "WriteThrottleEvents", "TableName"),
    ("AWS/Lambda", "Throttles", ""),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
];

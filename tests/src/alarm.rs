//! The alarms of `template.yaml`, evaluated as CloudWatch does ("Evaluating an alarm" and
//! "Configuring how CloudWatch alarms treat missing data" in its guide), and the metrics that they
//! read.

use std::collections::{BTreeMap, BTreeSet};

use yaml_serde::Value;

use crate::deployed::template::Template;

/// A metric: its namespace, its name, and its dimensions as the template names them, such as
/// `QueueName=ValidateQueue.QueueName`. The namespace `stack` is that of the stack's own metrics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// That of the service in CloudWatch, such as `AWS/SQS`.
    pub namespace: String,
    /// As the documentation of the service has it.
    pub name: String,
    /// The dimensions, in the order of the template, separated by spaces.
    pub dimensions: String,
}

impl Source {
    /// A metric of the stack, made of lines of the log.
    pub fn own(name: &str) -> Self {
        Self::of("stack", name, "")
    }

    /// A metric of an AWS service.
    pub fn of(namespace: &str, name: &str, dimensions: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned(), dimensions: dimensions.to_owned() }
    }
}

/// Data of metrics: for each, how many minutes ago a value was recorded, and the value.
#[derive(Clone, Debug, Default)]
pub struct Data(BTreeMap<Source, Vec<(u32, f64)>>);

impl Data {
    /// None at all, as of a day on which nothing happened.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one value.
    #[must_use]
    pub fn at(mut self, source: &Source, minutes_ago: u32, value: f64) -> Self {
        self.0.entry(source.clone()).or_default().push((minutes_ago, value));
        self
    }

    /// Adds the same value again and again, over the last two weeks.
    #[must_use]
    pub fn every(self, source: &Source, minutes: usize, value: f64) -> Self {
        (1..=TWO_WEEKS).step_by(minutes).fold(self, |data, minutes_ago| data.at(source, minutes_ago, value))
    }

    /// Leaves out what was recorded within the last minutes.
    #[must_use]
    pub fn until(mut self, source: &Source, minutes_ago: u32) -> Self {
        self.0.entry(source.clone()).or_default().retain(|(minutes, _)| *minutes > minutes_ago);
        self
    }

    /// Leaves out what was recorded before the last minutes.
    #[must_use]
    pub fn since(mut self, source: &Source, minutes_ago: u32) -> Self {
        self.0.entry(source.clone()).or_default().retain(|(minutes, _)| *minutes <= minutes_ago);
        self
    }

    /// The newest period first; `None` where nothing was recorded.
    fn series(&self, metric: &Metric, periods: u32) -> Vec<Option<f64>> {
        let recorded = self.0.get(&metric.source).map_or(&[][..], Vec::as_slice);
        let minutes = metric.period / 60;
        let in_period = |at: u32| {
            recorded.iter().filter(move |(ago, _)| ago / minutes == at).map(|(_, value)| *value).collect::<Vec<f64>>()
        };
        (0..periods).map(in_period).map(|values| metric.statistic.of(&values)).collect()
    }
}

/// An alarm of the template.
#[derive(Clone, Debug)]
pub struct Alarm {
    /// What the alarm says.
    pub description: String,
    /// Whether it exists in every stack.
    pub is_unconditional: bool,
    metrics: BTreeMap<String, Metric>,
    /// What is added up if there are several metrics.
    sum: Option<Vec<Term>>,
    evaluated: usize,
    breaching: usize,
    threshold: f64,
    comparison: String,
    missing: String,
}

#[derive(Clone, Debug)]
struct Metric {
    source: Source,
    statistic: Statistic,
    /// The seconds for which there is one value.
    period: u32,
}

/// A part of a sum: a metric, with zero where it has no value.
#[derive(Clone, Debug)]
struct Term {
    id: String,
    is_subtracted: bool,
    /// Whether each value is added to those before it.
    is_running: bool,
}

#[derive(Clone, Copy, Debug)]
enum Statistic {
    Maximum,
    Minimum,
    Sum,
}

impl Statistic {
    fn of(self, values: &[f64]) -> Option<f64> {
        let values = values.iter().copied();
        match self {
            Self::Maximum => values.reduce(f64::max),
            Self::Minimum => values.reduce(f64::min),
            Self::Sum => values.reduce(|sum, value| sum + value),
        }
    }
}

impl From<&Value> for Statistic {
    fn from(name: &Value) -> Self {
        match name.as_str() {
            Some("Maximum") => Self::Maximum,
            Some("Minimum") => Self::Minimum,
            Some("Sum") => Self::Sum,
            other => panic!("no alarm has used {other:?} so far"),
        }
    }
}

impl Alarm {
    /// All alarms, by their names in the template.
    pub fn all(template: &Template) -> BTreeMap<&str, Self> {
        let alarms = template.resources("AWS::CloudWatch::Alarm").into_iter();
        alarms.map(|(name, alarm)| (name, Self::read(alarm, template.resource(name)["Condition"].is_null()))).collect()
    }

    fn read(alarm: &Value, is_unconditional: bool) -> Self {
        let text = |member: &str| alarm[member].as_str().unwrap_or_else(|| panic!("{member}: {alarm:?}")).to_owned();
        let number = |value: &Value| value.as_u64().unwrap_or_else(|| panic!("{alarm:?}"));
        let mut metrics = BTreeMap::new();
        let mut sum = None;
        match alarm["Metrics"].as_sequence() {
            None => {
                let period = u32::try_from(number(&alarm["Period"])).unwrap();
                let metric = Metric { source: source(alarm), statistic: (&alarm["Statistic"]).into(), period };
                metrics.insert("only".to_owned(), metric);
            }
            Some(queries) => {
                for query in queries {
                    let stat = &query["MetricStat"];
                    if let Some(expression) = query["Expression"].as_str() {
                        assert!(sum.replace(added_up(expression)).is_none(), "one expression in an alarm");
                        continue;
                    }
                    assert_eq!(query["ReturnData"], false, "the expression is what is compared");
                    let period = u32::try_from(number(&stat["Period"])).unwrap();
                    let metric = Metric { source: source(&stat["Metric"]), statistic: (&stat["Stat"]).into(), period };
                    metrics.insert(query["Id"].as_str().unwrap().to_owned(), metric);
                }
                let used: BTreeSet<&String> = sum.iter().flatten().map(|term| &term.id).collect();
                assert_eq!(used, metrics.keys().collect(), "the expression uses each metric");
            }
        }
        let evaluated = usize::try_from(number(&alarm["EvaluationPeriods"])).unwrap();
        let breaching =
            alarm["DatapointsToAlarm"].as_u64().map_or(evaluated, |points| usize::try_from(points).unwrap());
        let threshold = alarm["Threshold"].as_f64().unwrap();
        let description = text("AlarmDescription");
        let (comparison, missing) = (text("ComparisonOperator"), text("TreatMissingData"));
        Self { description, is_unconditional, metrics, sum, evaluated, breaching, threshold, comparison, missing }
    }

    /// The metrics that it reads; each of them is charged for.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.metrics.values().map(|metric| &metric.source)
    }

    /// The length of a period, in seconds.
    pub fn period(&self) -> u32 {
        self.metrics.values().map(|metric| metric.period).max().unwrap()
    }

    /// How far it looks back, in seconds.
    pub fn looks_back(&self) -> u32 {
        self.period() * u32::try_from(self.evaluated).unwrap()
    }

    /// Whether it is raised by these data: of the last periods, the newest ones that have a value
    /// count, and what is missing counts as the alarm says.
    pub fn is_raised_by(&self, data: &Data) -> bool {
        let range = u32::try_from(self.evaluated + FURTHER).unwrap();
        let known = self.series(data, range).into_iter().flatten().take(self.evaluated);
        let known: Vec<bool> = known.map(|value| self.is_beyond(value)).collect();
        let missing_breaches = match self.missing.as_str() {
            "breaching" => true,
            "notBreaching" => false,
            other => panic!("no alarm has used {other} so far"),
        };
        let missing = vec![missing_breaches; self.evaluated - known.len()];
        known.into_iter().chain(missing).filter(|breaches| *breaches).count() >= self.breaching
    }

    /// Whether it stays as it is while nothing is measured: "Alarms that evaluate metrics in the
    /// AWS/DynamoDB namespace always ignore missing data even if you choose a different option"
    /// (`PutMetricAlarm`, `TreatMissingData`).
    pub fn ignores_silence(&self) -> bool {
        let periods = u32::try_from(self.evaluated).unwrap();
        self.sources().any(|source| source.namespace == "AWS/DynamoDB")
            && self.series(&Data::none(), periods).contains(&None)
    }

    fn series(&self, data: &Data, periods: u32) -> Vec<Option<f64>> {
        let Some(terms) = &self.sum else { return data.series(&self.metrics["only"], periods) };
        let mut sum = vec![0.0; usize::try_from(periods).unwrap()];
        for term in terms {
            let mut before = 0.0;
            // The oldest period comes last.
            for (sum, value) in sum.iter_mut().zip(data.series(&self.metrics[&term.id], periods)).rev() {
                let value = value.unwrap_or_default() + if term.is_running { before } else { 0.0 };
                before = value;
                *sum += if term.is_subtracted { -value } else { value };
            }
        }
        sum.into_iter().map(Some).collect()
    }

    fn is_beyond(&self, value: f64) -> bool {
        match self.comparison.as_str() {
            "GreaterThanOrEqualToThreshold" => value >= self.threshold,
            "GreaterThanThreshold" => value > self.threshold,
            "LessThanThreshold" => value < self.threshold,
            other => panic!("no alarm has used {other} so far"),
        }
    }
}

/// The terms of `FILL(a, 0) + FILL(b, 0)`, or of `RUNNING_SUM(FILL(a, 0)) - RUNNING_SUM(FILL(b,
/// 0))`.
fn added_up(expression: &str) -> Vec<Term> {
    let written = expression.replace(" - ", " + -");
    let terms = written.split(" + ").map(|text| {
        let (is_subtracted, term) = text.strip_prefix('-').map_or((false, text), |term| (true, term));
        let running = term.strip_prefix("RUNNING_SUM(").and_then(|term| term.strip_suffix(')'));
        let id = running.unwrap_or(term).strip_prefix("FILL(").and_then(|term| term.strip_suffix(", 0)"));
        let id = id.unwrap_or_else(|| panic!("no alarm has used {term} so far")).to_owned();
        Term { id, is_subtracted, is_running: running.is_some() }
    });
    terms.collect()
}

fn source(metric: &Value) -> Source {
    let namespace = match &metric["Namespace"] {
        Value::Tagged(name) if name.value == "AWS::StackName" => "stack",
        name => name.as_str().unwrap_or_else(|| panic!("{metric:?}")),
    };
    let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten().map(|dimension| {
        let value = match &dimension["Value"] {
            Value::Tagged(value) => match &value.value {
                // What the template makes, where another thing can be adopted.
                Value::Sequence(branches) => text(&branches[1]),
                value => value.as_str().unwrap().to_owned(),
            },
            value => text(value),
        };
        format!("{}={value}", dimension["Name"].as_str().unwrap())
    });
    Source::of(namespace, metric["MetricName"].as_str().unwrap(), &dimensions.collect::<Vec<_>>().join(" "))
}

fn text(value: &Value) -> String {
    match value {
        Value::Tagged(value) => text(&value.value),
        value => value.as_str().unwrap().to_owned(),
    }
}

/// CloudWatch looks at some more periods than it evaluates, and takes values from there where newer
/// ones are missing; in the examples of its guide, at two more.
const FURTHER: usize = 2;

/// The minutes of [`Data::every`].
const TWO_WEEKS: u32 = 14 * 24 * 60;

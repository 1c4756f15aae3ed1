//! The report, to be attached to an issue: Markdown without secrets and without the number of the
//! account.

use std::fmt::Write;

use super::step::{Done, Outcome, Shown};

/// All that is known after the last step so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// What was tried, and with what: names and values.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The steps that are over.
    pub(super) steps: Vec<Done>,
    /// What is there after the run.
    pub(super) remains: Vec<String>,
    /// What must not be in it, and what stands there instead.
    pub(super) hidden: Vec<(String, &'static str)>,
}

impl Report {
    /// The names of the steps that make the test fail.
    pub(crate) fn bad(&self) -> Vec<&'static str> {
        self.steps.iter().filter(|step| step.is_bad()).map(|step| step.name).collect()
    }

    /// How many steps showed what they should, and how many of how many could not be shown here.
    pub(crate) fn figures(&self) -> String {
        let shown = |is: fn(&Shown) -> bool| {
            self.steps.iter().filter(|step| matches!(&step.outcome, Outcome::Shown(shown) if is(shown))).count()
        };
        let (here, elsewhere) =
            (shown(|one| matches!(one, Shown::Here(_))), shown(|one| matches!(one, Shown::Elsewhere { .. })));
        format!("{here} of {} steps good, {elsewhere} not shown in the emulator", self.steps.len())
    }

    /// The reasons of the steps that failed.
    pub(crate) fn faults(&self) -> Vec<String> {
        let failed = self.steps.iter().filter(|step| step.is_bad());
        failed.map(|step| format!("{}: {}", step.name, said(&step.outcome))).collect()
    }

    /// What an issue gets.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::from("# Smoke test of serverless-acme\n\n| what | value |\n|---|---|\n");
        for (name, value) in &self.facts {
            let _ = writeln!(text, "| {name} | {} |", cell(value));
        }
        text += "\n| step | what it does | duration | outcome |\n|---|---|---|---|\n";
        for Done { name, does, duration, outcome } in &self.steps {
            let _ = writeln!(text, "| {name} | {does} | {} s | {} |", duration.as_secs(), cell(&said(outcome)));
        }
        text += "\nWhat remains:\n\n";
        if self.remains.is_empty() {
            text += "- nothing\n";
        }
        for line in &self.remains {
            let _ = writeln!(text, "- {}", cell(line));
        }
        let bad = self.bad();
        let elsewhere =
            self.steps.iter().filter(|step| matches!(step.outcome, Outcome::Shown(Shown::Elsewhere { .. })));
        let elsewhere: Vec<_> = elsewhere.map(|step| step.name).collect();
        let verdict = match (bad.is_empty(), elsewhere.is_empty()) {
            (false, _) => format!("**Failed: {}**", bad.join(", ")),
            (true, false) => format!("**Good, except for what is not shown here: {}**", elsewhere.join(", ")),
            (true, true) => "**Good**".to_owned(),
        };
        let _ = writeln!(text, "\n{verdict}");
        self.hidden.iter().fold(text, |text, (secret, instead)| text.replace(secret, instead))
    }
}

fn said(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed(why) => format!("**failed**: {why}"),
        Outcome::NotRun(why) => format!("not run: {why}"),
        Outcome::Shown(Shown::Here(detail)) => format!("good: {detail}"),
        Outcome::Shown(Shown::Elsewhere { done, why }) => {
            let done = if done.is_empty() { String::new() } else { format!(" ({done})") };
            format!("not shown here: {why}{done}")
        }
    }
}

/// A text in one cell of a table, or one item of a list.
fn cell(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

const LONGEST: usize = 1500;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn step(name: &'static str, outcome: Outcome) -> Done {
        Done { name, does: "does", duration: Duration::from_secs(3), outcome }
    }

    #[test]
    fn what_only_an_account_can_show_is_never_good() {
        let elsewhere = Shown::Elsewhere { done: "the stack".to_owned(), why: "there is no CloudFront" };
        let steps =
            vec![step("one", Outcome::Shown(Shown::Here("fine".to_owned()))), step("two", Outcome::Shown(elsewhere))];
        let text = Report { steps, ..Report::default() }.markdown();
        assert!(text.contains("| two | does | 3 s | not shown here: there is no CloudFront (the stack) |"), "{text}");
        assert!(text.ends_with("**Good, except for what is not shown here: two**\n"), "{text}");
    }

    #[test]
    fn a_report_has_no_secret_and_no_account_and_no_line_breaks_in_its_cells() {
        let failed = Outcome::Failed("certbot --eab-hmac-key=s3cr3t\nin 123456789012 | ended".to_owned());
        let report = Report {
            steps: vec![step("certbot", failed), step("adopt", Outcome::NotRun("certbot failed".to_owned()))],
            hidden: vec![("s3cr3t".to_owned(), "<secret>"), ("123456789012".to_owned(), "<account>")],
            remains: vec!["the key arn:aws:kms:eu-west-1:123456789012:key/1".to_owned()],
            ..Report::default()
        };
        let text = report.markdown();
        assert!(text.contains(r"**failed**: certbot --eab-hmac-key=<secret> in <account> \| ended |"), "{text}");
        assert!(text.contains("- the key arn:aws:kms:eu-west-1:<account>:key/1"), "{text}");
        assert!(text.ends_with("**Failed: certbot, adopt**\n"), "{text}");
    }
}

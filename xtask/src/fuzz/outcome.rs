//! What libFuzzer writes about a run.

use std::fmt;

/// How a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The executions, with those of the corpus.
    pub(super) executions: u64,
    /// The edges of the code that they reached.
    edges: u64,
    /// The number of the execution that was the last to reach a new edge.
    last_gain: u64,
}

impl Outcome {
    /// Reads the figures of the lines that have them.
    pub(super) fn read(written: &str) -> Self {
        let mut outcome = Self::default();
        for line in written.lines() {
            let mut words = line.split_ascii_whitespace();
            let after = |word: &str| {
                let mut words = line.split_ascii_whitespace().skip_while(|found| *found != word);
                words.nth(1).and_then(|figure| figure.parse::<u64>().ok())
            };
            let number = words.next().and_then(|word| word.strip_prefix('#')?.parse().ok());
            if let (Some(number), Some(edges)) = (number, after("cov:"))
                && edges > outcome.edges
            {
                (outcome.edges, outcome.last_gain) = (edges, number);
            }
            outcome.executions = after("stat::number_of_executed_units:").unwrap_or(outcome.executions);
        }
        outcome
    }

    /// Whether the last tenth of the executions reached nothing new.
    pub(super) fn is_settled(&self) -> bool {
        self.last_gain <= self.executions / 10 * 9
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, edges, last_gain } = self;
        write!(f, "{executions} executions, {edges} edges, the last new one after {last_gain}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_are_those_of_the_end() {
        let written = "INFO: Seed: 1\n#2\tINITED cov: 45 ft: 46 corp: 1/1b exec/s: 0 rss: 30Mb\n\
            #800\tNEW    cov: 60 ft: 81 corp: 9/99b lim: 80 exec/s: 4096 rss: 31Mb\n\
            #8192\tpulse  cov: 60 ft: 81 corp: 9/99b lim: 80 exec/s: 4096 rss: 31Mb\nDone 9000 runs in 2 second(s)\n\
            stat::number_of_executed_units: 9000\nstat::peak_rss_mb:              31\n";
        let outcome = Outcome::read(written);
        assert_eq!(outcome, Outcome { executions: 9_000, edges: 60, last_gain: 800 });
        assert!(outcome.is_settled() && !Outcome { last_gain: 8_500, ..outcome }.is_settled());
        assert_eq!(Outcome::read("nothing"), Outcome::default());
    }
}

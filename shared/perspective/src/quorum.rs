//! How many perspectives have to agree (Baseline Requirements 3.2.2.9).

use std::collections::BTreeSet;

use crate::Region;

/// What is needed of the remote perspectives that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quorum {
    asked: usize,
    regions: usize,
}

impl Quorum {
    /// The quorum of the perspectives in these regions, one entry for each perspective.
    ///
    /// Those that agree have to be in two regions, at least. Where an operator has them all in one,
    /// which is a [`Weakness`](crate::Weakness), that one is enough.
    pub fn of(regions: impl IntoIterator<Item = Region>) -> Self {
        let regions: Vec<_> = regions.into_iter().collect();
        let distinct = regions.iter().collect::<BTreeSet<_>>().len();
        Self { asked: regions.len(), regions: distinct.min(NEEDED_REGIONS) }
    }

    /// How many are asked.
    pub fn asked(self) -> usize {
        self.asked
    }

    /// How many need not agree: one of up to five, two of six and more. A single one has to.
    pub fn permitted_failures(self) -> usize {
        match self.asked {
            0 | 1 => 0,
            2..=5 => 1,
            _ => 2,
        }
    }

    /// How many have to agree.
    pub fn needed(self) -> usize {
        self.asked - self.permitted_failures()
    }

    /// Whether it is reached, given the regions of those that agree and the number of those that do
    /// not; `None` as long as the others can still decide.
    pub fn decision(self, agreed: &[Region], failed: usize) -> Option<bool> {
        let distinct = agreed.iter().collect::<BTreeSet<_>>().len();
        if self.asked > 0 && agreed.len() >= self.needed() && distinct >= self.regions {
            return Some(true);
        }
        let is_over = agreed.len() + failed >= self.asked;
        (failed > self.permitted_failures() || is_over).then_some(false)
    }
}

const NEEDED_REGIONS: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn quorum(asked: usize) -> Quorum {
        Quorum::of((0..asked).map(|index| Region::ALL[index % 5]))
    }

    #[test]
    fn one_of_up_to_five_and_two_of_more_may_fail() {
        let table = [(1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2), (20, 2)];
        for (asked, permitted) in table {
            let quorum = quorum(asked);
            assert_eq!((quorum.permitted_failures(), quorum.needed()), (permitted, asked - permitted), "{asked}");
        }
    }

    #[test]
    fn threat_24_those_that_agree_are_in_two_regions() {
        use Region::{Arin, Ripe};
        let quorum = Quorum::of([Arin, Arin, Arin, Ripe]);
        assert_eq!(quorum.decision(&[Arin, Arin, Arin], 0), None, "the one in the other region can still agree");
        assert_eq!(quorum.decision(&[Arin, Arin, Arin], 1), Some(false));
        assert_eq!(quorum.decision(&[Arin, Ripe, Arin], 0), Some(true));
        assert_eq!(quorum.decision(&[Arin, Ripe, Arin], 1), Some(true));
        assert_eq!(quorum.decision(&[Arin, Ripe], 1), None);
        assert_eq!(quorum.decision(&[Arin, Ripe], 2), Some(false));
    }

    #[test]
    fn nothing_is_corroborated_by_none() {
        assert_eq!(Quorum::of([]).decision(&[], 0), Some(false));
    }

    #[test]
    fn every_order_of_votes_ends_with_a_decision_that_later_votes_do_not_change() {
        for asked in 1..=8 {
            let quorum = quorum(asked);
            for votes in 0..1_u32 << asked {
                let (mut agreed, mut failed, mut decided) = (Vec::new(), 0, None);
                for index in 0..asked {
                    if votes >> index & 1 == 1 {
                        agreed.push(Region::ALL[index % 5])
                    } else {
                        failed += 1
                    }
                    let now = quorum.decision(&agreed, failed);
                    assert!(decided.is_none() || decided == now, "{asked} {votes:b}");
                    decided = now;
                }
                let expected = failed <= quorum.permitted_failures()
                    && agreed.iter().collect::<BTreeSet<_>>().len() >= asked.min(2);
                assert_eq!(decided, Some(expected), "{asked} {votes:b}");
            }
        }
    }
}

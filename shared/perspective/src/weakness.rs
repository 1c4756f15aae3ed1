//! What a set of perspectives lacks of the rules for public CAs (Baseline Requirements 3.2.2.9).

use std::{collections::BTreeSet, fmt};

use jiff::civil::{Date, date};

use crate::Member;

/// A rule that a set of perspectives does not meet. A private CA can do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// There are too few.
    TooFew {
        /// How many there are.
        present: usize,
        /// How many are needed.
        needed: usize,
        /// From when on.
        since: Date,
    },
    /// All of them are in one region.
    OneRegion,
    /// Two of them are less than 500 km apart.
    Neighbours {
        /// The name of one of them.
        first: String,
        /// The name of the other one.
        second: String,
        /// The distance between them, in whole kilometres.
        kilometres: u32,
    },
    /// No one can say how far they are from others.
    Nowhere(Vec<String>),
}

impl fmt::Display for Weakness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { present, needed, since } => {
                write!(formatter, "there are {present} remote perspectives; public CAs need {needed} since {since}")
            }
            Self::OneRegion => {
                formatter.write_str("all perspectives are in the region of one registry; public CAs need two regions")
            }
            Self::Neighbours { first, second, kilometres } => write!(
                formatter,
                "{first} and {second} are {kilometres} km apart; public CAs need {LEAST_DISTANCE} km between any two"
            ),
            Self::Nowhere(names) => write!(
                formatter,
                "without their location, no one can say whether these are {LEAST_DISTANCE} km from all others: {}",
                names.join(", ")
            ),
        }
    }
}

/// What the perspectives lack on this day.
pub fn weaknesses(members: &[Member], today: Date) -> Vec<Weakness> {
    let mut found = Vec::new();
    let present = members.len();
    let due = NEEDED.into_iter().rfind(|(since, _)| *since <= today);
    if let Some((since, needed)) = due.filter(|(_, needed)| present < *needed) {
        found.push(Weakness::TooFew { present, needed, since });
    }
    if members.iter().map(|member| member.region).collect::<BTreeSet<_>>().len() == 1 {
        found.push(Weakness::OneRegion);
    }
    for (index, first) in members.iter().enumerate() {
        for second in members.iter().skip(index + 1) {
            let Some((from, to)) = first.location.zip(second.location) else { continue };
            let distance = from.distance(to);
            if distance < LEAST_DISTANCE {
                let (first, second) = (first.name.clone(), second.name.clone());
                found.push(Weakness::Neighbours { first, second, kilometres: distance as u32 });
            }
        }
    }
    let nowhere: Vec<_> = members.iter().filter(|member| member.location.is_none()).collect();
    if !nowhere.is_empty() {
        found.push(Weakness::Nowhere(nowhere.into_iter().map(|member| member.name.clone()).collect()));
    }
    found
}

/// How many remote perspectives are needed, from when on.
const NEEDED: [(Date, usize); 4] =
    [(date(2025, 3, 15), 2), (date(2026, 3, 15), 3), (date(2026, 6, 15), 4), (date(2026, 12, 15), 5)];
/// Between any two, in kilometres.
const LEAST_DISTANCE: f64 = 500.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, Region};

    fn member(index: usize, region: Region, longitude: f64) -> Member {
        let location = Some(Location { latitude: 0.0, longitude });
        Member { name: format!("p{index}"), region, location, url: Some(format!("https://p{index}")), function: None }
    }

    fn found(members: &[Member], today: Date) -> Vec<String> {
        weaknesses(members, today).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_number_grows_with_the_calendar() {
        let apart = |count| (0..count).map(|index| member(index, Region::ALL[index % 5], index as f64 * 10.0));
        let table = [
            (date(2025, 3, 14), 0),
            (date(2025, 3, 15), 2),
            (date(2026, 3, 14), 2),
            (date(2026, 3, 15), 3),
            (date(2026, 6, 15), 4),
            (date(2026, 12, 14), 4),
            (date(2026, 12, 15), 5),
            (date(2030, 1, 1), 5),
        ];
        for (today, needed) in table {
            assert_eq!(found(&apart(needed).collect::<Vec<_>>(), today), [""; 0], "{today}");
            if needed > 0 {
                let few = found(&apart(needed - 1).collect::<Vec<_>>(), today);
                assert!(few.first().is_some_and(|text| text.contains(&format!("need {needed} since"))), "{few:?}");
            }
        }
    }

    #[test]
    fn one_region_neighbours_and_unknown_places_are_named() {
        let today = date(2026, 6, 15);
        let mut members: Vec<_> = (0..4).map(|index| member(index, Region::Ripe, index as f64 * 4.0)).collect();
        members.push(Member { location: None, ..member(4, Region::Ripe, 0.0) });
        assert_eq!(
            found(&members, today),
            [
                "all perspectives are in the region of one registry; public CAs need two regions",
                "p0 and p1 are 444 km apart; public CAs need 500 km between any two",
                "p1 and p2 are 444 km apart; public CAs need 500 km between any two",
                "p2 and p3 are 444 km apart; public CAs need 500 km between any two",
                "without their location, no one can say whether these are 500 km from all others: p4",
            ]
        );
    }
}

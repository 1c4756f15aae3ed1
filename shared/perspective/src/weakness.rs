//! What a set of perspectives lacks of the rules for public CAs (Baseline Requirements 3.2.2.9).

use std::{collections::BTreeSet, fmt};

use jiff::civil::{Date, date};

use crate::{Location, Member};

/// A rule that a set of perspectives does not meet. A private CA can do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// There are too few.
    TooFew {
        /// How many there are.
        present: usize,
        /// How many are needed.
        needed: usize,
        /// From when on; it may be a day to come.
        since: Date,
    },
    /// All of them are in one region.
    OneRegion,
    /// Two of them, or one and the CA itself, are less than 500 km apart.
    Neighbours {
        /// The name of one of them.
        first: String,
        /// The name of the other one.
        second: String,
        /// The distance between them, in whole kilometres.
        kilometres: u32,
    },
    /// No one can say how far they are from others.
    UnknownLocation(Vec<String>),
    /// Others can get a certificate with which they answer.
    UnknownKey(Vec<String>),
}

impl Weakness {
    /// Whether it breaks a rule for public CAs on that day. A key that no one pinned breaks none:
    /// it is advice.
    pub fn breaks_rules_on(&self, day: Date) -> bool {
        match self {
            Self::TooFew { present, .. } => NEEDED.iter().any(|(since, needed)| day >= *since && present < needed),
            Self::OneRegion | Self::Neighbours { .. } | Self::UnknownLocation(_) => true,
            Self::UnknownKey(_) => false,
        }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { present, needed, since } => {
                write!(formatter, "there are {present} remote perspectives; public CAs need {needed} from {since} on")
            }
            Self::OneRegion => {
                formatter.write_str("all perspectives are in the region of one registry; public CAs need two regions")
            }
            Self::Neighbours { first, second, kilometres } => write!(
                formatter,
                "{first} and {second} are {kilometres} km apart; public CAs need {LEAST_DISTANCE} km between any two"
            ),
            Self::UnknownLocation(names) => write!(
                formatter,
                "without their location, no one can say whether these are {LEAST_DISTANCE} km from all others: {}",
                names.join(", ")
            ),
            Self::UnknownKey(names) => write!(
                formatter,
                "without their publicKey, those who divert the traffic of the CA can answer in the place of: {}",
                names.join(", ")
            ),
        }
    }
}

/// What the perspectives lack, today or from a day on that is known. `own` is where the CA itself
/// is.
pub fn weaknesses(members: &[Member], own: Option<Location>) -> Vec<Weakness> {
    let mut found = Vec::new();
    let present = members.len();
    if let Some((since, needed)) = NEEDED.into_iter().find(|(_, needed)| present < *needed) {
        found.push(Weakness::TooFew { present, needed, since });
    }
    if members.iter().map(|member| member.region).collect::<BTreeSet<_>>().len() == 1 {
        found.push(Weakness::OneRegion);
    }
    let places: Vec<_> = std::iter::once((THE_CA, own))
        .chain(members.iter().map(|member| (member.name.as_str(), member.location)))
        .collect();
    for (index, (first, from)) in places.iter().enumerate() {
        for (second, to) in places.iter().skip(index + 1) {
            let Some((from, to)) = from.zip(*to) else { continue };
            let distance = from.distance(to);
            if distance < LEAST_DISTANCE {
                let (first, second) = ((*first).to_owned(), (*second).to_owned());
                found.push(Weakness::Neighbours { first, second, kilometres: distance as u32 });
            }
        }
    }
    let nowhere = places.iter().filter(|(_, location)| location.is_none()).map(|(name, _)| (*name).to_owned());
    let without_key = members.iter().filter(|member| member.url.is_some() && member.public_key.is_none());
    let without_key: Vec<_> = without_key.map(|member| member.name.clone()).collect();
    found.extend(Some(nowhere.collect()).filter(|names: &Vec<_>| !names.is_empty()).map(Weakness::UnknownLocation));
    found.extend(Some(without_key).filter(|names| !names.is_empty()).map(Weakness::UnknownKey));
    found
}

/// How many remote perspectives are needed, from when on. Earlier rows are met by whatever meets
/// these.
const NEEDED: [(Date, usize); 2] = [(date(2026, 6, 15), 4), (date(2026, 12, 15), 5)];
/// Between any two, in kilometres.
const LEAST_DISTANCE: f64 = 500.0;
const THE_CA: &str = "the CA";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Region;

    fn member(index: usize, region: Region, longitude: f64) -> Member {
        Member {
            name: format!("p{index}"),
            region,
            location: at(longitude),
            public_key: Some("pin".to_owned()),
            url: Some(format!("https://p{index}")),
            function: None,
        }
    }

    #[test]
    fn a_rule_of_a_day_to_come_is_broken_from_that_day_on_and_advice_never() {
        let few = |present| Weakness::TooFew { present, needed: 5, since: date(2026, 12, 15) };
        assert!(!few(4).breaks_rules_on(date(2026, 12, 14)) && few(4).breaks_rules_on(date(2026, 12, 15)));
        assert!(few(3).breaks_rules_on(date(2026, 12, 14)) && !few(3).breaks_rules_on(date(2026, 6, 14)));
        let today = date(2026, 12, 1);
        assert!(Weakness::OneRegion.breaks_rules_on(today));
        assert!(Weakness::UnknownLocation(vec!["p1".to_owned()]).breaks_rules_on(today));
        assert!(!Weakness::UnknownKey(vec!["p1".to_owned()]).breaks_rules_on(today));
    }

    fn at(longitude: f64) -> Option<Location> {
        Some(Location { latitude: 0.0, longitude })
    }

    fn found(members: &[Member], own: Option<Location>) -> Vec<String> {
        weaknesses(members, own).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_number_grows_with_the_calendar() {
        let apart = |count| (0..count).map(|index| member(index, Region::ALL[index % 5], index as f64 * 10.0));
        let few = |count| found(&apart(count).collect::<Vec<_>>(), at(-100.0));
        assert_eq!(few(5), [""; 0]);
        assert_eq!(few(4), ["there are 4 remote perspectives; public CAs need 5 from 2026-12-15 on"]);
        assert_eq!(few(3), ["there are 3 remote perspectives; public CAs need 4 from 2026-06-15 on"]);
    }

    #[test]
    fn one_region_neighbours_and_unknown_places_and_keys_are_named() {
        let mut members: Vec<_> = (0..4).map(|index| member(index, Region::Ripe, index as f64 * 4.0)).collect();
        members.push(Member { location: None, public_key: None, ..member(4, Region::Ripe, 0.0) });
        assert_eq!(
            found(&members, at(12.5)),
            [
                "all perspectives are in the region of one registry; public CAs need two regions",
                "the CA and p3 are 55 km apart; public CAs need 500 km between any two",
                "p0 and p1 are 444 km apart; public CAs need 500 km between any two",
                "p1 and p2 are 444 km apart; public CAs need 500 km between any two",
                "p2 and p3 are 444 km apart; public CAs need 500 km between any two",
                "without their location, no one can say whether these are 500 km from all others: p4",
                "without their publicKey, those who divert the traffic of the CA can answer in the place of: p4",
            ]
        );
        let apart: Vec<_> = (0..5).map(|index| member(index, Region::ALL[index], index as f64 * 10.0)).collect();
        let unknown = "without their location, no one can say whether these are 500 km from all others: the CA";
        assert_eq!(found(&apart, None), [unknown]);
    }
}

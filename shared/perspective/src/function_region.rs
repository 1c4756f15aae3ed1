//! The regions of AWS: where a function looks from, by the region in its ARN.

use crate::{Location, Member, MemberFault, Region, check_members};

/// A region of AWS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AwsRegion {
    /// As it stands in ARNs, such as `eu-central-1`.
    pub name: &'static str,
    /// In whose service region it is.
    pub region: Region,
    /// The city or the part of the country that AWS names, within some fifty kilometres.
    pub location: Location,
}

impl AwsRegion {
    /// The region with this name; `None` if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        let (name, region, latitude, longitude) = KNOWN.into_iter().find(|(known, ..)| *known == name)?;
        Some(Self { name, region, location: Location { latitude, longitude } })
    }
}

impl Member {
    /// The perspective that is the Lambda function with this ARN. It has the name of its region of
    /// AWS, so there is one in each.
    ///
    /// # Errors
    /// [`MemberFault::Function`] and [`MemberFault::AwsRegion`].
    pub fn of_function(arn: &str) -> Result<Self, MemberFault> {
        let no_function = || MemberFault::Function(arn.to_owned());
        let parts: Vec<&str> = arn.split(':').collect();
        let (["arn", partition, "lambda", region, account, "function", name]
        | ["arn", partition, "lambda", region, account, "function", name, _]) = parts.as_slice()
        else {
            return Err(no_function());
        };
        let is_word = |sign: u8| sign.is_ascii_alphanumeric() || matches!(sign, b'-' | b'_');
        if [partition, account, name].iter().any(|part| part.is_empty())
            || !parts.iter().all(|part| part.bytes().all(is_word))
        {
            return Err(no_function());
        }
        let known = AwsRegion::named(region).ok_or_else(|| MemberFault::AwsRegion((*region).to_owned()))?;
        Ok(Self {
            name: known.name.to_owned(),
            region: known.region,
            location: Some(known.location),
            public_key: None,
            url: None,
            function: Some(arn.to_owned()),
        })
    }
}

/// The perspectives that are these Lambda functions, by their ARNs with commas between them.
///
/// # Errors
/// The first fault of [`Member::of_function`] or [`check_members`].
pub fn members_of(arns: &str) -> Result<Vec<Member>, MemberFault> {
    let arns = arns.split(',').map(str::trim).filter(|arn| !arn.is_empty());
    let members = arns.map(Member::of_function).collect::<Result<Vec<_>, _>>()?;
    check_members(&members)?;
    Ok(members)
}

/// Name, registry, latitude and longitude.
const KNOWN: [(&str, Region, f64, f64); 38] = [
    ("af-south-1", Region::Afrinic, -33.9, 18.4),
    ("ap-east-1", Region::Apnic, 22.3, 114.2),
    ("ap-east-2", Region::Apnic, 25.0, 121.5),
    ("ap-northeast-1", Region::Apnic, 35.7, 139.7),
    ("ap-northeast-2", Region::Apnic, 37.6, 127.0),
    ("ap-northeast-3", Region::Apnic, 34.7, 135.5),
    ("ap-south-1", Region::Apnic, 19.1, 72.9),
    ("ap-south-2", Region::Apnic, 17.4, 78.5),
    ("ap-southeast-1", Region::Apnic, 1.3, 103.8),
    ("ap-southeast-2", Region::Apnic, -33.9, 151.2),
    ("ap-southeast-3", Region::Apnic, -6.2, 106.8),
    ("ap-southeast-4", Region::Apnic, -37.8, 145.0),
    ("ap-southeast-5", Region::Apnic, 3.1, 101.7),
    ("ap-southeast-6", Region::Apnic, -36.8, 174.8),
    ("ap-southeast-7", Region::Apnic, 13.8, 100.5),
    ("ca-central-1", Region::Arin, 45.5, -73.6),
    ("ca-west-1", Region::Arin, 51.0, -114.1),
    ("cn-north-1", Region::Apnic, 39.9, 116.4),
    ("cn-northwest-1", Region::Apnic, 37.5, 105.2),
    ("eu-central-1", Region::Ripe, 50.1, 8.7),
    ("eu-central-2", Region::Ripe, 47.4, 8.5),
    ("eu-north-1", Region::Ripe, 59.3, 18.1),
    ("eu-south-1", Region::Ripe, 45.5, 9.2),
    ("eu-south-2", Region::Ripe, 41.6, -0.9),
    ("eu-west-1", Region::Ripe, 53.3, -6.3),
    ("eu-west-2", Region::Ripe, 51.5, -0.1),
    ("eu-west-3", Region::Ripe, 48.9, 2.4),
    ("il-central-1", Region::Ripe, 32.1, 34.8),
    ("me-central-1", Region::Ripe, 24.5, 54.4),
    ("me-south-1", Region::Ripe, 26.1, 50.6),
    ("mx-central-1", Region::Lacnic, 20.6, -100.4),
    ("sa-east-1", Region::Lacnic, -23.6, -46.6),
    ("us-east-1", Region::Arin, 38.9, -77.5),
    ("us-east-2", Region::Arin, 40.0, -83.0),
    ("us-gov-east-1", Region::Arin, 40.0, -83.0),
    ("us-gov-west-1", Region::Arin, 45.7, -119.8),
    ("us-west-1", Region::Arin, 37.4, -122.0),
    ("us-west-2", Region::Arin, 45.8, -119.7),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_known_by_its_region() {
        let arn = "arn:aws:lambda:sa-east-1:123456789012:function:acme-perspective-RemotePerspectiveFunction-1A2B";
        for arn in [arn.to_owned(), format!("{arn}:live")] {
            let member = Member::of_function(&arn).unwrap();
            assert_eq!((member.name.as_str(), member.region), ("sa-east-1", Region::Lacnic));
            assert_eq!(member.function, Some(arn));
            assert!(member.location.is_some());
        }
    }

    #[test]
    fn what_is_no_function_or_in_no_known_region_is_refused() {
        let refused = [
            ("", "no ARN"),
            ("fra", "no ARN"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:", "no ARN"),
            ("arn:aws:lambda:eu-west-1:123456789012:layer:keys", "no ARN"),
            ("arn:aws:sqs:eu-west-1:123456789012:function:a", "no ARN"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:a/../b", "no ARN"),
            ("arn:aws:lambda:eu-west-1:123456789012:function:a:live:1", "no ARN"),
            ("arn:aws:lambda:eu-west-1:1234 :function:a", "no ARN"),
            ("arn:aws:lambda:mars-1:123456789012:function:a", "mars-1"),
        ];
        for (arn, reason) in refused {
            let fault = Member::of_function(arn).unwrap_err().to_string();
            assert!(fault.contains(reason), "{fault}");
        }
    }

    #[test]
    fn a_list_has_one_function_in_each_region() {
        let arn = |region: &str, name: &str| format!("arn:aws:lambda:{region}:123456789012:function:{name}");
        assert_eq!(members_of("").unwrap(), []);
        let two = members_of(&format!("{}, {},", arn("eu-west-1", "a"), arn("sa-east-1", "a"))).unwrap();
        assert_eq!(two.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["eu-west-1", "sa-east-1"]);
        let fault = members_of(&format!("{},{}", arn("eu-west-1", "a"), arn("eu-west-1", "b"))).unwrap_err();
        assert_eq!(fault, MemberFault::SameName("eu-west-1".to_owned()));
    }

    #[test]
    fn every_region_is_on_earth_and_no_name_stands_twice() {
        let members = KNOWN
            .iter()
            .map(|(name, ..)| Member::of_function(&format!("arn:aws:lambda:{name}:123456789012:function:a")).unwrap());
        let members: Vec<_> = members.collect();
        for some in members.chunks(20) {
            assert_eq!(check_members(some), Ok(()));
        }
        let names: std::collections::BTreeSet<_> = members.iter().map(|member| &member.name).collect();
        assert_eq!(names.len(), KNOWN.len());
    }
}

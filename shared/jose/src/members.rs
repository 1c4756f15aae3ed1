//! A JSON object in which every member name is unique (RFC 7515 §4, RFC 7517 §4).
//!
//! Two parsers that choose differently between repeated names would see two different objects. Here
//! such an object is refused, even if the name has no meaning.

use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

/// The members of an object, by name.
pub(crate) struct Members<'a, V> {
    by_name: BTreeMap<Cow<'a, str>, V>,
    repeated: bool,
}

impl<'a, V: Deserialize<'a>> Members<'a, V> {
    pub(crate) fn parse(json: &'a str) -> Result<Self, MembersError> {
        serde_json::from_str::<Self>(json).map_err(|_| MembersError::NotAnObject)?.unique()
    }
}

impl<V> Members<'_, V> {
    /// Every value that was deserialized passes here, so that a repeated name has an error of its
    /// own instead of a deserializer's text.
    pub(crate) fn unique(self) -> Result<Self, MembersError> {
        if self.repeated { Err(MembersError::RepeatedMember) } else { Ok(self) }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&V> {
        self.by_name.get(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(AsRef::as_ref)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<'de, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

/// Why a text is not such an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MembersError {
    NotAnObject,
    RepeatedMember,
}

struct MembersVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<V> {
    type Value = Members<'de, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Members { by_name: BTreeMap::new(), repeated: false };
        while let Some((Name(name), value)) = map.next_entry()? {
            members.repeated |= members.by_name.insert(name, value).is_some();
        }
        Ok(members)
    }
}

/// A member name, borrowed unless it has escapes. Names are compared after unescaping: `"\u0061lg"`
/// is `"alg"`.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use serde_json::{Value, value::RawValue};

    use super::*;

    #[test]
    fn members_are_found_by_name() {
        let members = Members::<&RawValue>::parse(r#"{"a": 1, "b" : {"c": [2]} }"#).unwrap();
        assert_eq!(members.find("b").unwrap().get(), r#"{"c": [2]}"#);
        assert_eq!(members.names().collect::<Vec<_>>(), ["a", "b"]);
        assert!(members.find("c").is_none());
    }

    #[test]
    fn threat_20_repeated_names_are_refused_however_they_are_written() {
        for json in [r#"{"a":1,"a":1}"#, r#"{"a":1,"b":2,"\u0061":3}"#, r#"{"":1,"":2}"#] {
            assert_eq!(Members::<Value>::parse(json).err(), Some(MembersError::RepeatedMember), "{json}");
        }
    }

    #[test]
    fn anything_but_one_object_is_refused() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
        for json in ["", "null", "[]", "\"a\"", "1", "{", "{}{}", "{} x", "{a:1}", "{\"a\":1,}", "\u{feff}{}", &deep] {
            assert_eq!(Members::<Value>::parse(json).err(), Some(MembersError::NotAnObject), "{json}");
        }
    }
}

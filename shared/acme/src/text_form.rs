//! Types whose form in JSON and TOML is a text.

/// Serializes a type as the text of its `Display`, and deserializes it by its `FromStr`.
///
/// `text_form!(Deserialize for Type)` does the second alone.
#[macro_export]
macro_rules! text_form {
    (Deserialize for $name:ty) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(<D::Error as ::serde::de::Error>::custom)
            }
        }
    };
    ($name:ty) => {
        $crate::text_form!(Deserialize for $name);

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

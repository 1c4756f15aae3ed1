//! Free texts without what names people and what they hold: e-mail addresses, ARNs, numbers of AWS
//! accounts, ids of access keys, and paths. Texts of `doctor` repeat what AWS answered, and that
//! names the principal and the key.

use operator::WITHHELD;

/// The text, in which each word that names someone is replaced.
pub(super) fn scrubbed(text: &str) -> String {
    let mut scrubbed = String::with_capacity(text.len());
    let mut word = String::new();
    for character in text.chars() {
        if is_of_word(character) {
            word.push(character);
            continue;
        }
        scrubbed.push_str(without_names(&word));
        word.clear();
        scrubbed.push(character);
    }
    scrubbed.push_str(without_names(&word));
    scrubbed
}

/// Whether a word goes on: these are the characters of ARNs and of e-mail addresses.
fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || ":/@._-+=%*".contains(character)
}

fn without_names(word: &str) -> &str {
    let has_account = word.split(|character: char| !character.is_ascii_digit()).any(|digits| digits.len() == 12);
    let has_key = word.split(|character: char| !character.is_ascii_alphanumeric()).any(is_key_id);
    let is_path = word.starts_with('/') && word.trim_end_matches('/').len() > 1;
    if word.starts_with("arn:") || word.contains('@') || is_path || has_account || has_key { WITHHELD } else { word }
}

/// Whether it is the id of an access key, a role or a user of IAM: four letters for its kind, which
/// begin with `A`, and 16 or more characters of base32.
fn is_key_id(text: &str) -> bool {
    text.len() >= 20
        && text.starts_with('A')
        && text.chars().all(|character| character.is_ascii_uppercase() || character.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_someone_are_replaced_and_others_stay() {
        let said = "User: arn:aws:sts::123456789012:assumed-role/acme-Admin/alice is not authorized to perform: \
                    kms:GetPublicKey on resource: arn:aws:kms:eu-west-1:123456789012:key/1234abcd (key AKIAIOSFODNN7EXAMPLE), \
                    see mailto:alice@example.org, https://sqs.eu-west-1.amazonaws.com/123456789012/crl, /home/alice/ca/root.key";
        let expected = "User: (withheld) is not authorized to perform: kms:GetPublicKey on resource: (withheld) (key (withheld)), \
                    see (withheld), (withheld), (withheld)";
        assert_eq!(scrubbed(said), expected);
        for kept in [
            "this update 2026-01-31T00:00:00Z, next update 2026-02-07T00:00:00Z",
            "acmeProfile.web.validity",
            "2b:00:71:ff serial 00a1b2c3d4e5f60718",
            "",
        ] {
            assert_eq!(scrubbed(kept), kept);
        }
    }
}

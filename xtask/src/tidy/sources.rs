//! Rules for each source file.

use super::Violation;

/// The maximum length of a file; a longer one is split by noun.
pub const MAX_LINES: usize = 600;

/// Checks one source file; `name` is its path relative to the top folder.
pub fn check(name: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        violations.push(Violation {
            place: name.into(),
            rule: format!("{lines} lines; at most {MAX_LINES}, split it by noun"),
        });
    }
    if name.ends_with("/mod.rs") {
        violations
            .push(Violation { place: name.into(), rule: "a module is `foo.rs` beside `foo/`, never `mod.rs`".into() });
    }
    if is_free_of_aws(name) {
        violations.extend(text.lines().zip(1..).filter_map(|(line, number)| {
            let word = words(line).find(|word| names_aws(word))?;
            Some(Violation {
                place: format!("{name}:{number}"),
                rule: format!("`{word}`: only shared/aws and the lambda.rs and main.rs of a function know AWS"),
            })
        }));
    }
    violations
}

/// Whether the file belongs to a library that must not know on which host it runs.
fn is_free_of_aws(name: &str) -> bool {
    (name.starts_with("shared/") && !name.starts_with("shared/aws/"))
        || (name.starts_with("functions/")
            && name.contains("/src/")
            && !name.ends_with("/src/main.rs")
            && !name.ends_with("/src/lambda.rs"))
        || name.starts_with("local/")
}

/// Crate names and paths; words such as "AWS" in a comment are not a dependency, and neither is the
/// program `aws`.
fn names_aws(word: &str) -> bool {
    let sdk = word.starts_with("aws_") && !word.starts_with("aws_lc_");
    word.starts_with("aws::") || sdk || word.starts_with("lambda_")
}

/// Names, with the paths that they start.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_after_six_hundred_lines() {
        assert_eq!(check("local/host/src/host.rs", &"\n".repeat(MAX_LINES)), []);
        assert_eq!(check("local/host/src/host.rs", &"\n".repeat(MAX_LINES + 1)).len(), 1);
    }

    #[test]
    fn a_mod_file_is_found() {
        assert_eq!(check("shared/acme/src/order/mod.rs", "").len(), 1);
        assert_eq!(check("shared/acme/src/order.rs", ""), []);
    }

    #[test]
    fn a_library_that_names_the_sdk_is_found() {
        for line in [
            "use aws_sdk_kms::Client;",
            "aws::dynamodb()",
            "lambda_http::run(f)",
            "lambda_extension",
            "aws_types::Region",
        ] {
            assert_eq!(check("shared/ra/src/lib.rs", line).len(), 1, "{line}");
            assert_eq!(check("functions/order/src/lib.rs", line).len(), 1, "{line}");
            assert_eq!(check("functions/order/src/main.rs", line), [], "{line}");
            assert_eq!(check("functions/order/tests/order.rs", line), [], "{line}");
            assert_eq!(check("shared/aws/src/lib.rs", line), [], "{line}");
        }
    }

    #[test]
    fn the_crypto_library_and_prose_are_no_use_of_aws() {
        for line in
            ["use aws_lc_rs::digest;", "// aws-lc-rs verifies.", "// On AWS this is KMS.", "Command::new(\"aws\")"]
        {
            assert_eq!(check("shared/ra/src/lib.rs", line), [], "{line}");
        }
    }
}

//! The kept corpus: one file for each target, with one input in base64 on each line, so that a
//! change shows in a review, and a clone has no thousands of small files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{emptied, folder};
use crate::{Error, repository};

/// The folder with the inputs of a target, each in a file, as libFuzzer wants them.
///
/// # Errors
///
/// A line is not base64, or a file cannot be read or written.
pub(super) fn unpacked(target: &str) -> Result<PathBuf, Error> {
    let folder = emptied(&folder().join("corpus").join(target))?;
    let path = packed(target);
    if !path.exists() {
        return Ok(folder);
    }
    let text = fs::read_to_string(&path).map_err(|source| Error::File { path: path.clone(), source })?;
    for (index, line) in text.lines().enumerate() {
        let input = STANDARD.decode(line).map_err(|_| Error::Corpus { path: path.clone(), line: index + 1 })?;
        let input_path = folder.join(index.to_string());
        fs::write(&input_path, input).map_err(|source| Error::File { path: input_path, source })?;
    }
    Ok(folder)
}

/// Makes the inputs in a folder the corpus of a target.
///
/// # Errors
///
/// A file cannot be read or written.
pub(super) fn pack(target: &str, inputs: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { path: inputs.to_path_buf(), source };
    let mut lines = Vec::new();
    for entry in fs::read_dir(inputs).map_err(failed)? {
        let input = fs::read(entry.map_err(failed)?.path()).map_err(failed)?;
        // An empty line would be read as the empty input, which libFuzzer always tries.
        if !input.is_empty() {
            lines.push(STANDARD.encode(input));
        }
    }
    let path = packed(target);
    fs::write(&path, text(lines)).map_err(|source| Error::File { path, source })
}

/// In an order that does not depend on the machine.
fn text(mut lines: Vec<String>) -> String {
    lines.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn packed(target: &str) -> PathBuf {
    repository().join("fuzz").join("corpus").join(format!("{target}.base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_inputs_come_first() {
        assert_eq!(
            text(vec!["YmJi".into(), "YWFh".into(), "Yg==".into(), "YmJiYmJi".into()]),
            "YWFh\nYg==\nYmJi\nYmJiYmJi\n"
        );
    }
}

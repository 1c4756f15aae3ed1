//! The steps of docs/adding-an-endpoint.md: what every existing endpoint needed.
//!
//! A file that names every endpoint will have to name the next one, too, and so will a kind of file
//! that every endpoint has, such as `events/<name>.json`. The page has to name all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{File, Violation};
use crate::Error;

/// The page with the steps.
pub const PAGE: &str = "docs/adding-an-endpoint.md";

/// The file that names the packages of all endpoints.
const ROUTES: &str = "shared/api/src/routes.rs";

/// Checks the page.
///
/// # Errors
///
/// A file cannot be read.
pub fn check(files: &[File]) -> Result<Vec<Violation>, Error> {
    let mut texts = BTreeMap::new();
    for file in files.iter().filter(|file| is_demanding(&file.name) || file.name == PAGE) {
        texts.insert(file.name.as_str(), file.read()?);
    }
    Ok(missing(&texts).map(|step| Violation { place: PAGE.into(), rule: format!("no step names `{step}`") }).collect())
}

/// Whether a file can require something of a new endpoint: generated files and other documents
/// cannot.
fn is_demanding(name: &str) -> bool {
    let is_of_interest = [".rs", ".toml", ".yaml", ".json"].iter().any(|ending| name.ends_with(ending));
    is_of_interest && !name.starts_with("fuzz/")
}

/// What all endpoints have in common and the page does not mention.
fn missing(texts: &BTreeMap<&str, String>) -> impl Iterator<Item = String> {
    let routes = texts.get(ROUTES).map(|text| words(text)).unwrap_or_default();
    let packages = texts.keys().filter_map(|name| name.strip_prefix("functions/")?.strip_suffix("/Cargo.toml"));
    let endpoints: BTreeSet<_> = packages.filter(|package| routes.contains(&folded(package))).collect();
    let mut demanded: BTreeSet<String> = BTreeSet::new();
    for (name, text) in texts.iter().filter(|(name, _)| **name != PAGE && !name.starts_with("functions/")) {
        // This check is fast, and enough for most files.
        let flat = folded(text);
        let names_all = !endpoints.is_empty() && endpoints.iter().all(|endpoint| flat.contains(&folded(endpoint)));
        let words = if names_all { words(text) } else { BTreeSet::new() };
        if names_all && endpoints.iter().all(|endpoint| words.contains(&folded(endpoint))) {
            demanded.insert((*name).to_owned());
        }
    }
    let own = |endpoint: &&str| -> BTreeSet<String> {
        let own = texts.keys().filter_map(|name| {
            let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
            let ending = file.strip_prefix(endpoint)?;
            (ending.starts_with('.') && ending != ".rs").then(|| format!("{folder}/<name>{ending}"))
        });
        own.collect()
    };
    let common = endpoints.iter().map(own).reduce(|all, one| all.intersection(&one).cloned().collect());
    demanded.extend(common.unwrap_or_default());
    let page = texts.get(PAGE).cloned().unwrap_or_default();
    demanded.into_iter().filter(move |step| !page.contains(&format!("`{step}`")))
}

/// The names in a text, folded.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .map(|word| folded(word.strip_suffix("Function").unwrap_or(word)))
        .collect()
}

/// `new-order`, `new_order` and `NewOrder` are one name.
fn folded(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(page: &str) -> Vec<String> {
        let texts = BTreeMap::from([
            (ROUTES, "Operation::NewOrder, Operation::Orders"),
            ("functions/new-order/Cargo.toml", "name = \"new-order\""),
            ("functions/orders/Cargo.toml", "name = \"orders\""),
            ("functions/issue/Cargo.toml", "name = \"issue\""),
            ("template.yaml", "NewOrderFunction: OrdersFunction:"),
            ("local/host/src/dispatch.rs", "new_order::serve(), orders::serve()"),
            ("shared/ra/src/order.rs", "fn new_order"),
            ("events/new-order.json", ""),
            ("events/orders.json", ""),
            (PAGE, page),
        ]);
        missing(&texts.into_iter().map(|(name, text)| (name, text.to_owned())).collect()).collect()
    }

    #[test]
    fn what_every_endpoint_has_and_the_page_does_not_name_is_found() {
        assert_eq!(
            steps("`template.yaml`, `shared/api/src/routes.rs`"),
            ["events/<name>.json", "local/host/src/dispatch.rs"]
        );
    }

    #[test]
    fn a_page_with_all_steps_is_in_order() {
        let page = "`template.yaml`, `shared/api/src/routes.rs`, `events/<name>.json`, `local/host/src/dispatch.rs`";
        assert_eq!(steps(page), [""; 0]);
    }
}

//! What the provider of a type of resources says about its properties.
//!
//! The documentation of each property ("Update requires") is made from the same schemas:
//! <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use serde_json::Value;

use crate::clients::{Failure, Tool};

/// The schemas of an installation of SAM.
pub struct Schemas {
    folder: PathBuf,
    /// The names of the files, by type.
    files: Value,
    read: RefCell<BTreeMap<String, Rc<Schema>>>,
}

/// The properties of one type that matter for updates, as JSON pointers with `*` for the elements
/// of arrays.
#[derive(Debug, Default)]
pub struct Schema {
    /// Those whose change replaces the resource.
    pub create_only: Vec<String>,
    /// Those whose change makes the update fail.
    pub unchangeable: Vec<String>,
    /// Those that name the resource among all others of its type; if all of them are given, no
    /// second one can be made.
    pub name: Vec<String>,
}

impl Schemas {
    /// Finds them; `None` if this machine has no SAM.
    ///
    /// # Errors
    /// SAM is missing under `cargo xtask test`.
    ///
    /// # Panics
    /// SAM comes without its linter.
    pub fn find() -> Result<Option<Self>, Failure> {
        let Some(sam) = Tool::find("sam")? else { return Ok(None) };
        let libraries = fs::read_dir(sam.path.parent().and_then(Path::parent).unwrap().join("lib")).unwrap();
        let mut folders = libraries
            .map(|entry| entry.unwrap().path().join("site-packages/cfnlint/data/schemas"))
            .filter(|it| it.is_dir());
        let folder = folders.next().expect("the linter of SAM has the schemas");
        // They differ by region; this is the one with all types.
        let files = read(&folder.join("providers/us-east-1.json"));
        Ok(Some(Self { folder, files, read: RefCell::default() }))
    }

    /// What is known of a type.
    ///
    /// # Panics
    /// There is no such type.
    pub fn of(&self, kind: &str) -> Rc<Schema> {
        let mut read = self.read.borrow_mut();
        Rc::clone(read.entry(kind.to_owned()).or_insert_with(|| Rc::new(self.parsed(kind))))
    }

    fn parsed(&self, kind: &str) -> Schema {
        if kind.starts_with("Custom::") {
            return Schema { unchangeable: vec!["/ServiceToken".to_owned()], ..Schema::default() };
        }
        let file = self.files[kind].as_str().unwrap_or_else(|| panic!("there is no type {kind}"));
        let schema = read(&self.folder.join(format!("resources/{file}.json")));
        let list = |member: &str| -> Vec<String> {
            let pointers = schema[member].as_array().into_iter().flatten().filter_map(Value::as_str);
            pointers.map(|pointer| pointer.strip_prefix("/properties").unwrap().to_owned()).collect()
        };
        let mut create_only = list("createOnlyProperties");
        create_only.extend(list("conditionalCreateOnlyProperties"));
        let readable = list("readOnlyProperties");
        let mut name = list("primaryIdentifier");
        if name.iter().any(|property| readable.contains(property)) {
            // The identifier is made by AWS; a name beside it is still the only one of its kind,
            // such as `QueueName`, and `Name` together with `FunctionName` for an alias.
            let short = format!("/{}Name", kind.rsplit("::").next().unwrap());
            let is_named = create_only.iter().any(|property| *property == short || property == "/Name");
            name = create_only.iter().filter(|property| is_named && property.ends_with("Name")).cloned().collect();
        }
        Schema { create_only, unchangeable: unchangeable(kind), name }
    }
}

/// What the schemas do not say, by type.
fn unchangeable(kind: &str) -> Vec<String> {
    let known = BTreeMap::from([
        // "If you change the value of the KeySpec, KeyUsage, Origin, or MultiRegion properties of
        // an existing KMS key, the update request fails, regardless of the value of the
        // UpdateReplacePolicy attribute":
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
        ("AWS::KMS::Key", vec!["/KeySpec", "/KeyUsage", "/Origin", "/MultiRegion"]),
    ]);
    known.get(kind).into_iter().flatten().map(|pointer| (*pointer).to_owned()).collect()
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

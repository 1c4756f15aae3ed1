//! Whether the data folder holds a whole CA, none, or a part of one. A part is never completed: it
//! is what is left of a CA that was lost, and completing it would make another CA with its names.
//!
//! A killed first start leaves a part as well, and goes on where it was killed. What shows it is
//! the order in which a first start writes: the store, its mark as a new one, the keys, the CA in
//! the store, `root.pem`.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use authority::Failure;
use ca::Certificate;
use store::{
    Der, IssuerStore, ProfileStore,
    embedded::{EmbeddedStore, EngineOptions},
};

use crate::{
    Config, StartError,
    config::{ISSUING, ROOT},
    data_folder::{DataFolder, LOCK, ROOT_PEM, STORE},
};

/// Opens the store of a folder with a whole CA or none. What is left of a lost one is put aside if
/// the configuration says so.
///
/// # Errors
/// [`StartError::PartOfACa`], or the store cannot be opened.
pub(crate) async fn open_store(data: &DataFolder, config: &Config) -> Result<Arc<EmbeddedStore>, StartError> {
    let open = || EmbeddedStore::open(data.file(STORE), EngineOptions::default()).map_err(StartError::Store);
    let files = Files::of(data.path())?;
    let Some(part) = files.part_without_store() else {
        let store = open()?;
        let Some(part) = files.part_beside(&store).await? else {
            if config.new_ca && store.issuer(&ROOT.parse()?).await?.is_some() {
                tracing::warn!("--new-ca has no effect, because the CA in the data folder is whole");
            }
            return Ok(Arc::new(store));
        };
        store.close().await?;
        drop(store);
        put_aside(data, config, part)?;
        return Ok(Arc::new(open()?));
    };
    put_aside(data, config, part)?;
    Ok(Arc::new(open()?))
}

/// The files that belong to a CA.
struct Files {
    /// Whether there is a store that is not empty.
    has_store: bool,
    /// The names of key files, without `.key`.
    keys: Vec<String>,
    root_pem: Option<String>,
}

impl Files {
    fn of(folder: &Path) -> Result<Self, StartError> {
        let failed = |path: PathBuf| move |source| StartError::Data { path, source };
        let mut keys = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed(folder.to_owned()))? {
            let name = entry.map_err(failed(folder.to_owned()))?.file_name();
            keys.extend(name.to_str().and_then(|name| name.strip_suffix(".key")).map(str::to_owned));
        }
        keys.sort();
        let (store, root_pem) = (folder.join(STORE), folder.join(ROOT_PEM));
        Ok(Self {
            has_store: if_there(fs::metadata(&store)).map_err(failed(store))?.is_some_and(|store| store.len() > 0),
            keys,
            root_pem: if_there(fs::read(&root_pem))
                .map_err(failed(root_pem))?
                .map(|text| String::from_utf8_lossy(&text).into_owned()),
        })
    }

    /// What is left of a CA whose store is gone.
    fn part_without_store(&self) -> Option<String> {
        if self.has_store { None } else { self.of_a_lost_store("there is no store (store.redb), or it is empty") }
    }

    /// What is left of a CA, if the store has only a part of it or none.
    async fn part_beside(&self, store: &EmbeddedStore) -> Result<Option<String>, StartError> {
        let Some(root) = store.issuer(&ROOT.parse()?).await? else {
            let was_begun_here = store.applied_configuration().await?.is_some() && self.root_pem.is_none();
            return Ok(if was_begun_here { None } else { self.of_a_lost_store("the store has no CA") });
        };
        let issuing = store.issuer(&ISSUING.parse()?).await?;
        for issuer in [Some(&root), issuing.as_ref()].into_iter().flatten() {
            let key = issuer.key.as_str();
            if !self.keys.iter().any(|name| name == key) {
                return Ok(Some(format!("the store has the issuer {}, but its key ({key}.key) is missing", issuer.id)));
            }
        }
        let certificate = root.certificate.map(|Der(der)| Certificate::from_der(&der)).transpose();
        let certificate = certificate.map_err(Failure::issuing)?;
        let is_foreign = match (&self.root_pem, certificate) {
            (Some(text), Some(certificate)) => !text.contains(certificate.pem().trim()),
            (Some(_), None) => true,
            (None, _) => false,
        };
        Ok(is_foreign.then(|| "root.pem is not the root of the CA in the store".to_owned()))
    }

    fn of_a_lost_store(&self, what: &str) -> Option<String> {
        let root_pem = self.root_pem.iter().map(|_| ROOT_PEM.to_owned());
        let left: Vec<String> = self.keys.iter().map(|name| format!("{name}.key")).chain(root_pem).collect();
        if left.is_empty() { None } else { Some(format!("{what}, but there is {}", left.join(", "))) }
    }
}

/// Moves everything into a folder of its own, so that a new CA can be made and nothing is lost.
fn put_aside(data: &DataFolder, config: &Config, found: String) -> Result<(), StartError> {
    if !config.new_ca {
        return Err(StartError::PartOfACa { folder: data.path().to_owned(), found });
    }
    config.check_first_start()?;
    let moved = || -> io::Result<PathBuf> {
        let aside = free_name(data.path())?;
        fs::DirBuilder::new().mode(0o700).create(&aside)?;
        for entry in fs::read_dir(data.path())? {
            let entry = entry?;
            let name = entry.file_name();
            let stays =
                name.to_str().is_some_and(|name| name == LOCK || name == "lost+found" || name.starts_with(ASIDE));
            if !stays {
                fs::rename(entry.path(), aside.join(&name))?;
            }
        }
        fs::File::open(&aside)?.sync_all()?;
        fs::File::open(data.path())?.sync_all()?;
        Ok(aside)
    };
    let aside = moved().map_err(|source| StartError::Data { path: data.path().to_owned(), source })?;
    tracing::warn!(found, aside = %aside.display(), "a new CA is made; what was left of the former one is kept aside");
    Ok(())
}

/// A folder that does not exist yet.
fn free_name(folder: &Path) -> io::Result<PathBuf> {
    let free = (1..=u32::MAX).map(|number| folder.join(format!("{ASIDE}{number}"))).find(|path| !path.exists());
    free.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
}

fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

const ASIDE: &str = "former-ca-";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use store::{AppliedConfiguration, FirstProfiles};
    use tempfile::TempDir;

    use super::*;
    use crate::Host;

    fn config(folder: &Path) -> Config {
        let free = "127.0.0.1:0".parse().unwrap();
        Config { listen: free, status_listen: free, ..Config::new(folder.to_owned()) }
    }

    /// The files of a CA that was made and stopped.
    async fn whole() -> BTreeMap<String, Vec<u8>> {
        let folder = TempDir::new().unwrap();
        Host::start(config(folder.path())).await.unwrap().stop().await;
        [STORE, "root.key", "issuing.key", ROOT_PEM]
            .map(|name| (name.to_owned(), fs::read(folder.path().join(name)).unwrap()))
            .into()
    }

    /// A store as a first start leaves it that was killed before the CA was made, with its mark or
    /// killed before that, too.
    async fn begun(is_marked: bool) -> Vec<u8> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(STORE);
        let store = EmbeddedStore::open(&path, EngineOptions::default()).unwrap();
        if is_marked {
            let first_profiles = FirstProfiles::Due;
            let mark = AppliedConfiguration { first_profiles, ..AppliedConfiguration::default() };
            store.put_applied_configuration(&mark).await.unwrap();
        }
        store.close().await.unwrap();
        fs::read(path).unwrap()
    }

    #[tokio::test]
    async fn n14_threat_32_a_part_of_a_ca_is_refused_and_left_alone_and_put_aside_on_demand() {
        let (ours, foreign) = (whole().await, whole().await);
        let stores = [
            ("absent", None),
            ("empty", Some(Vec::new())),
            ("fresh", Some(begun(false).await)),
            ("marked", Some(begun(true).await)),
            ("whole", Some(ours[STORE].clone())),
        ];
        let keys: [&[&str]; 4] = [&[], &["root.key"], &["issuing.key"], &["root.key", "issuing.key"]];
        let roots = [("absent", None), ("own", Some(&ours[ROOT_PEM])), ("foreign", Some(&foreign[ROOT_PEM]))];
        for (store, content) in &stores {
            for keys in keys {
                for (root, pem) in roots {
                    let row = format!("store {store}, keys {keys:?}, root.pem {root}");
                    let is_nothing_left = keys.is_empty() && root == "absent";
                    let may_start = match *store {
                        "marked" => root == "absent",
                        "whole" => keys.len() == 2 && root != "foreign",
                        _ => is_nothing_left,
                    };
                    let folder = TempDir::new().unwrap();
                    let path = |name: &str| folder.path().join(name);
                    fs::write(path(LOCK), "").unwrap();
                    content.iter().for_each(|content| fs::write(path(STORE), content).unwrap());
                    keys.iter().for_each(|key| fs::write(path(key), &ours[*key]).unwrap());
                    pem.iter().for_each(|pem| fs::write(path(ROOT_PEM), pem).unwrap());

                    match Host::start(config(folder.path())).await {
                        Ok(host) => {
                            assert!(may_start, "{row}: it starts");
                            let is_ours = host.root().pem().as_bytes() == ours[ROOT_PEM];
                            assert_eq!(is_ours, *store == "whole", "{row}");
                            host.stop().await;
                            continue;
                        }
                        Err(StartError::PartOfACa { .. }) => assert!(!may_start, "{row}: it is refused"),
                        Err(other) => panic!("{row}: {other}"),
                    }
                    let files = Files::of(folder.path()).unwrap();
                    assert_eq!(files.keys.len(), keys.len(), "{row}: no key is made");
                    assert_eq!(files.root_pem.is_some(), pem.is_some(), "{row}: no root is written");

                    let host = Host::start(Config { new_ca: true, ..config(folder.path()) }).await.unwrap();
                    assert_ne!(host.root().pem().as_bytes(), ours[ROOT_PEM], "{row}: it is another CA");
                    host.stop().await;
                    let kept = Files::of(&path("former-ca-1")).unwrap();
                    assert_eq!((kept.keys, kept.root_pem), (files.keys, files.root_pem), "{row}");
                    assert_eq!(path("former-ca-1").join(STORE).exists(), content.is_some(), "{row}");
                    // Now it is whole, and the same word changes nothing any more.
                    let made = fs::read(path(ROOT_PEM)).unwrap();
                    Host::start(Config { new_ca: true, ..config(folder.path()) }).await.unwrap().stop().await;
                    assert_eq!(fs::read(path(ROOT_PEM)).unwrap(), made, "{row}");
                }
            }
        }
    }
}

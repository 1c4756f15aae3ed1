//! How the library by which AWS's own tools sign signs a request.

use std::path::Path;

use serde_json::Value;
use tests::clients::{Failure, Run, Tool};

/// The header `Authorization` of a POST; `given` is what `sign.py` reads.
pub(crate) async fn of_aws(sam: &Tool, given: &Value) -> Result<String, Failure> {
    let folder = tempfile::tempdir().map_err(Failure::io("temporary folder"))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws/sign.py");
    let python = sam.path.with_file_name("python");
    let signed = Run::new(&python, folder.path()).arg(script).arg(given.to_string()).finish().await?;
    Ok(signed.stdout.trim().to_owned())
}

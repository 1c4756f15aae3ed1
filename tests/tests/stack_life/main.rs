//! What becomes of a stack from its first deployment on, by a model of CloudFormation's rules
//! ([`tests::life`]): of the present template, and of that of the commit e70810c, in which the
//! judge finds what was wrong with it.

mod ends;
mod parameters;
mod updates;

use std::path::Path;

use tests::{
    clients::Failure,
    deployed::transformed::Transformed,
    life::{Account, Schemas, Stack},
};
use tokio::sync::OnceCell;

/// What the tests are about.
struct Life {
    schemas: Schemas,
    /// The template of e70810c, word for word.
    old: &'static Transformed,
    new: &'static Transformed,
}

impl Life {
    /// `None` if this machine has no SAM.
    async fn find() -> Result<Option<Self>, Failure> {
        static TEMPLATES: OnceCell<Option<[Transformed; 2]>> = OnceCell::const_new();
        let templates = TEMPLATES.get_or_try_init(|| async {
            let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack_life/e70810c.template");
            let (old, new) = (Transformed::of(&old).await?, Transformed::read().await?);
            Ok::<_, Failure>(old.zip(new).map(|(old, new)| [old, new]))
        });
        let (Some(schemas), Some([old, new])) = (Schemas::find()?, templates.await?) else { return Ok(None) };
        Ok(Some(Self { schemas, old, new }))
    }

    fn account(&self) -> Account<'_> {
        Account::new(&self.schemas)
    }
}

/// A stack of the usual name. Its id is another one each time that it is created.
fn stack(template: &Transformed, id: &str, parameters: &[(&str, &str)]) -> Stack {
    Stack::new(template, NAME, id, parameters)
}

const NAME: &str = "serverless-acme";

/// What names that which a deleted stack left, for a stack that goes on with it.
const ADOPTING: [(&str, &str); 4] = [
    ("AdoptTableName", "serverless-acme"),
    ("AdoptRootKeyArn", "arn:aws:kms:us-east-1:123456789012:key/root"),
    ("AdoptIssuingKeyArn", "arn:aws:kms:us-east-1:123456789012:key/issuing"),
    ("AdoptStatusBucketName", "serverless-acme-status"),
];

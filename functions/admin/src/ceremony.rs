//! Ceremonies: the acts that have the root sign. In one process they are actions like the others.
//! On AWS a function of their own performs them and nothing else, because it alone has the right to
//! the root's key; the admin function says which function that is.

use operator::{Ceremonies, CeremonyPlace, Parts};
use serde::{Deserialize, Serialize};

use crate::{Action, AdminError};

/// An act that has the root sign.
pub trait CeremonialAct: Action {
    /// Performs the act for this actor.
    ///
    /// # Errors
    /// [`AdminError`], in words for the operator.
    fn hold(
        self,
        ceremonies: &Ceremonies,
        actor: &str,
    ) -> impl Future<Output = Result<Self::Answer, AdminError>> + Send;
}

/// Asks which function performs the ceremonies.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindCeremonyFunction {}

impl Action for FindCeremonyFunction {
    type Answer = CeremonyFunction;

    const NAME: &str = "ceremony-function";
    const IS_ACT: bool = false;

    async fn perform(self, parts: &Parts, _actor: &str) -> Result<CeremonyFunction, AdminError> {
        Ok(CeremonyFunction {
            function: match &parts.ceremonies {
                CeremonyPlace::Here(_) => None,
                CeremonyPlace::Function(name) => Some(name.clone()),
            },
        })
    }
}

/// Who performs the ceremonies.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CeremonyFunction {
    /// The ARN of the function; null if the process that answers performs them.
    pub function: Option<String>,
}

/// The verbs that have the root sign, where this process has them.
pub(crate) fn here<'a>(parts: &'a Parts, action: &str) -> Result<&'a Ceremonies, AdminError> {
    match &parts.ceremonies {
        CeremonyPlace::Here(ceremonies) => Ok(ceremonies),
        CeremonyPlace::Function(function) => {
            Err(AdminError::Ceremony { action: action.to_owned(), function: function.clone() })
        }
    }
}

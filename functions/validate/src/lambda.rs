//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use authority::ValidationTask;
use aws::{Clients, StartError, Worker};
use ra::{Directories, Limits, Validations};

use crate::{Sleep, ValidationSettings};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Worker<ValidationTask>, StartError> {
    let settings = ValidationSettings::from_variables(|name| clients.environment().optional(name));
    let settings = settings.map_err(|error| StartError::Settings(error.into()))?;
    let directories = Directories::new(clients.profile_store(), clients.clock(), clients.remembered());
    let limits = Limits::new(clients.limit_store(), clients.events(), clients.clock(), clients.remembered());
    let validations = Validations::new(
        clients.authorization_store(),
        Arc::new(directories),
        Arc::new(limits),
        clients.events(),
        clients.clock(),
    );
    let work = aws::work_by((validations, settings), |(validations, settings), task| {
        Box::pin(async move { Ok(crate::work(validations, settings, task, &Sleep).await?) })
    });
    Ok(Worker::new(work, None))
}

//! The function on Lambda: it needs nothing of AWS but to be invoked.

use aws::{Asked, Environment, Invocation, StartError};

use crate::Outlook;

/// Constructs the function.
///
/// # Errors
/// An environment variable is invalid, or this version does not know where the region is.
pub fn open(environment: &Environment) -> Result<Invocation, StartError> {
    let outlook = Outlook::from_variables(|name| environment.optional(name));
    let outlook = outlook.map_err(|error| StartError::Settings(error.into()))?;
    let answer = aws::work_by(outlook, |outlook, asked: Asked| {
        Box::pin(async move { Ok(outlook.answer(&asked.request).await?) })
    });
    Ok(Invocation::new(answer))
}

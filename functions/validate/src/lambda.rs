//! The function on Lambda: what it is constructed from. The statements of its role in the template
//! say the same.

use std::sync::Arc;

use acme::failure_chain;
use async_trait::async_trait;
use authority::ValidationTask;
use aws::{Clients, InvokedFunction, StartError, Worker};
use perspective::{AwsRegion, Channel, ChannelError, Member, Perspectives, Remote, members_of, weaknesses};
use ra::{Directories, Limits, Validations};

use crate::{Sleep, ValidationSettings};

/// Constructs the function.
///
/// # Errors
/// When the environment lacks something.
pub fn open(clients: &Clients) -> Result<Worker<ValidationTask>, StartError> {
    let settings = ValidationSettings::from_variables(|name| clients.environment().optional(name));
    let settings = settings.map_err(|error| StartError::Settings(error.into()))?;
    let settings = ValidationSettings { perspectives: perspectives(clients), ..settings };
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

/// Those of the variable `PERSPECTIVES`. A list that cannot be used is none: only the profiles that
/// demand perspectives validate nothing then, and `doctor` says why.
fn perspectives(clients: &Clients) -> Option<Arc<Perspectives>> {
    let invoker = clients.function_invoker();
    let members = members_of(clients.environment().optional("PERSPECTIVES").unwrap_or_default());
    let members = members.inspect_err(|fault| tracing::error!(%fault, "PERSPECTIVES cannot be used")).ok()?;
    let own = clients.environment().optional("AWS_REGION").and_then(AwsRegion::named).map(|region| region.location);
    let weaknesses = weaknesses(&members, own);
    let remote = |member: Member| {
        let function = invoker.function(&member.function?)?;
        Some(Remote { name: member.name, region: member.region, channel: Arc::new(FunctionChannel(function)) })
    };
    let remotes: Vec<_> = members.into_iter().filter_map(remote).collect();
    (!remotes.is_empty()).then(|| Arc::new(Perspectives::new(remotes, weaknesses)))
}

/// The way to a perspective that is a function of Lambda, which tells each side who the other is.
struct FunctionChannel(InvokedFunction);

#[async_trait]
impl Channel for FunctionChannel {
    async fn exchange(&self, question: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let answer = self.0.invoke(question.to_vec()).await;
        answer.map_err(|error| ChannelError(failure_chain(error.as_ref())))
    }
}

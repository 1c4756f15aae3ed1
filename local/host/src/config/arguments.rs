//! The arguments of `serve`: the command line and the environment, which take precedence over the
//! configuration file.

use std::path::PathBuf;

use clap::Args;

use super::{
    Config, ConfigError,
    file::File,
    settings::{self, EventsSettings, LogSettings, ServeSettings, TestSettings},
};

/// The arguments of `serve` on the command line and in the environment.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// The configuration file. Its keys are named below; examples/serverless-acme.toml documents
    /// all of them
    #[arg(long, env = "SERVERLESS_ACME_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    serve: ServeSettings,
    #[command(flatten, next_help_heading = "Events")]
    events: EventsSettings,
    #[command(flatten, next_help_heading = "For testing clients")]
    test: TestSettings,
}

impl Arguments {
    /// Reads the configuration file, if there is one, and completes the settings from it.
    ///
    /// # Errors
    /// [`ConfigError`], with line and column in the file.
    pub fn resolve(self) -> Result<(Config, LogSettings), ConfigError> {
        let file = match &self.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let (serve, test) = (self.serve.or(file.serve), self.test.or(file.test));
        let events = self.events.or(file.events).into();
        let log = serve.log();
        let config = Config {
            events,
            acme_profiles: file.acme_profile,
            ra_profiles: file.ra_profile,
            ..settings::config(serve, test, file.ca)
        };
        Ok((config, log))
    }
}

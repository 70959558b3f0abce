//! gRPC's settings with what follows from others.

use crate::commands::Failure;
use crate::config::Config;
use engine::Engine;
use grpc::{Face, Reflection, Settings};
use std::sync::Arc;

/// gRPC over an engine; none where it is switched off.
///
/// # Errors
/// Names that would be those of two different things.
pub fn service(engine: &Arc<Engine>, config: &Config) -> Result<Option<grpc::Service>, Failure> {
    if !config.grpc.enabled {
        return Ok(None);
    }
    let face = Face::new(Arc::clone(engine.contract()), settings(config));
    let face = face.map_err(|error| Failure::Other(error.0))?;
    Ok(Some(grpc::Service::new(face, Arc::clone(engine))))
}

/// What production keeps to itself.
fn settings(config: &Config) -> Settings {
    let mut settings = config.grpc.settings.clone();
    settings.decode = config.api.decode();
    settings.names = config.names();
    settings.reflection = match config.production {
        true => Reflection::Roles(config.grpc.reflection_roles.clone()),
        false => Reflection::Everyone,
    };
    settings
}

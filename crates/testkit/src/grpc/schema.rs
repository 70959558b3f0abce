//! The services and messages of a contract, compiled from the files that the server prints.

use crate::case::{Action, Verb};
use crate::driver::Failure;
use crate::operation;
use contract::{Contract, RpcPackage};
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, ReflectMessage};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// The messages that say how a call failed, which no contract has.
const STATUS: &str = include_str!("status.proto");
/// Folders inside of the folder of files.
const DEPTH_MAX: usize = 8;

/// Descriptors of one contract's services and messages.
#[derive(Debug, Clone)]
pub struct Schema {
    pool: DescriptorPool,
}

impl Schema {
    /// Compiles the files in a folder, which the server has printed.
    pub fn compile(folder: &Path) -> Result<Self, String> {
        let status = folder.join("google/rpc/status.proto");
        let written = fs::create_dir_all(folder.join("google/rpc")).and_then(|()| fs::write(&status, STATUS));
        written.map_err(|e| format!("{}: {e}", status.display()))?;
        let mut files = Vec::new();
        gather(folder, DEPTH_MAX, &mut files).map_err(|e| format!("{}: {e}", folder.display()))?;
        let broken = |e: protox::Error| format!("the printed files do not compile: {e:?}");
        let mut compiler = protox::Compiler::new([folder]).map_err(broken)?;
        compiler.include_imports(true).open_files(files).map_err(broken)?;
        Ok(Self { pool: compiler.descriptor_pool() })
    }

    /// A message by its full name.
    pub fn message(&self, name: &str) -> Result<MessageDescriptor, Failure> {
        let found = self.pool.get_message_by_name(name);
        found.ok_or_else(|| Failure::Broken(format!("no file has the message `{name}`")))
    }

    /// The method of an action.
    pub fn method(
        &self,
        contract: &Contract,
        action: &Action,
        lists: Lists,
        by: &[String],
    ) -> Result<MethodDescriptor, Failure> {
        let operation = operation::find(contract, action)?;
        let rpc = operation.rpc.as_ref().ok_or_else(|| {
            Failure::Unspeakable(format!("`{}`, which has no place in gRPC", operation.name))
        })?;
        let package = match &rpc.package {
            RpcPackage::Own => contract.rpc_package(),
            RpcPackage::Named(name) => name.clone(),
        };
        let name = match (action, lists) {
            (Action::Aggregate { .. }, _) if by.is_empty() => "Aggregate",
            (Action::Aggregate { .. }, _) => "Group",
            (Action::Standard { verb: Verb::List, .. }, Lists::Streamed) => "Stream",
            _ => rpc.method.as_str(),
        };
        let service =
            if package.is_empty() { rpc.service.clone() } else { format!("{package}.{}", rpc.service) };
        let found = self.pool.get_service_by_name(&service);
        let found = found.ok_or_else(|| Failure::Broken(format!("no file has the service `{service}`")))?;
        let method = found.methods().find(|method| method.name() == name);
        method.ok_or_else(|| Failure::Unspeakable("a method that its service does not have".to_owned()))
    }
}

/// How the rows of a list are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// In one message.
    Whole,
    /// In a message each, where nothing is asked for that only a page has.
    Streamed,
}

fn gather(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && depth > 0 {
            gather(&path, depth - 1, files)?;
        } else if path.extension().is_some_and(|ending| ending == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a method says that it changes nothing.
pub fn is_read(method: &MethodDescriptor) -> bool {
    let options = method.method_descriptor_proto().options.as_ref();
    options.is_some_and(|options| options.idempotency_level() == IdempotencyLevel::NoSideEffects)
}

/// Where a method is called: `/tour.v1.UserService/Get`.
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// A message from its ProtoJSON. `Err` says why there is none.
pub fn from_json(ty: MessageDescriptor, json: &Value) -> Result<DynamicMessage, String> {
    DynamicMessage::deserialize(ty, json).map_err(|e| e.to_string())
}

/// A message from its bytes, as ProtoJSON.
pub fn decoded(ty: MessageDescriptor, bytes: &[u8]) -> Result<Value, String> {
    let name = ty.full_name().to_owned();
    let message = DynamicMessage::decode(ty, bytes).map_err(|e| format!("no `{name}`: {e}"))?;
    if message.unknown_fields().next().is_some() {
        return Err(format!("a `{name}` with fields that no file has"));
    }
    to_json(&message)
}

/// The canonical ProtoJSON of a message.
pub fn to_json(message: &DynamicMessage) -> Result<Value, String> {
    serde_json::to_value(message)
        .map_err(|e| format!("`{}` is no JSON: {e}", message.descriptor().full_name()))
}

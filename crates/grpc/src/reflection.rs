//! Server reflection (<https://github.com/grpc/grpc/blob/master/doc/server-reflection.md>), v1 and v1alpha.
//!
//! Descriptors are compiled from the very texts that are exported, when somebody asks for the first time.

use crate::code::Code;
use crate::frame::{Deframer, Envelope};
use crate::outcome::Writer;
use crate::service::Face;
use crate::settings::Reflection;
use crate::source::End;
use crate::status::Status;
use describe::proto::{Schema, files};
use edge::{Body, Piece, Source};
use engine::{Caller, Fault, Kind, codes};
use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorProto};
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

/// Bytes of a request at the most: it names something.
pub(crate) const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// What every server has beside its own.
const BUILTIN: [(&str, &str); 3] = [
    ("grpc/health/v1/health.proto", include_str!("../proto/health.proto")),
    ("grpc/reflection/v1/reflection.proto", include_str!("../proto/reflection_v1.proto")),
    ("grpc/reflection/v1alpha/reflection.proto", include_str!("../proto/reflection_v1alpha.proto")),
];

/// Whether a caller is told.
pub(crate) fn allow(reflection: &Reflection, caller: &Caller) -> Result<(), Fault> {
    match reflection {
        Reflection::Everyone => Ok(()),
        Reflection::Roles(roles) if caller.has_one_of(roles) => Ok(()),
        Reflection::Roles(_) if caller.is_anonymous() => {
            Err(Fault::new(Kind::Unauthenticated, codes::UNAUTHENTICATED, "this needs a caller who is known"))
        }
        Reflection::Roles(_) => {
            Err(Fault::new(Kind::Denied, codes::ACCESS_DENIED, "services are not told to this caller"))
        }
    }
}

/// The texts of all files, and what they define once somebody has asked.
#[derive(Debug)]
pub(crate) struct Descriptors {
    texts: Vec<(String, String)>,
    index: OnceLock<Result<Index, String>>,
}

/// Files by what they define.
#[derive(Debug, Default)]
struct Index {
    /// Encoded, by their names.
    files: HashMap<String, Encoded>,
    /// The file of each symbol.
    symbols: HashMap<String, String>,
    services: Vec<String>,
}

#[derive(Debug)]
struct Encoded {
    bytes: Vec<u8>,
    imports: Vec<String>,
}

impl Descriptors {
    pub fn new(schema: &Schema) -> Self {
        let own = files(schema).into_iter().map(|file| (file.path, file.text));
        let builtin = BUILTIN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self { texts: own.chain(builtin).collect(), index: OnceLock::new() }
    }

    fn index(&self) -> Result<&Index, Status> {
        let index = self.index.get_or_init(|| Index::of(&self.texts).map_err(|error| error.to_string()));
        index.as_ref().map_err(|_| Status::new(Code::Internal, "the descriptors cannot be made"))
    }
}

/// Resolves files by their texts.
struct Texts(HashMap<String, String>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let text = self.0.get(name).ok_or_else(|| protox::Error::file_not_found(name))?;
        File::from_source(name, text)
    }
}

impl Index {
    fn of(texts: &[(String, String)]) -> Result<Self, protox::Error> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Texts(texts.iter().cloned().collect()));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).include_source_info(false);
        compiler.open_files(texts.iter().map(|(path, _)| path))?;
        let mut index = Self::default();
        compiler.file_descriptor_set().file.iter().for_each(|file| index.add(file));
        index.services.sort();
        Ok(index)
    }

    fn add(&mut self, file: &FileDescriptorProto) {
        let package = file.package();
        let name = file.name().to_owned();
        for service in &file.service {
            let full = joined(package, service.name());
            self.services.push(full.clone());
            for method in &service.method {
                self.symbols.insert(joined(&full, method.name()), name.clone());
            }
            self.symbols.insert(full, name.clone());
        }
        file.message_type.iter().for_each(|message| self.add_message(package, message, &name));
        for of in &file.enum_type {
            self.symbols.insert(joined(package, of.name()), name.clone());
        }
        let encoded = Encoded { bytes: file.encode_to_vec(), imports: file.dependency.clone() };
        self.files.insert(name, encoded);
    }

    /// A message with those inside it. Recursive, as deep as files nest them.
    fn add_message(&mut self, scope: &str, message: &DescriptorProto, file: &str) {
        let full = joined(scope, message.name());
        message.nested_type.iter().for_each(|inner| self.add_message(&full, inner, file));
        for of in &message.enum_type {
            self.symbols.insert(joined(&full, of.name()), file.to_owned());
        }
        self.symbols.insert(full, file.to_owned());
    }

    /// A file with all that it imports, each once.
    fn with_imports(&self, name: &str) -> Option<Vec<Vec<u8>>> {
        let mut found = Vec::new();
        let mut seen = HashSet::from([name]);
        let mut pending = vec![name];
        while let Some(name) = pending.pop() {
            let file = self.files.get(name)?;
            found.push(file.bytes.clone());
            pending.extend(file.imports.iter().map(String::as_str).filter(|import| seen.insert(*import)));
        }
        Some(found)
    }
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(oneof = "Asked", tags = "3, 4, 5, 6, 7")]
    asked: Option<Asked>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Asked {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(message, tag = "5")]
    FileContainingExtension(ExtensionRequest),
    #[prost(string, tag = "6")]
    AllExtensionNumbersOfType(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExtensionRequest {
    #[prost(string, tag = "1")]
    containing_type: String,
    #[prost(int32, tag = "2")]
    extension_number: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(string, tag = "1")]
    valid_host: String,
    #[prost(message, optional, tag = "2")]
    original_request: Option<Request>,
    #[prost(oneof = "Told", tags = "4, 5, 6, 7")]
    told: Option<Told>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Told {
    #[prost(message, tag = "4")]
    Files(FileDescriptorResponse),
    #[prost(message, tag = "5")]
    Extensions(ExtensionNumberResponse),
    #[prost(message, tag = "6")]
    Services(ListServiceResponse),
    #[prost(message, tag = "7")]
    Error(ErrorResponse),
}

#[derive(Clone, PartialEq, prost::Message)]
struct FileDescriptorResponse {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file_descriptor_proto: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ExtensionNumberResponse {
    #[prost(string, tag = "1")]
    base_type_name: String,
    #[prost(int32, repeated, tag = "2")]
    extension_number: Vec<i32>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ListServiceResponse {
    #[prost(message, repeated, tag = "1")]
    service: Vec<ServiceResponse>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ServiceResponse {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ErrorResponse {
    #[prost(int32, tag = "1")]
    error_code: i32,
    #[prost(string, tag = "2")]
    error_message: String,
}

impl Descriptors {
    fn answer(&self, request: Request) -> Result<Response, Status> {
        let index = self.index()?;
        let told = match &request.asked {
            Some(Asked::ListServices(_)) => {
                let service =
                    index.services.iter().map(|name| ServiceResponse { name: name.clone() }).collect();
                Told::Services(ListServiceResponse { service })
            }
            Some(Asked::FileByFilename(name)) => files_or(index.with_imports(name), "file", name),
            Some(Asked::FileContainingSymbol(symbol)) => {
                let name = symbol.trim_start_matches('.');
                let found = index.symbols.get(name).and_then(|file| index.with_imports(file));
                files_or(found, "symbol", symbol)
            }
            // proto3 has none but those of options.
            Some(Asked::FileContainingExtension(asked)) => not_found("extension of", &asked.containing_type),
            Some(Asked::AllExtensionNumbersOfType(name)) => {
                match index.symbols.contains_key(name.trim_start_matches('.')) {
                    true => Told::Extensions(ExtensionNumberResponse {
                        base_type_name: name.clone(),
                        extension_number: Vec::new(),
                    }),
                    false => not_found("type", name),
                }
            }
            None => Told::Error(ErrorResponse {
                error_code: Code::InvalidArgument.number(),
                error_message: "nothing was asked".to_owned(),
            }),
        };
        Ok(Response { valid_host: request.host.clone(), original_request: Some(request), told: Some(told) })
    }
}

fn files_or(found: Option<Vec<Vec<u8>>>, what: &str, name: &str) -> Told {
    match found {
        Some(file_descriptor_proto) => Told::Files(FileDescriptorResponse { file_descriptor_proto }),
        None => not_found(what, name),
    }
}

fn not_found(what: &str, name: &str) -> Told {
    let shown: String = name.chars().take(256).collect();
    let error_message = format!("there is no {what} `{shown}`");
    Told::Error(ErrorResponse { error_code: Code::NotFound.number(), error_message })
}

/// Takes units for one request, of a caller who may be told.
pub(crate) type Pay = Box<dyn Fn() -> Result<(), Fault> + Send>;

/// A talk about the services: each request is answered before the next is read.
pub(crate) struct Talk {
    face: Arc<Face>,
    pay: Pay,
    writer: Writer,
    body: Body,
    incoming: Deframer,
    end: End,
}

impl Talk {
    pub fn new(face: Arc<Face>, pay: Pay, writer: Writer, body: Body, incoming: Deframer) -> Self {
        Self { face, pay, writer, body, incoming, end: End::Open }
    }

    fn answer(&self, envelope: &Envelope) -> Result<Vec<u8>, Status> {
        let malformed = || Status::new(self.writer.protocol.malformed(), "the request is not a message");
        if envelope.flags != 0 {
            return Err(malformed());
        }
        (self.pay)().map_err(|fault| self.face.status(fault, None, &|field| field.to_owned()))?;
        let request = Request::decode(&envelope.message[..]).map_err(|_| malformed())?;
        Ok(self.face.descriptors.answer(request)?.encode_to_vec())
    }

    /// The next envelope; `Ok(None)` when there are no more.
    fn poll_envelope(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Envelope>, Status>> {
        let broken = |protocol: crate::protocol::Protocol| {
            Status::new(protocol.malformed(), "the stream of requests is broken")
        };
        loop {
            match self.incoming.next() {
                Ok(Some(envelope)) => return Poll::Ready(Ok(Some(envelope))),
                Ok(None) => {}
                Err(_) => return Poll::Ready(Err(broken(self.writer.protocol))),
            }
            match self.body.poll_piece(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Some(bytes))) => self.incoming.push(&bytes),
                Poll::Ready(Ok(None)) => {
                    let ended = self.incoming.end().map(|()| None).map_err(|_| broken(self.writer.protocol));
                    return Poll::Ready(ended);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Err(broken(self.writer.protocol))),
            }
        }
    }
}

impl Source for Talk {
    fn poll_piece(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Piece>> {
        let this = &mut *self;
        if let End::Open = this.end {
            let answered = match std::task::ready!(this.poll_envelope(cx)) {
                Ok(Some(envelope)) => this.answer(&envelope).map(Some),
                Ok(None) => Ok(None),
                Err(status) => Err(status),
            };
            match answered {
                Ok(Some(message)) => {
                    let envelope = this.writer.envelope(&message);
                    return Poll::Ready(Some(Piece::Data(this.writer.data(envelope))));
                }
                Ok(None) => this.end = End::Next(Ok(())),
                Err(status) => this.end = End::Next(Err(Box::new(status))),
            }
        }
        Poll::Ready(this.end.take(&this.writer))
    }
}

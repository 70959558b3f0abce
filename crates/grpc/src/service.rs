//! The adapter as the edge sees it: a request is read, called and answered.

use crate::builtin::Builtin;
use crate::code::Code;
use crate::connect;
use crate::exchange::Exchange;
use crate::frame::{self, Deframer, FrameError, PREFIX_BYTES};
use crate::health::{Health, Phase};
use crate::message::{Reader, Refused};
use crate::messages;
use crate::outcome::{RequestId, Writer};
use crate::protocol::{Codec, Protocol, Terms, Text};
use crate::reflection::Descriptors;
use crate::reply;
use crate::request::Reading;
use crate::routes::{Routes, Rpc};
use crate::source::{End, InParts, Part, next_part};
use crate::status::{Status, deadline_fault, with_reason};
use crate::{Settings, StartError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Bytes, BytesMut};
use contract::{Binding, Contract, names};
use describe::proto::{Does, MessageId, Schema, Streaming};
use edge::{Body, Request, Response, ResponseBody};
use engine::{Answer, Call, Context, Engine, Fault, Kind, Parts};
use http::header::ALLOW;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use http_semantics::discretion::{Discretion, Names, Said};
use http_semantics::reply::respond;
use http_semantics::{identity, precondition, trace};
use quota::Exceeded;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use wire::{Format, Messages, Value};

/// What is taken by `POST`.
const ACCEPTED: &str = "application/grpc, application/grpc+proto, application/grpc+json, application/grpc-web, \
    application/grpc-web+proto, application/grpc-web+json, application/grpc-web-text, application/proto, \
    application/json, application/connect+proto, application/connect+json";

/// The gRPC face of a contract. Immutable; a reload makes a new one.
#[derive(Debug)]
pub struct Face {
    pub(crate) contract: Arc<Contract>,
    pub(crate) schema: Schema,
    pub(crate) settings: Settings,
    pub(crate) descriptors: Descriptors,
    pub(crate) health: Health,
    routes: Routes,
    messages: Messages,
    discretion: Discretion,
}

impl Face {
    /// Serves `contract`.
    ///
    /// # Errors
    /// Names that would be those of two different things.
    pub fn new(contract: Arc<Contract>, settings: Settings) -> Result<Self, StartError> {
        let schema = Schema::new(&contract).map_err(|found| {
            let texts: Vec<String> = found.iter().map(|found| contract.sources.render(found)).collect();
            StartError(texts.concat())
        })?;
        let messages = messages::table(&schema).map_err(StartError)?;
        Ok(Self {
            routes: Routes::new(&contract, &schema),
            descriptors: Descriptors::new(&schema),
            health: Health::new(&schema),
            discretion: discretion(&contract, &schema, settings.names),
            messages,
            schema,
            settings,
            contract,
        })
    }

    pub(crate) fn reader(&self, terms: Terms) -> Reader<'_> {
        Reader {
            messages: &self.messages,
            bounds: &self.settings.decode,
            bytes_max: self.settings.message_bytes_max,
            terms,
        }
    }

    /// What a fault is to the peer; `place` says where in the request a field is. Strangers are told their own words.
    pub(crate) fn status(
        &self,
        fault: Fault,
        stranger: Option<&Said>,
        place: &dyn Fn(&str) -> String,
    ) -> Status {
        match (&self.discretion, stranger) {
            (Discretion::Strangers(untold), Some(said)) => {
                let mut fault = fault;
                for field in &mut fault.fields {
                    field.field = place(&field.field);
                }
                Status::of(untold.fault(fault, said), &self.contract.name, str::to_owned)
            }
            (Discretion::Open | Discretion::Strangers(_), _) => Status::of(fault, &self.contract.name, place),
        }
    }
}

/// What strangers are not told: names as the contract has them, and as the files do.
fn discretion(contract: &Contract, schema: &Schema, to: Names) -> Discretion {
    let last = |full: &str| full.rsplit('.').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = contract.names().into_iter().map(str::to_owned).collect();
    names.extend(contract.resources.iter().map(|resource| names::snake(&resource.name)));
    for message in &schema.messages {
        names.push(last(&message.full_name));
        names.extend(message.fields.iter().flat_map(|field| [field.name.clone(), field.json_name.clone()]));
    }
    for of in &schema.enums {
        names.push(last(&of.full_name));
        names.extend(of.values.iter().map(|value| value.name.clone()));
    }
    Discretion::new(to, names.iter().map(String::as_str), contract.error_codes())
}

/// The adapter over an engine.
#[derive(Debug)]
pub struct Service {
    face: Arc<Face>,
    engine: Arc<Engine>,
}

impl Service {
    /// Serves `face` with `engine`; both are of the same contract.
    pub fn new(face: Face, engine: Arc<Engine>) -> Self {
        Self { face: Arc::new(face), engine }
    }

    /// Whether a request is this adapter's: it names a method, or speaks a protocol that nothing else speaks.
    pub fn is_mine(&self, path: &str, headers: &HeaderMap) -> bool {
        let speaks = || match Terms::of(headers) {
            Some((Protocol::Grpc | Protocol::GrpcWeb(_) | Protocol::ConnectStream, _)) => true,
            Some((Protocol::ConnectUnary, _)) | None => false,
        };
        self.has(path) || speaks()
    }

    /// Whether a path is that of a method.
    pub fn has(&self, path: &str) -> bool {
        self.face.routes.get(path).is_some() || Builtin::of(path).is_some()
    }

    pub(crate) fn face(&self) -> &Face {
        &self.face
    }

    pub(crate) fn face_arc(&self) -> Arc<Face> {
        Arc::clone(&self.face)
    }

    pub(crate) fn engine_arc(&self) -> Arc<Engine> {
        Arc::clone(&self.engine)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Says to all who watch that the server is about to end.
    pub fn drain(&self) {
        self.face.health.drain();
    }

    /// Says to all who watch whether the server can keep data.
    pub fn keeps_data(&self, can: bool) {
        self.face.health.turn(if can { Phase::Serving } else { Phase::Failing });
    }

    /// Answers a request. `new_id` makes a request id where the peer gave none.
    pub fn handle(
        &self,
        request: Request,
        new_id: impl FnOnce() -> String,
    ) -> impl Future<Output = Response> + Send + '_ {
        let Request { method, uri, version, headers, peer, body, overload } = request;
        let given = trace::request_id(&headers).map(str::to_owned);
        let is_given = given.is_some();
        let id = RequestId { id: given.unwrap_or_else(new_id), is_given };
        let head = Head { method, uri, version, headers, id, peer: peer.ip() };
        async move {
            match self.begin(&head) {
                Err(response) => response,
                Ok(begun) => match overload {
                    Some(exceeded) => self.overloaded(&head, &begun, exceeded),
                    None => self.answer(head, begun, body).await,
                },
            }
        }
    }

    /// Everything that the head of a request decides.
    fn begin(&self, head: &Head) -> Result<Begun, Response> {
        let by_get = || connect::codec(&head.uri).filter(|_| self.has(head.uri.path()));
        if let (&Method::GET, Some(codec)) = (&head.method, by_get()) {
            return self.begin_get(head, codec);
        }
        if head.method != Method::POST {
            return Err(plain(StatusCode::METHOD_NOT_ALLOWED, "allow", "POST"));
        }
        let Some((protocol, codec)) = Terms::of(&head.headers) else {
            return Err(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "accept-post", ACCEPTED));
        };
        // Its trailers could not be sent.
        if protocol == Protocol::Grpc && head.version != Version::HTTP_2 {
            return Err(plain(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "upgrade", "h2c"));
        }
        match Terms::new(protocol, codec, &head.headers) {
            Ok(terms) => Ok(Begun { terms, message: None }),
            Err(status) => {
                Err(self.refusal(&Writer::plain(protocol, codec, head.id.clone()), status, "MALFORMED"))
            }
        }
    }

    fn begin_get(&self, head: &Head, codec: Codec) -> Result<Begun, Response> {
        let writer = Writer::plain(Protocol::ConnectUnary, codec, head.id.clone());
        let is_read = self.face.routes.get(head.uri.path()).is_some_and(|rpc| rpc.is_read);
        if !is_read {
            return Err(plain(StatusCode::METHOD_NOT_ALLOWED, "allow", "POST"));
        }
        match connect::get(&head.uri, &head.headers, codec) {
            Ok((terms, message)) => Ok(Begun { terms, message: Some(message) }),
            Err(status) => Err(self.refusal(&writer, status, "MALFORMED")),
        }
    }

    fn refusal(&self, writer: &Writer, status: Status, reason: &str) -> Response {
        writer.failure(&with_reason(status, reason, &self.face.contract.name))
    }

    fn overloaded(&self, head: &Head, begun: &Begun, exceeded: Exceeded) -> Response {
        let status = self.face.status(engine::no_room(exceeded), None, &|field| field.to_owned());
        Writer::new(&begun.terms, head.id.clone()).failure(&status)
    }

    async fn answer(&self, head: Head, begun: Begun, body: Body) -> Response {
        let Begun { terms, message } = begun;
        let writer = Writer::new(&terms, head.id.clone());
        let path = head.uri.path();
        let Some(rpc) = self.face.routes.get(path) else {
            return match Builtin::of(path) {
                Some(builtin) => Box::pin(self.builtin(builtin, &head, terms, writer, body)).await,
                None => {
                    let shown: String = path.chars().take(256).collect();
                    let status = Status::new(Code::Unimplemented, format!("there is no method {shown}"));
                    self.refusal(&writer, status, "UNKNOWN_METHOD")
                }
            };
        };
        if let Some(refusal) = misplaced(terms.protocol, rpc.streaming, head.version) {
            return refusal;
        }
        let body = match message {
            Some(message) => Body::from(message),
            None => body,
        };
        let stranger = self.face.discretion.of(&head.headers).map(|_| head.said());
        let calling = Calling {
            service: self,
            rpc,
            head: &head,
            terms,
            writer: &writer,
            stranger,
            message: OnceLock::new(),
        };
        let answered = match rpc.streaming {
            Streaming::Unary => calling.unary(body).await,
            Streaming::Server => Box::pin(calling.server_stream(body)).await,
            Streaming::Client => Box::pin(calling.client_stream(body)).await,
            Streaming::Bidirectional => Box::pin(calling.both_ways(body)).await,
        };
        answered.unwrap_or_else(|refused| calling.refused(refused))
    }
}

/// A request's head.
pub(crate) struct Head {
    pub method: Method,
    pub uri: Uri,
    pub version: Version,
    pub headers: HeaderMap,
    pub id: RequestId,
    pub peer: IpAddr,
}

/// A request whose head makes sense.
struct Begun {
    terms: Terms,
    /// The message, where the head holds it.
    message: Option<Bytes>,
}

impl Head {
    /// What the head of a request says.
    pub fn said(&self) -> Said {
        Said::of(&self.uri)
    }

    /// The circumstances of the call.
    pub fn context(&self, terms: &Terms) -> Result<Context, Fault> {
        let why = "a version is asked for by the field `if_version`";
        precondition::refuse(&self.headers, &precondition::GUARDS, why)?;
        Ok(Context {
            protocol: terms.protocol.name(),
            request_id: self.id.id.clone(),
            traceparent: trace::traceparent(&self.headers).map(str::to_owned),
            peer: self.peer,
            credentials: identity::credentials(&self.headers),
            idempotency_key: identity::idempotency_key(&self.headers)?,
            timeout: terms.timeout,
            version: None,
            reply_bytes_max: None,
        })
    }
}

/// A method that its protocol's form of request is not for.
fn misplaced(protocol: Protocol, streaming: Streaming, version: Version) -> Option<Response> {
    match (protocol, streaming) {
        (Protocol::ConnectUnary, Streaming::Unary) => None,
        (Protocol::ConnectUnary, _) => Some(plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "accept-post",
            "application/connect+proto, application/connect+json",
        )),
        (Protocol::ConnectStream, Streaming::Unary) => Some(plain(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "accept-post",
            "application/proto, application/json",
        )),
        // In base64 a body is read whole: its pieces are not those that were encoded.
        (Protocol::GrpcWeb(Text::Base64), Streaming::Client | Streaming::Bidirectional) => {
            Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "accept-post", "application/grpc-web+proto"))
        }
        // HTTP/1.1 has no way to read and write at the same time that its clients know of.
        (_, Streaming::Bidirectional) if version != Version::HTTP_2 => {
            Some(plain(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "upgrade", "h2c"))
        }
        (Protocol::Grpc | Protocol::GrpcWeb(_) | Protocol::ConnectStream, _) => None,
    }
}

/// A response without a word, to a request that no protocol has an answer for.
fn plain(status: StatusCode, name: &'static str, value: &'static str) -> Response {
    let mut headers = HeaderMap::with_capacity(1);
    let name = if name == "allow" { ALLOW } else { http::HeaderName::from_static(name) };
    headers.insert(name, HeaderValue::from_static(value));
    respond(status, headers, ResponseBody::empty())
}

/// One call of a method.
struct Calling<'a> {
    service: &'a Service,
    rpc: &'a Rpc,
    head: &'a Head,
    terms: Terms,
    writer: &'a Writer,
    /// What a stranger's head says, where refusals are to be in a stranger's words.
    stranger: Option<Said>,
    /// The one message of the request, when there is a stranger.
    message: OnceLock<Bytes>,
}

impl Calling<'_> {
    /// All that a stranger said.
    fn said(&self) -> Option<Said> {
        let mut said = self.stranger.clone()?;
        if let Some(message) = self.message.get() {
            said.push(message.clone());
        }
        Some(said)
    }

    fn reader(&self) -> Reader<'_> {
        self.service.face.reader(self.terms)
    }

    fn reading(&self) -> Reading<'_> {
        let Face { contract, schema, .. } = &*self.service.face;
        Reading { contract, schema, rpc: self.rpc }
    }

    fn request(&self) -> usize {
        self.rpc.request as usize
    }

    fn refused(&self, refused: Refused) -> Response {
        let refused = match refused {
            Refused::Fault(ref fault) | Refused::Unread(ref fault) if fault.kind == Kind::Invalid => {
                let credentials = identity::credentials(&self.head.headers);
                match self.service.engine.identity_first([self.rpc.operation], &credentials) {
                    Some(unknown) => unknown.into(),
                    None => refused,
                }
            }
            refused => refused,
        };
        match refused {
            Refused::Status(status) => self.service.refusal(self.writer, *status, "MALFORMED"),
            Refused::Fault(fault) => self.writer.failure(&self.status(*fault)),
            Refused::Unread(fault) => {
                let status =
                    self.service.face.status(*fault, self.said().as_ref(), &|place| place.to_owned());
                self.writer.failure(&status)
            }
        }
    }

    fn status(&self, fault: Fault) -> Status {
        let does = self.rpc.does;
        let contract = &self.service.face.contract;
        self.service.face.status(fault, self.said().as_ref(), &|field| place(contract, does, field))
    }

    /// The one message of the request.
    async fn message(&self, body: Body) -> Result<Value, Refused> {
        self.service.engine.ask(self.head.peer, &identity::credentials(&self.head.headers))?;
        let bytes_max = self.service.face.settings.message_bytes_max;
        let bytes = match self.terms.protocol {
            Protocol::Grpc | Protocol::GrpcWeb(Text::Binary) | Protocol::ConnectStream => {
                self.enveloped(body).await?
            }
            Protocol::ConnectUnary => {
                body.read(bytes_max).await.map_err(|error| self.reader().body(error))?
            }
            Protocol::GrpcWeb(Text::Base64) => {
                // In base64 there are four bytes for three.
                let body_max = (bytes_max + PREFIX_BYTES).saturating_mul(2);
                self.binary(body.read(body_max).await.map_err(|error| self.reader().body(error))?)?
            }
        };
        if self.stranger.is_some() {
            let _ = self.message.set(bytes.clone());
        }
        self.reader().only(bytes, self.request())
    }

    /// A body of one envelope. One that announces a message that is too large is not waited for.
    async fn enveloped(&self, mut body: Body) -> Result<Bytes, Refused> {
        let wait_max = self.service.face.settings.stream_idle_max;
        let read = async {
            let first = self.piece(&mut body).await?.unwrap_or_default();
            self.check_announced(&first)?;
            self.hold(&body, &first)?;
            // A body in one piece, the usual case, is not copied.
            let Some(second) = self.piece(&mut body).await? else { return Ok(first) };
            let mut all = BytesMut::with_capacity(first.len() + second.len());
            all.extend_from_slice(&first);
            let mut next = Some(second);
            while let Some(piece) = next {
                self.hold(&body, &piece)?;
                all.extend_from_slice(&piece);
                self.check_announced(&all)?;
                next = self.piece(&mut body).await?;
            }
            Ok(all.freeze())
        };
        let late = || Err(self.reader().body(edge::BodyError::Timeout).into());
        tokio::time::timeout(wait_max, read).await.unwrap_or_else(|_| late())
    }

    fn hold(&self, body: &Body, piece: &Bytes) -> Result<(), Refused> {
        body.hold(piece.len()).map_err(|error| self.reader().body(error).into())
    }

    async fn piece(&self, body: &mut Body) -> Result<Option<Bytes>, Refused> {
        body.next(None).await.map_err(|error| self.reader().body(error).into())
    }

    /// Refuses a message that is larger than allowed, and bytes after the one that is expected.
    fn check_announced(&self, so_far: &[u8]) -> Result<(), Refused> {
        let Some((_, length)) = frame::prefix(so_far) else { return Ok(()) };
        if length > self.service.face.settings.message_bytes_max {
            return Err(self.reader().frame(FrameError::TooLarge).into());
        }
        if so_far.len() > PREFIX_BYTES + length {
            let message = "one message was expected, and more came";
            return Err(Status::new(Code::Unimplemented, message).into());
        }
        Ok(())
    }

    /// What stands in a body in base64: pieces that may each be padded.
    fn binary(&self, bytes: Bytes) -> Result<Bytes, Refused> {
        let mut out = BytesMut::with_capacity(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'=').filter(|piece| *piece != b"=") {
            let piece = piece.strip_suffix(b"=").unwrap_or(piece);
            let decoded = STANDARD_NO_PAD.decode(piece);
            let decoded = decoded.map_err(|_| self.reader().malformed("the body is not base64"))?;
            out.extend_from_slice(&decoded);
        }
        Ok(out.freeze())
    }

    fn call(&self, request: Value, format: Format) -> Result<Call, Refused> {
        let context = self.head.context(&self.terms)?;
        Ok(self.reading().call(request, format, context)?)
    }

    async fn unary(&self, body: Body) -> Result<Response, Refused> {
        let request = self.message(body).await?;
        let format = match self.terms.codec {
            Codec::Proto => Format::Protobuf,
            Codec::Json => Format::ProtoJson,
        };
        let call = self.call(request, format)?;
        let answer = self.service.engine.call(call).await?;
        Ok(self.one(answer))
    }

    /// An answer of one message.
    fn one(&self, mut answer: Answer) -> Response {
        let (budget, held) = (answer.budget, answer.held.take());
        let message = reply::message(self.rpc, self.terms.codec, answer);
        self.writer.message(&message, budget).map(|body| body.held(held))
    }

    fn items(&self) -> Format {
        Exchange::items(self.rpc.items, self.terms.codec)
    }

    async fn server_stream(&self, body: Body) -> Result<Response, Refused> {
        let request = self.message(body).await?;
        let call = self.call(request, self.items())?;
        self.parts(call).await
    }

    /// The first part is there before anything is said, so a call that makes no sense is refused as others are.
    async fn parts(&self, call: Call) -> Result<Response, Refused> {
        let mut parts = self.service.engine.parts(call);
        let first = parts.next().await.transpose()?;
        Ok(self.in_parts(first, Some(parts)))
    }

    /// A part that is there, and what follows it, if anything.
    fn in_parts(&self, first: Option<Answer>, rest: Option<Parts>) -> Response {
        let face = Arc::clone(&self.service.face);
        let does = self.rpc.does;
        let said = self.said();
        let status =
            move |fault| face.status(fault, said.as_ref(), &|field| place(&face.contract, does, field));
        let end = if rest.is_some() { End::Open } else { End::Next(Ok(())) };
        let (writer, next) = (self.writer.clone(), rest.map(next_part));
        let part = first.map(Part::from);
        self.writer.stream(InParts { writer, part, next, end, status })
    }

    async fn client_stream(&self, body: Body) -> Result<Response, Refused> {
        let answer = self.within(self.gathered(body)).await?;
        Ok(self.one(answer))
    }

    /// What takes no longer than the caller waits.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
        match self.terms.timeout {
            None => work.await,
            Some(timeout) => {
                tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| Err(deadline_fault().into()))
            }
        }
    }

    /// A call whose list argument arrives message by message.
    async fn gathered(&self, mut body: Body) -> Result<Answer, Refused> {
        let reader = self.reader();
        let settings = &self.service.face.settings;
        let mut incoming = Deframer::new(settings.message_bytes_max);
        let mut inflow = None;
        loop {
            while let Some(envelope) = incoming.next().map_err(|error| reader.frame(error))? {
                let bytes = envelope.message.len();
                let message = reader.envelope(envelope, self.request())?;
                let (item, beside) = self.item(message);
                let inflow = match &mut inflow {
                    Some(inflow) => inflow,
                    // The first message has the other arguments.
                    none => none.insert(self.inflow(beside)?),
                };
                inflow.push(item, bytes)?;
            }
            if let Some(inflow) = &mut inflow {
                inflow.settle().await?;
            }
            body.hold_stream(incoming.waiting()).map_err(|error| reader.body(error))?;
            match body.next(Some(settings.stream_idle_max)).await.map_err(|error| reader.body(error))? {
                Some(bytes) => incoming.push(&bytes),
                None => break,
            }
        }
        incoming.end().map_err(|error| reader.frame(error))?;
        let inflow = match inflow {
            Some(inflow) => inflow,
            None => self.inflow(Value::Object(Vec::new()))?,
        };
        Ok(inflow.finish().await?)
    }

    fn inflow(&self, beside: Value) -> Result<engine::Inflow, Refused> {
        let format = match (self.rpc.streaming, self.terms.codec) {
            (Streaming::Bidirectional | Streaming::Server, _) => self.items(),
            (Streaming::Client | Streaming::Unary, Codec::Proto) => Format::Protobuf,
            (Streaming::Client | Streaming::Unary, Codec::Json) => Format::ProtoJson,
        };
        let call = self.call(beside, format)?;
        Ok(self.service.engine.inflow(call)?)
    }

    /// The item that a message holds, and what else it holds.
    fn item(&self, message: Value) -> (Value, Value) {
        let operation = self.service.face.contract.operation(self.rpc.operation);
        let streamed = operation.arguments.iter().find(|argument| argument.stream);
        let request = self.service.face.schema.message(MessageId(self.rpc.request));
        let named = |name: &str| describe::proto::Meaning::Named(name.to_owned());
        let is_beside = |name: &str| request.fields.iter().any(|field| field.meaning == named(name));
        let nothing = Value::Object(Vec::new());
        match (streamed, message) {
            (Some(argument), Value::Object(mut members))
                if operation.arguments.len() > 1 || is_beside(&argument.name) =>
            {
                let at = members.iter().position(|(name, _)| *name == argument.name);
                let item = at.map_or(Value::Null, |at| members.swap_remove(at).1);
                (item, Value::Object(members))
            }
            (_, message) => (message, nothing),
        }
    }

    async fn both_ways(&self, body: Body) -> Result<Response, Refused> {
        let operation = self.service.face.contract.operation(self.rpc.operation);
        if !matches!(operation.binding, Binding::Channel(_)) {
            let answer = self.within(self.gathered(body)).await?;
            return Ok(self.in_parts(Some(answer), None));
        }
        let call = self.call(Value::Object(Vec::new()), self.items())?;
        let participant = self.service.engine.join(call)?;
        body.hold_stream(0).map_err(|error| self.reader().body(error))?;
        let deadline = self.terms.timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout)));
        let expiry = Exchange::expiry_of(&participant);
        Ok(self.writer.stream(Exchange {
            face: Arc::clone(&self.service.face),
            terms: self.terms,
            writer: self.writer.clone(),
            request: self.request(),
            items: self.items(),
            participant: Some(participant),
            body,
            incoming: Deframer::new(self.service.face.settings.message_bytes_max),
            unsent: None,
            half_closed: false,
            deadline,
            expiry,
            drained: self.service.face.health.drained(),
            stranger: self.stranger.clone(),
            end: End::Open,
        }))
    }
}

/// Where in a request a field is that a fault names: `createdAt` of a new `User` is `user.created_at`.
fn place(contract: &Contract, does: Does, field: &str) -> String {
    let path = snake_path(field);
    let of = |id| format!("{}.{path}", names::snake(&contract.resource(id).name));
    match does {
        Does::Create(id) | Does::Update(id) | Does::Upsert(id) => {
            let is_beside = ["read_mask", "update_mask", "if_version", "include"].contains(&path.as_str());
            if is_beside { path } else { of(id) }
        }
        Does::List(_) | Does::Related { .. } => match path.as_str() {
            "limit" => "page_size".to_owned(),
            "offset" => "skip".to_owned(),
            "after" => "page_token".to_owned(),
            _ => path,
        },
        Does::Batch(id) => within_operation(&path, &names::snake(&contract.resource(id).name)),
        Does::Get(_) | Does::Stream(_) | Does::Count(_) => path,
        Does::Aggregate(_) | Does::Group(_) | Does::Delete(_) | Does::Own => path,
    }
}

/// A change in a batch holds its record beside its mask: `operations[0].update.name` is `….update.user.name`.
fn within_operation(path: &str, record: &str) -> String {
    let mut steps: Vec<&str> = path.split('.').collect();
    if let [_, "update" | "upsert", field, ..] = steps[..]
        && !["update_mask", "if_version"].contains(&field)
    {
        steps.insert(2, record);
    }
    steps.join(".")
}

/// Steps in snake case, and positions in brackets: `operations.2.create` is `operations[2].create`.
fn snake_path(field: &str) -> String {
    let mut path = String::with_capacity(field.len() + 8);
    for step in field.split('.') {
        match step.parse::<usize>() {
            Ok(at) if !path.is_empty() => path.push_str(&format!("[{at}]")),
            Ok(_) | Err(_) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&names::snake(step));
            }
        }
    }
    path
}

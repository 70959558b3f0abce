//! The services that every server has: health and reflection.

use crate::code::Code;
use crate::frame::Deframer;
use crate::health;
use crate::message::Refused;
use crate::outcome::Writer;
use crate::protocol::{Codec, Protocol, Terms};
use crate::reflection;
use crate::service::{Head, Service};
use crate::status::Status;
use edge::{Body, Response};

/// Units of a caller's budget for a look at the health, and for a talk about the services.
const HEALTH_UNITS: u32 = 1;
const REFLECTION_UNITS: u32 = 10;
/// Units for one request of such a talk.
const REQUEST_UNITS: u32 = 1;

/// A method that is not of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    HealthCheck,
    HealthWatch,
    HealthList,
    Reflection,
}

impl Builtin {
    /// The method of a path.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/grpc.health.v1.Health/Check" => Self::HealthCheck,
            "/grpc.health.v1.Health/Watch" => Self::HealthWatch,
            "/grpc.health.v1.Health/List" => Self::HealthList,
            // Their messages are the same.
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
            | "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" => Self::Reflection,
            _ => return None,
        })
    }
}

impl Service {
    pub(crate) async fn builtin(
        &self,
        builtin: Builtin,
        head: &Head,
        terms: Terms,
        writer: Writer,
        body: Body,
    ) -> Response {
        let answered = match (builtin, terms.codec) {
            (_, Codec::Json) => {
                let message = "health and reflection are served in protocol buffers";
                Err(Status::new(Code::Unimplemented, message).into())
            }
            (Builtin::HealthCheck | Builtin::HealthWatch | Builtin::HealthList, Codec::Proto) => {
                self.health(builtin, head, terms, &writer, body).await
            }
            (Builtin::Reflection, Codec::Proto) => self.reflection(head, terms, &writer, body).await,
        };
        answered.unwrap_or_else(|refused| match refused {
            Refused::Status(status) => writer.failure(&status),
            Refused::Fault(fault) | Refused::Unread(fault) => {
                let said = head.said();
                writer.failure(&self.face().status(*fault, Some(&said), &|field| field.to_owned()))
            }
        })
    }

    async fn health(
        &self,
        builtin: Builtin,
        head: &Head,
        terms: Terms,
        writer: &Writer,
        body: Body,
    ) -> Result<Response, Refused> {
        self.engine().take_from_address(head.peer, HEALTH_UNITS)?;
        let reader = self.face().reader(terms);
        let bytes = body.read(health::REQUEST_BYTES_MAX).await.map_err(|error| reader.body(error))?;
        let message = match terms.protocol {
            Protocol::ConnectUnary => bytes,
            Protocol::Grpc | Protocol::GrpcWeb(_) | Protocol::ConnectStream => {
                let envelopes = crate::frame::envelopes(bytes, health::REQUEST_BYTES_MAX);
                let mut envelopes = envelopes.map_err(|error| reader.frame(error))?.into_iter();
                let one = || Status::new(Code::Unimplemented, "one message was expected");
                envelopes.next().filter(|envelope| envelope.flags == 0).ok_or_else(one)?.message
            }
        };
        let health = &self.face().health;
        match builtin {
            Builtin::HealthWatch => Ok(writer.stream(health.watch(&message, writer.clone())?)),
            Builtin::HealthList => Ok(writer.message(&health.list(), None)),
            Builtin::HealthCheck | Builtin::Reflection => Ok(writer.message(&health.check(&message)?, None)),
        }
    }

    async fn reflection(
        &self,
        head: &Head,
        terms: Terms,
        writer: &Writer,
        body: Body,
    ) -> Result<Response, Refused> {
        if terms.protocol == Protocol::ConnectUnary {
            return Err(Status::new(Code::Unimplemented, "reflection is a stream both ways").into());
        }
        let (engine, face, context) = (self.engine_arc(), self.face_arc(), head.context(&terms)?);
        // Who may be told is asked at each request: a talk may last longer than a token.
        let enter = move |units| {
            let (caller, _) = engine.enter(&context, units)?;
            reflection::allow(&face.settings.reflection, &caller)
        };
        enter(REFLECTION_UNITS)?;
        let incoming = Deframer::new(reflection::REQUEST_BYTES_MAX);
        let pay = Box::new(move || enter(REQUEST_UNITS));
        Ok(writer.stream(reflection::Talk::new(self.face_arc(), pay, writer.clone(), body, incoming)))
    }
}

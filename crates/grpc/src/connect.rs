//! Connect's unary requests by `GET` (<https://connectrpc.com/docs/protocol/#unary-get-request>).

use crate::code::Code;
use crate::coding::Coding;
use crate::protocol::{Codec, Protocol, Terms};
use crate::status::Status;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::{HeaderMap, Uri};
use http_semantics::form;

/// Base64 for URLs, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The codec that a `GET` names; none where it is no call.
pub(crate) fn codec(uri: &Uri) -> Option<Codec> {
    let (_, encoding) = form::split(uri.query()?).find(|(name, _)| *name == "encoding")?;
    match encoding {
        "proto" => Some(Codec::Proto),
        "json" => Some(Codec::Json),
        _ => None,
    }
}

/// What a `GET` says: the terms, and the message.
pub(crate) fn get(uri: &Uri, headers: &HeaderMap, codec: Codec) -> Result<(Terms, Bytes), Status> {
    let wrong = |why: &str| Status::new(Code::InvalidArgument, why);
    let (mut message, mut coding, mut is_base64) = (None, None, false);
    for (name, value) in form::split(uri.query().unwrap_or_default()) {
        let value = form::decode(value).map_err(|error| wrong(&error.to_string()))?;
        match name {
            "message" => message = Some(value.into_owned()),
            "base64" => is_base64 = value == "1",
            "compression" => {
                let unknown = |_| Status::new(Code::Unimplemented, "messages compressed so are not read");
                coding = Coding::named(&value).map_err(unknown)?;
            }
            "connect" if value != "v1" => return Err(wrong("`connect` is not `v1`")),
            _ => {}
        }
    }
    let message = message.ok_or_else(|| wrong("there is no `message`"))?;
    let message = match is_base64 {
        true => BASE64.decode(message).map_err(|_| wrong("`message` is not base64"))?,
        false => message.into_bytes(),
    };
    let terms = Terms::new(Protocol::ConnectUnary, codec, headers)?;
    Ok((Terms { coding, ..terms }, message.into()))
}

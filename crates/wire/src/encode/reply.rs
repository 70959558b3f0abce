//! A reply in the encoder of its format: the one place where formats are told apart.

use super::{Encoder, Format};
use crate::{GraphqlEncoder, JsonEncoder, ProtoJsonEncoder, ProtobufEncoder, XmlEncoder};

/// Something that writes a reply, whatever the format.
pub trait WriteReply {
    /// What comes of it.
    type Output;

    /// Writes; [`Encoder::into_reply`] then gives the bytes.
    fn write<E: Encoder>(self, encoder: E) -> Self::Output;
}

impl Format {
    /// Writes a reply that is appended to `buffer`, which may hold `bytes_max` bytes in all. `xml_list` is the element of
    /// a reply that is a list.
    pub fn write<W: WriteReply>(
        self,
        buffer: Vec<u8>,
        bytes_max: usize,
        xml_list: &str,
        reply: W,
    ) -> W::Output {
        match self {
            Format::Json => reply.write(JsonEncoder::new(buffer, bytes_max)),
            Format::Graphql => reply.write(GraphqlEncoder::new(buffer, bytes_max)),
            Format::Protobuf => reply.write(ProtobufEncoder::new(buffer, bytes_max)),
            Format::ProtobufItems(wrapped) => {
                reply.write(ProtobufEncoder::of_items(buffer, bytes_max, wrapped))
            }
            Format::ProtoJson => reply.write(ProtoJsonEncoder::new(buffer, bytes_max)),
            Format::ProtoJsonItems(wrapped) => {
                reply.write(ProtoJsonEncoder::of_items(buffer, bytes_max, wrapped))
            }
            Format::Xml => reply.write(XmlEncoder::new(buffer, bytes_max, xml_list)),
        }
    }
}

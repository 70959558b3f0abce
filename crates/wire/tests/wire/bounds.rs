//! The bound of a reply.

use crate::model::{Datum, everything, push, record};
use crate::source::Source;
use wire::{EncodeError, Encoder, Format, JsonEncoder, Shape, Wrapped, WriteReply};

struct Pushing<'a>(&'a Shape, &'a Datum);

impl WriteReply for Pushing<'_> {
    type Output = (Result<(), EncodeError>, usize);

    fn write<E: Encoder>(self, mut encoder: E) -> Self::Output {
        let pushed = push(&mut encoder, self.0, self.1);
        (pushed, encoder.into_reply().0.len())
    }
}

/// A list that is the reply, of one record.
struct Listing<'a>(Pushing<'a>);

impl WriteReply for Listing<'_> {
    type Output = (Result<(), EncodeError>, usize);

    fn write<E: Encoder>(self, mut encoder: E) -> Self::Output {
        let Pushing(shape, record) = self.0;
        let pushed = encoder
            .begin_list(shape)
            .and_then(|()| push(&mut encoder, shape, record))
            .and_then(|()| encoder.end_list(shape));
        (pushed, encoder.into_reply().0.len())
    }
}

pub const FORMATS: [Format; 9] = [
    Format::Json,
    Format::Graphql,
    Format::Protobuf,
    Format::ProtoJson,
    Format::ProtobufItems(Wrapped::Bare),
    Format::ProtobufItems(Wrapped::Field("result")),
    Format::ProtoJsonItems(Wrapped::Bare),
    Format::ProtoJsonItems(Wrapped::Field("result")),
    Format::Xml,
];

/// A reply of exactly the bound is written, one byte less is refused; at any bound the buffer stays near it.
#[test]
fn replies_larger_than_the_bound_are_refused() {
    let shape = everything(2);
    for (seed, format) in (0..50).flat_map(|seed| FORMATS.map(|format| (seed, format))) {
        let reply = record(&shape, &mut Source(seed));
        let one = |bytes_max| format.write(Vec::new(), bytes_max, "list", Pushing(&shape, &reply));
        let list = |bytes_max| format.write(Vec::new(), bytes_max, "list", Listing(Pushing(&shape, &reply)));
        check(format, one);
        check(format, list);
    }
}

fn check(format: Format, write: impl Fn(usize) -> (Result<(), EncodeError>, usize)) {
    let (result, size) = write(usize::MAX);
    assert_eq!(result, Ok(()));
    assert_eq!(write(size), (Ok(()), size), "{format:?}");
    for bytes_max in [0, 1, size / 3, size / 2, size - 1] {
        let (result, written) = write(bytes_max);
        assert_eq!(result, Err(EncodeError::TooLarge(bytes_max)), "{format:?}");
        assert!(
            written <= bytes_max * 7 + 1000,
            "{format:?}: {written} of {size} with a bound of {bytes_max}"
        );
    }
}

#[test]
fn a_huge_cell_is_refused_before_it_is_copied() {
    let shape = everything(0);
    let mut values = vec![Datum::Null; shape.fields.len()];
    values[1] = Datum::Text("x".repeat(1 << 20));
    let mut encoder = JsonEncoder::new(Vec::new(), 1000);
    assert_eq!(push(&mut encoder, &shape, &Datum::Record(values)), Err(EncodeError::TooLarge(1000)));
    assert!(encoder.finish().len() < 1000);
}

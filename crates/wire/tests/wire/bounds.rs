//! The bound of a reply.

use crate::model::{Datum, everything, push, record};
use crate::source::Source;
use wire::{EncodeError, Encoder, JsonEncoder, ProtobufEncoder, Shape, XmlEncoder};

/// A reply of exactly the bound is written, one byte less is refused; at any bound the buffer stays near it.
fn check<E: Encoder>(new: impl Fn(usize) -> E, finish: impl Fn(E) -> Vec<u8>, shape: &Shape, reply: &Datum) {
    let mut encoder = new(usize::MAX);
    push(&mut encoder, shape, reply).unwrap();
    let size = finish(encoder).len();
    let mut encoder = new(size);
    push(&mut encoder, shape, reply).unwrap();
    assert_eq!(finish(encoder).len(), size);
    for bytes_max in [0, 1, size / 3, size / 2, size - 1] {
        let mut encoder = new(bytes_max);
        assert_eq!(push(&mut encoder, shape, reply), Err(EncodeError::TooLarge(bytes_max)));
        assert!(finish(encoder).len() <= bytes_max * 7 + 1000, "of {size} with a bound of {bytes_max}");
    }
}

#[test]
fn replies_larger_than_the_bound_are_refused() {
    let shape = everything(2);
    for seed in 0..50 {
        let reply = record(&shape, &mut Source(seed));
        check(|bytes_max| JsonEncoder::new(Vec::new(), bytes_max), JsonEncoder::finish, &shape, &reply);
        check(
            |bytes_max| ProtobufEncoder::new(Vec::new(), bytes_max),
            ProtobufEncoder::finish,
            &shape,
            &reply,
        );
        check(|bytes_max| XmlEncoder::new(Vec::new(), bytes_max, "list"), XmlEncoder::finish, &shape, &reply);
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

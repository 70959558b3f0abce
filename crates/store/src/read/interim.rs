//! A plain JSON encoder that stands in for those of `wire`.

use wire::{Cell, EncodeError, Encoder, Layout, Shape, ShapeField};

pub(crate) type ProtobufEncoder = JsonEncoder;

/// Makes a [`JsonEncoder`].
pub(crate) struct XmlEncoder;

impl XmlEncoder {
    #[allow(clippy::new_ret_no_self)]
    pub fn new(out: Vec<u8>, bytes_max: usize, _: &str) -> JsonEncoder {
        JsonEncoder::new(out, bytes_max)
    }
}

/// Writes JSON.
pub(crate) struct JsonEncoder {
    out: Vec<u8>,
    bytes_max: usize,
}

impl JsonEncoder {
    pub fn new(out: Vec<u8>, bytes_max: usize) -> Self {
        Self { out, bytes_max }
    }

    pub fn finish(mut self) -> Vec<u8> {
        self.out.pop();
        self.out
    }

    fn put(&mut self, text: &[u8]) -> Result<(), EncodeError> {
        match self.out.len() + text.len() > self.bytes_max {
            true => Err(EncodeError::TooLarge(self.bytes_max)),
            false => {
                self.out.extend_from_slice(text);
                Ok(())
            }
        }
    }

    fn close(&mut self, bracket: u8) -> Result<(), EncodeError> {
        if self.out.last() == Some(&b',') {
            self.out.pop();
        }
        self.put(&[bracket, b','])
    }
}

impl Encoder for JsonEncoder {
    fn cell(&mut self, field: &ShapeField, cell: Cell<'_>) -> Result<(), EncodeError> {
        let as_json = match &field.layout {
            Layout::Scalar(scalar) => *scalar == contract::Scalar::Json,
            Layout::List(_) | Layout::Object(_) => true,
            _ => false,
        };
        self.put(field.name.json.as_bytes())?;
        let text = match cell {
            Cell::Null => "null".to_owned(),
            Cell::Bool(value) => value.to_string(),
            Cell::Int(value) => value.to_string(),
            Cell::Float(value) => value.to_string(),
            Cell::Text(text) if as_json => text.to_owned(),
            Cell::Text(text) => serde_json::to_string(text).unwrap_or_default(),
            Cell::Bytes(bytes) => serde_json::to_string(bytes).unwrap_or_default(),
        };
        self.put(text.as_bytes())?;
        self.put(b",")
    }

    fn begin_record(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.put(b"{")
    }

    fn end_record(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.close(b'}')
    }

    fn begin_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.put(b"[")
    }

    fn end_list(&mut self, _: &Shape) -> Result<(), EncodeError> {
        self.close(b']')
    }

    fn begin_field(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.put(field.name.json.as_bytes())
    }

    fn end_field(&mut self, _: &ShapeField) -> Result<(), EncodeError> {
        Ok(())
    }

    fn null(&mut self, field: &ShapeField) -> Result<(), EncodeError> {
        self.put(field.name.json.as_bytes())?;
        self.put(b"null,")
    }
}

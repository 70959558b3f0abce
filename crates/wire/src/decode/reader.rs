//! Fields one after another (<https://protobuf.dev/programming-guides/encoding/#structure>).

use super::messages::{FIELD_NUMBER_MAX, MessageError, Read};

/// How a value is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Varint,
    Fixed64,
    Length,
    /// The beginning of a group.
    Begin,
    /// The end of a group.
    End,
    Fixed32,
}

/// What has not been read of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a [u8]);

#[cold]
fn malformed(what: &str) -> Box<MessageError> {
    MessageError::new("MALFORMED", what)
}

#[cold]
fn truncated() -> Box<MessageError> {
    malformed("the message ends within a field")
}

impl<'a> Reader<'a> {
    /// Hands each field to `each`, which reads its value, or leaves one that it does not know: that is skipped.
    #[inline]
    pub fn fields(
        bytes: &'a [u8],
        depth_left: usize,
        mut each: impl FnMut(u32, Wire, &mut Self) -> Read<Known>,
    ) -> Read<()> {
        let mut reader = Self(bytes);
        while !reader.0.is_empty() {
            let (number, wire) = reader.tag()?;
            if each(number, wire, &mut reader)? == Known::No {
                reader.skip(number, wire, depth_left)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn tag(&mut self) -> Read<(u32, Wire)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok().filter(|number| (1..=FIELD_NUMBER_MAX).contains(number));
        let number = number.ok_or_else(|| malformed("a field number that is none of 1 to 536870911"))?;
        let wire = match tag & 7 {
            0 => Wire::Varint,
            1 => Wire::Fixed64,
            2 => Wire::Length,
            3 => Wire::Begin,
            4 => Wire::End,
            5 => Wire::Fixed32,
            _ => return Err(malformed("a wire type that does not exist")),
        };
        Ok((number, wire))
    }

    /// Up to ten bytes, seven bits each, lowest first.
    #[inline]
    pub fn varint(&mut self) -> Read<u64> {
        match self.0 {
            [byte @ 0..0x80, rest @ ..] => {
                self.0 = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Read<u64> {
        let mut number = 0;
        for (at, byte) in self.0.iter().enumerate() {
            let bits = u64::from(byte & 0x7f);
            if at == 9 && *byte > 1 {
                break;
            }
            number |= bits << (7 * at);
            if *byte < 0x80 {
                self.0 = &self.0[at + 1..];
                return Ok(number);
            }
        }
        Err(if self.0.len() < 10 { truncated() } else { malformed("a varint of more than 64 bits") })
    }

    /// Eight bytes, lowest first.
    #[inline]
    pub fn fixed64(&mut self) -> Read<u64> {
        let (value, rest) = self.0.split_first_chunk::<8>().ok_or_else(truncated)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*value))
    }

    /// A length and as many bytes.
    #[inline]
    pub fn delimited(&mut self) -> Read<&'a [u8]> {
        let length = usize::try_from(self.varint()?).map_err(|_| truncated())?;
        let (value, rest) = self.0.split_at_checked(length).ok_or_else(truncated)?;
        self.0 = rest;
        Ok(value)
    }

    /// Steps over the value of a field. Recursive for groups, at most `depth_left` deep.
    fn skip(&mut self, number: u32, wire: Wire, depth_left: usize) -> Read<()> {
        match wire {
            Wire::Varint => self.varint().map(drop),
            Wire::Fixed64 => self.fixed64().map(drop),
            Wire::Length => self.delimited().map(drop),
            Wire::Fixed32 => {
                let (_, rest) = self.0.split_first_chunk::<4>().ok_or_else(truncated)?;
                self.0 = rest;
                Ok(())
            }
            Wire::End => Err(malformed("the end of a group that has not begun")),
            Wire::Begin => self.skip_group(number, depth_left),
        }
    }

    fn skip_group(&mut self, group: u32, depth_left: usize) -> Read<()> {
        let deeper = depth_left.checked_sub(1).ok_or_else(too_deep)?;
        loop {
            match self.tag()? {
                (number, Wire::End) if number == group => return Ok(()),
                (number, wire) => self.skip(number, wire, deeper)?,
            }
        }
    }
}

/// Whether a field was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    No,
}

#[cold]
pub(super) fn too_deep() -> Box<MessageError> {
    MessageError::new("DEPTH", "messages are nested too deep")
}

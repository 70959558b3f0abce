//! A short ASCII text on the stack.

const BYTES_MAX: usize = 40;

/// Room for the text of any number, instant or length of time.
#[derive(Debug, Clone)]
pub(crate) struct Ascii {
    bytes: [u8; BYTES_MAX],
    length: usize,
}

impl Ascii {
    #[inline]
    pub fn new() -> Self {
        Self { bytes: [0; BYTES_MAX], length: 0 }
    }

    #[inline]
    pub fn clear(&mut self) {
        self.length = 0;
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("only ASCII is pushed")
    }

    /// Appends; the callers' texts are bounded well below the room there is.
    #[inline]
    pub fn push(&mut self, text: &str) {
        debug_assert!(text.is_ascii());
        let end = self.length + text.len();
        self.bytes[self.length..end].copy_from_slice(text.as_bytes());
        self.length = end;
    }

    /// Appends a number.
    #[inline]
    pub fn push_number(&mut self, number: u64) {
        self.push(itoa::Buffer::new().format(number));
    }

    /// Appends a number with zeros in front, `width` digits in all.
    #[inline]
    pub fn push_padded(&mut self, number: u64, width: usize) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number);
        for _ in digits.len()..width {
            self.push("0");
        }
        self.push(digits);
    }
}

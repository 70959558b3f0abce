//! Chance as an argument: a generator of numbers and texts from a seed.

/// SplitMix64.
pub struct Source(pub u64);

impl Source {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// An integer, small ones and those at the borders more often.
    pub fn integer(&mut self) -> i64 {
        let borders =
            [0, 1, -1, i64::MAX, i64::MIN, i32::MAX.into(), i32::MIN.into(), 127, 128, 16383, 16384];
        match self.below(3) {
            0 => self.pick(&borders),
            1 => self.next() as i64 >> self.below(64),
            _ => self.below(200) as i64 - 100,
        }
    }

    pub fn double(&mut self) -> f64 {
        let borders =
            [0.0, -0.0, 1.0, 50.0, 0.1, 1e15, 1e16, 1e21, 1e22, 5e-324, f64::MAX, f64::MIN, f64::EPSILON];
        match self.below(3) {
            0 => self.pick(&borders),
            1 => (self.below(2_000_000) as f64 - 1e6) / 100.0,
            _ => Some(f64::from_bits(self.next())).filter(|number| number.is_finite()).unwrap_or(1.5),
        }
    }

    /// Text that every format can hold.
    pub fn text(&mut self) -> String {
        const PIECES: [&str; 24] = [
            "a",
            "Z",
            "0",
            " ",
            "\"",
            "\\",
            "/",
            "\n",
            "\t",
            "\r",
            "<",
            ">",
            "&",
            "'",
            "]]>",
            "é",
            "例",
            "🦀",
            "\u{2028}",
            "\u{7f}",
            "\u{fffd}",
            "longer piece of text",
            "&amp;",
            "\\u0041",
        ];
        let count = if self.chance(20) { self.below(2000) } else { self.below(12) };
        (0..count).map(|_| self.pick(&PIECES)).collect()
    }

    pub fn bytes(&mut self) -> Vec<u8> {
        (0..self.below(40)).map(|_| self.next() as u8).collect()
    }
}

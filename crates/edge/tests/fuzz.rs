//! Mutated and random bytes against a connection: it ends, nothing panics, every answer is one of ours. And
//! against what is read of content codings.

const SEEDS: &[&[u8]] = &[
    b"GET /a?b=c HTTP/1.1\r\nhost: a\r\n\r\n\
      POST /b HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
    b"POST /b HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n\
      5;a=b\r\nhello\r\n0\r\nt: u\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    // SETTINGS, a GET, and a POST with a body.
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
      \0\0\x03\x01\x05\0\0\0\x01\x82\x84\x86\
      \0\0\x03\x01\x04\0\0\0\x03\x83\x84\x86\0\0\x02\0\x01\0\0\0\x03hi",
    b"POST /e HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nte: trailers\r\n\r\n\
      5\r\nhello\r\n3\r\nyou\r\n0\r\nt: u\r\n\r\n",
    // SETTINGS with a small window, and a POST to /e with a body of two frames.
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\x03\
      \0\0\x06\x01\x04\0\0\0\x01\x83\x04\x02/e\x86\
      \0\0\x02\0\0\0\0\0\x01hi\0\0\x02\0\x01\0\0\0\x01ho",
];

const CODINGS: &[&[u8]] = &[
    b"gzip, deflate, br, zstd",
    b"zstd;q=0.8, br ; q=1.000,\tx-gzip;Q=0, identity;q=0.5, *;q=0.001",
    b"*;q=0, identity;q=0",
];

const TAGS: &[&[u8]] =
    &[b"\"v3-gzip\", W/\"v4-zstd\",\"v5-br\"", b"\"v12-0123456789abcdef-gzip\"", b"*", b"\"-br-zstd\""];

/// A small generator with a fixed seed: a failure repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

fn mutated(seed: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len());
        match chance.below(5) {
            0 => bytes[at] = chance.below(256) as u8,
            1 => bytes.insert(at, chance.below(256) as u8),
            2 => drop(bytes.remove(at)),
            3 => bytes.truncate(at + 1),
            _ => {
                let end = (at + chance.below(20)).min(bytes.len());
                bytes.extend_from_within(at..end);
            }
        }
        if bytes.is_empty() {
            bytes.push(b'G');
        }
    }
    bytes
}

#[test]
fn a_connection_survives_anything() {
    let mut chance = Chance(0x5eed);
    let mut answered = 0;
    for round in 0..20_000 {
        let data = mutated(SEEDS[round % SEEDS.len()], &mut chance);
        let answer = edge::fuzz::fuzz_connection(&data);
        answered += usize::from(!answer.is_empty());
        let is_http2 = data.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        assert!(answer.is_empty() || is_http2 || answer.starts_with(b"HTTP/1."), "{data:?}");
    }
    assert!(answered > 10_000, "the seeds still mean something: {answered}");
}

#[test]
fn anything_may_be_said_of_codings() {
    let mut chance = Chance(0x5eed);
    for round in 0..20_000 {
        edge::fuzz::fuzz_accept_encoding(&mutated(CODINGS[round % CODINGS.len()], &mut chance));
        edge::fuzz::fuzz_entity_tags(&mutated(TAGS[round % TAGS.len()], &mut chance));
    }
}

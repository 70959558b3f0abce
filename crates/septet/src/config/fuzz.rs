//! Bodies for a fuzzer: whatever a file says, it is read or complained about.

/// A configuration file of any content.
pub fn fuzz_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for problem in super::layer::problems_of(&text) {
        assert!(!problem.to_string().is_empty());
    }
}

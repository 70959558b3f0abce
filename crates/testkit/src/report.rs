//! What the runs came to.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The result of one case over one protocol and store.
#[derive(Debug, Clone)]
pub struct Row {
    /// The file's name without its ending.
    pub file: String,
    /// The case.
    pub case: String,
    /// The protocol.
    pub protocol: &'static str,
    /// The store.
    pub store: &'static str,
    /// What it came to.
    pub verdict: Verdict,
    /// Whether it is for every protocol, or for the one wire it is written for.
    pub reach: Reach,
}

/// What a case came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Not as expected, and how.
    Failed(String),
    /// The protocol cannot say it, and why.
    Unspeakable(String),
}

/// What a case is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every protocol.
    Neutral,
    /// One wire.
    Wire,
}

/// All results.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order of the files.
    pub rows: Vec<Row>,
}

impl Report {
    /// Prints every result, the failures again at the end, and the count. True when nothing failed.
    pub fn print(&self) -> bool {
        for row in &self.rows {
            println!("{:<11} {} × {} × {}", row.verdict.word(), row.name(), row.protocol, row.store);
        }
        let failed: Vec<(&Row, &str)> = self
            .rows
            .iter()
            .filter_map(|row| match &row.verdict {
                Verdict::Failed(message) => Some((row, message.as_str())),
                Verdict::Passed | Verdict::Unspeakable(_) => None,
            })
            .collect();
        for (row, message) in &failed {
            println!("\n{} × {}\n    {message}", row.name(), row.protocol);
        }
        let count = |is: fn(&Verdict) -> bool| self.rows.iter().filter(|row| is(&row.verdict)).count();
        let passed = count(|verdict| *verdict == Verdict::Passed);
        let unspeakable = count(|verdict| matches!(verdict, Verdict::Unspeakable(_)));
        println!("\n{passed} passed, {} failed, {unspeakable} cannot be said", failed.len());
        failed.is_empty() && passed > 0
    }

    /// The neutral cases as a table: a row per case, a column per protocol and store.
    pub fn parity(&self) -> String {
        let neutral: Vec<&Row> = self.rows.iter().filter(|row| row.reach == Reach::Neutral).collect();
        let mut columns: Vec<(&str, &str)> = neutral.iter().map(|row| (row.protocol, row.store)).collect();
        columns.sort_unstable();
        columns.dedup();
        let mut out = String::from(
            "# Parity\n\nPrinted by `testkit parity docs/parity.md`: every case over every protocol and store.\n\
             ✓ behaves as the case says, – cannot be said in that protocol, for the reason below the table, and a space \
             where a case would be the same as in the column before.\n\n| column | what runs | cases |\n|---|---|--:|\n",
        );
        for (protocol, store) in &columns {
            let is_said = |row: &&&Row| {
                (row.protocol, row.store) == (*protocol, *store) && row.verdict == Verdict::Passed
            };
            let said = neutral.iter().filter(is_said).count();
            let what = crate::run::described(protocol);
            // Writing to a text does not fail.
            let _ = writeln!(out, "| {protocol}, {store} | {what} | {said} |");
        }
        let mut files: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in neutral {
            files.entry(&row.file).or_default().push(row);
        }
        for (file, rows) in files {
            write_file(&mut out, file, &rows, &columns);
        }
        out
    }
}

fn write_file(out: &mut String, file: &str, rows: &[&Row], columns: &[(&str, &str)]) {
    let head: Vec<String> = columns.iter().map(|(protocol, store)| format!("{protocol}, {store}")).collect();
    let line = "|:-:".repeat(columns.len());
    // Writing to a text does not fail.
    let _ = write!(out, "\n## {file}\n\n| case | {} |\n|---{line}|\n", head.join(" | "));
    let mut written: Vec<&str> = Vec::new();
    for row in rows {
        if written.contains(&row.case.as_str()) {
            continue;
        }
        written.push(&row.case);
        let marks: Vec<&str> = columns
            .iter()
            .map(|column| {
                let same = rows.iter().find(|r| r.case == row.case && (r.protocol, r.store) == *column);
                same.map_or(" ", |r| r.verdict.mark())
            })
            .collect();
        let _ = writeln!(out, "| {} | {} |", row.case.replace('|', "\\|"), marks.join(" | "));
    }
    write_reasons(out, rows);
}

/// Why cases cannot be said: each reason once, with the protocols and the cases that it holds for.
fn write_reasons(out: &mut String, rows: &[&Row]) {
    let mut reasons: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in rows {
        if let Verdict::Unspeakable(why) = &row.verdict {
            let cases = reasons.entry((row.protocol, why)).or_default();
            if !cases.contains(&row.case.as_str()) {
                cases.push(&row.case);
            }
        }
    }
    if !reasons.is_empty() {
        out.push('\n');
    }
    let mut shared: BTreeMap<(&str, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for ((protocol, why), cases) in reasons {
        shared.entry((why, cases)).or_default().push(protocol);
    }
    for ((why, cases), protocols) in shared {
        let _ = writeln!(out, "- {} cannot say {why}: *{}*", protocols.join(", "), cases.join("*, *"));
    }
}

impl Row {
    fn name(&self) -> String {
        format!("{}: {}", self.file, self.case)
    }
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Passed => "passed",
            Verdict::Failed(_) => "FAILED",
            Verdict::Unspeakable(_) => "unspeakable",
        }
    }

    fn mark(&self) -> &'static str {
        match self {
            Verdict::Passed => "✓",
            Verdict::Failed(_) => "✗",
            Verdict::Unspeakable(_) => "–",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_column_per_protocol_and_store() {
        let row = |case: &str, protocol, verdict| Row {
            file: "users".into(),
            case: case.into(),
            protocol,
            store: "sqlite",
            verdict,
            reach: Reach::Neutral,
        };
        let rows = vec![
            row("a | b", "rest", Verdict::Passed),
            row("a | b", "grpc", Verdict::Failed("x".into())),
            row("c", "rest", Verdict::Unspeakable("y".into())),
            row("d", "rest", Verdict::Unspeakable("y".into())),
            row("c", "grpc", Verdict::Unspeakable("y".into())),
            row("d", "grpc", Verdict::Unspeakable("y".into())),
        ];
        let table = Report { rows }.parity();
        assert!(table.contains("| case | grpc, sqlite | rest, sqlite |\n|---|:-:|:-:|\n"), "{table}");
        assert!(table.contains("| a \\| b | ✗ | ✓ |\n| c | – | – |\n| d | – | – |\n"), "{table}");
        assert!(table.ends_with("\n\n- grpc, rest cannot say y: *c*, *d*\n"), "{table}");
    }
}

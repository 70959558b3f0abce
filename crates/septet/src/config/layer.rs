//! One layer laid over another, everything that is wrong noted.

use super::problem::likest;
use super::settings::{self, Kind, Setting};
use super::{Argument, Config, ConfigProblem, DATABASE_FILE, FILE_VARIABLE, Source};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What the names of our variables begin with.
const PREFIX: &str = "SEPTET_";
/// Bytes of a configuration file at the most.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A configuration in the making.
pub(super) struct Layers {
    config: Config,
    settings: Vec<Setting>,
    problems: Vec<ConfigProblem>,
}

/// A file being read.
struct Text<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Text<'_> {
    /// The place of a byte.
    fn at(&self, span: Range<usize>) -> Source {
        let before = &self.text[..span.start.min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Source::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl Layers {
    pub fn new(config: Config) -> Self {
        Layers { config, settings: settings::all().collect(), problems: Vec::new() }
    }

    /// The reference file is part of the program; a test holds that it has no problem.
    pub fn reference(&mut self, text: &str) {
        self.text(&Text { path: Path::new("septet.toml"), text });
    }

    pub fn file(&mut self, path: &Path) {
        match read(path) {
            Ok(text) => self.text(&Text { path, text: &text }),
            Err(why) => self.problem(Source::WholeFile(path.to_owned()), why, None),
        }
    }

    fn text(&mut self, text: &Text<'_>) {
        let (table, errors) = DeTable::parse_recoverable(text.text);
        // What could be read of a broken file is not looked at: it would be a wrong guess with further
        // complaints.
        let is_sound = errors.is_empty();
        for error in errors {
            let message = error.message().trim_end().replace('\n', ", ");
            self.problem(text.at(error.span().unwrap_or_default()), message, None);
        }
        if is_sound {
            self.table("", table.get_ref(), text);
        }
    }

    /// Lays a table over the settings of one section, the top level being "".
    fn table(&mut self, section: &str, table: &DeTable<'_>, text: &Text<'_>) {
        for (key, value) in table {
            let setting = self.settings.iter().position(|s| s.place() == (section, key.get_ref()));
            let is_section = section.is_empty() && self.settings.iter().any(|s| s.place().0 == key.get_ref());
            match (setting, value.get_ref()) {
                (Some(setting), _) => self.lay_value(setting, value, text),
                (None, DeValue::Table(inner)) if is_section => self.table(key.get_ref(), inner, text),
                (None, _) if is_section => {
                    self.problem(text.at(value.span()), format!("`{}` is a section", key.get_ref()), None);
                }
                (None, _) => self.unknown(section, key, text),
            }
        }
    }

    fn unknown(&mut self, section: &str, key: &Spanned<DeString<'_>>, text: &Text<'_>) {
        let name: &str = key.get_ref();
        let beside = self.settings.iter().map(Setting::place).filter(|place| place.0 == section);
        let sections = self.settings.iter().map(|s| s.place().0).filter(|_| section.is_empty());
        let elsewhere = self.settings.iter().find(|s| s.place().1 == name);
        let help = match (likest(name, beside.map(|place| place.1).chain(sections)), elsewhere) {
            (_, Some(setting)) => Some(format!("`{name}` is `{}`", setting.path)),
            (Some(near), None) => Some(format!("did you mean `{near}`?")),
            (None, None) => None,
        };
        let within = if section.is_empty() { String::new() } else { format!(" in [{section}]") };
        self.problem(text.at(key.span()), format!("unknown key `{name}`{within}"), help);
    }

    fn lay_value(&mut self, setting: usize, value: &Spanned<DeValue<'_>>, text: &Text<'_>) {
        let setting = &self.settings[setting];
        let laid = lay_toml(&setting.kind, value.get_ref(), &mut self.config);
        if let Err(wrong) = laid {
            let message = format!("`{}` {}", setting.place().1, wrong.sentence(&setting.kind));
            self.problem(text.at(value.span()), message, None);
        }
    }

    pub fn environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        let mut ours: Vec<_> = variables.filter(|(name, _)| name.starts_with(PREFIX)).collect();
        // The order of an environment is chance; that of the messages is not.
        ours.sort();
        for (name, value) in ours {
            match self.settings.iter().position(|s| s.variable() == name) {
                Some(setting) => self.lay_text(setting, &value, Source::Environment(name)),
                None if name == FILE_VARIABLE => {}
                None => self.unknown_variable(name),
            }
        }
    }

    fn unknown_variable(&mut self, name: String) {
        let names: Vec<String> = self.settings.iter().map(Setting::variable).collect();
        let near = likest(&name[PREFIX.len()..], names.iter().map(|known| &known[PREFIX.len()..]));
        let help = near.map(|near| format!("did you mean {PREFIX}{near}?"));
        self.problem(Source::Environment(name), "unknown variable".into(), help);
    }

    pub fn arguments(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            let setting = self.settings.iter().position(|s| s.path == argument.path);
            let setting = setting.expect("the command line names settings that exist");
            self.lay_text(setting, &argument.value, Source::Option(argument.option));
        }
    }

    fn lay_text(&mut self, setting: usize, value: &str, source: Source) {
        let kind = &self.settings[setting].kind;
        if let Err(wrong) = lay_text(kind, value, &mut self.config) {
            let message = wrong.sentence(kind);
            self.problem(source, message, None);
        }
    }

    /// What only shows when all layers are there.
    pub fn finish(mut self) -> Result<Config, Vec<ConfigProblem>> {
        self.config.store.place = store::Place::File(self.config.data.join(DATABASE_FILE));
        self.config.identity.settle(self.config.production, &mut self.problems);
        let (engine, edge) = (&self.config.engine, &self.config.edge);
        let orders = [
            (engine.page_rows_default <= engine.page_rows_max, "api.page_rows_default", "api.page_rows_max"),
            (
                engine.deadline_default <= engine.deadline_max,
                "api.deadline_ms_default",
                "api.deadline_ms_max",
            ),
            (edge.uri_bytes_max <= edge.header_bytes_max, "edge.uri_bytes_max", "edge.header_bytes_max"),
        ];
        for (_, less, more) in orders.into_iter().filter(|(holds, ..)| !holds) {
            self.problem(Source::Together, format!("{less} is greater than {more}"), None);
        }
        let graphql = &self.config.graphql;
        if graphql.settings.trust == graphql::Trust::Listed && graphql.trusted_folder.is_none() {
            let message = "graphql.trusted_only needs graphql.trusted_folder";
            self.problem(Source::Together, message.into(), None);
        }
        if self.problems.is_empty() { Ok(self.config) } else { Err(self.problems) }
    }

    fn problem(&mut self, source: Source, message: String, help: Option<String>) {
        self.problems.push(ConfigProblem { source, message, help });
    }
}

/// Why a value does not do.
enum Wrong {
    /// It is something else: what it is instead.
    Kind(String),
    /// It is not what the setting means: what it should be.
    Meaning(&'static str),
}

impl Wrong {
    fn sentence(&self, kind: &Kind) -> String {
        match self {
            Wrong::Kind(found) => format!("must be {kind}, not {found}"),
            Wrong::Meaning(expected) => format!("must be {expected}"),
        }
    }
}

fn lay_toml(kind: &Kind, value: &DeValue<'_>, config: &mut Config) -> Result<(), Wrong> {
    let found = || Wrong::Kind(shown(value));
    match kind {
        Kind::Count(range, set) => {
            let number = value.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok());
            set(config, number.filter(|n| range.contains(n)).ok_or_else(found)?);
            Ok(())
        }
        Kind::Switch(set) => {
            set(config, value.as_bool().ok_or_else(found)?);
            Ok(())
        }
        Kind::Choice(names, set) => {
            let name = value.as_str().ok_or_else(found)?;
            set(config, names.iter().position(|n| *n == name).ok_or_else(found)?);
            Ok(())
        }
        Kind::Text(set) => set(config, value.as_str().ok_or_else(found)?.to_owned()).map_err(Wrong::Meaning),
        Kind::Texts(set) => {
            let items = value.as_array().ok_or_else(found)?.iter();
            let texts: Option<Vec<String>> = items.map(|v| v.get_ref().as_str().map(str::to_owned)).collect();
            set(config, texts.ok_or_else(|| Wrong::Kind("a list of other things".into()))?)
                .map_err(Wrong::Meaning)
        }
    }
}

fn lay_text(kind: &Kind, value: &str, config: &mut Config) -> Result<(), Wrong> {
    // A text or a list of texts may be a secret; these kinds cannot.
    let found = || Wrong::Kind(format!("`{value}`"));
    match kind {
        Kind::Count(range, set) => {
            let number = value.parse::<u64>().ok().filter(|n| range.contains(n));
            set(config, number.ok_or_else(found)?);
            Ok(())
        }
        Kind::Switch(set) => {
            set(config, value.parse().map_err(|_| found())?);
            Ok(())
        }
        Kind::Choice(names, set) => {
            set(config, names.iter().position(|n| *n == value).ok_or_else(found)?);
            Ok(())
        }
        Kind::Text(set) => set(config, value.to_owned()).map_err(Wrong::Meaning),
        Kind::Texts(set) => {
            let texts = value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned);
            set(config, texts.collect()).map_err(Wrong::Meaning)
        }
    }
}

/// A value as a message may show it: numbers as written, texts only as texts, for they may be secrets.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::String(_) => "this text".to_owned(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!("has {length} bytes, of at most {FILE_BYTES_MAX}"));
    }
    std::fs::read_to_string(path).map_err(cannot)
}

/// Lays any text over the reference file.
pub(super) fn problems_of(text: &str) -> Vec<ConfigProblem> {
    let mut layers = Layers::new(Config::blank());
    layers.reference(super::REFERENCE);
    layers.text(&Text { path: Path::new("test.toml"), text });
    layers.finish().err().unwrap_or_default()
}

//! Packages as texts in the language of protocol buffers, proto3: a file each.

use super::fields::json_name;
use super::model::{
    Enum, EnumValue, Field, Label, Message, Method, Package, Presence, Schema, Service, Streaming, Type,
};
use contract::{Scalar, names};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Characters of a comment's line at the most, unless a word is longer.
const LINE_MAX: usize = 100;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is, relative to the root of imports: `tour/v1/tour.proto`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The files of a schema, one for each package, in the order of the packages.
pub fn files(schema: &Schema) -> Vec<File> {
    schema.packages.iter().map(|package| file(schema, package)).collect()
}

/// Where a package's file is: in the folder of its name.
pub(super) fn path(schema: &Schema, package: &Package) -> String {
    let folders = package.name.split('.').filter(|part| !part.is_empty());
    let folder: String = folders.map(|part| format!("{part}/")).collect();
    format!("{folder}{}.proto", names::snake(&schema.contract))
}

fn file(schema: &Schema, package: &Package) -> File {
    let mut printer = Printer { schema, package, out: String::new() };
    printer.print();
    File { path: path(schema, package), text: printer.out }
}

struct Printer<'a> {
    schema: &'a Schema,
    package: &'a Package,
    out: String,
}

impl<'a> Printer<'a> {
    fn print(&mut self) {
        self.line(0, "syntax = \"proto3\";");
        if !self.package.name.is_empty() {
            let package = format!("package {};", self.package.name);
            self.out.push('\n');
            self.line(0, &package);
        }
        let imports = self.imports();
        if !imports.is_empty() {
            self.out.push('\n');
        }
        for import in imports {
            self.line(0, &format!("import \"{import}\";"));
        }
        self.package.services.iter().for_each(|service| self.service(service));
        let schema = self.schema;
        self.package.messages.iter().for_each(|id| self.message(schema.message(*id)));
        self.package.enums.iter().for_each(|id| self.enumeration(schema.enumeration(*id)));
    }

    /// The files that define what is used of `google.protobuf`.
    fn imports(&self) -> BTreeSet<&'static str> {
        let messages = self.package.messages.iter().map(|id| self.schema.message(*id));
        let types = messages.flat_map(|message| &message.fields).map(|field| field.ty);
        types
            .filter_map(|ty| match ty {
                Type::FieldMask => Some("google/protobuf/field_mask.proto"),
                Type::Scalar(Scalar::DateTime) => Some("google/protobuf/timestamp.proto"),
                Type::Scalar(Scalar::Duration) => Some("google/protobuf/duration.proto"),
                Type::Scalar(_) | Type::Enum(_) | Type::Message(_) | Type::Record { .. } => None,
            })
            .collect()
    }

    fn service(&mut self, service: &Service) {
        self.out.push('\n');
        self.comment(0, service.description.as_deref());
        self.line(0, &format!("service {} {{", local(&service.full_name)));
        for (i, method) in service.methods.iter().enumerate() {
            if i > 0 {
                self.out.push('\n');
            }
            self.method(method);
        }
        self.line(0, "}");
    }

    fn method(&mut self, method: &Method) {
        let (client, server) = match method.streaming {
            Streaming::Unary => ("", ""),
            Streaming::Server => ("", "stream "),
            Streaming::Client => ("stream ", ""),
            Streaming::Bidirectional => ("stream ", "stream "),
        };
        let request = self.reference(&self.schema.message(method.request).full_name);
        let response = self.reference(&self.schema.message(method.response).full_name);
        let head = format!("rpc {}({client}{request}) returns ({server}{response})", method.name);
        let mut options = Vec::new();
        if method.deprecated.is_some() {
            options.push("option deprecated = true;");
        }
        if method.is_read {
            options.push("option idempotency_level = NO_SIDE_EFFECTS;");
        }
        self.comment(1, with_reason(method.description.as_deref(), method.deprecated.as_deref()).as_deref());
        if options.is_empty() {
            self.line(1, &format!("{head};"));
            return;
        }
        self.line(1, &format!("{head} {{"));
        options.into_iter().for_each(|option| self.line(2, option));
        self.line(1, "}");
    }

    fn message(&mut self, message: &Message) {
        self.out.push('\n');
        self.comment(0, message.description.as_deref());
        let head = format!("message {}", local(&message.full_name));
        let has_reserved = !message.reserved.is_empty() || !message.reserved_names.is_empty();
        if message.fields.is_empty() && !has_reserved {
            self.line(0, &format!("{head} {{}}"));
            return;
        }
        self.line(0, &format!("{head} {{"));
        self.reserved(&message.reserved, &message.reserved_names);
        let depth = match message.one_of {
            Some(name) if !message.fields.is_empty() => {
                self.line(1, &format!("oneof {name} {{"));
                2
            }
            Some(_) | None => 1,
        };
        message.fields.iter().for_each(|field| self.field(field, depth));
        if depth == 2 {
            self.line(1, "}");
        }
        self.line(0, "}");
    }

    fn reserved(&mut self, numbers: &[u32], names: &[String]) {
        if !numbers.is_empty() {
            let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
            self.line(1, &format!("reserved {};", numbers.join(", ")));
        }
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
            self.line(1, &format!("reserved {};", names.join(", ")));
        }
    }

    fn field(&mut self, field: &Field, depth: usize) {
        let label = match (field.label, field.ty) {
            (Label::Repeated, _) => "repeated ",
            // What is in a `oneof` says so already, and messages always do.
            _ if depth == 2 => "",
            (Label::One(_), Type::Message(_) | Type::Record { .. } | Type::FieldMask) => "",
            (Label::One(_), Type::Scalar(Scalar::DateTime | Scalar::Duration)) => "",
            (Label::One(Presence::Explicit), _) => "optional ",
            (Label::One(Presence::Implicit), _) => "",
        };
        let mut options = Vec::new();
        if field.json_name != json_name(&field.name) {
            options.push(format!("json_name = \"{}\"", field.json_name));
        }
        if field.deprecated.is_some() {
            options.push("deprecated = true".to_owned());
        }
        let options = match options.is_empty() {
            true => String::new(),
            false => format!(" [{}]", options.join(", ")),
        };
        let ty = self.type_name(field.ty);
        let line = format!("{label}{ty} {} = {}{options};", field.name, field.number);
        let described = with_reason(field.description.as_deref(), field.deprecated.as_deref());
        self.comment(depth, described.as_deref());
        self.line(depth, &line);
    }

    fn enumeration(&mut self, made: &Enum) {
        self.out.push('\n');
        self.comment(0, made.description.as_deref());
        self.line(0, &format!("enum {} {{", local(&made.full_name)));
        self.reserved(&made.reserved, &made.reserved_names);
        for EnumValue { name, number, description, deprecated, .. } in &made.values {
            self.comment(1, with_reason(description.as_deref(), deprecated.as_deref()).as_deref());
            let option = if deprecated.is_some() { " [deprecated = true]" } else { "" };
            self.line(1, &format!("{name} = {number}{option};"));
        }
        self.line(0, "}");
    }

    fn type_name(&self, ty: Type) -> String {
        match ty {
            Type::Scalar(scalar) => self.scalar(scalar),
            Type::Enum(id) => self.reference(&self.schema.enumeration(id).full_name),
            Type::Message(id) | Type::Record { message: id, .. } => {
                self.reference(&self.schema.message(id).full_name)
            }
            Type::FieldMask => self.google("FieldMask"),
        }
    }

    fn scalar(&self, scalar: Scalar) -> String {
        let plain = match scalar {
            Scalar::Id | Scalar::String | Scalar::Uuid | Scalar::Url | Scalar::Email => "string",
            Scalar::Json | Scalar::Decimal { .. } | Scalar::Date | Scalar::Time => "string",
            Scalar::Int => "int32",
            Scalar::Long => "int64",
            Scalar::Float => "double",
            Scalar::Boolean => "bool",
            Scalar::Bytes => "bytes",
            Scalar::DateTime => return self.google("Timestamp"),
            Scalar::Duration => return self.google("Duration"),
        };
        plain.to_owned()
    }

    /// A type of `google.protobuf`. Names are looked for from the inside out, so a package or type of that name would
    /// be found first unless the name is said to be whole.
    fn google(&self, name: &str) -> String {
        let is_hidden = self.package.name.split('.').any(|part| part == "google");
        let root = if is_hidden { "." } else { "" };
        format!("{root}google.protobuf.{name}")
    }

    /// A type of the package. One in small letters could be taken for a scalar or a keyword.
    fn reference(&self, full_name: &str) -> String {
        let name = local(full_name);
        match name.starts_with(|c: char| c.is_ascii_uppercase()) {
            true => name.to_owned(),
            false => format!(".{full_name}"),
        }
    }

    fn line(&mut self, depth: usize, line: &str) {
        self.out.extend(std::iter::repeat_n("  ", depth));
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// A text as a comment: its paragraphs in lines that are not too long.
    fn comment(&mut self, depth: usize, text: Option<&str>) {
        let room = LINE_MAX.saturating_sub(2 * depth + 3);
        for paragraph in paragraphs(text.unwrap_or_default()) {
            for line in wrapped(&paragraph, room) {
                let comment = if line.is_empty() { "//".to_owned() } else { format!("// {line}") };
                self.line(depth, &comment);
            }
        }
    }
}

/// The name without its package.
fn local(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

/// A description, and why what it is of is deprecated.
fn with_reason(description: Option<&str>, deprecated: Option<&str>) -> Option<String> {
    let mut text = description.unwrap_or_default().to_owned();
    if let Some(reason) = deprecated {
        let _ = write!(text, "{}Deprecated: {reason}", if text.is_empty() { "" } else { "\n\n" });
    }
    Some(text).filter(|text| !text.is_empty())
}

/// The lines of a text, those joined that go on with what the one before says: not items of a list and the like.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    for line in text.lines() {
        let goes_on = line.starts_with(|c: char| c.is_alphabetic() || "`'\"(".contains(c));
        match paragraphs.last_mut() {
            Some(last) if goes_on && !last.is_empty() => {
                last.push(' ');
                last.push_str(line);
            }
            Some(_) | None => paragraphs.push(line.to_owned()),
        }
    }
    paragraphs
}

/// The words of a paragraph in lines of so many characters. What no comment can hold becomes a space.
fn wrapped(paragraph: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let words =
        paragraph.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    for word in words {
        let last = lines.last_mut().expect("there is a first line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        last.push_str(word);
    }
    lines
}

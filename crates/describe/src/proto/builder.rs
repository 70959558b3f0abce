//! One package: messages are made as they are named, until nothing new is.

use super::cycles::Cycles;
use super::fields::fixed;
use super::merge::merge;
use super::model::{Enum, EnumId, Field, Message, MessageId, Package, Presence, Schema, Service, Type};
use super::part::{Called, Part, Piece};
use crate::graphql::offered::Offered;
use contract::{Contract, Diagnostic, FileId, Numbered, RpcPackage, Span, code, names};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Messages of one package: objects that hold each other have one for each way around.
const MESSAGES_MAX: usize = 100_000;
/// Fields of all messages of one package.
const FIELDS_MAX: usize = 1_000_000;

/// What all packages of a contract are made from.
pub(super) struct Source<'a> {
    pub(super) contract: &'a Contract,
    pub(super) offered: Offered,
    pub(super) cycles: Cycles,
}

/// A message with where it comes from.
pub(super) struct Slot {
    pub(super) message: Message,
    /// What it is of; none for requests and responses, which are printed first.
    pub(super) part: Option<Part>,
    /// The place that is to blame where its name is another one's.
    pub(super) span: Span,
}

/// A package that is being made. Its ids count from 0 until it is added to a schema.
pub(super) struct Builder<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) contract: &'a Contract,
    pub(super) package: RpcPackage,
    /// The package's name.
    name: String,
    pub(super) slots: Vec<Slot>,
    pub(super) enums: Vec<(Enum, Span)>,
    /// The names of messages, enums and services.
    taken: HashSet<String>,
    /// What is added is called, whether it is reached or not: so no name hangs on what is.
    added: HashMap<Part, String>,
    parts: HashMap<(Part, Option<String>), MessageId>,
    pub(super) own_enums: HashMap<contract::EnumId, EnumId>,
    pub(super) direction: Option<EnumId>,
    pending: Vec<(Part, MessageId)>,
    pub(super) found: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    /// A package in which these names are taken from the start, as are those of the contract's types.
    pub(super) fn new(source: &'a Source<'a>, package: RpcPackage, taken: &[String]) -> Self {
        let contract = source.contract;
        let name = match &package {
            RpcPackage::Own => contract.rpc_package(),
            RpcPackage::Named(name) => name.clone(),
        };
        let own = contract.resources.iter().map(|r| &r.name);
        let own = own.chain(contract.objects.iter().map(|o| &o.name));
        let own = own.chain(contract.inputs.iter().map(|i| &i.name));
        let own = own.chain(contract.enums.iter().map(|e| &e.name)).map(|name| names::pascal(name));
        let taken = own.chain(taken.iter().cloned()).collect();
        let mut builder = Self {
            source,
            contract,
            package,
            name,
            slots: Vec::new(),
            enums: Vec::new(),
            taken,
            added: HashMap::new(),
            parts: HashMap::new(),
            own_enums: HashMap::new(),
            direction: None,
            pending: Vec::new(),
            found: Vec::new(),
        };
        for part in Part::added(contract) {
            let name = builder.called(&part);
            builder.added.insert(part, name);
        }
        builder
    }

    /// Whether fields of scalars are told from their absence though they are never null.
    pub(super) fn presence(&self, may_be_null: bool) -> Presence {
        match (&self.package, may_be_null) {
            (RpcPackage::Own, _) | (_, true) => Presence::Explicit,
            (RpcPackage::Named(_), false) => Presence::Implicit,
        }
    }

    /// With its package: `tour.v1.User`.
    pub(super) fn full_name(&self, name: &str) -> String {
        match self.name.as_str() {
            "" => name.to_owned(),
            package => format!("{package}.{name}"),
        }
    }

    /// The message of a part, which is then made.
    pub(super) fn message(&mut self, part: Part) -> MessageId {
        let key = (part, None);
        if let Some(id) = self.parts.get(&key) {
            return *id;
        }
        let name = self.added.get(&key.0).cloned().unwrap_or_else(|| self.called(&key.0));
        self.make(key, &name)
    }

    fn called(&mut self, part: &Part) -> String {
        match part.called(self.contract) {
            Called::Own(name) => name,
            Called::Added(name) => self.claim(&[name]),
        }
    }

    /// The message of a part under a name that the contract gives it.
    pub(super) fn message_called(&mut self, part: Part, name: &str) -> MessageId {
        if let Called::Own(own) = part.called(self.contract)
            && own == name
        {
            return self.message(part);
        }
        let key = (part, Some(name.to_owned()));
        match self.parts.get(&key) {
            Some(id) => *id,
            None => self.make(key, name),
        }
    }

    fn make(&mut self, key: (Part, Option<String>), name: &str) -> MessageId {
        let (part, span) = (key.0.clone(), self.place(&key.0));
        let id = self.add(name, message("", Vec::new()), Some(part.clone()), span);
        self.pending.push((part, id));
        self.parts.insert(key, id);
        id
    }

    /// A message that is made already: a request or a response.
    pub(super) fn defined(&mut self, name: &str, made: Message, span: Span) -> MessageId {
        self.add(name, made, None, span)
    }

    fn add(&mut self, name: &str, made: Message, part: Option<Part>, span: Span) -> MessageId {
        let id = MessageId(u32::try_from(self.slots.len()).expect("bounded by MESSAGES_MAX"));
        let message = Message { full_name: self.full_name(name), ..made };
        self.slots.push(Slot { message, part, span });
        id
    }

    /// A message of a piece of a resource.
    pub(super) fn of(&mut self, resource: contract::ResourceId, piece: Piece) -> Type {
        Type::Message(self.message(Part::Of(resource, piece)))
    }

    /// The first of these names that is not taken, or the last one with a number.
    pub(super) fn claim(&mut self, names: &[String]) -> String {
        let last = names.last().cloned().unwrap_or_default();
        let numbered = (2..).map(|n| format!("{last}{n}"));
        let mut names = names.iter().cloned().chain(numbered);
        names.find(|name| self.taken.insert(name.clone())).expect("there is always a greater number")
    }

    fn place(&self, part: &Part) -> Span {
        match part {
            Part::Of(id, _) => self.contract.resource(*id).span,
            Part::Object(id, _) | Part::ObjectInclude(id) => self.contract.objects[id.index()].span,
            Part::Input(id) => self.contract.inputs[id.index()].span,
            Part::Filter(_) | Part::Values(_) => START,
        }
    }

    /// Makes what was named until nothing new is.
    pub(super) fn make_all(&mut self) {
        let mut fields = 0;
        while let Some((part, id)) = self.pending.pop() {
            if self.slots.len() > MESSAGES_MAX || fields > FIELDS_MAX {
                let message = format!(
                    "a package of gRPC has at most {MESSAGES_MAX} messages and {FIELDS_MAX} fields: of objects that \
                     hold each other there is one for each way around"
                );
                self.found.push(Diagnostic::error(code::TOO_MANY, self.place(&part), message));
                return;
            }
            let made = self.contents(&part);
            fields += made.fields.len();
            let message = &mut self.slots[id.0 as usize].message;
            *message = Message { full_name: std::mem::take(&mut message.full_name), ..made };
        }
    }

    fn contents(&mut self, part: &Part) -> Message {
        match part {
            Part::Of(id, piece) => self.piece(*id, *piece),
            Part::Object(id, around) => self.object(*id, around),
            Part::ObjectInclude(id) => self.object_include(*id),
            Part::Input(id) => self.input(*id),
            Part::Filter(of) => self.value_filter(*of),
            Part::Values(of) => self.values(*of),
        }
    }

    fn piece(&mut self, id: contract::ResourceId, piece: Piece) -> Message {
        match piece {
            Piece::Record => self.record(id),
            Piece::Include => self.include(id),
            Piece::Subset => self.subset(id),
            Piece::Filter => self.filter(id),
            Piece::ListFilter => self.list_filter(id),
            Piece::Order => self.order(id),
            Piece::Operation => self.batch_operation(id),
            Piece::Update => self.batch_update(id),
            Piece::Upsert => self.batch_upsert(id),
            Piece::Delete => self.batch_delete(id),
            Piece::Totals => self.totals(id),
            Piece::Counts => self.counts(id),
            Piece::Sums => self.sums(id),
            Piece::Averages => self.averages(id),
            Piece::Extremes => self.extremes(id),
            Piece::Group => self.group(id),
            Piece::GroupKey => self.group_key(id),
        }
    }

    /// Adds the package to a schema.
    pub(super) fn finish(mut self, services: Vec<Service>, schema: &mut Schema) -> Vec<Diagnostic> {
        self.make_all();
        if self.found.is_empty() {
            let name = self.name.clone();
            merge(&mut self, Package { name, services, messages: Vec::new(), enums: Vec::new() }, schema);
        }
        self.found
    }
}

/// The place of what stands nowhere in the contract.
pub(super) const START: Span = Span { file: FileId(0), start: 0, end: 0 };

/// A message of these fields; its name is known already.
pub(super) fn message(description: impl Into<String>, fields: Vec<Field>) -> Message {
    Message {
        full_name: String::new(),
        description: Some(description.into()),
        fields,
        one_of: None,
        reserved: Vec::new(),
        reserved_names: Vec::new(),
    }
}

/// The same with the numbers and names that are not to be used again.
pub(super) fn without_gone(made: Message, contract: &Contract, what: Numbered, owner: &str) -> Message {
    let gone = contract.numbers.gone(what, owner).map(|(number, name)| (number, names::snake(name)));
    let taken = made.fields.iter().map(|field| field.name.as_str()).collect();
    let (reserved, reserved_names) = reserved(gone, taken);
    Message { reserved, reserved_names, ..made }
}

/// A name that is in use again is not reserved, its old number is.
pub(super) fn reserved(
    gone: impl Iterator<Item = (u32, String)>,
    taken: HashSet<&str>,
) -> (Vec<u32>, Vec<String>) {
    let (numbers, names): (Vec<u32>, Vec<String>) = gone.unzip();
    let free: BTreeSet<String> = names.into_iter().filter(|name| !taken.contains(name.as_str())).collect();
    (numbers, free.into_iter().collect())
}

/// `FieldMask read_mask`.
pub(super) fn read_mask(number: u32, of: &str) -> Field {
    fixed("read_mask", number, Type::FieldMask)
        .described(format!("What of {of} is answered, by names of fields: `name`, `posts.title`, `*`."))
}

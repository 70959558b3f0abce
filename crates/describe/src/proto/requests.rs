//! Requests and responses of the standard methods, and the operations of batches.

use super::builder::{Builder, message, read_mask};
use super::fields::{fixed, named};
use super::model::{Does, Field, Message, Type};
use super::part::Piece;
use crate::graphql::Write;
use contract::{ResourceId, Scalar, names};

const LONG: Type = Type::Scalar(Scalar::Long);
const INT: Type = Type::Scalar(Scalar::Int);
const TEXT: Type = Type::Scalar(Scalar::String);
const BOOLEAN: Type = Type::Scalar(Scalar::Boolean);

impl Builder<'_> {
    /// What is sent to a standard method.
    pub(super) fn request(&mut self, does: Does) -> Vec<Field> {
        match does {
            Does::Get(id) => with(vec![self.key(id)], self.selection(id, 2)),
            Does::List(id) => self.list(id),
            Does::Related { resource, parent } => {
                let parent = &self.contract.resource(parent).name;
                let key = fixed(format!("{}_id", names::snake(parent)), 9, Type::Scalar(Scalar::Id));
                with(self.list(resource), vec![key.described(format!("The key of the `{parent}`."))])
            }
            Does::Stream(id) => self.stream(id),
            Does::Count(id) => vec![self.filtered(id)],
            Does::Aggregate(id) => vec![self.filtered(id), totals_mask(2)],
            Does::Group(id) => self.groups(id),
            Does::Create(id) => with(vec![self.record_of(id)], self.selection(id, 2)),
            Does::Update(id) => {
                let given = vec![self.record_of(id), update_mask()];
                with(with(given, self.selection(id, 3)), vec![if_version(5)])
            }
            Does::Upsert(id) => {
                with(with(vec![self.record_of(id)], self.selection(id, 2)), vec![if_version(4)])
            }
            Does::Delete(id) => with(with(vec![self.key(id)], self.selection(id, 2)), vec![if_version(4)]),
            Does::Batch(id) => {
                let operations = fixed("operations", 1, self.of(id, Piece::Operation)).repeated();
                with(vec![operations.described("All of them are done, or none.")], self.selection(id, 2))
            }
            Does::Own => Vec::new(),
        }
    }

    /// What a standard method answers.
    pub(super) fn response(&mut self, does: Does) -> Vec<Field> {
        match does {
            Does::Get(id) | Does::Create(id) | Does::Update(id) => vec![self.record_of(id), version()],
            Does::Upsert(id) => {
                let created = fixed("created", 3, BOOLEAN).described("The record was not there before.");
                vec![self.record_of(id), version(), created]
            }
            Does::List(id) | Does::Related { resource: id, .. } => {
                let next = fixed("next_page_token", 2, TEXT);
                let total = fixed("total_size", 3, LONG).optional();
                vec![
                    self.records_of(id),
                    next.described("The `page_token` of the next page; empty after the last one."),
                    total.described("How many records there are on all pages; filled with `include_total`."),
                ]
            }
            Does::Stream(id) => vec![self.record_of(id)],
            Does::Count(_) => vec![fixed("count", 1, LONG)],
            Does::Aggregate(id) => vec![fixed("totals", 1, self.of(id, Piece::Totals))],
            Does::Group(id) => vec![fixed("groups", 1, self.of(id, Piece::Group)).repeated()],
            Does::Delete(id) => {
                vec![self.record_of(id).described("The record as it was; filled when `read_mask` is given.")]
            }
            Does::Batch(id) => {
                let described = "What each operation made of its record; empty where it deleted it.";
                vec![self.records_of(id).described(described)]
            }
            Does::Own => Vec::new(),
        }
    }

    /// The key of a record, under its own name.
    fn key(&self, id: ResourceId) -> Field {
        let resource = self.contract.resource(id);
        let key = named(&resource.key_field().name, 1, Type::Scalar(Scalar::Id));
        key.described(format!("The key of the `{}`.", resource.name))
    }

    /// One record: `User user = 1`.
    fn record_of(&mut self, id: ResourceId) -> Field {
        fixed(names::snake(&self.contract.resource(id).name), 1, self.of(id, Piece::Record))
    }

    /// Many records: `repeated User users = 1`.
    fn records_of(&mut self, id: ResourceId) -> Field {
        fixed(names::snake(&self.contract.resource(id).plural), 1, self.of(id, Piece::Record)).repeated()
    }

    fn filtered(&mut self, id: ResourceId) -> Field {
        fixed("filter", 1, self.of(id, Piece::Filter)).described("Only these; all when absent.")
    }

    fn ordered(&mut self, id: ResourceId) -> Field {
        let order = fixed("order_by", 2, self.of(id, Piece::Order)).repeated();
        order.described("In this order; the later ones decide where the earlier ones are equal.")
    }

    /// What of records is answered: `read_mask`, and after it `include` where there are relations.
    fn selection(&mut self, id: ResourceId, number: u32) -> Vec<Field> {
        let mask = read_mask(number, "the records");
        [mask].into_iter().chain(self.include_field(id, number + 1)).collect()
    }

    fn list(&mut self, id: ResourceId) -> Vec<Field> {
        let page = vec![
            fixed("page_size", 3, INT).described("At most so many; the server's own number when 0."),
            fixed("page_token", 4, TEXT).described("The `next_page_token` of the page before this one."),
            fixed("skip", 5, INT).described("How many records are left out before the page."),
            fixed("include_total", 6, BOOLEAN).described("Fills `total_size`."),
        ];
        with(with(vec![self.filtered(id), self.ordered(id)], page), self.selection(id, 7))
    }

    fn stream(&mut self, id: ResourceId) -> Vec<Field> {
        let limit = fixed("limit", 10, LONG).optional().described("At most so many; all when absent.");
        with(with(vec![self.filtered(id), self.ordered(id)], self.selection(id, 7)), vec![limit])
    }

    fn groups(&mut self, id: ResourceId) -> Vec<Field> {
        let by = fixed("by", 2, Type::FieldMask);
        let described = "What the records of a group share, by names of fields of `key`.";
        vec![
            self.filtered(id),
            by.described(described),
            totals_mask(3),
            fixed("limit", 4, INT).described("At most so many groups; the server's own number when 0."),
            fixed("offset", 5, INT).described("After leaving out so many."),
        ]
    }

    /// One operation of a batch.
    pub(super) fn batch_operation(&mut self, id: ResourceId) -> Message {
        let name = &self.contract.resource(id).name;
        let writes = self.source.offered.batch(self.contract, id);
        let mut fields = Vec::new();
        for write in writes {
            let (number, piece) = match write {
                Write::Create => (1, Piece::Record),
                Write::Update => (2, Piece::Update),
                Write::Upsert => (3, Piece::Upsert),
                Write::Delete => (4, Piece::Delete),
            };
            fields.push(fixed(write.name(), number, self.of(id, piece)));
        }
        let described = format!("One operation of a batch of `{name}` records.");
        Message { one_of: Some("operation"), ..message(described, fields) }
    }

    /// A change in a batch.
    pub(super) fn batch_update(&mut self, id: ResourceId) -> Message {
        let fields = vec![self.record_of(id), update_mask(), if_version(3)];
        message(format!("The `{}` to change.", self.contract.resource(id).name), fields)
    }

    /// A record that may be there, in a batch.
    pub(super) fn batch_upsert(&mut self, id: ResourceId) -> Message {
        let fields = vec![self.record_of(id), if_version(2)];
        let name = &self.contract.resource(id).name;
        message(format!("The `{name}` with this key, there or not."), fields)
    }

    /// The end of a record in a batch.
    pub(super) fn batch_delete(&mut self, id: ResourceId) -> Message {
        let fields = vec![self.key(id), if_version(2)];
        message(format!("The `{}` to delete.", self.contract.resource(id).name), fields)
    }
}

fn with(mut fields: Vec<Field>, more: Vec<Field>) -> Vec<Field> {
    fields.extend(more);
    fields
}

fn version() -> Field {
    fixed("row_version", 2, LONG).described("The version of the record: `if_version` compares it.")
}

fn if_version(number: u32) -> Field {
    fixed("if_version", number, LONG).optional().described("The version that the record must still have.")
}

fn update_mask() -> Field {
    let described = "Which fields are changed: one that is not set becomes null, or empty. Without it, those that \
                     are set.";
    fixed("update_mask", 2, Type::FieldMask).described(described)
}

fn totals_mask(number: u32) -> Field {
    let described = "Which values, by names of fields: `count`, `sums.price`. Without it, `count`.";
    fixed("read_mask", number, Type::FieldMask).described(described)
}

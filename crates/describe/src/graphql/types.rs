//! The types of a schema and their names. A contract's own types have their own; what the schema adds steps aside.

use super::arguments::Write;
use crate::fields::is_many;
use crate::filter::{Compared, compared, unscaled};
use crate::measure::Measure;
use contract::{AbstractId, Base, Contract, EnumId, Field, InputId, ObjectId, ResourceId, Scalar};
use std::collections::{HashMap, HashSet};

/// A type of the schema. The order is that in which they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// The root of what reads.
    Query,
    /// The root of what writes.
    Mutation,
    /// What can be found by its key alone.
    Node,
    /// Of a resource.
    Of(ResourceId, Part),
    /// An enum of the contract.
    Enum(EnumId),
    /// An input of the contract.
    Input(InputId),
    /// An output object of the contract.
    Object(ObjectId),
    /// The same, as it is given.
    ObjectInput(ObjectId),
    /// An interface or union of the contract.
    Abstract(AbstractId),
    /// Where a connection's page stands among all.
    PageInfo,
    /// The ways to order.
    Direction,
    /// A filter of values.
    Filter(Compared),
    /// A scalar.
    Scalar(Scalar),
}

/// What a schema has of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A record.
    Record,
    /// Which records.
    Filter,
    /// Which, by the records of a list.
    ListFilter,
    /// In which order.
    Order,
    /// Records, paged by cursors.
    Connection,
    /// A record with its place.
    Edge,
    /// Values over records.
    Aggregate,
    /// Values over the records of a group.
    Group,
    /// What the records of a group share.
    GroupKey,
    /// The values of one measure.
    Measure(Measure),
    /// One operation of a batch.
    BatchOperation,
    /// What a write in a batch is given.
    Input(Write),
}

impl Part {
    /// All of them.
    const ALL: [Self; 18] = [
        Self::Record,
        Self::Filter,
        Self::ListFilter,
        Self::Order,
        Self::Connection,
        Self::Edge,
        Self::Aggregate,
        Self::Group,
        Self::GroupKey,
        Self::Measure(Measure::Sum),
        Self::Measure(Measure::Average),
        Self::Measure(Measure::Least),
        Self::Measure(Measure::Greatest),
        Self::BatchOperation,
        Self::Input(Write::Create),
        Self::Input(Write::Update),
        Self::Input(Write::Upsert),
        Self::Input(Write::Delete),
    ];

    /// What follows the resource's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Record => "",
            Self::Filter => "Filter",
            Self::ListFilter => "ListFilter",
            Self::Order => "Order",
            Self::Connection => "Connection",
            Self::Edge => "Edge",
            Self::Aggregate => "Aggregate",
            Self::Group => "Group",
            Self::GroupKey => "GroupKey",
            Self::Measure(Measure::Sum) => "Sum",
            Self::Measure(Measure::Average) => "Avg",
            Self::Measure(Measure::Least) => "Min",
            Self::Measure(Measure::Greatest) => "Max",
            Self::BatchOperation => "BatchOperation",
            Self::Input(Write::Create) => "CreateInput",
            Self::Input(Write::Update) => "UpdateInput",
            Self::Input(Write::Upsert) => "UpsertInput",
            Self::Input(Write::Delete) => "DeleteInput",
        }
    }
}

impl Type {
    /// The type of values of a scalar.
    pub fn scalar(scalar: Scalar) -> Self {
        Self::Scalar(unscaled(scalar))
    }

    /// The filter of a resource's field, when it can be filtered by.
    pub fn filter(field: &Field) -> Option<Self> {
        let of_records = |id| Self::Of(id, if is_many(field) { Part::ListFilter } else { Part::Filter });
        compared(field).map(Self::Filter).or_else(|| field.target().map(of_records))
    }

    /// The type of answers.
    pub fn output(base: Base) -> Self {
        match base {
            Base::Scalar(scalar) => Self::scalar(scalar),
            Base::Enum(id) => Self::Enum(id),
            Base::Resource(id) => Self::Of(id, Part::Record),
            Base::Object(id) => Self::Object(id),
            Base::Input(id) => Self::Input(id),
            Base::Abstract(id) => Self::Abstract(id),
        }
    }

    /// The type of what is given: of a record its key.
    pub fn input(base: Base) -> Self {
        match base {
            Base::Resource(_) => Self::Scalar(Scalar::Id),
            Base::Object(id) => Self::ObjectInput(id),
            Base::Scalar(_) | Base::Enum(_) | Base::Input(_) | Base::Abstract(_) => Self::output(base),
        }
    }
}

/// The name of every type. A name that the contract itself uses is not taken from it: what is added then begins with
/// `_` (`_CustomerOrder`), which no type of a contract does.
#[derive(Debug, Clone)]
pub struct TypeNames(HashMap<Type, String>);

impl TypeNames {
    /// Names all types that the schema of a contract can have.
    pub fn new(contract: &Contract) -> Self {
        let own = own(contract);
        let mut taken: HashSet<String> = own.iter().map(|(_, name)| name.clone()).collect();
        taken.extend(Scalar::ALL.map(|scalar| scalar.name().to_owned()));
        let mut names: HashMap<Type, String> = own.into_iter().collect();
        names.extend(Scalar::ALL.map(|scalar| (Type::scalar(scalar), scalar.name().to_owned())));
        names.extend(added(contract).into_iter().map(|(ty, name)| (ty, claim(name, &mut taken))));
        Self(names)
    }

    /// The name of a type.
    pub fn get(&self, ty: Type) -> &str {
        self.0.get(&ty).expect("every type of the contract was named")
    }
}

/// The name, or one like it that is not taken.
fn claim(name: String, taken: &mut HashSet<String>) -> String {
    let beside = [format!("_{name}")].into_iter().chain((2..).map(|n| format!("_{name}{n}")));
    let mut names = [name.clone()].into_iter().chain(beside);
    names.find(|name| taken.insert(name.clone())).expect("there is always a greater number")
}

fn own(contract: &Contract) -> Vec<(Type, String)> {
    let resources = contract.resources().map(|(id, r)| (Type::Of(id, Part::Record), r.name.clone()));
    let enums = (0..).map(EnumId).zip(&contract.enums).map(|(id, e)| (Type::Enum(id), e.name.clone()));
    let inputs = (0..).map(InputId).zip(&contract.inputs).map(|(id, i)| (Type::Input(id), i.name.clone()));
    let objects =
        (0..).map(ObjectId).zip(&contract.objects).map(|(id, o)| (Type::Object(id), o.name.clone()));
    let abstracts =
        (0..).map(AbstractId).zip(&contract.abstracts).map(|(id, a)| (Type::Abstract(id), a.name.clone()));
    resources.chain(enums).chain(inputs).chain(objects).chain(abstracts).collect()
}

/// What is added, by what it is called when nothing else is: those that every contract has first.
fn added(contract: &Contract) -> Vec<(Type, String)> {
    let fixed = [
        (Type::Query, "Query"),
        (Type::Mutation, "Mutation"),
        (Type::Node, "Node"),
        (Type::PageInfo, "PageInfo"),
        (Type::Direction, "OrderDirection"),
        (Type::Filter(Compared::JsonPart), "JSONPathFilter"),
    ];
    let mut all: Vec<(Type, String)> = fixed.map(|(ty, name)| (ty, name.to_owned())).into();
    for scalar in Scalar::ALL {
        all.push((Type::Filter(Compared::Scalar(unscaled(scalar))), format!("{}Filter", scalar.name())));
        all.push((
            Type::Filter(Compared::ScalarList(unscaled(scalar))),
            format!("{}ListFilter", scalar.name()),
        ));
    }
    for part in Part::ALL.into_iter().filter(|part| *part != Part::Record) {
        let of = |resource: &str| format!("{resource}{}", part.suffix());
        all.extend(contract.resources().map(|(id, resource)| (Type::Of(id, part), of(&resource.name))));
    }
    for (id, values) in (0..).map(EnumId).zip(&contract.enums) {
        all.push((Type::Filter(Compared::Enum(id)), format!("{}Filter", values.name)));
        all.push((Type::Filter(Compared::EnumList(id)), format!("{}ListFilter", values.name)));
    }
    for (id, object) in (0..).map(ObjectId).zip(&contract.objects) {
        all.push((Type::ObjectInput(id), format!("{}Input", object.name)));
    }
    all
}

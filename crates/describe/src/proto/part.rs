//! What a package's messages are of, and what those are called that no operation names.

use crate::filter::{Compared, unscaled};
use contract::{Contract, EnumId, InputId, ObjectId, ResourceId, Scalar, names};

/// What a message is of. The order is that in which they are printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Part {
    /// Of a resource.
    Of(ResourceId, Piece),
    /// An object of the contract. Those around it that it could hold again are texts in it.
    Object(ObjectId, Vec<ObjectId>),
    /// Which records of an object's members are answered, and what of them.
    ObjectInclude(ObjectId),
    /// An input of the contract.
    Input(InputId),
    /// Tests of values.
    Filter(Compared),
    /// Several values, told from none.
    Values(Values),
}

/// What a package has of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Piece {
    /// A record.
    Record,
    /// Which related records are answered.
    Include,
    /// Which of a relation's records.
    Subset,
    /// Which records.
    Filter,
    /// Which, by the records of a list.
    ListFilter,
    /// In which order.
    Order,
    /// One operation of a batch.
    Operation,
    /// A change in a batch.
    Update,
    /// A record that may be there, in a batch.
    Upsert,
    /// The end of a record in a batch.
    Delete,
    /// Values over records.
    Totals,
    /// How many values there are.
    Counts,
    /// Sums of values.
    Sums,
    /// Averages of values.
    Averages,
    /// Least or greatest values.
    Extremes,
    /// Values over the records of a group.
    Group,
    /// What the records of a group share.
    GroupKey,
}

/// Several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Values {
    /// Of a scalar.
    Scalars(Scalar),
    /// Of an enum.
    Enums(EnumId),
    /// Each of them several of a scalar.
    ScalarLists(Scalar),
    /// Each of them several of an enum.
    EnumLists(EnumId),
}

/// A message's name.
pub(super) enum Called {
    /// It is a type of the contract.
    Own(String),
    /// It is added, and steps aside for those.
    Added(String),
}

impl Part {
    /// What a contract can have beside its own types, in a fixed order. Objects within others are not in it.
    pub(super) fn added(contract: &Contract) -> Vec<Self> {
        let mut all = vec![Self::Filter(Compared::JsonPart)];
        for scalar in Scalar::ALL.map(unscaled) {
            all.extend([Compared::Scalar(scalar), Compared::ScalarList(scalar)].map(Self::Filter));
            all.extend([Values::Scalars(scalar), Values::ScalarLists(scalar)].map(Self::Values));
        }
        for piece in Piece::ADDED {
            all.extend(contract.resources().map(|(id, _)| Self::Of(id, piece)));
        }
        for (id, _) in (0..).map(EnumId).zip(&contract.enums) {
            all.extend([Compared::Enum(id), Compared::EnumList(id)].map(Self::Filter));
            all.extend([Values::Enums(id), Values::EnumLists(id)].map(Self::Values));
        }
        all.extend((0..).map(ObjectId).zip(&contract.objects).map(|(id, _)| Self::ObjectInclude(id)));
        all
    }

    /// What it is called.
    pub(super) fn called(&self, contract: &Contract) -> Called {
        let object = |id: &ObjectId| names::pascal(&contract.objects[id.index()].name);
        match self {
            Self::Of(id, Piece::Record) => Called::Own(names::pascal(&contract.resource(*id).name)),
            Self::Of(id, piece) => {
                Called::Added(names::pascal(&contract.resource(*id).name) + piece.suffix())
            }
            Self::Object(id, around) if around.is_empty() => Called::Own(object(id)),
            Self::Object(id, around) => {
                let around: String = around.iter().map(object).collect();
                Called::Added(format!("{}In{around}", object(id)))
            }
            Self::ObjectInclude(id) => Called::Added(object(id) + "Include"),
            Self::Input(id) => Called::Own(names::pascal(&contract.inputs[id.index()].name)),
            Self::Filter(of) => Called::Added(filter(contract, *of)),
            Self::Values(of) => Called::Added(of.name(contract)),
        }
    }
}

fn filter(contract: &Contract, of: Compared) -> String {
    let own = |id: EnumId| names::pascal(&contract.enums[id.index()].name);
    match of {
        Compared::Scalar(scalar) => format!("{}Filter", scalar.name()),
        Compared::JsonPart => "JSONPathFilter".to_owned(),
        Compared::ScalarList(scalar) => format!("{}ListFilter", scalar.name()),
        Compared::Enum(id) => format!("{}Filter", own(id)),
        Compared::EnumList(id) => format!("{}ListFilter", own(id)),
    }
}

impl Piece {
    /// All that are added: a record is the resource itself.
    const ADDED: [Self; 16] = [
        Self::Include,
        Self::Subset,
        Self::Filter,
        Self::ListFilter,
        Self::Order,
        Self::Operation,
        Self::Update,
        Self::Upsert,
        Self::Delete,
        Self::Totals,
        Self::Counts,
        Self::Sums,
        Self::Averages,
        Self::Extremes,
        Self::Group,
        Self::GroupKey,
    ];

    /// What follows the resource's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::Record => "",
            Self::Include => "Include",
            Self::Subset => "Subset",
            Self::Filter => "Filter",
            Self::ListFilter => "ListFilter",
            Self::Order => "Order",
            Self::Operation => "Operation",
            Self::Update => "Update",
            Self::Upsert => "Upsert",
            Self::Delete => "Delete",
            Self::Totals => "Totals",
            Self::Counts => "Counts",
            Self::Sums => "Sums",
            Self::Averages => "Averages",
            Self::Extremes => "Extremes",
            Self::Group => "Group",
            Self::GroupKey => "GroupKey",
        }
    }
}

impl Values {
    /// `Strings`, and `StringLists` where each of them is several.
    fn name(self, contract: &Contract) -> String {
        let own = |id: EnumId| names::pascal(&contract.enums[id.index()].name);
        match self {
            Self::Scalars(Scalar::Bytes) => "BytesValues".to_owned(),
            Self::Scalars(scalar) => names::plural(scalar.name()),
            Self::Enums(id) => names::plural(&own(id)),
            Self::ScalarLists(scalar) => format!("{}Lists", scalar.name()),
            Self::EnumLists(id) => format!("{}Lists", own(id)),
        }
    }
}

//! The protobuf numbers of a contract, as they are kept in its lock file.

use std::collections::BTreeMap;
use std::fmt;

/// The name of the lock file, beside the contract's `*.graphql` files.
pub const NUMBERS_FILE: &str = "numbers.lock";

/// What has numbered members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Numbered {
    /// An enum: its values.
    Enum,
    /// An operation: its arguments.
    Operation,
    /// A stored type, an output type, a message or an input: its fields.
    Type,
}

impl Numbered {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Enum, Self::Operation, Self::Type];

    /// Its word in the lock file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Enum => "enum",
            Self::Operation => "operation",
            Self::Type => "type",
        }
    }

    /// The greatest number that a member can have: what follows it, messages need for other things.
    pub fn max(self) -> u32 {
        match self {
            Self::Enum => 1_000_000,
            Self::Operation => 1_000,
            Self::Type => 9_998,
        }
    }
}

/// Whether the contract has something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It has it.
    Here,
    /// It had it: the number is not used again.
    Gone,
}

/// All numbers that a contract has and ever had. Displayed as the lock file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    owners: BTreeMap<(Numbered, String), Owner>,
}

/// A type, an enum or an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// One that is gone keeps its members as they were, in case it comes back.
    pub(crate) standing: Standing,
    pub(crate) members: BTreeMap<u32, Member>,
}

/// What has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) standing: Standing,
}

impl Numbers {
    pub(crate) fn insert(&mut self, what: Numbered, name: &str, owner: Owner) {
        self.owners.insert((what, name.to_owned()), owner);
    }

    /// The number of a member.
    pub fn number(&self, what: Numbered, owner: &str, member: &str) -> Option<u32> {
        let mut members = self.members(what, owner);
        members
            .find(|(_, known)| known.standing == Standing::Here && known.name == member)
            .map(|(number, _)| number)
    }

    /// The numbers that are not to be used again, and what had them, in the order of the numbers.
    pub fn gone(&self, what: Numbered, owner: &str) -> impl Iterator<Item = (u32, &str)> {
        let members = self.members(what, owner);
        members
            .filter(|(_, member)| member.standing == Standing::Gone)
            .map(|(number, member)| (number, member.name.as_str()))
    }

    fn members(&self, what: Numbered, owner: &str) -> impl Iterator<Item = (u32, &Member)> {
        let found = self.owners.get(&(what, owner.to_owned()));
        found.into_iter().flat_map(|owner| owner.members.iter().map(|(number, member)| (*number, member)))
    }
}

const HEAD: &str = "\
# The protobuf numbers of this contract, written by `septet lock`. They never change, and no number is used
# again; so keep this file with the contract.
";

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        let gone = |standing| match standing {
            Standing::Here => "",
            Standing::Gone => "reserved ",
        };
        for ((what, name), owner) in &self.owners {
            writeln!(f, "\n{}{} {name}", gone(owner.standing), what.word())?;
            for (number, member) in &owner.members {
                writeln!(f, "  {number} {}{}", gone(member.standing), member.name)?;
            }
        }
        Ok(())
    }
}

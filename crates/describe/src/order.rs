//! Which way an order goes, and where nulls stand in it: the values of one enum.

/// A way to order, with the place of nulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Least first, nulls last.
    Ascending,
    /// Greatest first, nulls first.
    Descending,
    /// Nulls first, then the least.
    AscendingNullsFirst,
    /// Least first, nulls last.
    AscendingNullsLast,
    /// Nulls first, then the greatest.
    DescendingNullsFirst,
    /// Greatest first, nulls last.
    DescendingNullsLast,
}

impl Direction {
    /// All of them, in the order in which they are printed.
    pub const ALL: [Self; 6] = [
        Self::Ascending,
        Self::Descending,
        Self::AscendingNullsFirst,
        Self::AscendingNullsLast,
        Self::DescendingNullsFirst,
        Self::DescendingNullsLast,
    ];

    /// Its name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
            Self::AscendingNullsFirst => "ASC_NULLS_FIRST",
            Self::AscendingNullsLast => "ASC_NULLS_LAST",
            Self::DescendingNullsFirst => "DESC_NULLS_FIRST",
            Self::DescendingNullsLast => "DESC_NULLS_LAST",
        }
    }

    /// The direction of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.name() == name)
    }

    /// What it says, in words.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Ascending => "Least first, nulls last.",
            Self::Descending => "Greatest first, nulls before all.",
            Self::AscendingNullsFirst => "Nulls first, then the least.",
            Self::AscendingNullsLast => "Least first, nulls last.",
            Self::DescendingNullsFirst => "Nulls first, then the greatest.",
            Self::DescendingNullsLast => "Greatest first, nulls last.",
        }
    }
}

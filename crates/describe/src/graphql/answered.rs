//! What can be answered at all: an interface or a union cannot, so objects of nothing else cannot either.

use contract::{Base, Contract};

/// Which output objects have a field that can be answered, by their position in the contract.
pub(super) struct Answered(Vec<bool>);

impl Answered {
    /// Looks at all objects of a contract until no more are found wanting.
    pub(super) fn new(contract: &Contract) -> Self {
        let mut answered = Self(vec![true; contract.objects.len()]);
        loop {
            let found: Vec<bool> = contract
                .objects
                .iter()
                .map(|object| object.fields.iter().any(|field| answered.holds(field.ty.base)))
                .collect();
            if found == answered.0 {
                return answered;
            }
            answered.0 = found;
        }
    }

    /// Whether a value of the type can be answered.
    pub(super) fn holds(&self, base: Base) -> bool {
        match base {
            Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) => true,
            Base::Object(id) => self.0[id.index()],
            Base::Input(_) | Base::Abstract(_) => false,
        }
    }
}

//! Which fields a write sets.

use super::Asking;
use crate::fault::Fault;
use crate::select::denied_field;
use contract::rule::Reduced;
use contract::{FieldId, ResourceId};

/// The fields that a caller sets, whose rules were all asked. A plan takes the values of a write by this list
/// ([`crate::input::Given::allowed`]), so a field that nobody asked the rules about is not set.
#[derive(Debug, Default)]
pub(crate) struct Settable(Vec<FieldId>);

impl Settable {
    /// Asks the write rules of fields, and gives what is left of them for each row; refused when one never holds.
    pub fn ask(
        asking: &Asking<'_>,
        id: ResourceId,
        fields: impl Iterator<Item = FieldId>,
    ) -> Result<(Self, Vec<Reduced>), Fault> {
        let (mut settable, mut rules) = (Vec::new(), Vec::new());
        for id_of_field in fields {
            let field = asking.contract.resource(id).field(id_of_field);
            match field.write.as_ref().map(|rule| rule.expr.reduce(asking.facts)) {
                None | Some(Reduced::Always) => {}
                Some(Reduced::Never) => return Err(denied_field(&field.name, &field.name)),
                Some(depends) => rules.push(depends),
            }
            settable.push(id_of_field);
        }
        Ok((Self(settable), rules))
    }

    /// Whether the rules of a field were asked.
    pub fn has(&self, field: FieldId) -> bool {
        self.0.contains(&field)
    }
}

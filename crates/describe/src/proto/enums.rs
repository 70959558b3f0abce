//! Enums: number 0 stands for no value, and names of values stand beside those of all enums.

use super::builder::{Builder, START, reserved};
use super::model::{Enum, EnumId, EnumValue};
use crate::order::Direction;
use contract::{Numbered, Span, names};

impl Builder<'_> {
    /// An enum of the contract.
    pub(super) fn own_enum(&mut self, id: contract::EnumId) -> EnumId {
        if let Some(known) = self.own_enums.get(&id) {
            return *known;
        }
        let own = &self.contract.enums[id.index()];
        let name = names::pascal(&own.name);
        let values = own.values.iter().map(|value| EnumValue {
            name: value.name.clone(),
            number: value.number,
            key: value.name.clone(),
            description: value.description.clone(),
            deprecated: value.deprecated.clone(),
        });
        let made = self.enumeration(&name, own.description.as_deref(), values.collect(), own.span);
        let prefix = names::upper_snake(&name);
        let gone = self.contract.numbers.gone(Numbered::Enum, &own.name);
        let gone = gone.map(|(number, value)| (number, format!("{prefix}_{}", names::upper_snake(value))));
        let (made_enum, _) = &mut self.enums[made.0 as usize];
        let taken = made_enum.values.iter().map(|value| value.name.as_str());
        (made_enum.reserved, made_enum.reserved_names) = reserved(gone, taken.collect());
        self.own_enums.insert(id, made);
        made
    }

    /// The ways to order.
    pub(super) fn direction(&mut self) -> EnumId {
        if let Some(known) = self.direction {
            return known;
        }
        let name = self.claim(&["Direction".to_owned()]);
        let values = (1..).zip(Direction::ALL).map(|(number, direction)| EnumValue {
            name: direction.name().to_owned(),
            number,
            key: direction.name().to_owned(),
            description: Some(direction.description().to_owned()),
            deprecated: None,
        });
        let description = "Which way an order goes, and where nulls stand in it.";
        let made = self.enumeration(&name, Some(description), values.collect(), START);
        self.direction = Some(made);
        made
    }

    /// An enum of values that are not prefixed yet: names of values stand beside those of all enums.
    fn enumeration(
        &mut self,
        name: &str,
        description: Option<&str>,
        values: Vec<EnumValue>,
        span: Span,
    ) -> EnumId {
        let prefix = names::upper_snake(name);
        let none = EnumValue {
            name: format!("{prefix}_UNSPECIFIED"),
            number: 0,
            key: String::new(),
            description: None,
            deprecated: None,
        };
        let prefixed = values.into_iter().map(|value| {
            let name = format!("{prefix}_{}", names::upper_snake(&value.name));
            let name = if name == none.name { name + "_VALUE" } else { name };
            EnumValue { name, ..value }
        });
        let mut values: Vec<EnumValue> = prefixed.collect();
        values.sort_by_key(|value| value.number);
        values.insert(0, none);
        let made = Enum {
            full_name: self.full_name(name),
            description: description.map(str::to_owned),
            values,
            reserved: Vec::new(),
            reserved_names: Vec::new(),
        };
        self.enums.push((made, span));
        EnumId(u32::try_from(self.enums.len() - 1).expect("a contract has fewer enums"))
    }
}

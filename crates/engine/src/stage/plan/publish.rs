//! Messages, and how a call that publishes them is answered: with what it published.

use super::{Plan, Planner};
use crate::channel::{Draft, Part, Told};
use crate::fault::{Fault, Kind, codes};
use crate::stage::validate::SqlWanted;
use contract::{Arity, ChannelId, Operation};
use store::SqlField;
use wire::{Shape, ShapeField};

impl Planner<'_> {
    pub(super) fn publish(
        &self,
        operation: &Operation,
        id: ChannelId,
        drafts: &[Draft],
        wanted: &SqlWanted,
    ) -> Result<Plan, Fault> {
        let fields = match wanted {
            SqlWanted::Object { object, items } => {
                let (fields, _) = self.with_builder(|builder| {
                    let items = items.iter().map(|item| self.result_item(builder, *object, item));
                    items.collect::<Vec<(SqlField, ShapeField)>>()
                });
                fields
            }
            SqlWanted::Nothing | SqlWanted::Scalar | SqlWanted::Records(_) => Vec::new(),
        };
        let channel = &self.engine.contract.channels[id.index()];
        let part = |field: SqlField| match field {
            SqlField::Column(name) => {
                let at = channel.fields.iter().position(|field| field.name == name);
                at.map(Part::Field).ok_or_else(|| Fault::internal("a message has no such field"))
            }
            SqlField::Hidden => Ok(Part::Hidden),
            SqlField::TypeName => Ok(Part::TypeName),
            SqlField::Record { .. } => {
                let message = "what a message points to is not read with it";
                Err(Fault::new(Kind::Unsupported, codes::UNSUPPORTED, message))
            }
        };
        let (fields, shape): (Vec<SqlField>, Vec<ShapeField>) = fields.into_iter().unzip();
        let parts = fields.into_iter().map(part).collect::<Result<_, Fault>>()?;
        let shape = Shape { type_name: channel.name.as_str().into(), fields: shape };
        let is_list = matches!(operation.result.arity, Arity::List { .. });
        let told = Told { shape, parts, is_list };
        Ok(Plan::Publish { channel: id, drafts: drafts.to_vec(), told })
    }
}

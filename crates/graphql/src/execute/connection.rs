//! Pages by cursors (the Cursor Connections Specification of Relay).

use super::Request;
use super::answer::Part;
use super::call::part;
use crate::error::Problem;
use crate::plan::{Arguments, Collected, RootField, misfit};
use apollo_compiler::executable::SelectionSet;
use contract::{OperationId, ResourceId};
use describe::graphql::names;
use engine::{End, Input, ListArgs, PageEdges, Paging, Selected, Selection, Total};

/// The parts of a connection that a request asks for, in the order of the response.
struct Wanted<'a> {
    ty: &'a str,
    fields: Vec<Collected<'a>>,
}

impl<'a> Request<'a> {
    pub(super) async fn connection(
        &self,
        field: &'a RootField,
        id: ResourceId,
        operation: OperationId,
        arguments: Arguments,
    ) -> Result<Part, Problem> {
        let list = self.page(id, &arguments)?;
        let sets: Vec<&SelectionSet> = field.nodes.iter().map(|node| &node.selection_set).collect();
        let ty = sets.first().map_or("", |set| set.ty.as_str());
        let wanted = Wanted { ty, fields: self.translate.fields(ty, &sets) };
        let edges: Vec<&Collected<'_>> =
            wanted.fields.iter().filter(|part| part.first().name == names::EDGES).collect();
        let total = match wanted.fields.iter().any(|part| part.first().name == names::TOTAL_COUNT) {
            true => Total::Exact,
            false => Total::Unwanted,
        };
        let is_end = list.end == Some(End::Last);
        let (has_after, has_before) = (list.after.is_some(), list.before.is_some());
        let input = |total| Input { list: list.clone(), total, paging: Paging::Cursors, ..Input::default() };
        let selected = match edges.first() {
            // Without edges there is a page all the same.
            None => Selected::These(Selection::default()),
            Some(first) => {
                self.selected(field, operation, |_| self.translate.edge(id, &first.sets()).map(Some))?
            }
        };
        let first = match self.call(field, operation, input(total), selected, None).await {
            Ok(answer) => answer,
            Err(fault) => return Ok(fault.into()),
        };
        let (total, page) = (first.total, first.edges.clone().unwrap_or_default());
        let mut done = Part::of(first);
        let mut lists = vec![std::mem::take(&mut done.json)];
        // Edges under a second name are another selection of the same page.
        for another in edges.iter().skip(1) {
            let selected = Selected::These(self.translate.edge(id, &another.sets())?);
            let more = part(self.call(field, operation, input(Total::Unwanted), selected, None).await);
            lists.push(more.json.clone());
            done.and(more);
        }
        let info = Info { page, is_end, has_after, has_before };
        done.json = self.written(&wanted, lists, &info, total.unwrap_or(0));
        Ok(done)
    }

    fn page(&self, id: ResourceId, arguments: &Arguments) -> Result<ListArgs, Problem> {
        let (first, last) = (arguments.number(names::FIRST)?, arguments.number(names::LAST)?);
        if first.is_some() && last.is_some() {
            return Err(misfit(names::LAST, "CURSOR", "cannot stand beside `first`"));
        }
        let end = if last.is_some() { End::Last } else { End::First };
        Ok(ListArgs {
            limit: first.or(last),
            after: arguments.text(names::AFTER),
            before: arguments.text(names::BEFORE),
            end: Some(end),
            ..self.translate.list(id, arguments)?
        })
    }

    fn written(&self, wanted: &Wanted<'a>, lists: Vec<Vec<u8>>, info: &Info, total: u64) -> Vec<u8> {
        let mut lists = lists.into_iter();
        object(&wanted.fields, |part, out| match part.first().name.as_str() {
            names::EDGES => match lists.next() {
                Some(list) if !list.is_empty() => out.extend(list),
                _ => out.extend_from_slice(b"null"),
            },
            names::TOTAL_COUNT => out.extend_from_slice(total.to_string().as_bytes()),
            names::PAGE_INFO => out.extend(self.page_info(part, info)),
            _ => text(out, wanted.ty),
        })
    }

    fn page_info(&self, part: &Collected<'a>, info: &Info) -> Vec<u8> {
        let sets = part.sets();
        let ty = sets.first().map_or("", |set| set.ty.as_str());
        object(&self.translate.fields(ty, &sets), |part, out| match part.first().name.as_str() {
            names::HAS_NEXT_PAGE => boolean(out, info.has_next()),
            names::HAS_PREVIOUS_PAGE => boolean(out, info.has_previous()),
            names::START_CURSOR => cursor(out, info.page.first.as_deref()),
            names::END_CURSOR => cursor(out, info.page.last.as_deref()),
            _ => text(out, ty),
        })
    }
}

/// What is known of a page.
struct Info {
    page: PageEdges,
    /// It was taken from the end.
    is_end: bool,
    has_after: bool,
    has_before: bool,
}

impl Info {
    /// Beyond a cursor that the caller has there was at least the row that it is of.
    fn has_next(&self) -> bool {
        if self.is_end { self.has_before } else { self.page.has_more }
    }

    fn has_previous(&self) -> bool {
        if self.is_end { self.page.has_more } else { self.has_after }
    }
}

fn object<'d>(fields: &[Collected<'d>], mut value: impl FnMut(&Collected<'d>, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    for part in fields {
        out.push(if out.is_empty() { b'{' } else { b',' });
        text(&mut out, part.key);
        out.push(b':');
        value(part, &mut out);
    }
    out.extend_from_slice(if out.is_empty() { b"{}" } else { b"}" });
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    wire::encode::json::string(out, text);
}

fn boolean(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn cursor(out: &mut Vec<u8>, cursor: Option<&str>) {
    match cursor {
        Some(cursor) => text(out, cursor),
        None => out.extend_from_slice(b"null"),
    }
}

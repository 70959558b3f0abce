//! How large a document is with all its fragments expanded, without expanding any: each fragment is measured once.

use super::bounds::{DIRECTIVES_AT_ONCE_MAX, DocumentBounds, NESTING_MAX};
use super::spreads::Spreads;
use crate::codes::{LIMIT_EXCEEDED, VALIDATION_FAILED};
use crate::error::{Location, Problem};
use apollo_compiler::ast::{
    Definition, DirectiveList, Document, FragmentDefinition, OperationDefinition, Selection,
};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};
use engine::Kind;
use std::collections::HashMap;

/// A document that is within its bounds may be validated and expanded: nothing in it is endless, and nothing grows
/// with the powers of its size.
///
/// # Errors
/// `LIMIT_EXCEEDED` for each bound that does not hold, naming it; fragments that spread themselves.
pub(super) fn check(document: &Document, bounds: &DocumentBounds) -> Vec<Problem> {
    let mut check = Check { document, bounds, found: Vec::new(), text: Counts::default() };
    check.run();
    check.found
}

/// The size of a selection set.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Fields inside fields.
    depth: usize,
    /// Selection sets inside it, of any kind.
    nesting: usize,
    /// Its own fields.
    breadth: usize,
    /// The most fields of any selection set inside it.
    widest: usize,
    /// Fields at all levels.
    fields: usize,
}

/// What is counted in the text as it stands.
#[derive(Debug, Default)]
struct Counts {
    aliases: usize,
    directives: usize,
    directives_at_once: usize,
}

struct Check<'a> {
    document: &'a Document,
    bounds: &'a DocumentBounds,
    found: Vec<Problem>,
    text: Counts,
}

impl<'a> Check<'a> {
    fn run(&mut self) {
        let (operations, fragments) = definitions(self.document);
        let bounds = self.bounds;
        self.within("fragments", fragments.len(), bounds.fragments_max, "fragments_max", None);
        let spreads = Spreads::of(&fragments);
        for endless in &spreads.endless {
            self.refuse_endless(endless);
        }
        let mut sizes = HashMap::with_capacity(fragments.len());
        for fragment in spreads.ordered {
            self.directives(&fragment.directives);
            let size = self.size(&fragment.selection_set, &sizes);
            self.check_size(size, fragment.location());
            sizes.insert(&fragment.name, size);
        }
        for operation in operations {
            self.directives(&operation.directives);
            operation.variables.iter().for_each(|variable| self.directives(&variable.directives));
            let size = self.size(&operation.selection_set, &sizes);
            let at = operation.location();
            self.check_size(size, at);
            self.within("root fields", size.breadth, bounds.root_fields_max, "root_fields_max", at);
        }
        self.check_text();
    }

    fn refuse_endless(&mut self, fragment: &Node<FragmentDefinition>) {
        let message = format!("the fragment `{}` spreads itself, or one that does", fragment.name);
        let problem = Problem::new(Kind::Invalid, VALIDATION_FAILED, message);
        self.found.push(problem.at(self.locations(fragment.name.location())));
    }

    fn check_size(&mut self, size: Size, at: Option<SourceSpan>) {
        let bounds = self.bounds;
        self.within("levels of fields", size.depth, bounds.depth_max, "depth_max", at);
        self.within("levels of selections", size.nesting, NESTING_MAX, "nesting_max", at);
        let widest = size.breadth.max(size.widest);
        self.within("fields in one selection", widest, bounds.breadth_max, "breadth_max", at);
        self.within("fields", size.fields, bounds.fields_max, "fields_max", at);
    }

    fn check_text(&mut self) {
        let (bounds, at_once_max) = (self.bounds, DIRECTIVES_AT_ONCE_MAX);
        let Counts { aliases, directives, directives_at_once } = self.text;
        self.within("aliases", aliases, bounds.aliases_max, "aliases_max", None);
        self.within("directives", directives, bounds.directives_max, "directives_max", None);
        let at_once = "directives at one place";
        self.within(at_once, directives_at_once, at_once_max, "directives_at_once_max", None);
    }

    fn within(&mut self, what: &str, found: usize, max: usize, bound: &str, at: Option<SourceSpan>) {
        if found > max {
            let message = format!("the document has {found} {what}, of at most {max} ({bound})");
            let problem = Problem::new(Kind::Invalid, LIMIT_EXCEEDED, message);
            self.found.push(problem.at(self.locations(at)));
        }
    }

    fn locations(&self, at: Option<SourceSpan>) -> Vec<Location> {
        Location::of(at, &self.document.sources).into_iter().collect()
    }

    fn directives(&mut self, directives: &DirectiveList) {
        self.text.directives += directives.len();
        self.text.directives_at_once = self.text.directives_at_once.max(directives.len());
    }

    /// Recursive, as deep as the syntax may be. A fragment that is not there, or endless, has no size: the document
    /// is refused for it elsewhere.
    fn size(&mut self, selections: &'a [Selection], sizes: &HashMap<&Name, Size>) -> Size {
        let mut size = Size::default();
        for selection in selections {
            match selection {
                Selection::Field(field) => {
                    self.directives(&field.directives);
                    self.text.aliases += usize::from(field.alias.is_some());
                    size.add_field(self.size(&field.selection_set, sizes));
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    size.add_fragment(self.size(&fragment.selection_set, sizes));
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    size.add_fragment(sizes.get(&spread.fragment_name).copied().unwrap_or_default());
                }
            }
        }
        size
    }
}

impl Size {
    fn add_field(&mut self, of: Size) {
        self.breadth = self.breadth.saturating_add(1);
        self.fields = self.fields.saturating_add(1).saturating_add(of.fields);
        self.depth = self.depth.max(1 + of.depth);
        self.nesting = self.nesting.max(1 + of.nesting);
        self.widest = self.widest.max(of.breadth).max(of.widest);
    }

    fn add_fragment(&mut self, of: Size) {
        self.breadth = self.breadth.saturating_add(of.breadth);
        self.fields = self.fields.saturating_add(of.fields);
        self.depth = self.depth.max(of.depth);
        self.nesting = self.nesting.max(1 + of.nesting);
        self.widest = self.widest.max(of.widest);
    }
}

type Definitions<'a> = (Vec<&'a Node<OperationDefinition>>, Vec<&'a Node<FragmentDefinition>>);

/// What can be executed; validation refuses everything else.
fn definitions(document: &Document) -> Definitions<'_> {
    let (mut operations, mut fragments) = (Vec::new(), Vec::new());
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => operations.push(operation),
            Definition::FragmentDefinition(fragment) => fragments.push(fragment),
            Definition::DirectiveDefinition(_)
            | Definition::SchemaDefinition(_)
            | Definition::ScalarTypeDefinition(_)
            | Definition::ObjectTypeDefinition(_)
            | Definition::InterfaceTypeDefinition(_)
            | Definition::UnionTypeDefinition(_)
            | Definition::EnumTypeDefinition(_)
            | Definition::InputObjectTypeDefinition(_)
            | Definition::SchemaExtension(_)
            | Definition::ScalarTypeExtension(_)
            | Definition::ObjectTypeExtension(_)
            | Definition::InterfaceTypeExtension(_)
            | Definition::UnionTypeExtension(_)
            | Definition::EnumTypeExtension(_)
            | Definition::InputObjectTypeExtension(_) => {}
        }
    }
    (operations, fragments)
}

//! Which objects of a contract can hold each other.

use contract::{Base, Contract, ObjectId};

/// Which objects can hold each other: those of one component.
pub(super) struct Cycles {
    component: Vec<usize>,
}

impl Cycles {
    /// Looks at all objects, twice (Kosaraju's algorithm; without recursion, as chains of objects are long).
    pub(super) fn new(contract: &Contract) -> Self {
        let held: Vec<Vec<usize>> = contract.objects.iter().map(held).collect();
        let mut holders = vec![Vec::new(); held.len()];
        for (holder, held) in held.iter().enumerate() {
            held.iter().for_each(|object| holders[*object].push(holder));
        }
        let mut order = Vec::new();
        let mut seen = vec![false; held.len()];
        for start in 0..held.len() {
            walk(&held, start, &mut seen, |object| order.push(object));
        }
        let mut component = vec![0; held.len()];
        let mut seen = vec![false; held.len()];
        for start in order.into_iter().rev() {
            walk(&holders, start, &mut seen, |object| component[object] = start);
        }
        Self { component }
    }

    /// Whether each of two objects can hold the other.
    pub(super) fn hold_each_other(&self, one: ObjectId, other: ObjectId) -> bool {
        self.component[one.index()] == self.component[other.index()]
    }
}

fn held(object: &contract::Object) -> Vec<usize> {
    let inner = |field: &contract::Field| match field.ty.base {
        Base::Object(id) => Some(id.index()),
        Base::Scalar(_) | Base::Enum(_) | Base::Resource(_) | Base::Input(_) | Base::Abstract(_) => None,
    };
    object.fields.iter().filter_map(inner).collect()
}

/// Visits what can be reached and was not seen, each when all behind it was.
fn walk(edges: &[Vec<usize>], start: usize, seen: &mut [bool], mut leave: impl FnMut(usize)) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, 0)];
    while let Some((at, next)) = path.last_mut() {
        match edges[*at].get(*next) {
            Some(to) => {
                *next += 1;
                if !std::mem::replace(&mut seen[*to], true) {
                    path.push((*to, 0));
                }
            }
            None => {
                leave(*at);
                path.pop();
            }
        }
    }
}
